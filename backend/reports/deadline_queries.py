"""SQL of warnings, broken promises and nudges."""

# ruff: noqa: S608 - what is put together here are our own fragments; values are arguments

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from backend.db import execute, fetch, fetch_one, fetch_value
from backend.reports.queries import report_of
from backend.reports.report import Report

_ROW: Final = ", ".join(f"r.{column}" for column in Report.__struct_fields__)

Said = tuple[str, str, datetime, UUID]
"""Clock, kind, when it was to be said, its entry in the thread."""


async def claim_alarm() -> tuple[Report, datetime] | None:
    """A report whose clocks have something to say, held until the transaction ends; and the time.

    Raised again at once if the transaction fails; another worker takes another one.
    """
    row = await fetch_one(
        f"""SELECT {_ROW}, clock_timestamp() AS asked_at FROM report r
            WHERE r.alarm_at <= now() ORDER BY r.alarm_at LIMIT 1 FOR UPDATE SKIP LOCKED"""
    )
    return None if row is None else (report_of(row), row["asked_at"])


async def get_time() -> datetime:
    """The database's clock, which all deadlines go by."""
    now = await fetch_value("SELECT clock_timestamp()")
    if not isinstance(now, datetime):
        raise TypeError("the database has no clock")
    return now


async def list_said(report_id: UUID, round_number: int) -> set[tuple[str, str]]:
    """(clock, kind) of all that was said in this round."""
    rows = await fetch(
        "SELECT clock, kind FROM deadline WHERE report_id = $1 AND round = $2",
        report_id,
        round_number,
    )
    return {(row["clock"], row["kind"]) for row in rows}


async def insert_said(
    report_id: UUID, round_number: int, said: Sequence[Said], now: datetime
) -> None:
    clocks, kinds, at, message_ids = zip(*said, strict=True)
    await execute(
        """INSERT INTO deadline (report_id, clock, round, kind, at, fired_at, message_id)
           SELECT $1, clock, $2, kind, at, $7, message_id
           FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::uuid[])
                AS s(clock, kind, at, message_id)""",
        report_id,
        round_number,
        clocks,
        kinds,
        at,
        message_ids,
        now,
    )


async def list_recounts(settled: timedelta) -> list[tuple[UUID, datetime]]:
    """Wards to be counted anew, asked for at least `settled` ago."""
    rows = await fetch(
        """SELECT ward_id, asked_at FROM recount WHERE asked_at <= clock_timestamp() - $1::interval
           ORDER BY asked_at LIMIT 100""",
        settled,
    )
    return [(row["ward_id"], row["asked_at"]) for row in rows]


async def delete_recount(ward_id: UUID, asked_at: datetime) -> None:
    """Unless it was asked for again meanwhile."""
    await execute("DELETE FROM recount WHERE ward_id = $1 AND asked_at = $2", ward_id, asked_at)


async def lock_open_reports(
    ward_id: UUID, after: UUID, limit: int
) -> tuple[list[Report], datetime]:
    """Reports of a ward that still have something due, in the order of their ids; and the time."""
    rows = await fetch(
        f"""SELECT {_ROW} FROM report r
            WHERE r.ward_id = $1 AND r.id > $2
              AND r.state NOT IN ('closed', 'rejected', 'merged', 'withdrawn')
            ORDER BY r.id LIMIT $3 FOR UPDATE""",
        ward_id,
        after,
        limit,
    )
    return [report_of(row) for row in rows], await get_time()
