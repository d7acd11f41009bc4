"""SQL of a ward's rules: reading them whole, changing them, and who did."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import uuid_utils.compat as uuids
from msgspec import Struct

from backend.db import (
    execute,
    execute_many,
    fetch,
    fetch_one,
    fetch_value,
    from_json,
    json_text,
    rows_of,
)
from backend.departments.clocks import Hours, Week
from backend.departments.rule_schemas import (
    ClockOut,
    ClosureIn,
    ClosureOut,
    HoursOut,
    RouteOut,
    RuleChangeOut,
    RuleDiff,
    Subject,
)
from backend.departments.schemas import ClockTimes

if TYPE_CHECKING:
    from asyncpg import Record

MOST_RULES = 20_000
MOST_CLOSURES = 1000


class Ward(Struct, frozen=True):
    """A ward; `path` is its city and itself."""

    id: UUID
    name: str
    path: list[UUID]
    country: str
    time_zone: str


class EarlierChange(Struct, frozen=True):
    account_id: UUID
    content_hash: bytes
    created_at: datetime


async def get_ward(ward_id: UUID) -> Ward | None:
    row = await fetch_one(
        "SELECT id, name, path, country, time_zone FROM area WHERE id = $1 AND level = 'ward'",
        ward_id,
    )
    return None if row is None else Ward(**dict(row))


async def lock_ward(ward_id: UUID) -> datetime:
    """Changes of one ward's rules come one after the other; reports go on coming in meanwhile.

    Returns the database's time.
    """
    row = await fetch_one(
        "SELECT clock_timestamp() AS now FROM area WHERE id = $1 FOR NO KEY UPDATE", ward_id
    )
    if row is None:
        raise LookupError(f"ward {ward_id}")
    now: datetime = row["now"]
    return now


async def list_paths(area_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Path of each of the areas, the city first."""
    rows = await fetch("SELECT id, path FROM area WHERE id = ANY($1)", list(area_ids))
    return {row["id"]: row["path"] for row in rows}


async def list_ward_ids(area_id: UUID) -> list[UUID]:
    """The wards of a city; of anything in a ward, that ward."""
    rows = await fetch(
        """SELECT w.id FROM area w JOIN area a ON a.id = $1
           WHERE w.level = 'ward' AND (w.id = ANY(a.path) OR w.path @> ARRAY[a.id])""",
        area_id,
    )
    return [row["id"] for row in rows]


