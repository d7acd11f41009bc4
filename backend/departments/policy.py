"""Who may read and change a ward's rules. Pure: an actor and a ward in, a verdict out."""

from collections.abc import Sequence
from uuid import UUID

from backend.actor import Actor
from backend.errors import DomainError, Forbidden, SignedOut


def rule_readers(actor: Actor | None) -> DomainError | None:
    """Route policy: who keeps rules somewhere, or oversees those who do."""
    if actor is None:
        return SignedOut()
    return None if actor.dispatches() or actor.oversees() else Forbidden()


def rule_keepers(actor: Actor | None) -> DomainError | None:
    """Route policy: dispatchers and administrators."""
    if actor is None:
        return SignedOut()
    return None if actor.dispatches() or actor.administers() else Forbidden()


def reads_rules(actor: Actor, ward_path: Sequence[UUID]) -> bool:
    """`ward_path`: the city and the ward."""
    reads = {*actor.dispatches(), *actor.oversees()}
    return not reads.isdisjoint(ward_path)


def keeps_rules(actor: Actor, ward_path: Sequence[UUID]) -> bool:
    """The ward's dispatchers, and administrators of the ward or its city."""
    return ward_path[-1] in actor.dispatches() or not set(actor.administers()).isdisjoint(ward_path)


def keeps_rules_of(actor: Actor, area_path: Sequence[UUID], ward_id: UUID) -> bool:
    """Whether someone who keeps the rules of a ward may also touch those of this area.

    Within the ward: yes. Those of its city only as the city's administrator.
    """
    return ward_id in area_path or area_path[-1] in actor.administers()


def reads_templates(actor: Actor, department_id: UUID, path: Sequence[UUID]) -> bool:
    """The department's people, and who keeps or oversees its ward. `path`: its areas."""
    return department_id in actor.departments() or reads_rules(actor, path)


def keeps_templates(actor: Actor, department_id: UUID, path: Sequence[UUID]) -> bool:
    """Who writes the replies: the department's own people, dispatchers, administrators (`C4`)."""
    return department_id in actor.departments() or keeps_rules(actor, path)
