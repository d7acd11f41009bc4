"""Splitting a report among departments (`W7`): one stays in charge, each other has a part to do.

The case can be called solved once every part is done. Each department with a part sees the whole
case, speaks in its thread and closes its own part, and moves nothing else.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from backend.actor import Actor
from backend.db import write_tx
from backend.errors import Conflict, Forbidden, InvalidField, NotFound
from backend.i18n import N_
from backend.media.policy import check_photos
from backend.reports import entries, part_queries, queries, telling
from backend.reports.moves import DONE
from backend.reports.passing import NothingToPassOn, require_department
from backend.reports.policy import closes_part, is_passable, passes_on
from backend.reports.report import Report
from backend.reports.schemas import PartDoneIn, SplitIn
from backend.text import clean_text
from backend.threads.content import clean_message_text, content_hash, device_time
from backend.threads.queries import NewMessage
from backend.threads.schemas import MessageReceipt, ThreadEvent

TASK_LENGTH: Final = 500
MOST_PARTS: Final = 10
"""Departments that may have a part of one report."""


class NoDepartment(Conflict):
    """Nobody is in charge yet: there is nothing to split."""

    code = "no_department"
    title = N_("Nobody is in charge yet")
    message = N_("Choose the department in charge first; then others can get a part.")


class PartsOpen(Conflict):
    """Other departments are not done."""

    code = "parts_open"
    title = N_("Not all departments are done")
    message = N_(
        "Other departments still have a part of this report to do. It can be called solved when "
        "all of them are done."
    )


class PartIsDone(Conflict):
    """Somebody was faster, or the report is finished."""

    code = "part_is_done"
    title = N_("This part is done already")
    message = N_("There is nothing left to close in this part of the report.")


async def split(
    actor: Actor, report_id: UUID, split_id: UUID, wish: SplitIn
) -> tuple[MessageReceipt, bool]:
    """Give other departments a part; it stands in the thread as entry `split_id`.

    A department whose part was done may get another one.

    Returns:
        the receipt, and whether the split is new.

    Raises:
        InvalidField: on parts: parts_needed, too_many_parts, and on one of them: same_department
            (the one in charge), twice (in the list, or not done yet), unknown_department,
            task_needed, too_long.
        NotFound, Forbidden: not visible; neither in charge nor dispatcher nor leader.
        NoDepartment, NothingToPassOn, IdReused
    """
    parts = _clean_parts(wish)
    fingerprint = content_hash(["split", [[str(one), task] for one, task in parts]])
    async with write_tx():
        report = (await queries.lock_reports(actor, [report_id])).get(report_id)
        earlier = await entries.find_earlier(actor, report, report_id, split_id, fingerprint)
        if earlier is not None:
            return earlier.receipt, False
        if report is None:
            raise NotFound
        if not passes_on(actor, report):
            raise Forbidden
        if not is_passable(actor, report):
            raise NothingToPassOn(report.state)
        if report.department_id is None:
            raise NoDepartment
        await _require_parts(report, [department_id for department_id, _ in parts])
        now = datetime.now(UTC)
        department_ids = [department_id for department_id, _ in parts]
        entry = NewMessage(
            id=split_id,
            thread_id=report_id,
            seq=report.last_seq + 1,
            account_id=actor.account_id,
            side="department",
            kind="event",
            content_hash=fingerprint,
            event=ThreadEvent("split", department_ids=department_ids),
            created_at=now,
            device_created_at=device_time(wish.device_created_at),
        )
        part_ids = sorted({*report.part_ids, *department_ids})
        open_ids = sorted({*report.open_part_ids, *department_ids})
        await part_queries.upsert_parts(report_id, parts, split_id, now)
        await entries.write(
            actor, report, [entry], [], {"part_ids": part_ids, "open_part_ids": open_ids}
        )
        telling.touch_desks(report, department_ids)
        await telling.tell_split(report, department_ids, actor.account_id, split_id)
    return MessageReceipt(split_id, entry.seq, now, []), True


def _clean_parts(wish: SplitIn) -> list[tuple[UUID, str]]:
    if not wish.parts:
        raise InvalidField(
            "parts", "parts_needed", N_("Please choose at least one other department.")
        )
    if len(wish.parts) > MOST_PARTS:
        raise InvalidField(
            "parts",
            "too_many_parts",
            N_("At most {most} departments can have a part."),
            most=MOST_PARTS,
        )
    parts: dict[UUID, str] = {}
    for number, part in enumerate(wish.parts):
        task = clean_text(part.task, TASK_LENGTH, field=f"parts[{number}].task")
        if not task:
            raise InvalidField(
                f"parts[{number}].task",
                "task_needed",
                N_("Please say what this department has to do."),
            )
        if part.department_id in parts:
            raise _twice(number)
        parts[part.department_id] = task
    return list(parts.items())


async def _require_parts(report: Report, department_ids: list[UUID]) -> None:
    for number, department_id in enumerate(department_ids):
        field = f"parts[{number}].department_id"
        if department_id == report.department_id:
            raise InvalidField(
                field,
                "same_department",
                N_("This department is in charge of the report already."),
            )
        if department_id in report.open_part_ids:
            raise _twice(number)
        await require_department(report, department_id, field)


def _twice(number: int) -> InvalidField:
    return InvalidField(
        f"parts[{number}].department_id",
        "twice",
        N_("This department has a part of the report already."),
    )


async def close_part(
    actor: Actor, report_id: UUID, department_id: UUID, closing_id: UUID, wish: PartDoneIn
) -> tuple[MessageReceipt, bool]:
    """Say that a department's part is done, or no longer asked for; words are needed.

    Returns:
        the receipt, and whether the closing is new.

    Raises:
        InvalidField: text_needed, too_long, photo codes.
        NotFound, Forbidden: not visible, or no such part; neither its department nor in charge.
        PartIsDone, IdReused
    """
    text = clean_message_text(wish.text)
    photos = check_photos(wish.photos)
    if not text:
        raise InvalidField("text", "text_needed", N_("Please write a few words about it."))
    fingerprint = content_hash(["part", str(department_id), text, photos])
    async with write_tx():
        report = (await queries.lock_reports(actor, [report_id])).get(report_id)
        earlier = await entries.find_earlier(actor, report, report_id, closing_id, fingerprint)
        if earlier is not None:
            return earlier.receipt, False
        if report is None or department_id not in report.part_ids:
            raise NotFound
        if not closes_part(actor, report, department_id):
            raise Forbidden
        if report.state in DONE or department_id not in report.open_part_ids:
            raise PartIsDone
        now = datetime.now(UTC)
        entry = NewMessage(
            id=closing_id,
            thread_id=report_id,
            seq=report.last_seq + 1,
            account_id=actor.account_id,
            side="department",
            kind="event",
            content_hash=fingerprint,
            body=text,
            event=ThreadEvent("part_done", department_id=department_id),
            created_at=now,
            device_created_at=device_time(wish.device_created_at),
        )
        open_ids = [one for one in report.open_part_ids if one != department_id]
        await part_queries.finish_part(report_id, department_id, closing_id, now)
        receipts = await entries.write(actor, report, [entry], photos, {"open_part_ids": open_ids})
        await telling.tell_part_done(report, actor.account_id, closing_id)
    return MessageReceipt(closing_id, entry.seq, now, receipts), True
