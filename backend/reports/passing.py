"""Handing a report over to another department, with a reason (`W8`).

What was promised to the reporter stays promised: the hours by which it is to be accepted and solved
do not move, nor does its state, for it was the ward that accepted it. Only what is said on the way
there (warnings, and what follows from changed hours) goes by the new department's calendar: no
department has promises of its own, promises belong to the kind of problem and the place.

A report that comes back to a department that had it before, at the third hand-over or later, is
handed to and fro: the dispatchers are told, once.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from backend.actor import Actor
from backend.db import write_tx
from backend.departments import service as departments
from backend.errors import Conflict, Forbidden, InvalidField, NotFound
from backend.i18n import N_
from backend.reports import entries, part_queries, queries, telling, timing
from backend.reports.content import REASON_LENGTH
from backend.reports.policy import is_passable, passes_on
from backend.reports.report import Report
from backend.reports.schemas import HandoverIn
from backend.reports.timing import Changes
from backend.text import clean_text
from backend.threads.content import content_hash, device_time
from backend.threads.queries import NewMessage
from backend.threads.schemas import MessageReceipt, ThreadEvent

PING_PONG: Final = 3
"""From this hand-over on it is noticed when a report comes back to where it was."""


class NothingToPassOn(Conflict):
    """Finished, or called done: nobody has to do anything."""

    code = "nothing_to_pass_on"
    title = N_("This report is finished")
    message = N_("This report is done, so it cannot be passed on to another department.")

    def __init__(self, current: str) -> None:
        self.current = current
        super().__init__()

    def state(self) -> str | None:
        return self.current


async def hand_over(
    actor: Actor, report_id: UUID, handover_id: UUID, wish: HandoverIn
) -> tuple[MessageReceipt, bool]:
    """Put another department in charge; it stands in the thread as entry `handover_id`.

    Returns:
        the receipt, and whether the hand-over is new.

    Raises:
        InvalidField: reason_needed (unless nobody was in charge yet), too_long, and on
            department_id: same_department, has_part, unknown_department.
        NotFound, Forbidden: not visible; neither in charge nor dispatcher nor leader.
        NothingToPassOn, IdReused
    """
    reason = clean_text(wish.reason, REASON_LENGTH, field="reason")
    fingerprint = content_hash(["handover", str(wish.department_id), reason])
    async with write_tx():
        before = (await queries.lock_reports(actor, [report_id])).get(report_id)
        earlier = await entries.find_earlier(actor, before, report_id, handover_id, fingerprint)
        if earlier is not None:
            return earlier.receipt, False
        if before is None:
            raise NotFound
        if not passes_on(actor, before):
            raise Forbidden
        if not is_passable(actor, before):
            raise NothingToPassOn(before.state)
        await _require_receiver(before, wish.department_id)
        if not reason and before.department_id is not None:
            raise InvalidField("reason", "reason_needed", N_("Please give a reason."))
        now = datetime.now(UTC)
        handed = NewMessage(
            id=handover_id,
            thread_id=report_id,
            seq=before.last_seq + 1,
            account_id=actor.account_id,
            side="department",
            kind="event",
            content_hash=fingerprint,
            event=ThreadEvent("handed", reason=reason or None, department_id=wish.department_id),
            created_at=now,
            device_created_at=device_time(wish.device_created_at),
        )
        await _write(actor, before, handed, wish.department_id, now)
    return MessageReceipt(handover_id, handed.seq, now, []), True


async def _require_receiver(report: Report, department_id: UUID) -> None:
    if department_id == report.department_id:
        raise InvalidField(
            "department_id",
            "same_department",
            N_("This department is in charge of the report already."),
        )
    if department_id in report.open_part_ids:
        raise InvalidField(
            "department_id",
            "has_part",
            N_("This department has a part of the report to do. Close that part first."),
        )
    await require_department(report, department_id, "department_id")


async def require_department(report: Report, department_id: UUID, field: str) -> None:
    """Raises InvalidField (unknown_department) for one that does not work in the report's ward."""
    if not await departments.works_in(department_id, report.path):
        raise InvalidField(
            field, "unknown_department", N_("There is no such department in this ward.")
        )


async def _write(
    actor: Actor, before: Report, handed: NewMessage, department_id: UUID, now: datetime
) -> None:
    earlier = await part_queries.list_earlier_departments(before.id)
    calendar = await departments.calendar_of(before.ward_id, department_id, before.path)
    # A first department is no hand-over: nobody had it to hand over.
    handovers = before.handovers + (before.department_id is not None)
    part_ids = [one for one in before.part_ids if one != department_id]
    after = replace(before, department_id=department_id, handovers=handovers, part_ids=part_ids)
    changes: Changes = {
        **timing.change_hands(before, now, calendar),
        "department_id": department_id,
        "handovers": handovers,
        "part_ids": part_ids,
    }
    written = [handed]
    passed_around = not before.ping_pong and handovers >= PING_PONG and department_id in earlier
    if passed_around:
        changes["ping_pong"] = True
        written.append(entries.system_entry(before, 2, ThreadEvent("passed_around"), now))
    # Written in the name of whoever had it, who loses it; whoever gets it hears of it, too.
    await entries.write(actor, before, written, [], changes)
    telling.touch_report(after, [entry.id for entry in written])
    await telling.tell_handover(after, actor.account_id, handed.id)
    if passed_around:
        await telling.tell_passed_around(after, actor.account_id, written[1].id)
