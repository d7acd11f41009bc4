"""SQL of hand-overs and of the parts that other departments have of a report (`W7`, `W8`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec import Struct

from backend.actor import Actor
from backend.db import execute, fetch, from_json
from backend.departments.schemas import Names
from backend.reports.moves import DONE
from backend.reports.policy import closes_part, side_of
from backend.reports.report import Report
from backend.reports.schemas import PartOut

if TYPE_CHECKING:
    from asyncpg import Record

# Of a report `r`; null for all those that nobody split.
PARTS: Final = """
CASE WHEN r.part_ids <> '{}' THEN (
    SELECT jsonb_agg(jsonb_build_object('department_id', p.department_id, 'names', pd.names,
                                        'task', p.task, 'asked_at', p.asked_at,
                                        'done_at', p.done_at) ORDER BY p.asked_at, pd.code)
    FROM part p JOIN department pd ON pd.id = p.department_id 
    WHERE p.report_id = r.id AND p.department_id = ANY(r.part_ids)) END
"""


class _Part(Struct, frozen=True):
    department_id: UUID
    names: Names
    task: str
    asked_at: datetime
    done_at: datetime | None


def parts_of(row: "Record", report: Report, actor: Actor) -> list[PartOut]:
    """What `PARTS` gave as `parts`, as `actor` sees it."""
    if row["parts"] is None:
        return []
    inside = side_of(actor, report) != "reporter"
    return [
        PartOut(
            department_id=part.department_id,
            department_names=part.names,
            task=part.task if inside else None,
            asked_at=part.asked_at,
            done_at=part.done_at,
            closable=part.done_at is None
            and report.state not in DONE
            and closes_part(actor, report, part.department_id),
        )
        for part in from_json(row["parts"], list[_Part])
    ]


async def list_earlier_departments(report_id: UUID) -> set[UUID]:
    """Departments that were in charge of it at some time, as its thread says."""
    rows = await fetch(
        """SELECT DISTINCT (event->>'department_id')::uuid AS id FROM message
           WHERE thread_id = $1 AND kind = 'event' AND event->>'department_id' IS NOT NULL
             AND event->>'type' IN ('created', 'routed', 'handed')""",
        report_id,
    )
    return {row["id"] for row in rows}


async def upsert_parts(
    report_id: UUID, parts: Sequence[tuple[UUID, str]], message_id: UUID, now: datetime
) -> None:
    """(department, task); one that was done is asked for again."""
    await execute(
        """INSERT INTO part (report_id, department_id, task, asked_at, message_id)
           SELECT $1, department_id, task, $5, $4
           FROM unnest($2::uuid[], $3::text[]) AS p(department_id, task)
           ON CONFLICT (report_id, department_id) DO UPDATE
           SET task = excluded.task, asked_at = excluded.asked_at, done_at = NULL,
               message_id = excluded.message_id, done_message_id = NULL""",
        report_id,
        [department_id for department_id, _ in parts],
        [task for _, task in parts],
        message_id,
        now,
    )


async def finish_part(
    report_id: UUID, department_id: UUID, message_id: UUID, now: datetime
) -> None:
    await execute(
        """UPDATE part SET done_at = $4, done_message_id = $3
           WHERE report_id = $1 AND department_id = $2""",
        report_id,
        department_id,
        message_id,
        now,
    )
