"""SQL of calls, and of finding reports by the number of who sent them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from backend.actor import Actor
from backend.db import execute, fetch_one, fetch_planned, fetch_value
from backend.reports.queries import show_chosen
from backend.reports.schemas import BehalfIn
from backend.reports.visibility import visible_to_sql

if TYPE_CHECKING:
    from asyncpg import Record

MOST_FOUND: Final = 200
MOST_REPORTS: Final = 10
ENDED_LATELY: Final = timedelta(days=30)
LATEST_CALLS: Final = timedelta(days=1)
MOST_CALLS: Final = 20


async def list_reports_of(actor: Actor, account_ids: Sequence[UUID]) -> "list[Record]":
    """For each caller what is open and what ended lately, of what the actor sees."""
    visible, arguments = visible_to_sql(actor, 3)
    chosen = f"""
        SELECT r.* FROM unnest($2::uuid[]) AS caller(id)
        CROSS JOIN LATERAL (
            SELECT r.* FROM report r WHERE r.account_id = caller.id AND {visible}
              AND (r.state NOT IN ('closed', 'rejected', 'merged', 'withdrawn')
                   OR r.updated_at > now() - interval '{ENDED_LATELY.days} days')
            ORDER BY r.created_at DESC LIMIT {MOST_REPORTS}) r
    """  # noqa: S608 - our own fragments
    return await show_chosen(
        actor, chosen, [list(account_ids), *arguments], order="r.created_at DESC"
    )


async def list_by_last_digits(
    digits: str, departments: Sequence[UUID], wards: Sequence[UUID]
) -> list[UUID]:
    """Newest reports of people whose number ends so, where these departments and wards work."""
    rows = await fetch_planned(
        f"""
        SELECT r.id FROM phone_number p JOIN report r ON r.account_id = p.account_id
        WHERE p.tail LIKE $1
          AND (r.department_id = ANY($2) OR r.part_ids && $2 OR r.ward_id = ANY($3))
        ORDER BY r.created_at DESC LIMIT {MOST_FOUND}
        """,  # noqa: S608
        f"{digits[::-1]}%",
        list(departments),
        list(wards),
    )
    return [row["id"] for row in rows]


async def insert_behalf(report_id: UUID, behalf: BehalfIn, now: datetime) -> None:
    await execute(
        """INSERT INTO report_behalf (report_id, name, phone, consented_at)
           VALUES ($1, $2, $3, $4)""",
        report_id,
        behalf.name,
        behalf.phone,
        now,
    )


async def insert_logged(report_id: UUID, name: str, operator_id: UUID, now: datetime) -> None:
    """The number stands with the caller, not here."""
    await execute(
        """INSERT INTO report_behalf (report_id, name, phone, consented_at, logged_by)
           VALUES ($1, $2, '', $3, $4)""",
        report_id,
        name,
        now,
        operator_id,
    )


async def get_logger_of(report_id: UUID) -> UUID | None:
    """The operator who wrote a report down."""
    found = await fetch_value("SELECT logged_by FROM report_behalf WHERE report_id = $1", report_id)
    return found if isinstance(found, UUID) else None


async def show_call(actor: Actor, report_id: UUID) -> "Record | None":
    """A report that was written down in a ward the actor dispatches."""
    rows = await show_chosen(
        actor,
        """SELECT r.* FROM report r JOIN report_behalf b ON b.report_id = r.id
           WHERE r.id = $2 AND r.ward_id = ANY($3) AND b.logged_by IS NOT NULL""",
        [report_id, actor.dispatches()],
    )
    return rows[0] if rows else None


async def list_calls(actor: Actor) -> "list[Record]":
    """What the actor wrote down lately, where they still dispatch."""
    return await show_chosen(
        actor,
        f"""SELECT r.* FROM report r JOIN report_behalf b ON b.report_id = r.id
            WHERE b.logged_by = $1 AND r.ward_id = ANY($2)
              AND b.consented_at > now() - interval '{LATEST_CALLS.days} days'
            ORDER BY b.consented_at DESC LIMIT {MOST_CALLS}""",  # noqa: S608
        [actor.dispatches()],
        order="r.created_at DESC",
    )


async def get_reach(report_id: UUID) -> "Record | None":
    """How the author of a report can be reached, and what became of the text with the code."""
    return await fetch_one(
        """
        SELECT p.number, p.texts, p.unreachable_at IS NOT NULL AS unreachable,
               EXISTS (SELECT 1 FROM session s WHERE s.account_id = r.account_id
                       AND s.revoked_at IS NULL AND s.expires_at > now()) AS signed_in,
               coalesce(w.allowed, true) AS allowed, n.country,
               (SELECT d.state FROM sms_delivery d WHERE d.report_id = r.id AND d.kind = 'logged'
                ORDER BY d.created_at LIMIT 1) AS delivery
        FROM report r
        JOIN area n ON n.id = r.ward_id
        LEFT JOIN phone_number p ON p.account_id = r.account_id
        LEFT JOIN ward_sms w ON w.ward_id = r.ward_id
        WHERE r.id = $1
        """,
        report_id,
    )
