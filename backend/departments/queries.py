"""SQL of departments, categories and routing rules."""

# ruff: noqa: S608 - what is put together here are our own fragments; values are arguments

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from backend.db import fetch, fetch_one, fetch_value, from_json
from backend.departments.clocks import Closure, Hours, Week
from backend.departments.schemas import (
    CategoryOut,
    ClockTimes,
    DepartmentOut,
    Names,
    PressingClock,
    Question,
    RoutedCategory,
    WardHours,
)

if TYPE_CHECKING:
    from asyncpg import Record

# What holds in a neighbourhood for a while; of two at once the later one.
_PRESSING: Final = """(
    SELECT jsonb_object_agg(p.area_id, jsonb_build_object(
               'source_id', p.source_id, 'accept_minutes', p.accept_minutes, 'accept_always', true,
               'solve_minutes', p.solve_minutes, 'solve_always', true,
               'escalate_minutes', p.escalate_minutes) ORDER BY p.since)
    FROM pressing_clock p JOIN area a ON a.id = p.area_id
    WHERE p.category_id = c.id {within})"""

# Of a ward and its city, with the promises that are made there: other wards' are nobody's business.
_CATEGORY: Final = f"""
SELECT c.*, (SELECT jsonb_object_agg(k.area_id, to_jsonb(k))
             FROM clock k JOIN area a ON a.id = k.area_id
             WHERE k.category_id = c.id
               AND (a.id = ANY(w.path) OR a.path @> ARRAY[w.id])) AS clocks,
       {_PRESSING.format(within="AND a.path @> ARRAY[w.id]")} AS pressing
FROM category c JOIN area w ON w.id = $1 AND c.area_id = ANY(w.path)
"""
_decode_keywords = msgspec.json.Decoder(dict[str, list[str]]).decode
_decode_routes = msgspec.json.Decoder(dict[UUID, UUID]).decode
_decode_clocks = msgspec.json.Decoder(dict[UUID, ClockTimes]).decode
_decode_pressing = msgspec.json.Decoder(dict[UUID, PressingClock]).decode
_decode_questions = msgspec.json.Decoder(list[Question]).decode
_decode_asked = msgspec.json.Decoder(dict[int, list[Question]]).decode
_decode_hours = msgspec.json.Decoder(list[tuple[UUID, date, Week | None]]).decode
_decode_closures = msgspec.json.Decoder(list[tuple[UUID, date, date]]).decode


async def get_routed_category(category_id: UUID) -> RoutedCategory | None:
    row = await fetch_one(
        f"""
        SELECT c.*, (SELECT jsonb_object_agg(k.area_id, to_jsonb(k)) FROM clock k
                     WHERE k.category_id = c.id) AS clocks,
               {_PRESSING.format(within="")} AS pressing,
               coalesce((SELECT jsonb_object_agg(r.area_id, r.department_id)
                         FROM routing_rule r WHERE r.category_id = c.id), '{{}}') AS routes,
               coalesce((SELECT jsonb_object_agg(q.version, q.questions)
                         FROM category_questions q WHERE q.category_id = c.id), '{{}}') AS asked
        FROM category c WHERE c.id = $1
        """,
        category_id,
    )
    if row is None:
        return None
    shown = _category(row)
    times = ClockTimes(
        accept_minutes=_minutes(shown.accept_hours),
        accept_always=shown.accept_always,
        solve_minutes=_minutes(shown.solve_hours),
        solve_always=shown.solve_always,
        escalate_minutes=_minutes(row["escalate_hours"]),
    )
    return RoutedCategory(
        category=shown,
        active=row["active"],
        routes=_decode_routes(row["routes"]),
        times=times,
        asked=_decode_asked(row["asked"]),
        pressing=_decode_pressing(row["pressing"] or "{}"),
    )


