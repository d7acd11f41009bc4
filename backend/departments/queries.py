"""SQL of departments, categories and routing rules."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from backend.db import fetch, fetch_one, from_json
from backend.departments.schemas import CategoryOut, DepartmentOut, Names, RoutedCategory

if TYPE_CHECKING:
    from asyncpg import Record

_CATEGORY: Final = """
SELECT c.id, c.area_id, c.code, c.names, c.icon, c.colour, c.urgent, c.private, c.accept_hours,
       c.solve_hours, c.needs_result_photo, c.keywords, c.sort
FROM category c
"""
_decode_keywords = msgspec.json.Decoder(dict[str, list[str]]).decode
_decode_routes = msgspec.json.Decoder(dict[UUID, UUID]).decode


async def get_routed_category(category_id: UUID) -> RoutedCategory | None:
    row = await fetch_one(
        """
        SELECT c.*, coalesce((SELECT jsonb_object_agg(r.area_id, r.department_id)
                              FROM routing_rule r WHERE r.category_id = c.id), '{}') AS routes
        FROM category c WHERE c.id = $1
        """,
        category_id,
    )
    if row is None:
        return None
    return RoutedCategory(_category(row), row["active"], _decode_routes(row["routes"]))


async def list_categories(ward_id: UUID) -> list[CategoryOut]:
    """Active ones that the ward or its city offers; a ward has a few dozen."""
    rows = await fetch(
        f"""{_CATEGORY}
        JOIN area w ON w.id = $1 AND c.area_id = ANY(w.path)
        WHERE c.active ORDER BY c.sort, c.code LIMIT 500""",
        ward_id,
    )
    return [_category(row) for row in rows]


async def list_categories_by_id(ids: Sequence[UUID]) -> list[CategoryOut]:
    rows = await fetch(f"{_CATEGORY} WHERE c.active AND c.id = ANY($1)", list(ids))
    return [_category(row) for row in rows]


async def list_departments(ward_id: UUID) -> list[DepartmentOut]:
    rows = await fetch(
        """SELECT d.id, d.area_id, d.code, d.names FROM department d
           JOIN area w ON w.id = $1 AND d.area_id = ANY(w.path)
           ORDER BY d.code, d.id LIMIT 500""",
        ward_id,
    )
    return [_department(row) for row in rows]


async def list_departments_by_id(ids: Sequence[UUID]) -> list[DepartmentOut]:
    rows = await fetch(
        "SELECT id, area_id, code, names FROM department WHERE id = ANY($1)", list(ids)
    )
    return [_department(row) for row in rows]


def _category(row: "Record") -> CategoryOut:
    return CategoryOut(
        id=row["id"],
        area_id=row["area_id"],
        code=row["code"],
        names=from_json(row["names"], Names),
        icon=row["icon"],
        colour=row["colour"],
        urgent=row["urgent"],
        private=row["private"],
        accept_hours=row["accept_hours"],
        solve_hours=row["solve_hours"],
        needs_result_photo=row["needs_result_photo"],
        keywords=_decode_keywords(row["keywords"]),
        sort=row["sort"],
    )


def _department(row: "Record") -> DepartmentOut:
    return DepartmentOut(row["id"], row["area_id"], row["code"], from_json(row["names"], Names))
