"""Who may declare, run, end and look at a crisis. Pure: an actor and a ward in, a verdict out."""

from collections.abc import Sequence
from uuid import UUID

from backend.actor import Actor
from backend.errors import DomainError, Forbidden, SignedOut


def crisis_watchers(actor: Actor | None) -> DomainError | None:
    """Route policy: dispatchers, and who oversees a ward or city."""
    if actor is None:
        return SignedOut()
    return None if actor.dispatches() or actor.oversees() else Forbidden()


def crisis_keepers(actor: Actor | None) -> DomainError | None:
    """Route policy: dispatchers."""
    if actor is None:
        return SignedOut()
    return None if actor.dispatches() else Forbidden()


def crisis_enders(actor: Actor | None) -> DomainError | None:
    """Route policy: dispatchers and leaders."""
    if actor is None:
        return SignedOut()
    return None if actor.dispatches() or _leads(actor) else Forbidden()


def runs(actor: Actor, ward_id: UUID) -> bool:
    """Declares, changes, assigns, tells everybody."""
    return ward_id in actor.dispatches()


def watches(actor: Actor, ward_path: Sequence[UUID]) -> bool:
    """`ward_path`: the city and the ward."""
    return runs(actor, ward_path[-1]) or not set(actor.oversees()).isdisjoint(ward_path)


def may_end(actor: Actor, ward_path: Sequence[UUID]) -> bool:
    """Whoever runs it, and who leads the ward or its city."""
    return runs(actor, ward_path[-1]) or not _leads(actor).isdisjoint(ward_path)


def _leads(actor: Actor) -> set[UUID]:
    return {grant.scope_id for grant in actor.grants if grant.role == "leader"}
