"""Who may invite whom. Pure: facts in, a verdict out."""

from typing import Final
from uuid import UUID

from backend.actor import Actor, Role

LEVEL_OF_SCOPE: Final[dict[Role, str]] = {
    "resident": "neighbourhood",
    "head": "neighbourhood",
    "dispatcher": "ward",
    "leader": "ward",
    "inspector": "ward",
    "admin": "city",
}
"""Where a role is held; leaders and inspectors may also be held for a whole city."""


def may_invite(actor: Actor, role: Role, area_id: UUID, *, in_own_city: bool) -> bool:
    """A head invites residents of their neighbourhood; an administrator anyone in their city."""
    if actor.administers() and in_own_city:
        return True
    return role == "resident" and area_id in actor.heads()


def fits_scope(role: Role, level: str | None) -> bool:
    """Whether `role` can be held in a scope of that level (None: the scope is a department)."""
    if role == "officer":
        return level is None
    if role in {"leader", "inspector"}:
        return level in {"ward", "city"}
    return level == LEVEL_OF_SCOPE[role]
