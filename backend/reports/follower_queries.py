"""SQL of who follows which report, through merges (`R6`, `W6`)."""

# ruff: noqa: S608 - what is put together here are our own fragments; values are arguments

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from backend.actor import Actor
from backend.db import execute, fetch, fetch_one
from backend.reports.queries import report_of, show_chosen
from backend.reports.report import Report

if TYPE_CHECKING:
    from asyncpg import Record

# A report, and all that was merged into it, and into that.
_BELOW: Final = """
below(id) AS (
    SELECT {report}::uuid
    UNION SELECT r.id FROM report r JOIN below b ON r.merged_into = b.id WHERE r.state = 'merged'
)
"""
_PEOPLE: Final = f"""
WITH RECURSIVE {_BELOW.format(report="$1")}, people AS (
    SELECT f.account_id FROM follower f JOIN below b ON b.id = f.report_id
    UNION SELECT r.account_id FROM report r JOIN below b ON b.id = r.id WHERE r.id <> $1
)
"""

# What the person joined, or was theirs and is merged; and what became of that by merging. What is
# private is seen only by who reported it, too.
_FOLLOWED: Final = """
(WITH RECURSIVE followed(id, own) AS (
    SELECT f.report_id, false FROM follower f WHERE f.account_id = {actor}
    UNION SELECT m.id, true FROM report m WHERE m.account_id = {actor} AND m.state = 'merged'
    UNION SELECT m.merged_into, followed.own FROM report m JOIN followed ON m.id = followed.id
          WHERE m.state = 'merged'
) SELECT true FROM followed WHERE followed.id = r.id AND (followed.own OR NOT r.private) LIMIT 1)
"""


async def list_followers(report_id: UUID) -> list[UUID]:
    """Everybody but its author who sees it, too."""
    rows = await fetch(
        f"""{_PEOPLE} SELECT account_id FROM people
            WHERE account_id <> (SELECT account_id FROM report WHERE id = $1)""",
        report_id,
    )
    return [row["account_id"] for row in rows]


async def list_targets(report_id: UUID) -> list[UUID]:
    """What a report is merged into, and that in turn; the nearest first."""
    rows = await fetch(
        """
        WITH RECURSIVE above(id, step) AS (
            SELECT merged_into, 1 FROM report WHERE id = $1 AND state = 'merged'
            UNION SELECT r.merged_into, step + 1 FROM report r JOIN above a ON r.id = a.id
                  WHERE r.state = 'merged' AND step < 100
        ) SELECT id FROM above WHERE id IS NOT NULL ORDER BY step
        """,
        report_id,
    )
    return [row["id"] for row in rows]


async def recount(report_id: UUID) -> None:
    """Count anew who sees a report, too, and what it is merged into."""
    for counted in [report_id, *await list_targets(report_id)]:
        await execute(
            f"""{_PEOPLE} UPDATE report SET followers = (
                    SELECT count(*) FROM people WHERE people.account_id <> report.account_id)
                WHERE id = $1""",
            counted,
        )


async def get_join(join_id: UUID) -> "Record | None":
    return await fetch_one(
        """SELECT f.asked_id, f.report_id, f.account_id, f.created_at, r.followers
           FROM follower f JOIN report r ON r.id = f.report_id WHERE f.id = $1""",
        join_id,
    )


async def lock_joinable(report_id: UUID, wards: Sequence[UUID]) -> Report | None:
    """A report of these wards that a neighbour may know of, held until the transaction ends."""
    row = await fetch_one(
        """SELECT r.* FROM report r WHERE r.id = $1 AND r.ward_id = ANY($2) AND NOT r.private
           AND r.moderation <> 'hidden' FOR UPDATE""",
        report_id,
        list(wards),
    )
    return None if row is None else report_of(row)


async def insert_follower(
    join_id: UUID, asked_id: UUID, report_id: UUID, account_id: UUID, now: datetime
) -> None:
    """Once a person and report, whatever the id."""
    await execute(
        """INSERT INTO follower (id, asked_id, report_id, account_id, created_at)
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING""",
        join_id,
        asked_id,
        report_id,
        account_id,
        now,
    )


async def delete_follower(report_id: UUID, account_id: UUID) -> list[UUID]:
    """The person follows none of this report and what was merged into it; returns what they did.

    The report is held first, as by who joins.
    """
    await execute("SELECT 1 FROM report WHERE id = $1 FOR UPDATE", report_id)
    rows = await fetch(
        f"""WITH RECURSIVE {_BELOW.format(report="$1")}
            DELETE FROM follower f USING below b
            WHERE f.report_id = b.id AND f.account_id = $2 RETURNING f.report_id""",
        report_id,
        account_id,
    )
    return [row["report_id"] for row in rows]


async def show_followed(actor: Actor, ids: Sequence[UUID]) -> "list[Record]":
    """Those of `ids` that the person follows without more rights to them."""
    followed = _FOLLOWED.format(actor="$3")
    chosen = f"SELECT r.* FROM report r WHERE r.id = ANY($2) AND {followed}"
    return await show_chosen(actor, chosen, [list(ids), actor.account_id])
