"""What somebody adds by telephone to their report, "when will it be done?" included (`S3`)."""

from datetime import datetime
from typing import Final
from uuid import UUID

import uuid_utils.compat as uuids

from backend.actor import Actor
from backend.db import write_tx
from backend.departments import service as departments
from backend.errors import Forbidden, InvalidField, NotFound
from backend.i18n import N_
from backend.notifications.schemas import NotificationKind
from backend.reports import deadline_queries, queries, telling, timing
from backend.reports.call_schemas import CallerWordsIn
from backend.reports.conversation import ThreadClosed, consequence
from backend.reports.entries import system_entry
from backend.reports.moves import DONE
from backend.reports.recording import record_entries
from backend.reports.report import Report
from backend.threads import service as threads
from backend.threads.content import clean_message_text, content_hash, device_time
from backend.threads.queries import NewMessage
from backend.threads.schemas import ClockName, MessageReceipt, ThreadEvent

BY_TELEPHONE: Final = "☎"
"""Stands before the words, which are the caller's in somebody else's writing."""


async def say_for_caller(
    actor: Actor, report_id: UUID, message_id: UUID, wish: CallerWordsIn
) -> tuple[MessageReceipt, bool]:
    """Add a caller's words to their report, as theirs: they answer a question, and they ask after a
    broken promise that was not asked after yet (`C6`, `W11`).

    Returns:
        the receipt, and whether the words are new.

    Raises:
        NotFound, Forbidden: not visible; not in a ward this person dispatches.
        InvalidField: text_needed, too_long.
        IdReused, ThreadClosed
    """
    text = clean_message_text(wish.text)
    fingerprint = content_hash((text, "caller"))
    async with write_tx():
        report = (await queries.lock_reports(actor, [report_id])).get(report_id)
        if report is None:
            raise NotFound
        if report.ward_id not in actor.dispatches():
            raise Forbidden
        earlier = await threads.find_repeat(report_id, message_id, report.account_id, fingerprint)
        if earlier is not None:
            return earlier.receipt, False
        if report.state in DONE:
            raise ThreadClosed(report.state)
        now = await deadline_queries.get_time()
        broken = await _open_nudge(report, now)
        if not text and broken is None:
            raise InvalidField("text", "text_needed", N_("Please write what the caller says."))

        def entry(entry_id: UUID, body: str, event: ThreadEvent | None, seq: int) -> NewMessage:
            return NewMessage(
                id=entry_id,
                thread_id=report_id,
                seq=seq,
                account_id=report.account_id,
                side="reporter",
                kind="event" if event else "message",
                content_hash=fingerprint,
                body=body,
                event=event,
                created_at=now,
                device_created_at=device_time(wish.device_created_at),
            )

        written: list[NewMessage] = []
        changes: timing.Changes = {}
        if text:
            said = entry(message_id, f"{BY_TELEPHONE} {text}", None, report.last_seq + 1)
            written.append(said)
            calendar = await departments.calendar_of(
                report.ward_id, report.department_id, report.path
            )
            changes, follows = consequence(report, said, now, calendar)
            if follows is not None:
                written.append(system_entry(report, 2, follows, now))
        if broken is not None:
            nudge_id = uuids.uuid7() if text else message_id
            nudged = ThreadEvent("nudged", clock=broken)
            written.append(entry(nudge_id, "", nudged, report.last_seq + len(written) + 1))
            row = (broken, "nudge", now, nudge_id)
            round_number = timing.clocks_of(report).round
            await deadline_queries.insert_said(report_id, round_number, [row], now)
        await queries.update_report(report_id, len(written), {**changes, "updated_at": now})
        record_entries(actor, report, written)
        await threads.append(written)
        telling.touch_report(report, [one.id for one in written])
        if broken is not None:
            await telling.tell_nudge(report, actor.account_id, broken, written[-1].id)
        elif text:
            kind: NotificationKind = "answer" if changes else "message"
            await telling.tell_department(report, actor.account_id, kind, message_id)
    return MessageReceipt(message_id, written[0].seq, now, []), True


async def _open_nudge(report: Report, now: datetime) -> ClockName | None:
    """The broken promise nobody has asked after."""
    if report.awaiting_since is not None:
        return None
    said = await deadline_queries.list_said(report.id, timing.clocks_of(report).round)
    asked = {name for name, kind in said if kind == "nudge"}
    late = timing.late_clocks(report, now)
    return next((clock for clock in late if clock not in asked), None)
