"""What goes into the trail of accounts (`S6`): grants, and the comings and goings of staff."""

import uuid
from typing import Final

from backend.accounts import queries
from backend.actor import STAFF
from backend.trail import record

_RECORDED: Final = STAFF | {"head"}


async def record_session(what: str, account_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """Staff and heads who sign in or out, for the trail; residents leave no such trace."""
    held = [grant for grant in await queries.list_grants(account_id) if grant.role in _RECORDED]
    if held:
        record(
            f"session.{what}",
            ("session", session_id),
            ward_id=await queries.get_ward_of(held[0].scope_id),
            actor_id=account_id,
            by_role=held[0].role,
        )


async def record_grant(
    what: str,
    account_id: uuid.UUID,
    role: str,
    scope_id: uuid.UUID,
    giver_id: uuid.UUID | None = None,
) -> None:
    record(
        f"grant.{what}",
        ("account", account_id),
        ward_id=await queries.get_ward_of(scope_id),
        actor_id=giver_id,
        role=role,
        scope_id=scope_id,
    )
