"""SQL of the area tree."""

import uuid
from collections.abc import Sequence

from backend.areas.schemas import AreaOut, EmergencyNumber
from backend.db import execute_many, fetch, fetch_value, from_json

_COLUMNS = """id, parent_id, level, code, name, country, time_zone, calendar, emergency_numbers,
              outline, lat, lon"""


async def list_neighbourhood_shapes() -> list[tuple[uuid.UUID, bytes, list[uuid.UUID]]]:
    """Id, WKB and path of every neighbourhood that has a boundary."""
    rows = await fetch(
        "SELECT id, geometry, path FROM area WHERE level = 'neighbourhood' AND geometry IS NOT NULL"
    )
    return [(row["id"], row["geometry"], row["path"]) for row in rows]


async def get_path(area_id: uuid.UUID) -> tuple[str, list[uuid.UUID]] | None:
    """Level and path of an area."""
    rows = await fetch("SELECT level, path FROM area WHERE id = $1", area_id)
    return (rows[0]["level"], rows[0]["path"]) if rows else None


async def get_fingerprint() -> str:
    """Changes whenever areas are imported; cheap enough to ask at every refresh."""
    return str(
        await fetch_value(
            "SELECT count(*) || ':' || coalesce(max(xmin::text::bigint), 0) FROM area"
        )
    )


async def list_areas(area_ids: Sequence[uuid.UUID]) -> list[AreaOut]:
    rows = await fetch(f"SELECT {_COLUMNS} FROM area WHERE id = ANY($1)", list(area_ids))  # noqa: S608
    return [
        AreaOut(
            id=row["id"],
            parent_id=row["parent_id"],
            level=row["level"],
            code=row["code"],
            name=row["name"],
            country=row["country"],
            time_zone=row["time_zone"],
            calendar=row["calendar"],
            emergency_numbers=from_json(row["emergency_numbers"], list[EmergencyNumber]),
            outline=from_json(row["outline"], list[list[tuple[float, float]]]),
            lat=row["lat"],
            lon=row["lon"],
        )
        for row in rows
    ]


async def list_levels() -> dict[str, tuple[str, uuid.UUID, list[uuid.UUID], str]]:
    """Code → (level, id, path, country) of everything imported so far."""
    rows = await fetch("SELECT code, level, id, path, country FROM area")
    return {row["code"]: (row["level"], row["id"], row["path"], row["country"]) for row in rows}


async def upsert_areas(rows: Sequence[Sequence[object]]) -> None:
    """Columns in order: id, parent_id, level, code, name, country, time_zone, calendar,
    emergency_numbers (JSON), geometry (WKB), outline (JSON), lat, lon, path, demo."""
    await execute_many(
        """
        INSERT INTO area (id, parent_id, level, code, name, country, time_zone, calendar,
                          emergency_numbers, geometry, outline, lat, lon, path, demo)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT (code) DO UPDATE SET
            name = excluded.name, geometry = excluded.geometry, outline = excluded.outline,
            lat = excluded.lat, lon = excluded.lon,
            emergency_numbers = excluded.emergency_numbers
        """,
        rows,
    )


async def count_real_areas() -> int:
    value = await fetch_value("SELECT count(*) FROM area WHERE NOT demo")
    return int(str(value))
