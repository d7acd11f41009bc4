"""Crews and machines, and where they are sent: one place at a time each."""

from typing import Final
from uuid import UUID

from backend.actor import Actor, staff_scope
from backend.changes import touch
from backend.crises import board_queries
from backend.crises.content import clean_label, clean_unit
from backend.crises.crisis import CrisisOver, kept_crisis
from backend.crises.policy import runs
from backend.crises.schemas import (
    AssignmentIn,
    AssignmentOut,
    AssignmentOutcome,
    AssignmentStep,
    UnitIn,
    UnitOut,
)
from backend.db import write_tx
from backend.errors import Conflict, IdReused, InvalidField, NotFound
from backend.i18n import N_
from backend.threads.content import content_hash
from backend.trail import Detail, record

_OUTCOMES: Final[dict[str, AssignmentOutcome]] = {"done": "done", "cancelled": "cancelled"}


class UnitChanged(Conflict):
    """Somebody else has changed it since this person looked."""

    code = "changed_meanwhile"


class UnitTaken(Conflict):
    """It does something else than this person saw."""

    code = "unit_taken"
    title = N_("It was sent elsewhere")
    message = N_("{unit} has been sent elsewhere meanwhile: {place}. Please look again.")
    free = N_("{unit} is no longer where it was: it has become free meanwhile. Please look again.")


class UnitOutOfService(Conflict):
    code = "unit_out_of_service"
    title = N_("It is out of service")
    message = N_("{unit} is out of service. Put it back into service first.")


class AssignmentOver(Conflict):
    """Somebody else said so, or the unit was moved away."""

    code = "assignment_over"
    title = N_("It has left there")
    message = N_("{unit} has left there meanwhile. Please look again.")


async def save_unit(
    actor: Actor, ward_id: UUID, unit_id: UUID, wish: UnitIn
) -> tuple[UnitOut, bool]:
    """Returns the crew or machine, and whether it is new.

    Raises:
        NotFound: the ward or the unit is missing or foreign.
        UnitChanged, IdReused
        InvalidField: name_needed, too_long.
    """
    if not runs(actor, ward_id):
        raise NotFound
    unit = clean_unit(wish)
    fingerprint = content_hash(unit)
    fresh = False
    async with write_tx():
        before = await board_queries.lock_unit(unit_id)
        if before is None:
            if wish.revision != 0:
                raise NotFound
            fresh = await board_queries.insert_unit(
                unit_id, ward_id, unit, actor.account_id, fingerprint
            )
            if not fresh:
                raise IdReused
        elif before.ward_id != ward_id:
            raise NotFound
        elif (before.account_id, before.content_hash) == (actor.account_id, fingerprint):
            return await board_queries.show_unit(unit_id), False
        elif wish.revision == 0:
            raise IdReused
        elif before.revision != wish.revision:
            raise UnitChanged
        else:
            await board_queries.update_unit(unit_id, unit, actor.account_id, fingerprint)
            if before.assignment_id is not None and (unit.out_of_service or unit.retired):
                await board_queries.finish_assignment(before.assignment_id, "out_of_service")
        _record(actor, ward_id, "unit.saved", ("unit", unit_id), out_of_service=unit.out_of_service)
        _touch_board(ward_id, unit_id)
    return await board_queries.show_unit(unit_id), fresh


async def assign(
    actor: Actor, crisis_id: UUID, assignment_id: UUID, wish: AssignmentIn
) -> tuple[AssignmentOut, bool]:
    """Send a unit to a street; what it did elsewhere ends. Returns it, and whether it is new.

    Raises:
        NotFound: the crisis is missing or foreign.
        CrisisOver, IdReused, UnitTaken, UnitOutOfService
        InvalidField: unknown_unit, unknown_report, too_long.
    """
    label = clean_label(wish.label)
    fingerprint = content_hash(wish)
    async with write_tx():
        crisis, ward = await kept_crisis(actor, crisis_id)
        found = await board_queries.get_assignment(assignment_id)
        if found is not None:
            earlier, account_id, known = found
            same = (crisis_id, actor.account_id, fingerprint)
            if (earlier.crisis_id, account_id, known) != same:
                raise IdReused
            return earlier, False
        if crisis.ended_at is not None:
            raise CrisisOver
        unit = await board_queries.lock_unit(wish.unit_id)
        if unit is None or unit.ward_id != ward.id or unit.retired:
            raise InvalidField(
                "unit_id", "unknown_unit", N_("This crew or machine is not the ward’s.")
            )
        if unit.out_of_service:
            raise UnitOutOfService(unit=unit.name)
        if unit.assignment_id != wish.previous:
            message = UnitTaken.message if unit.place else UnitTaken.free
            raise UnitTaken(message, unit=unit.name, place=unit.place or "")
        report_ids = list(dict.fromkeys(wish.report_ids))
        if await board_queries.count_own(crisis_id, report_ids) != len(report_ids):
            raise InvalidField(
                "report_ids", "unknown_report", N_("One of these reports is not of this crisis.")
            )
        if unit.assignment_id is not None:
            await board_queries.finish_assignment(unit.assignment_id, "moved")
        await board_queries.insert_assignment(
            assignment_id, crisis_id, unit.id, label, report_ids, actor.account_id, fingerprint
        )
        _record(
            actor,
            ward.id,
            "crisis.assigned",
            ("crisis", crisis_id),
            assignment_id=assignment_id,
            unit_id=unit.id,
            reports=report_ids,
            left=unit.assignment_id,
        )
        _touch_board(ward.id, crisis_id)
    return await _shown(assignment_id), True


async def step(
    actor: Actor, crisis_id: UUID, assignment_id: UUID, wish: AssignmentStep
) -> AssignmentOut:
    """It is there, or done, or was not needed. Said twice, it is as said the first time.

    Raises:
        NotFound: missing or foreign.
        AssignmentOver: it had ended otherwise.
    """
    async with write_tx():
        _, ward = await kept_crisis(actor, crisis_id)
        found = await board_queries.get_assignment(assignment_id, lock=True)
        if found is None or found[0].crisis_id != crisis_id:
            raise NotFound
        before = found[0]
        outcome = _OUTCOMES.get(wish.status)
        if before.finished_at is not None:
            if outcome != before.outcome:
                raise AssignmentOver(unit=before.unit_name)
            return before
        if outcome is not None:
            await board_queries.finish_assignment(assignment_id, outcome)
        elif before.arrived_at is None:
            await board_queries.record_arrival(assignment_id)
        else:
            return before
        _record(
            actor,
            ward.id,
            f"crisis.unit_{wish.status}",
            ("crisis", crisis_id),
            assignment_id=assignment_id,
            unit_id=before.unit_id,
        )
        _touch_board(ward.id, crisis_id)
    return await _shown(assignment_id)


async def _shown(assignment_id: UUID) -> AssignmentOut:
    found = await board_queries.get_assignment(assignment_id)
    if found is None:
        raise LookupError(f"assignment {assignment_id}")  # it was just written
    return found[0]


def _touch_board(ward_id: UUID, thing_id: UUID) -> None:
    """For those who look at the board; phones keep nothing of it."""
    touch([(staff_scope(ward_id), "crisis", thing_id)])


def _record(
    actor: Actor, ward_id: UUID, action: str, subject: tuple[str, UUID], **details: Detail
) -> None:
    record(action, subject, ward_id=ward_id, actor_id=actor.account_id, **details)
