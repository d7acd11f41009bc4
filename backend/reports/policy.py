"""Who may do what to a report. Pure: an actor and a report in, a verdict out.

Seeing is decided in SQL (`backend.reports.visibility`), so that no list can forget it.
"""

from typing import Final

from backend.actor import Actor
from backend.errors import DomainError, Forbidden, SignedOut
from backend.reports.report import Report
from backend.threads.schemas import Side
from backend.threads.service import Viewer

_SPEAKS_FIRST_AS: Final[tuple[Side, ...]] = ("reporter", "department", "head")
_INSIDE: Final[tuple[Side, ...]] = ("department", "head")


def desk_people(actor: Actor | None) -> DomainError | None:
    """Route policy of the desk: who handles reports or oversees those who do."""
    if actor is None:
        return SignedOut()
    return None if actor.is_staff or actor.heads() else Forbidden()


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


def side_of(actor: Actor, report: Report) -> Side | None:
    """The side a person reads and speaks for; an author is first of all the reporter."""
    sides = sides_of(actor, report)
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
        sides = sides_of(actor, report)
        inside: tuple[Side, ...] = ("department",) if question else _INSIDE
        side = next((inner for inner in inside if inner in sides), None)
        if side == "head" and "reporter" in sides:
            side = None
    if side is None:
        raise Forbidden
    return side


def viewer_of(actor: Actor, report: Report) -> Viewer:
    """What of the thread this person sees.

    The author sees no internal notes, even as the neighbourhood's head, and of the department's
    people only that they are the department.
    """
    author = report.account_id == actor.account_id
    department = "department" in sides_of(actor, report)
    return Viewer(
        account_id=actor.account_id,
        sees_notes=department or not author,
        sees_department_names=department or not author,
    )
