"""SQL of the demo's past crisis: written once, as it ended."""

import uuid
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from backend.changes import touch
from backend.db import execute, execute_many, fetch_value, json_text, write_tx
from backend.departments.schemas import Names

NO_HASH: Final = b"demo"
"""Nobody sends these again."""


class PastCrisis(Struct, frozen=True):
    """Rows in the order of the columns that `insert_crisis` names."""

    crisis: tuple[object, ...]
    reports: Sequence[tuple[object, ...]]
    units: Sequence[tuple[object, ...]]
    assignments: Sequence[tuple[object, ...]]
    messages: Sequence[tuple[object, ...]]


async def has_crisis(crisis_id: uuid.UUID) -> bool:
    return bool(await fetch_value("SELECT true FROM crisis WHERE id = $1", crisis_id))


async def insert_crisis(past: PastCrisis) -> None:
    """The crisis and all that hangs on it; its reports are there already."""
    crisis_id, ward_id, kind, neighbourhoods = past.crisis[:4]
    if not isinstance(ward_id, uuid.UUID) or not isinstance(crisis_id, uuid.UUID):
        raise TypeError("a crisis and its ward have ids")
    async with write_tx():
        await execute(
            """INSERT INTO crisis (id, ward_id, kind, area_ids, texts, language, category_id,
                                   account_id, started_at, ended_at, ended_by, accept_minutes,
                                   solve_minutes, content_hash, revision)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $8, 15, 240, $11, 2)""",
            *_stored(past.crisis),
            NO_HASH,
        )
        await execute(
            """INSERT INTO crisis_area (crisis_id, neighbourhood_id, kind, active)
               SELECT $1, one, $2, false FROM unnest($3::uuid[]) AS n(one)""",
            crisis_id,
            kind,
            neighbourhoods,
        )
        # What a head has long decided does not wait in their queue.
        await execute_many(
            """UPDATE report SET crisis_id = $3, severity = $2, moderation = 'approved'
               WHERE id = $1""",
            [(*row, crisis_id) for row in past.reports],
        )
        await execute_many(
            """INSERT INTO crisis_unit (id, ward_id, kind, name, phone, capacity, account_id,
                                        content_hash)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING""",
            [(*row, NO_HASH) for row in past.units],
        )
        await execute_many(
            """INSERT INTO crisis_assignment (id, crisis_id, unit_id, label, report_ids, account_id,
                                              assigned_at, arrived_at, finished_at, outcome,
                                              content_hash)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
            [(*row, NO_HASH) for row in past.assignments],
        )
        await execute_many(
            """INSERT INTO crisis_broadcast (id, crisis_id, texts, language, account_id, created_at,
                                             finished_at, told, content_hash)
               VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)""",
            [(*_stored(row), NO_HASH) for row in past.messages],
        )
        touch([(ward_id, "crisis", crisis_id)])


def _stored(row: Sequence[object]) -> list[object]:
    return [json_text(value) if isinstance(value, Names) else value for value in row]
