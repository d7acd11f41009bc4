"""The tree of areas. The schema itself is made by `backend/migrations`."""

from piccolo.columns import JSONB, UUID, Array, Boolean, Bytea, DoublePrecision, Text, Timestamptz
from piccolo.table import Table


class Area(Table, tablename="area"):
    id = UUID(primary_key=True)
    parent_id = UUID(null=True)
    level = Text()
    code = Text()
    name = Text()
    country = Text()
    time_zone = Text()
    calendar = Text()
    emergency_numbers = JSONB()
    geometry = Bytea(null=True)
    outline = JSONB()
    lat = DoublePrecision(null=True)
    lon = DoublePrecision(null=True)
    path = Array(base_column=UUID())
    demo = Boolean()
    created_at = Timestamptz()
