"""Who may do what to a report. Pure: an actor and a report in, a verdict out.

Seeing is decided in SQL (`backend.reports.visibility`), so that no list can forget it.
"""

from typing import Final
from uuid import UUID

from backend.actor import Actor
from backend.areas.schemas import Place
from backend.errors import DomainError, Forbidden, SignedOut
from backend.reports.moves import DONE
from backend.reports.report import Report
from backend.reports.schemas import Decision, State
from backend.threads.schemas import Side
from backend.threads.service import Viewer

RATINGS: Final = 2
"""A rating may be given, and changed once: people calm down, or find it broken again."""

_SPEAKS_FIRST_AS: Final[tuple[Side, ...]] = ("reporter", "department", "head")
_NOT_PUBLIC: Final[frozenset[State]] = frozenset({"rejected", "merged", "withdrawn"})
_CORRECTABLE: Final[frozenset[State]] = frozenset({"submitted", "accepted"})
_INSIDE: Final[tuple[Side, ...]] = ("department", "head")


def desk_people(actor: Actor | None) -> DomainError | None:
    """Route policy of the desk: who handles reports or oversees those who do."""
    if actor is None:
        return SignedOut()
    return None if actor.is_staff or actor.heads() else Forbidden()


def operators(actor: Actor | None) -> DomainError | None:
    """Route policy of the telephone: who dispatches a ward."""
    if actor is None:
        return SignedOut()
    return None if actor.dispatches() else Forbidden()


def sees_phone(actor: Actor, report: Report) -> bool:
    """Whether this person may read the number of who is behind a report (`S3`): whoever works on it
    or wrote it. A head knows the neighbours; their numbers are not for handing on."""
    own = report.account_id == actor.account_id
    return own or "department" in sides_of(actor, report)


def sides_of(actor: Actor, report: Report) -> frozenset[Side]:
    """Every side this person may act on. Leaders, inspectors and administrators have none."""
    sides: set[Side] = set()
    if report.account_id == actor.account_id:
        sides.add("reporter")
    if report.department_id in actor.departments() or report.ward_id in actor.dispatches():
        sides.add("department")
    if report.neighbourhood_id in actor.heads():
        sides.add("head")
    return frozenset(sides)


def inspects(actor: Actor, report: Report) -> bool:
    """Whether this person may read what was done to it: who oversees or dispatches its ward."""
    places = {report.ward_id, report.city_id}
    return report.ward_id in actor.dispatches() or not places.isdisjoint(actor.oversees())


def talking_sides(actor: Actor, report: Report) -> frozenset[Side]:
    """Every side this person may speak for: who only has a part of it (`W7`) moves nothing."""
    sides = sides_of(actor, report)
    return sides | {"department"} if _has_part(actor, report) else sides


def _has_part(actor: Actor, report: Report) -> bool:
    return not set(report.part_ids).isdisjoint(actor.departments())


def side_of(actor: Actor, report: Report) -> Side | None:
    """The side a person reads and speaks for; an author is first of all the reporter."""
    sides = talking_sides(actor, report)
    return next((side for side in _SPEAKS_FIRST_AS if side in sides), None)


def speaking_side(actor: Actor, report: Report, *, note: bool, question: bool) -> Side:
    """The side a message comes from.

    Only the department asks questions that stop the clocks (`C6`); notes are for the department and
    the head, not for a head who is the author (`C3`).

    Raises:
        Forbidden: this person only reads here, or may not write this kind of message.
    """
    side = side_of(actor, report)
    if note or question:
        sides = sides_of(actor, report) if question else talking_sides(actor, report)
        inside: tuple[Side, ...] = ("department",) if question else _INSIDE
        side = next((inner for inner in inside if inner in sides), None)
        if side == "head" and "reporter" in sides:
            side = None
    if side is None:
        raise Forbidden
    return side


def may_rate(actor: Actor, report: Report) -> bool:
    """The author, once it is closed; a rating may be changed once (`C9`)."""
    own = report.account_id == actor.account_id
    return own and report.state == "closed" and report.ratings < RATINGS


def decisions_open(actor: Actor, report: Report) -> list[Decision]:
    """What this person may decide about a report now (`W5`).

    Its neighbourhood's head, and the ward's dispatcher. Once the author has appealed, only the ward
    decides what is shown. What is private is never public.
    """
    if report.ward_id in actor.dispatches():
        decides = True
    else:
        decides = report.neighbourhood_id in actor.heads() and not report.moderation_appealed
    looks_after = report.neighbourhood_id in actor.heads() or report.ward_id in actor.dispatches()
    found: list[Decision] = []
    if decides and not report.private:
        if report.moderation != "approved" and report.state not in _NOT_PUBLIC:
            found.append("approve")
        if report.moderation != "hidden":
            found.append("hide")
    if looks_after and report.state not in DONE:
        found.append("verify")
    if looks_after and report.state in _CORRECTABLE:
        found.append("correct")
    hidden = report.moderation == "hidden" and not report.moderation_appealed
    if hidden and report.account_id == actor.account_id:
        found.append("appeal")
    return found


def wards_of(actor: Actor) -> list[UUID]:
    """Where this person is a neighbour, or works: whose public side they may see."""
    own = [] if actor.ward_id is None else [actor.ward_id]
    return [*own, *actor.dispatches(), *actor.oversees()]


def speaks_for_others(actor: Actor, place: Place) -> bool:
    """Whether this person may report on somebody's behalf there (`R7`)."""
    return place.neighbourhood_id in actor.heads() or place.ward_id in actor.dispatches()


def may_decide(actor: Actor, report: Report) -> bool:
    """Whether this person is one of those who decide about it, or its author."""
    return (
        report.account_id == actor.account_id
        or report.neighbourhood_id in actor.heads()
        or report.ward_id in actor.dispatches()
    )


def viewer_of(actor: Actor, report: Report) -> Viewer:
    """What of the thread this person sees.

    The author sees no internal notes, even as the neighbourhood's head, and of the department's
    people only that they are the department.
    """
    author = report.account_id == actor.account_id
    department = "department" in talking_sides(actor, report)
    return Viewer(
        account_id=actor.account_id,
        sees_notes=department or not author,
        sees_department_names=department or not author,
    )


def passes_on(actor: Actor, report: Report) -> bool:
    """May hand it over or split it: the department in charge, dispatchers, the ward's leader."""
    leads = not set(actor.leads()).isdisjoint(report.path)
    return leads or "department" in sides_of(actor, report)


def is_passable(actor: Actor, report: Report) -> bool:
    """Whether there is still something to pass on, and by this person."""
    return passes_on(actor, report) and report.state not in {*DONE, "resolved"}


def closes_part(actor: Actor, report: Report, department_id: UUID) -> bool:
    """May say that a part is done: who does it, and who is in charge of the whole."""
    return department_id in actor.departments() or "department" in sides_of(actor, report)


def is_present(actor: Actor, report: Report) -> bool:
    """Whether others are told that this person looks at it: staff and heads, not its reporter."""
    side = side_of(actor, report)
    if side == "reporter":
        return "department" in talking_sides(actor, report)
    return side is not None or not set(actor.oversees()).isdisjoint(report.path)
