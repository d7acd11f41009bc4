"""The two clocks of a report: when it is due, and what is said on the way there (`W3`, `W4`).

Pure. A clock has so much time left `since` a moment; due is when its calendar has seen that much.
So a changed calendar moves what is due, and a pause keeps what was left, not the hour of the day.
What is past stays: a promise that was broken does not become a kept one, whatever is changed later.

The `calendar` of these functions is the report's (`departments.calendar_of`); None counts day and
night, as does every clock that says so itself.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from backend.departments import clocks as working_time
from backend.departments.clocks import Calendar, NeverOpen, worked
from backend.departments.schemas import ClockTimes
from backend.reports.moves import DONE
from backend.reports.report import Clock, Clocks, Report
from backend.threads.schemas import ClockName

Changes = dict[str, object]
"""Columns of the report that change, with their new values."""

StageKind = Literal["warning", "breach", "escalation"]

WARNING_SHARE: Final = 5
"""One part in so many of the time is left when the officer is warned: four fifths are used."""

_MICROSECOND: Final = timedelta(microseconds=1)
_ESCALATE: Final = timedelta(hours=8)
"""Of reports from before there were clocks."""

_ORDER: Final[Mapping[str, int]] = {"warning": 0, "breach": 1, "escalation": 2}
_RUNNING: Final = frozenset({"submitted", "accepted", "in_progress", "disputed"})


class Started(Struct, frozen=True):
    """Two clocks that begin, and when the first warning is due."""

    accept_due_at: datetime
    solve_due_at: datetime
    clocks: Clocks
    alarm_at: datetime


class Stage(Struct, frozen=True):
    """Something to be said about a clock, and when."""

    at: datetime
    clock: ClockName
    kind: StageKind


def due_at(start: datetime, length: timedelta, calendar: Calendar | None) -> datetime:
    """As `clocks.due_at`; but hours that have come to never open hold no promise up."""
    try:
        return working_time.due_at(start, length, calendar)
    except NeverOpen:
        return start + length


def start(
    times: ClockTimes, now: datetime, calendar: Calendar | None, round_number: int = 0
) -> Started:
    """Both clocks begin."""
    accept = _clock(times.accept_minutes, times.accept_always)
    solve = _clock(times.solve_minutes, times.solve_always)
    escalate = timedelta(minutes=times.escalate_minutes)
    clocks = Clocks(now, accept, solve, escalate // _MICROSECOND, round_number)
    warnings = [
        due_at(now, _left(clock) - _left(clock) // WARNING_SHARE, _own(clock, calendar))
        for clock in (accept, solve)
    ]
    return Started(
        accept_due_at=due_at(now, _left(accept), _own(accept, calendar)),
        solve_due_at=due_at(now, _left(solve), _own(solve, calendar)),
        clocks=clocks,
        alarm_at=min(warnings),
    )


def go_on(
    report: Report,
    stood_since: datetime,
    now: datetime,
    calendar: Calendar | None,
    *,
    accept: bool = True,
) -> Changes:
    """The clocks stood, and run again: what was left then is left now. What was late stays due.

    Args:
        accept: False where only the work goes on.
    """
    clocks = clocks_of(report)
    changes: Changes = {}
    fresh: dict[str, Clock] = {}
    for name, clock, due in _each(clocks, report):
        if name == "accept" and (not accept or report.accepted_at is not None):
            continue
        own = _own(clock, calendar)
        left = timedelta(0)
        if due > stood_since:
            left = worked(stood_since, due, own)
            changes[f"{name}_due_at"] = due_at(now, left, own)
        fresh[name] = replace(clock, left_us=left // _MICROSECOND)
    changes["clocks"] = replace(clocks, since=now, **fresh)
    return changes


def change_hands(report: Report, now: datetime, calendar: Calendar | None) -> Changes:
    """Another department works on it: what was promised stays, what is left is counted in its
    hours.

    Args:
        calendar: that of the new department.
    """
    if not is_running(report):
        return {}
    counted = {"clocks": go_on(report, now, now, calendar)["clocks"]}
    return with_alarm(report, counted, now, calendar)


def accept_due(report: Report, now: datetime, calendar: Calendar | None) -> datetime:
    """Until when it is to be accepted, a question that is still open counted until now."""
    since = report.awaiting_since
    if since is None or report.accept_due_at <= since:
        return report.accept_due_at
    own = _own(clocks_of(report).accept, calendar)
    return due_at(now, worked(since, report.accept_due_at, own), own)


def recount(report: Report, now: datetime, calendar: Calendar | None) -> Changes:
    """After hours or closures were changed: what is due by them. Nothing, if nothing moves.

    A deadline that has passed stays where it was, and none is moved into the past; while the clocks
    stand, that is measured at the moment they were stopped.
    """
    clocks = clocks_of(report)
    reached = reached_until(report, now)
    if reached is None:
        return {}
    changes: Changes = {}
    for name, clock, due in _each(clocks, report):
        if clock.always or due <= reached or (name == "accept" and report.accepted_at is not None):
            continue
        moved = due_at(clocks.since, _left(clock), calendar)
        if moved != due and moved > reached:
            changes[f"{name}_due_at"] = moved
    return with_alarm(report, changes, now, calendar) if changes else {}


def stages(report: Report, calendar: Calendar | None) -> list[Stage]:
    """All that is to be said of both clocks, in order, said already or not.

    Of the first clock nothing after the report was accepted.
    """
    clocks = clocks_of(report)
    found: list[Stage] = []
    for name, clock, due in _each(clocks, report):
        own = _own(clock, calendar)
        spare = timedelta(microseconds=clock.total_us // WARNING_SHARE)
        warning = min(due, due_at(clocks.since, max(_left(clock) - spare, timedelta(0)), own))
        late = timedelta(microseconds=clocks.escalate_us)
        reached: list[Stage] = [
            Stage(warning, name, "warning"),
            Stage(due, name, "breach"),
            Stage(due_at(due, late, own), name, "escalation"),
        ]
        if name == "accept" and report.accepted_at is not None:
            if clocks.reopened:
                continue
            reached = [stage for stage in reached if stage.at <= report.accepted_at]
        found += reached
    return sorted(found, key=lambda stage: (stage.at, _ORDER[stage.kind], stage.clock))


def reached_until(report: Report, now: datetime) -> datetime | None:
    """Up to when the clocks have run; None when nobody asks any more."""
    if report.state in DONE:
        return None
    if report.state == "resolved":
        return report.resolved_at or now
    return report.awaiting_since or now


def is_running(report: Report) -> bool:
    """Whether the clocks run: somebody of the department has to do something."""
    return report.state in _RUNNING and report.awaiting_since is None


def late_clocks(report: Report, now: datetime) -> list[ClockName]:
    """The promises that are broken now, and that somebody still has to keep."""
    if not is_running(report):
        return []
    late: list[ClockName] = []
    if report.accepted_at is None and report.accept_due_at <= now:
        late.append("accept")
    if report.solve_due_at <= now:
        late.append("solve")
    return late


def with_alarm(
    report: Report, changes: Changes, now: datetime, calendar: Calendar | None
) -> Changes:
    """`changes` of the report, and when the worker has to look at what comes of them.

    An alarm that is late already stays: the worker was away, and has something to say.
    """
    known = {key: value for key, value in changes.items() if key in Report.__struct_fields__}
    after = replace(report, **known)
    if after.state in DONE:
        return {**changes, "alarm_at": None}
    alarm = report.alarm_at
    if alarm is None or alarm > now:
        alarm = next_alarm(after, now, calendar)
    return {**changes, "alarm_at": alarm}


def next_alarm(report: Report, now: datetime, calendar: Calendar | None) -> datetime | None:
    """The next moment after `now` when something is to be said; None while the clocks stand."""
    if not is_running(report):
        return None
    return next((stage.at for stage in stages(report, calendar) if stage.at > now), None)


def clocks_of(report: Report) -> Clocks:
    """The report's clocks; those of a time before there were any run day and night."""
    if report.clocks is not None:
        return report.clocks
    sent = report.created_at

    def until(due: datetime) -> Clock:
        length = max(due - sent, timedelta(0)) // _MICROSECOND
        return Clock(length, length, always=True)

    accept, solve = until(report.accept_due_at), until(report.solve_due_at)
    return Clocks(sent, accept, solve, _ESCALATE // _MICROSECOND)


def _each(clocks: Clocks, report: Report) -> list[tuple[ClockName, Clock, datetime]]:
    return [
        ("accept", clocks.accept, report.accept_due_at),
        ("solve", clocks.solve, report.solve_due_at),
    ]


def _clock(minutes: int, always: bool) -> Clock:
    length = timedelta(minutes=minutes) // _MICROSECOND
    return Clock(length, length, always)


def _left(clock: Clock) -> timedelta:
    return timedelta(microseconds=clock.left_us)


def _own(clock: Clock, calendar: Calendar | None) -> Calendar | None:
    return None if clock.always else calendar
