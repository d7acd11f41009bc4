"""Departments, what they answer for, and where. The schema is made by `backend/migrations`."""

from piccolo.columns import JSONB, UUID, Boolean, DoublePrecision, Integer, Text, Timestamptz
from piccolo.table import Table


class Department(Table, tablename="department"):
    id = UUID(primary_key=True)
    area_id = UUID()
    code = Text()
    names = JSONB()
    revision = Integer()
    retired_at = Timestamptz(null=True)


class Category(Table, tablename="category"):
    id = UUID(primary_key=True)
    area_id = UUID()
    code = Text()
    names = JSONB()
    icon = Text()
    colour = Text()
    urgent = Boolean()
    private = Boolean()
    accept_hours = DoublePrecision()
    solve_hours = DoublePrecision()
    accept_always = Boolean(null=True)
    solve_always = Boolean(null=True)
    escalate_hours = DoublePrecision()
    needs_result_photo = Boolean()
    keywords = JSONB()
    sort = Integer()
    active = Boolean()
    near_m = Integer(default=100)
    revision = Integer()
    questions = JSONB()
    questions_version = Integer()


class RoutingRule(Table, tablename="routing_rule"):
    id = UUID(primary_key=True)
    category_id = UUID()
    area_id = UUID()
    department_id = UUID()
