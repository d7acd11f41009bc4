"""What a move or a question does to a report's row: states, times, and the two clocks (`C6`, `W3`).

Pure: each function returns the columns that change. A clock stands still while a question is open
(`awaiting_since`), and while a result waits for the reporter's word: what they then say "not fixed"
to has as much time left as when it was called done.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from backend.reports.moves import Move
from backend.reports.report import Report

Changes = dict[str, object]


def ask(report: Report, now: datetime) -> Changes:
    """A question stops the clocks; a second one changes nothing."""
    return {} if report.awaiting_since else {"awaiting_since": now}


def resume(report: Report, now: datetime) -> Changes:
    """The question is answered or dropped: what was due moves by the pause."""
    if report.awaiting_since is None:
        return {}
    pause = now - report.awaiting_since
    changes: Changes = {"awaiting_since": None, "solve_due_at": report.solve_due_at + pause}
    if report.accepted_at is None:
        changes["accept_due_at"] = report.accept_due_at + pause
    return changes


def carry_out(
    report: Report,
    move: Move,
    now: datetime,
    *,
    reason: str,
    merged_into: UUID | None,
    restarted: tuple[datetime, datetime],
) -> Changes:
    """The columns a move changes.

    Args:
        restarted: due times (accept, solve) counted from now, for an appeal.
    """
    changes: Changes = {"state": move.to}
    match move.to:
        case "accepted":
            changes |= _accept(report, now)
        case "in_progress":
            changes |= {**resume(report, now), "resolved_at": None}
        case "awaiting_reporter":
            changes |= ask(report, now)
        case "resolved":
            changes |= {**resume(report, now), "resolved_at": now}
        case "disputed":
            waited = now - (report.resolved_at or now)
            changes |= {"escalated_at": now, "solve_due_at": report.solve_due_at + waited}
        case "closed":
            changes |= {"closed_at": now}
        case "submitted":
            changes |= _restart(restarted)
        case "rejected":
            changes |= {**resume(report, now), "reason": reason}
        case "merged":
            changes |= {**resume(report, now), "merged_into": merged_into}
        case "withdrawn":
            changes |= resume(report, now)
    return changes


def _accept(report: Report, now: datetime) -> Mapping[str, object]:
    """Accepting while a question is open is measured against the due time the pause has moved."""
    changes: Changes = {"accepted_at": now}
    if report.awaiting_since is not None:
        changes["accept_due_at"] = report.accept_due_at + (now - report.awaiting_since)
    return changes


def _restart(due: tuple[datetime, datetime]) -> Mapping[str, object]:
    """An appeal is looked at as if it had just come."""
    return {
        "appealed": True,
        "reason": None,
        "accepted_at": None,
        "awaiting_since": None,
        "accept_due_at": due[0],
        "solve_due_at": due[1],
    }
