"""Who is asking, and which routes they may try.

A grant is (account, role, scope). A route names its policy as `policy=`; a route without one makes
the app refuse to start. Whether this actor may touch *this* thing is decided in the slice's own
`policy.py` and its `visible_to` filter.
"""

import uuid
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from backend.errors import DomainError, Forbidden, SignedOut
from backend.i18n import Language

Role = Literal["resident", "head", "officer", "dispatcher", "leader", "inspector", "admin"]

STAFF: Final[frozenset[Role]] = frozenset({"officer", "dispatcher", "leader", "inspector", "admin"})
_HEAD_NAMESPACE: Final = uuid.UUID("6f4a1c5e-0d0e-5c8c-9a39-2f6f7c1f7a11")


class Grant(msgspec.Struct, frozen=True):
    """One right: `scope_id` is an area, or for an officer a department."""

    role: Role
    scope_id: uuid.UUID


class Actor(msgspec.Struct, frozen=True):
    """The signed-in person, as of this request."""

    account_id: uuid.UUID
    session_id: uuid.UUID
    name: str
    language: Language
    neighbourhood_id: uuid.UUID | None
    ward_id: uuid.UUID | None
    """Where the person lives, else where they work: whose map and categories their phone keeps."""
    grants: tuple[Grant, ...]
    guest: bool = False
    """Came by a tracking code (`R8`): no grants, and only the routes that say `guests=True`."""

    def _scopes_of(self, *roles: Role) -> list[uuid.UUID]:
        return [grant.scope_id for grant in self.grants if grant.role in roles]

    def heads(self) -> list[uuid.UUID]:
        """Neighbourhoods this person heads."""
        return self._scopes_of("head")

    def departments(self) -> list[uuid.UUID]:
        """Departments this person answers for."""
        return self._scopes_of("officer")

    def dispatches(self) -> list[uuid.UUID]:
        """Wards whose unrouted reports this person routes; acts for every department there."""
        return self._scopes_of("dispatcher")

    def oversees(self) -> list[uuid.UUID]:
        """Wards or cities this person reads everything of, and changes nothing in."""
        return self._scopes_of("leader", "inspector", "admin")

    def leads(self) -> list[uuid.UUID]:
        """Wards or cities this person answers for."""
        return self._scopes_of("leader")

    def administers(self) -> list[uuid.UUID]:
        return self._scopes_of("admin")

    @property
    def only_inspects(self) -> bool:
        """Looks at everything and touches nothing, wherever: see `requests.authorise`."""
        return bool(self.grants) and all(grant.role == "inspector" for grant in self.grants)

    @property
    def is_staff(self) -> bool:
        return any(grant.role in STAFF for grant in self.grants)

    def feeds(self) -> list[uuid.UUID]:
        """The change feeds whose things this person's phone keeps (DESIGN, "Sync cursors")."""
        feeds = {self.account_id}
        feeds.update(head_scope(area_id) for area_id in self.heads())
        if self.ward_id is not None:
            feeds.add(self.ward_id)
        return sorted(feeds)

    def scopes(self) -> list[uuid.UUID]:
        """All this person hears of: the own feeds, and the desks they ask online."""
        wards = [*self.dispatches(), *self.oversees()]
        desks = [*self.departments(), *(staff_scope(ward) for ward in wards)]
        return sorted({*self.feeds(), *desks})


def head_scope(neighbourhood_id: uuid.UUID) -> uuid.UUID:
    """The feed of a neighbourhood's head: apart from the area's own, which every resident reads."""
    return uuid.uuid5(_HEAD_NAMESPACE, f"head:{neighbourhood_id}")


def staff_scope(ward_id: uuid.UUID) -> uuid.UUID:
    """The feed of a ward's dispatchers."""
    return uuid.uuid5(_HEAD_NAMESPACE, f"staff:{ward_id}")


RoutePolicy = Callable[[Actor | None], DomainError | None]


def anyone(_actor: Actor | None) -> DomainError | None:
    """Public by decision, not by omission."""
    return None


def signed_in(actor: Actor | None) -> DomainError | None:
    return None if actor else SignedOut()


def staff(actor: Actor | None) -> DomainError | None:
    if actor is None:
        return SignedOut()
    return None if actor.is_staff else Forbidden()


def heads_and_admins(actor: Actor | None) -> DomainError | None:
    if actor is None:
        return SignedOut()
    return None if actor.heads() or actor.administers() else Forbidden()