async def list_department_areas(ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Of those that still work."""
    rows = await fetch(
        "SELECT id, area_id FROM department WHERE id = ANY($1) AND retired_at IS NULL", list(ids)
    )
    return {row["id"]: row["area_id"] for row in rows}


async def list_category_areas(ids: Sequence[UUID]) -> dict[UUID, UUID]:
    rows = await fetch("SELECT id, area_id FROM category WHERE id = ANY($1)", list(ids))
    return {row["id"]: row["area_id"] for row in rows}


async def list_routes(ward: Ward) -> list[RouteOut]:
    rows = await fetch(
        f"""SELECT r.category_id, r.area_id, r.department_id FROM routing_rule r
            JOIN area a ON a.id = r.area_id
            WHERE a.id = ANY($1) OR a.path @> ARRAY[$2::uuid]
            ORDER BY r.category_id, r.area_id LIMIT {MOST_RULES}""",  # noqa: S608
        ward.path,
        ward.id,
    )
    return [RouteOut(**dict(row)) for row in rows]


async def list_routes_of(category_ids: Sequence[UUID]) -> list[RouteOut]:
    rows = await fetch(
        """SELECT category_id, area_id, department_id FROM routing_rule
           WHERE category_id = ANY($1)""",
        list(category_ids),
    )
    return [RouteOut(**dict(row)) for row in rows]


async def set_routes(rows: Sequence[tuple[UUID, UUID, UUID | None]]) -> None:
    """Category, area, department; None takes the rule away."""
    await execute_many(
        """INSERT INTO routing_rule (id, category_id, area_id, department_id)
           VALUES ($1, $2, $3, $4)
           ON CONFLICT (category_id, area_id) DO UPDATE SET department_id = excluded.department_id
        """,
        [(uuids.uuid7(), *row) for row in rows if row[2] is not None],
    )
    await execute_many(
        "DELETE FROM routing_rule WHERE category_id = $1 AND area_id = $2",
        [row[:2] for row in rows if row[2] is None],
    )


async def list_clocks(ward: Ward) -> list[ClockOut]:
    rows = await fetch(
        f"""SELECT k.* FROM clock k JOIN area a ON a.id = k.area_id
            WHERE a.id = ANY($1) OR a.path @> ARRAY[$2::uuid]
            ORDER BY k.category_id, k.area_id LIMIT {MOST_RULES}""",  # noqa: S608
        ward.path,
        ward.id,
    )
    return [ClockOut(row["category_id"], row["area_id"], _times(row)) for row in rows]


async def list_clocks_of(category_ids: Sequence[UUID]) -> list[ClockOut]:
    rows = await fetch("SELECT * FROM clock WHERE category_id = ANY($1)", list(category_ids))
    return [ClockOut(row["category_id"], row["area_id"], _times(row)) for row in rows]


async def set_clocks(rows: Sequence[tuple[UUID, UUID, ClockTimes | None]]) -> None:
    """Category, area, times; None takes the promise away."""
    await execute_many(
        """INSERT INTO clock (id, category_id, area_id, accept_minutes, accept_always,
                              solve_minutes, solve_always, escalate_minutes)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (category_id, area_id) DO UPDATE SET
               accept_minutes = excluded.accept_minutes, accept_always = excluded.accept_always,
               solve_minutes = excluded.solve_minutes, solve_always = excluded.solve_always,
               escalate_minutes = excluded.escalate_minutes""",
        [
            (
                uuids.uuid7(),
                category_id,
                area_id,
                times.accept_minutes,
                times.accept_always,
                times.solve_minutes,
                times.solve_always,
                times.escalate_minutes,
            )
            for category_id, area_id, times in rows
            if times is not None
        ],
    )
    await execute_many(
        "DELETE FROM clock WHERE category_id = $1 AND area_id = $2",
        [row[:2] for row in rows if row[2] is None],
    )


async def list_hours(ward: Ward) -> list[HoursOut]:
    """Of the ward, what lies in it, its city, and their departments."""
    rows = await fetch(
        """SELECT h.scope_id, h.from_day, h.week FROM working_hours h
           WHERE h.scope_id = ANY($1)
              OR h.scope_id IN (SELECT id FROM department WHERE area_id = ANY($1))
              OR h.scope_id IN (SELECT id FROM area WHERE path @> ARRAY[$2::uuid])
           ORDER BY h.scope_id, h.from_day""",
        ward.path,
        ward.id,
    )
    return [HoursOut(row["scope_id"], row["from_day"], _week_out(row["week"])) for row in rows]


async def list_versions(scope_id: UUID) -> list[Hours]:
    rows = await fetch(
        "SELECT from_day, week FROM working_hours WHERE scope_id = $1 ORDER BY from_day", scope_id
    )
    return [Hours(row["from_day"], _week(row["week"])) for row in rows]


async def set_hours(scope_id: UUID, from_day: date, week: Week | None) -> None:
    """What was planned from that day on goes away."""
    await execute(
        "DELETE FROM working_hours WHERE scope_id = $1 AND from_day >= $2", scope_id, from_day
    )
    await execute(
        "INSERT INTO working_hours (scope_id, from_day, week) VALUES ($1, $2, $3)",
        scope_id,
        from_day,
        None if week is None else json_text(week),
    )


async def list_closures(ward: Ward, first: date, last: date) -> list[ClosureOut]:
    """Those that touch the days `first` to `last`, in the ward or its whole city."""
    rows = await fetch(
        f"""SELECT c.id, c.area_id, c.first_day, c.last_day, c.reason
            FROM closure c JOIN area a ON a.id = c.area_id
            WHERE (a.id = ANY($1) OR a.path @> ARRAY[$2::uuid]) AND c.first_day <= c.last_day
              AND c.last_day >= $3 AND c.first_day <= $4
            ORDER BY c.first_day, c.id LIMIT {MOST_CLOSURES}""",  # noqa: S608
        ward.path,
        ward.id,
        first,
        last,
    )
    return [ClosureOut(**dict(row)) for row in rows]


async def get_closure(closure_id: UUID) -> "Record | None":
    return await fetch_one("SELECT * FROM closure WHERE id = $1", closure_id)


async def insert_closure(
    closure_id: UUID, wish: ClosureIn, account_id: UUID, content_hash: bytes, now: datetime
) -> None:
    await execute(
        """INSERT INTO closure (id, area_id, first_day, last_day, reason, account_id,
                                content_hash, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        closure_id,
        wish.area_id,
        wish.first_day,
        wish.last_day,
        wish.reason,
        account_id,
        content_hash,
        now,
    )


async def shorten_closure(closure_id: UUID, last_day: date) -> None:
    await execute("UPDATE closure SET last_day = $2 WHERE id = $1", closure_id, last_day)


async def get_change(change_id: UUID) -> EarlierChange | None:
    row = await fetch_one(
        "SELECT account_id, content_hash, created_at FROM rule_change WHERE id = $1", change_id
    )
    return None if row is None else EarlierChange(**dict(row))


async def insert_change(
    change_id: UUID,
    area_id: UUID,
    subject: Subject,
    account_id: UUID,
    content_hash: bytes,
    changes: Sequence[RuleDiff],
    now: datetime,
) -> bool:
    """`area_id`: the ward where it was made, or its city if a rule of the city was changed.

    False: the id is taken, by a change that was made at the same moment elsewhere.
    """
    tag = await execute(
        """INSERT INTO rule_change (id, ward_id, subject, account_id, content_hash, changes,
                                    created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING""",
        change_id,
        area_id,
        subject,
        account_id,
        content_hash,
        json_text(list(changes)),
        now,
    )
    return rows_of(tag) == 1


async def list_changes(
    ward: Ward, subject: Subject | None, after: UUID | None, limit: int
) -> list[RuleChangeOut]:
    """The newest first, of the ward and its city; older than the change `after`."""
    rows = await fetch(
        """SELECT c.id, c.subject, c.changes, c.created_at, a.name
           FROM rule_change c JOIN account a ON a.id = c.account_id
           WHERE c.ward_id = ANY($1) AND ($2::text IS NULL OR c.subject = $2)
             AND ($3::uuid IS NULL OR (c.created_at, c.id) <
                  (SELECT o.created_at, o.id FROM rule_change o WHERE o.id = $3))
           ORDER BY c.created_at DESC, c.id DESC LIMIT $4""",
        ward.path,
        subject,
        after,
        limit,
    )
    return [
        RuleChangeOut(
            row["id"],
            row["subject"],
            row["name"],
            row["created_at"],
            from_json(row["changes"], list[RuleDiff]),
        )
        for row in rows
    ]


async def get_last_name(ward: Ward, subject: Subject) -> str | None:
    """Who made the newest change of that kind."""
    name = await fetch_value(
        """SELECT a.name FROM rule_change c JOIN account a ON a.id = c.account_id
           WHERE c.ward_id = ANY($1) AND c.subject = $2
           ORDER BY c.created_at DESC, c.id DESC LIMIT 1""",
        ward.path,
        subject,
    )
    return None if name is None else str(name)


async def ask_for_recount(ward_ids: Sequence[UUID]) -> None:
    """Have what is due in these wards counted anew (`reports.deadlines.recount_wards`)."""
    await execute(
        """INSERT INTO recount (ward_id) SELECT w FROM unnest($1::uuid[]) w ORDER BY w
           ON CONFLICT (ward_id) DO UPDATE SET asked_at = clock_timestamp()""",
        list(ward_ids),
    )


def _times(row: "Record") -> ClockTimes:
    return ClockTimes(**{name: row[name] for name in ClockTimes.__struct_fields__})


def _week(text: str | None) -> Week | None:
    return None if text is None else from_json(text, Week)


def _week_out(text: str | None) -> list[list[tuple[int, int]]] | None:
    return None if text is None else from_json(text, list[list[tuple[int, int]]])