async def get_ward_hours(ward_id: UUID) -> WardHours | None:
    """Hours of the ward, its parts, its city, all departments; closures of a year back and on."""
    row = await fetch_one(
        """
        SELECT w.country, w.time_zone,
               (SELECT jsonb_agg(jsonb_build_array(h.scope_id, h.from_day, h.week)
                                 ORDER BY h.scope_id, h.from_day)
                FROM working_hours h
                WHERE h.scope_id = ANY(w.path)
                   OR h.scope_id IN (SELECT d.id FROM department d WHERE d.area_id = ANY(w.path))
                   OR h.scope_id IN (SELECT a.id FROM area a WHERE a.path @> ARRAY[w.id])
               ) AS hours,
               (SELECT jsonb_agg(jsonb_build_array(c.area_id, c.first_day, c.last_day)
                                 ORDER BY c.first_day, c.id)
                FROM closure c JOIN area a ON a.id = c.area_id
                WHERE (a.id = ANY(w.path) OR a.path @> ARRAY[w.id])
                  AND c.first_day <= c.last_day
                  AND c.last_day > current_date - 400) AS closures
        FROM area w WHERE w.id = $1 AND w.level = 'ward'
        """,
        ward_id,
    )
    if row is None:
        return None
    hours: dict[UUID, tuple[Hours, ...]] = {}
    for scope_id, from_day, week in _decode_hours(row["hours"] or "[]"):
        hours[scope_id] = (*hours.get(scope_id, ()), Hours(from_day, week))
    closures = tuple(
        (area_id, Closure(first, last))
        for area_id, first, last in _decode_closures(row["closures"] or "[]")
    )
    return WardHours(row["country"], row["time_zone"], hours, closures)


async def list_categories(ward_id: UUID) -> list[CategoryOut]:
    """Active ones that the ward or its city offers; a ward has a few dozen."""
    rows = await fetch(
        f"""{_CATEGORY} WHERE c.active ORDER BY c.sort, c.code LIMIT 500""",
        ward_id,
    )
    return [_category(row) for row in rows]


async def list_categories_by_id(ward_id: UUID, ids: Sequence[UUID]) -> list[CategoryOut]:
    rows = await fetch(f"{_CATEGORY} WHERE c.active AND c.id = ANY($2)", ward_id, list(ids))
    return [_category(row) for row in rows]


async def list_departments(ward_id: UUID) -> list[DepartmentOut]:
    """Those that still work."""
    rows = await fetch(
        """SELECT d.id, d.area_id, d.code, d.names FROM department d
           JOIN area w ON w.id = $1 AND d.area_id = ANY(w.path)
           WHERE d.retired_at IS NULL
           ORDER BY d.code, d.id LIMIT 500""",
        ward_id,
    )
    return [_department(row) for row in rows]


async def list_departments_by_id(ids: Sequence[UUID]) -> list[DepartmentOut]:
    rows = await fetch(
        """SELECT id, area_id, code, names FROM department
           WHERE id = ANY($1) AND retired_at IS NULL""",
        list(ids),
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
        accept_always=_always(row, "accept_always"),
        solve_always=_always(row, "solve_always"),
        clocks={
            **_decode_clocks(row["clocks"] or "{}"),
            **_decode_clocks(row["pressing"] or "{}"),
        },
        needs_result_photo=row["needs_result_photo"],
        keywords=_decode_keywords(row["keywords"]),
        sort=row["sort"],
        questions=_decode_questions(row["questions"]),
        questions_version=row["questions_version"],
    )


async def works_in(department_id: UUID, area_ids: Sequence[UUID]) -> bool:
    """Whether the department is one of these areas', and not retired."""
    return bool(
        await fetch_value(
            """SELECT true FROM department
               WHERE id = $1 AND area_id = ANY($2) AND retired_at IS NULL""",
            department_id,
            list(area_ids),
        )
    )


def _always(row: "Record", column: str) -> bool:
    """An urgent category's clocks do not wait for the morning, unless the ward says so."""
    said = row[column]
    return bool(row["urgent"] if said is None else said)


def _minutes(hours: float) -> int:
    return max(1, round(hours * 60))


def _department(row: "Record") -> DepartmentOut:
    return DepartmentOut(row["id"], row["area_id"], row["code"], from_json(row["names"], Names))
