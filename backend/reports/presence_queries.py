"""SQL of who looks at what: a few rows that live for a minute."""

from typing import Final
from uuid import UUID

from backend.db import execute, fetch, fetch_value, rows_of
from backend.reports.schemas import Looker

_GONE: Final = "interval '1 minute'"


async def upsert_presence(report_id: UUID, account_id: UUID) -> bool:
    """True when the person was not there before. Forgets, by the way, everybody who has gone."""
    was_there = await fetch_value(
        f"""SELECT true FROM presence WHERE report_id = $1 AND account_id = $2
            AND seen_at > now() - {_GONE}""",  # noqa: S608
        report_id,
        account_id,
    )
    await execute(
        """INSERT INTO presence (report_id, account_id, seen_at) VALUES ($1, $2, now())
           ON CONFLICT (report_id, account_id) DO UPDATE SET seen_at = excluded.seen_at""",
        report_id,
        account_id,
    )
    await execute(
        f"""DELETE FROM presence p USING (
                SELECT report_id, account_id FROM presence WHERE seen_at < now() - {_GONE}
                ORDER BY report_id, account_id LIMIT 100 FOR UPDATE SKIP LOCKED) gone
            WHERE p.report_id = gone.report_id AND p.account_id = gone.account_id"""  # noqa: S608
    )
    return not was_there


async def list_others(report_id: UUID, but: UUID) -> list[Looker]:
    rows = await fetch(
        f"""SELECT p.account_id, a.name FROM presence p JOIN account a ON a.id = p.account_id
            WHERE p.report_id = $1 AND p.account_id <> $2 AND p.seen_at > now() - {_GONE}
            ORDER BY a.name, p.account_id LIMIT 20""",  # noqa: S608
        report_id,
        but,
    )
    return [Looker(**dict(row)) for row in rows]


async def delete_presence(report_id: UUID, account_id: UUID) -> bool:
    tag = await execute(
        "DELETE FROM presence WHERE report_id = $1 AND account_id = $2", report_id, account_id
    )
    return rows_of(tag) > 0
