"""What a move or a question does to a report's row: states, times, and the two clocks (`C6`, `W3`).

Pure: each function returns the columns that change. A clock stands still while a question is open
(`awaiting_since`), and while a result waits for the reporter's word. When they say "not fixed", the
promise to solve it is made anew; what was late before stays in the thread and in the figures.
"""

from datetime import datetime
from uuid import UUID

from msgspec.structs import asdict, replace

from backend.departments.clocks import Calendar
from backend.departments.schemas import ClockTimes
from backend.reports import timing
from backend.reports.moves import Move
from backend.reports.report import Report
from backend.reports.timing import Changes


def ask(report: Report, now: datetime, calendar: Calendar | None) -> Changes:
    """A question stops the clocks; a second one changes nothing."""
    if report.awaiting_since is not None:
        return {}
    return timing.with_alarm(report, {"awaiting_since": now}, now, calendar)


def resume(report: Report, now: datetime, calendar: Calendar | None) -> Changes:
    """The question is answered: the time that was left runs on, and the work with it."""
    if report.awaiting_since is None:
        return {}
    changes = _go_on(report, now, calendar)
    if report.state == "awaiting_reporter":
        changes["state"] = "in_progress"
    return timing.with_alarm(report, changes, now, calendar)


def _go_on(report: Report, now: datetime, calendar: Calendar | None) -> Changes:
    if report.awaiting_since is None:
        return {}
    changes: Changes = {"awaiting_since": None}
    return changes | timing.go_on(report, report.awaiting_since, now, calendar)


def carry_out(
    report: Report,
    move: Move,
    now: datetime,
    calendar: Calendar | None,
    *,
    times: ClockTimes,
    reason: str = "",
    merged_into: UUID | None = None,
) -> Changes:
    """The columns a move changes.

    Args:
        calendar: the report's, None counts day and night.
        times: what is promised, for an appeal, a dispute or what is taken apart: it is begun anew.
    """
    changes: Changes = {"state": move.to}
    match move.to:
        case "accepted":
            accept_due = timing.accept_due(report, now, calendar)
            changes |= {"accepted_at": now, "accept_due_at": accept_due}
        case "in_progress":
            changes |= {**_go_on(report, now, calendar), "resolved_at": None}
        case "awaiting_reporter":
            changes |= {"awaiting_since": report.awaiting_since or now}
        case "resolved":
            changes |= {**_go_on(report, now, calendar), "resolved_at": now}
        case "disputed":
            again = timing.start(times, now, calendar, timing.clocks_of(report).round + 1)
            changes |= {
                "solve_due_at": again.solve_due_at,
                "clocks": replace(again.clocks, reopened=True),
                "escalated_at": now,
                "disputes": report.disputes + 1,
            }
        case "closed":
            changes |= {"closed_at": now}
        case "submitted":
            round_number = timing.clocks_of(report).round + 1
            changes |= asdict(timing.start(times, now, calendar, round_number))
            changes |= {
                "appealed": report.appealed or report.state == "rejected",
                "merged_into": None,
                "reason": None,
                "accepted_at": None,
                "awaiting_since": None,
            }
        case "rejected":
            changes |= {**_go_on(report, now, calendar), "reason": reason}
        case "merged":
            changes |= {**_go_on(report, now, calendar), "merged_into": merged_into}
        case "withdrawn":
            changes |= _go_on(report, now, calendar)
    return timing.with_alarm(report, changes, now, calendar)
