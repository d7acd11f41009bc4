"""What time does to reports: warnings, broken promises, escalation (`W4`), and counting anew.

A report carries when it is to be looked at next (`alarm_at`). Whoever claims it says all that is
due by then, in order, and leaves a row of `deadline` for each, in the transaction that writes the
entries and notifications: so each is said once, whoever is killed when, and whatever the clock on
the wall does. The time is PostgreSQL's.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from backend.db import write_tx
from backend.departments import service as departments
from backend.departments.cache import LIFETIME_S
from backend.reports import deadline_queries, entries, queries, telling, timing
from backend.reports.recording import record_change
from backend.reports.report import Report
from backend.reports.timing import Changes, Stage, StageKind
from backend.threads.schemas import EventType, ThreadEvent

RECOUNTED_AT_ONCE: Final = 200
SETTLED: Final = timedelta(seconds=2 * LIFETIME_S)
"""Processes that take reports may know the hours before for `LIFETIME_S`."""

_EVENTS: Final[dict[StageKind, EventType]] = {
    "warning": "warned",
    "breach": "breached",
    "escalation": "escalated",
}


async def fire_alarms(*, at_most: int = 1000) -> int:
    """Say what is due; returns how many things were said. Workers do not get in each other's way.

    Args:
        at_most: reports looked at.
    """
    said = 0
    for _ in range(at_most):
        async with write_tx():
            claimed = await deadline_queries.claim_alarm()
            if claimed is None:
                break
            said += await _fire(*claimed)
    return said


async def _fire(report: Report, now: datetime) -> int:
    calendar = await departments.calendar_of(report.ward_id, report.department_id, report.path)
    until = timing.reached_until(report, now)
    round_number = timing.clocks_of(report).round
    said = await deadline_queries.list_said(report.id, round_number)
    stages = timing.stages(report, calendar)
    due = [
        stage
        for stage in stages
        if until is not None
        and stage.at <= min(until, now)
        and (stage.clock, stage.kind) not in said
    ]
    written = [
        entries.system_entry(
            report, place, ThreadEvent(_EVENTS[stage.kind], clock=stage.clock), now
        )
        for place, stage in enumerate(due, 1)
    ]
    changes: Changes = {"alarm_at": timing.next_alarm(report, now, calendar)}
    if any(stage.kind == "escalation" for stage in due):
        changes["escalated_at"] = now
    if not due:
        await queries.update_report(report.id, 0, changes)
        return 0
    await deadline_queries.insert_said(
        report.id,
        round_number,
        [
            (stage.clock, stage.kind, stage.at, entry.id)
            for stage, entry in zip(due, written, strict=True)
        ],
        now,
    )
    await entries.write(None, report, written, [], changes)
    for stage, entry in zip(due, written, strict=True):
        await _tell(report, stage, entry.id)
    return len(due)


async def _tell(report: Report, stage: Stage, message_id: UUID) -> None:
    """The officer is warned, the dispatcher hears of a broken promise, the leader of an old one."""
    watchers = telling.department_of(report)
    if stage.kind == "breach":
        watchers = [*watchers, *telling.dispatchers_of(report)]
    elif stage.kind == "escalation":
        watchers = telling.leaders_of(report)
    await telling.tell_deadline(report, watchers, f"{stage.clock}_{stage.kind}", message_id)


async def recount_wards(*, settled: timedelta = SETTLED) -> int:
    """Count anew what is due in wards whose hours or closures were changed; returns how many
    reports moved.

    Each ward is worked through in small transactions; one that is interrupted begins again, and
    counting twice gives the same.

    Args:
        settled: how old a change must be, so that nobody counts by what was before any longer.
    """
    moved = 0
    for ward_id, asked_at in await deadline_queries.list_recounts(settled):
        departments.forget_cached_rules()
        after = UUID(int=0)
        while True:
            async with write_tx():
                reports, now = await deadline_queries.lock_open_reports(
                    ward_id, after, RECOUNTED_AT_ONCE
                )
                for report in reports:
                    moved += await _recount(report, now)
            if len(reports) < RECOUNTED_AT_ONCE:
                break
            after = reports[-1].id
        await deadline_queries.delete_recount(ward_id, asked_at)
    return moved


async def _recount(report: Report, now: datetime) -> int:
    calendar = await departments.calendar_of(report.ward_id, report.department_id, report.path)
    changes = timing.recount(report, now, calendar)
    if not changes:
        return 0
    await queries.update_report(report.id, 0, {**changes, "updated_at": now})
    record_change(None, report, "recounted", None, changed=sorted(changes))
    telling.touch_report(report)
    return 1
