"""The reporter asks after a promise that was broken (`W11`): once for each."""

from datetime import datetime
from uuid import UUID

from backend.actor import Actor
from backend.db import write_tx
from backend.errors import Conflict, Forbidden, NotFound
from backend.i18n import N_
from backend.reports import deadline_queries, entries, queries, telling, timing
from backend.reports.policy import sides_of
from backend.reports.report import Report
from backend.reports.schemas import NudgeIn
from backend.threads.content import content_hash, device_time
from backend.threads.queries import NewMessage
from backend.threads.schemas import ClockName, MessageReceipt, ThreadEvent


class NotOverdue(Conflict):
    """Nobody is late with this report."""

    code = "not_overdue"
    title = N_("There is still time")
    message = N_("The time promised for this report is not over yet. You can ask again after that.")


class WaitsForYou(Conflict):
    """The department has asked something; its clocks stand."""

    code = "waits_for_you"
    title = N_("They are waiting for you")
    message = N_("There is a question for you in this report. The work goes on when you answer.")


class AlreadyNudged(Conflict):
    """The broken promise was asked after."""

    code = "already_nudged"
    title = N_("You have already asked")
    message = N_("The department and the ward have been told that you are waiting.")


async def nudge(
    actor: Actor, report_id: UUID, nudge_id: UUID, wish: NudgeIn
) -> tuple[MessageReceipt, bool]:
    """Remind the department; it stands in the thread as entry `nudge_id`.

    Returns:
        the receipt, and whether the nudge is new.

    Raises:
        NotFound, Forbidden: not visible; not the author.
        NotOverdue, WaitsForYou, AlreadyNudged, IdReused
    """
    fingerprint = content_hash(["nudge"])
    async with write_tx():
        report = (await queries.lock_reports(actor, [report_id])).get(report_id)
        earlier = await entries.find_earlier(actor, report, report_id, nudge_id, fingerprint)
        if earlier is not None:
            return earlier.receipt, False
        if report is None:
            raise NotFound
        if "reporter" not in sides_of(actor, report):
            raise Forbidden
        now = await deadline_queries.get_time()
        round_number = timing.clocks_of(report).round
        said = await deadline_queries.list_said(report_id, round_number)
        clock = _require_late(report, now, {name for name, kind in said if kind == "nudge"})
        entry = NewMessage(
            id=nudge_id,
            thread_id=report_id,
            seq=report.last_seq + 1,
            account_id=actor.account_id,
            side="reporter",
            kind="event",
            content_hash=fingerprint,
            event=ThreadEvent("nudged", clock=clock),
            created_at=now,
            device_created_at=device_time(wish.device_created_at),
        )
        row = (clock, "nudge", now, nudge_id)
        await deadline_queries.insert_said(report_id, round_number, [row], now)
        await entries.write(actor, report, [entry], [], {})
        await telling.tell_nudge(report, actor.account_id, clock, nudge_id)
    return MessageReceipt(nudge_id, entry.seq, now, []), True


def _require_late(report: Report, now: datetime, nudged: set[str]) -> ClockName:
    if report.awaiting_since is not None:
        raise WaitsForYou
    late = timing.late_clocks(report, now)
    if not late:
        raise NotOverdue
    open_ones = [clock for clock in late if clock not in nudged]
    if not open_ones:
        raise AlreadyNudged
    return open_ones[0]
