"""What happens in a report's thread: messages, moves, reading (`C1`-`C8`, `W2`)."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from backend.accounts import guests
from backend.actor import Actor
from backend.db import write_tx
from backend.departments import service as departments
from backend.departments.clocks import Calendar
from backend.departments.schemas import CategoryOut
from backend.errors import Conflict, IllegalMove, InvalidField, NotFound
from backend.i18n import N_
from backend.media import service as media
from backend.media.policy import check_photos, check_voice
from backend.notifications.schemas import NotificationKind
from backend.reports import entries, merging, progress, queries, telling
from backend.reports.content import CleanMove, clean_move
from backend.reports.moves import DONE, PAUSABLE, Move, find_move
from backend.reports.parts import PartsOpen
from backend.reports.policy import side_of, sides_of, speaking_side
from backend.reports.report import Report
from backend.reports.schemas import MoveIn, MoveReceipt, State
from backend.reports.timing import Changes
from backend.threads import service as threads
from backend.threads.content import clean_message_text, content_hash, device_time
from backend.threads.queries import NewMessage
from backend.threads.schemas import MessageIn, MessageReceipt, ThreadEvent

SILENCE: Final = timedelta(days=7)
"""How long a reporter may leave a result unanswered before it counts as confirmed."""


class ThreadClosed(Conflict):
    """Nothing more is said in a closed, rejected, merged or withdrawn report."""

    code = "thread_closed"
    title = N_("This conversation is closed")
    message = N_("This report is finished, so nothing more can be added. Please send a new report.")

    def __init__(self, current: str) -> None:
        self.current = current
        super().__init__()

    def state(self) -> str | None:
        return self.current


async def post_message(
    actor: Actor, report_id: UUID, message_id: UUID, wish: MessageIn
) -> tuple[MessageReceipt, bool]:
    """Say something in the thread. Questions stop the clocks, answers start them again (`C6`).

    Returns:
        the receipt, and whether the message is new.

    Raises:
        InvalidField: text_needed, too_long, photo and voice codes.
        NotFound, Forbidden: not visible; may only read.
        IdReused, ThreadClosed
    """
    text = clean_message_text(wish.text)
    photos = check_photos(wish.photos)
    voice = check_voice(wish.voice, photos)
    if not text and not photos and voice is None:
        raise InvalidField("text", "text_needed", N_("Please write something, or add a photo."))
    question = wish.question and not wish.note
    # What was sent before there were voice notes has the same hash now.
    said_aloud = [] if voice is None else [voice]
    fingerprint = content_hash((text, photos, question, wish.note, *said_aloud))
    async with write_tx():
        report = (await queries.lock_reports(actor, [report_id])).get(report_id)
        earlier = await entries.find_earlier(actor, report, report_id, message_id, fingerprint)
        if earlier is not None:
            return earlier.receipt, False
        if actor.guest:
            await guests.admit_message(actor)
        if report is None:
            raise NotFound
        now = datetime.now(UTC)  # once it is our turn: times stand in the order of the numbers
        side = speaking_side(actor, report, note=wish.note, question=question)
        if report.state in DONE:
            raise ThreadClosed(report.state)
        said = NewMessage(
            id=message_id,
            thread_id=report_id,
            seq=report.last_seq + 1,
            account_id=actor.account_id,
            side=side,
            kind="note" if wish.note else "message",
            content_hash=fingerprint,
            body=text,
            question=question,
            created_at=now,
            device_created_at=device_time(wish.device_created_at),
        )
        changes, event = consequence(report, said, now, await _calendar_of(report))
        written = [said] if event is None else [said, entries.system_entry(report, 2, event, now)]
        receipts = await entries.write(actor, report, written, photos, changes, voice)
        heard = await media.voice_receipt(message_id) if voice is not None else None
        if not wish.note:
            await _tell_of_message(
                actor, report, said, answers=bool(changes) and side == "reporter"
            )
    return MessageReceipt(message_id, said.seq, now, receipts, heard), True


def consequence(
    report: Report, said: NewMessage, now: datetime, calendar: Calendar
) -> tuple[Changes, ThreadEvent | None]:
    """What a message does to the report: the columns that change, and the event to show."""
    if said.question:
        if report.state == "in_progress":
            asked = {**progress.ask(report, now, calendar), "state": "awaiting_reporter"}
            return asked, ThreadEvent("moved", source=report.state, to="awaiting_reporter")
        if report.state in PAUSABLE and report.awaiting_since is None:
            return progress.ask(report, now, calendar), ThreadEvent("question")
        return {}, None
    if said.side == "reporter" and report.awaiting_since is not None:
        if report.state == "awaiting_reporter":
            event = ThreadEvent("moved", source=report.state, to="in_progress")
        else:
            event = ThreadEvent("answered")
        return progress.resume(report, now, calendar), event
    return {}, None


async def _tell_of_message(
    actor: Actor, report: Report, said: NewMessage, *, answers: bool
) -> None:
    if said.side == "reporter":
        await telling.tell_department(
            report, actor.account_id, "answer" if answers else "message", said.id
        )
    else:
        kind: NotificationKind = "question" if said.question else "message"
        await telling.tell_reporter(report, actor.account_id, kind, said.id)


async def move_report(
    actor: Actor, report_id: UUID, move_id: UUID, wish: MoveIn
) -> tuple[MoveReceipt, bool]:
    """Make a move of the state machine; it stands in the thread as entry `move_id`.

    Of two people moving the same report at once the second meets the state the first has left.

    Returns:
        the receipt, and whether the move is new.

    Raises:
        IllegalMove: no such move in the present state for this person.
        PartsOpen: other departments are not done (`W7`).
        InvalidField: text_needed, reason_needed, photo_needed, those of
            `merging.require_target`, too_long, photo codes.
        NotFound, IdReused
    """
    cleaned = clean_move(wish)
    fingerprint = content_hash(cleaned)
    target_id = cleaned.merged_into if cleaned.to == "merged" else None
    async with write_tx():
        locked = await queries.lock_reports(actor, [report_id, target_id or report_id])
        report = locked.get(report_id)
        earlier = await entries.find_earlier(actor, report, report_id, move_id, fingerprint)
        if earlier is not None:
            return _move_receipt(earlier.receipt, cleaned.to), False
        if report is None:
            raise NotFound
        now = datetime.now(UTC)
        move = find_move(
            report.state, cleaned.to, sides_of(actor, report), appealed=report.appealed
        )
        if move is None:
            raise IllegalMove(report.state)
        category = await departments.find_category(report.category_id)
        _require(move, cleaned, category.category)
        if move.to == "resolved" and report.open_part_ids:
            raise PartsOpen
        if move.target:
            await merging.require_target(report, target_id, locked.get(target_id or report_id))
        apart = await merging.target_of(report)
        moved = NewMessage(
            id=move_id,
            thread_id=report_id,
            seq=report.last_seq + 1,
            account_id=actor.account_id,
            side=move.side,
            kind="event",
            content_hash=fingerprint,
            body=cleaned.text,
            event=ThreadEvent(
                "moved",
                source=report.state,
                to=move.to,
                reason=cleaned.reason or None,
                merged_into=target_id,
            ),
            question=move.to == "awaiting_reporter",
            created_at=now,
            device_created_at=device_time(wish.device_created_at),
        )
        written = [moved]
        if move.to == "disputed":
            written.append(entries.system_entry(report, 2, ThreadEvent("escalated"), now))
        changes = progress.carry_out(
            report,
            move,
            now,
            await _calendar_of(report),
            times=departments.promise(category, report.path),
            reason=cleaned.reason,
            merged_into=target_id,
        )
        receipts = await entries.write(actor, report, written, cleaned.photos, changes)
        await _tell_of_move(actor, report, move, move_id)
        await merging.fan_out(report, actor.account_id, move.to, move_id, target_id or apart)
    return _move_receipt(MessageReceipt(move_id, moved.seq, now, receipts), cleaned.to), True


def _require(move: Move, cleaned: CleanMove, category: CategoryOut) -> None:
    if move.text and not cleaned.text:
        raise InvalidField("text", "text_needed", N_("Please write a few words about it."))
    if move.reason and not cleaned.reason:
        raise InvalidField("reason", "reason_needed", N_("Please give a reason."))
    if move.photo == "by_category" and category.needs_result_photo and not cleaned.photos:
        raise InvalidField("photos", "photo_needed", N_("Please add a photo of the result."))


async def _tell_of_move(actor: Actor, report: Report, move: Move, move_id: UUID) -> None:
    if move.side != "reporter":
        await telling.tell_reporter(report, actor.account_id, "state", move_id, move.to)
        return
    if move.to == "disputed":
        await telling.tell_dispute(report, actor.account_id, move_id)
    elif move.to == "submitted":
        await telling.tell_appeal(report, actor.account_id, move_id)
    else:
        await telling.tell_department(report, actor.account_id, "state", move_id, move.to)


async def close_silent_reports(*, at_most: int = 500) -> int:
    """Close what was resolved `SILENCE` ago and never answered; returns how many."""
    closed = 0
    while closed < at_most:
        async with write_tx():
            now = datetime.now(UTC)
            report = await queries.claim_silent_report(now - SILENCE)
            if report is None:
                break
            move = find_move(report.state, "closed", {"system"}, appealed=report.appealed)
            if move is None:
                raise IllegalMove(report.state)
            event = ThreadEvent("moved", source=report.state, to=move.to)
            entry = entries.system_entry(report, 1, event, now)
            changes: Changes = {"state": move.to, "closed_at": now, "alarm_at": None}
            await entries.write(None, report, [entry], [], changes)
            await telling.tell_reporter(report, None, "state", entry.id, move.to)
            await merging.fan_out(report, None, move.to, entry.id, None)
        closed += 1
    return closed


async def mark_read(actor: Actor, report_id: UUID, seq: int) -> None:
    """All up to `seq` was read (`C5`); markers never go back, nor beyond the thread's end.

    Raises NotFound. Who only oversees leaves a marker for themselves that nobody else sees.
    """
    async with write_tx():
        found = await queries.list_visible(actor, [report_id])
        if not found:
            raise NotFound
        report = found[0]
        side = side_of(actor, report)
        upto = min(seq, report.last_seq)
        moved = await threads.mark_read(report_id, actor.account_id, side or "observer", upto)
        if moved and side is not None:
            telling.touch_reader(report, side)


async def _calendar_of(report: Report) -> Calendar:
    return await departments.calendar_of(report.ward_id, report.department_id, report.path)


def _move_receipt(receipt: MessageReceipt, state: State) -> MoveReceipt:
    return MoveReceipt(receipt.id, receipt.seq, receipt.received_at, receipt.photos, state=state)
