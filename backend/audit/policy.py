"""Who may read the trail. Pure: an actor in, a verdict out.

Of which reports is decided by `backend.reports.policy.inspects`.
"""

from backend.actor import Actor
from backend.errors import DomainError, Forbidden, SignedOut


def inspectors(actor: Actor | None) -> DomainError | None:
    """Route policy: who oversees a ward or a city, or dispatches in a ward."""
    if actor is None:
        return SignedOut()
    return None if actor.oversees() or actor.dispatches() else Forbidden()
