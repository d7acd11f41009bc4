"""A guest who is somebody now: what they reported becomes that person's."""

import uuid
from collections.abc import Awaitable, Callable

from backend.accounts import guest_queries
from backend.accounts.codes import hash_tracking_code
from backend.trail import record

Heir = Callable[[uuid.UUID, uuid.UUID], Awaitable[None]]

on_guest_joined: list[Heir] = []
"""Called with (guest, account), in the transaction: to move what belongs to the guest. Registered
at import by the slice that owns it."""


async def take_along(code: str, account_id: uuid.UUID) -> bool:
    """Give an account what was reported under a tracking code; the code then opens nothing.

    Inside `write_tx()`. False for a code that nobody has (any more), or that never reached us.
    """
    code_hash = hash_tracking_code(code)
    guest = await guest_queries.disable_guest(code_hash, account_id) if code_hash else None
    if guest is None:
        return False
    for heir in on_guest_joined:
        await heir(guest["id"], account_id)
    record(
        "guest.joined",
        ("account", guest["id"]),
        ward_id=guest["ward_id"],
        actor_id=account_id,
    )
    return True
