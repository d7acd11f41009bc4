"""Reporting without an account (`R8`, `P5`): a tracking code is all that is known of a guest.

The phone makes the code, 60 bits, and only its keyed hash is kept. Who brings the code is the
guest: on the phone that reported, and on any other. A guest holds no grant, and comes through no
route that does not say `guests=True` (`requests.authorise`).
"""

import uuid
from datetime import UTC, datetime
from typing import Final

import uuid_utils.compat as uuids

from backend.accounts import allowances, guest_queries, queries, service
from backend.accounts.codes import hash_token, hash_tracking_code, new_token
from backend.accounts.joining_guests import take_along
from backend.accounts.schemas import CONSENT_VERSION, GuestIn, GuestWard, MeOut
from backend.actor import Actor
from backend.changes import touch
from backend.db import write_tx
from backend.errors import Forbidden, IdReused, InvalidField, NotFound
from backend.i18n import N_
from backend.settings import get_settings
from backend.text import clean_text
from backend.trail import record

WRONG_EVERYWHERE: Final = 5_000
"""Wrong codes an hour from all addresses, after which each address has one try. At that pace a
million codes hold out for 26,000 years."""

LARGEST_LIMIT: Final = 10_000
TOO_MANY_WRONG: Final = N_(
    "Too many codes from here were wrong. Please look the code up, and try again in an hour."
)
_EVERYBODY: Final = b""


class GuestsNotTaken(Forbidden):
    code = "guests_not_taken"
    title = N_("Only with an account")
    message = N_(
        "This ward does not take reports without an account (any more). Nothing is lost: with an "
        "invitation you can join, and send it then."
    )


async def list_wards() -> list[GuestWard]:
    return await guest_queries.list_wards()


async def get_limit(ward_id: uuid.UUID) -> int | None:
    """Reports without an account a ward takes in an hour; None: it takes none."""
    return await guest_queries.get_limit(ward_id)


async def set_limit(ward_id: uuid.UUID, reports_per_hour: int | None) -> None:
    """Inside `write_tx()`; who may, the caller has asked."""
    await guest_queries.set_limit(ward_id, reports_per_hour)


async def enter(session_id: uuid.UUID, entering: GuestIn, block: bytes) -> tuple[MeOut, str, bool]:
    """A session for whoever brings a tracking code; with `ward_id` a new code is taken as well.

    A phone whose answer was lost repeats with the same session id.

    Args:
        block: where the request came from, see `allowances.block_of`.

    Returns:
        the guest, the new cookie's value, and whether the session is new.

    Raises:
        NotFound: no such code, or one that was taken along into an account.
        QuotaExceeded: too many wrong or new codes.
        GuestsNotTaken, InvalidField, IdReused
    """
    await _require_tries(block)
    code_hash = hash_tracking_code(entering.code)
    guest = await guest_queries.get_guest(code_hash) if code_hash else None
    unknown = guest is None and code_hash is not None and entering.ward_id is not None
    if not unknown and (guest is None or guest["disabled_at"] is not None):
        await allowances.note("wrong_code", block)
        await allowances.note("wrong_code", _EVERYBODY)
        raise NotFound
    if guest is not None:
        account_id: uuid.UUID = guest["id"]
    else:
        account_id = await _admit(entering, code_hash or b"", block)
    token = new_token()
    async with write_tx():
        fresh = await _open_session(session_id, account_id, token, entering.label)
    me = await service.me_of(account_id, session_id)
    return me, token, fresh


async def _require_tries(block: bytes) -> None:
    """Raises QuotaExceeded where codes are being guessed. A first try is never refused."""
    here = await allowances.used("wrong_code", block)
    if here == 0:
        return
    everywhere = await allowances.used("wrong_code", _EVERYBODY)
    if here >= get_settings().guest_wrong_codes_per_hour or everywhere >= WRONG_EVERYWHERE:
        raise allowances.used_up(datetime.now(UTC), TOO_MANY_WRONG)


async def _admit(entering: GuestIn, code_hash: bytes, block: bytes) -> uuid.UUID:
    """A guest nobody knew before."""
    if entering.consent_version != CONSENT_VERSION:
        raise InvalidField(
            "consent_version", "consent_needed", N_("Please read and accept the terms first.")
        )
    ward_id = entering.ward_id
    if ward_id is None or await guest_queries.get_limit(ward_id) is None:
        raise GuestsNotTaken
    await allowances.use("guest", block, get_settings().guests_per_hour)
    account_id = uuids.uuid7()
    async with write_tx():
        fresh = await guest_queries.insert_guest(
            account_id, code_hash, ward_id, entering.language, entering.consent_version
        )
        if fresh:
            record("guest.entered", ("account", account_id), ward_id=ward_id, actor_id=account_id)
            touch([(account_id, "me", account_id)])
            return account_id
    guest = await guest_queries.get_guest(code_hash)
    if guest is None or guest["disabled_at"] is not None:
        raise NotFound
    found: uuid.UUID = guest["id"]
    return found


async def _open_session(
    session_id: uuid.UUID, account_id: uuid.UUID, token: str, label: str
) -> bool:
    owner = await guest_queries.get_session_owner(session_id)
    if owner is not None and owner != account_id:
        raise IdReused
    if owner is not None:
        await guest_queries.revive_session(session_id, hash_token(token))
        return False
    now = datetime.now(UTC)
    await queries.insert_session(
        session_id,
        account_id,
        hash_token(token),
        clean_text(label, 80, field="label"),
        now,
        now + service.SESSION_LIFETIME,
    )
    return True


async def admit_report(actor: Actor, ward_id: uuid.UUID) -> None:
    """Before a guest's report is taken, once for each: the ward takes it, and has room for it.

    Raises:
        GuestsNotTaken, QuotaExceeded
    """
    limit = await guest_queries.get_limit(ward_id)
    if limit is None:
        raise GuestsNotTaken
    await allowances.use("report", actor.account_id.bytes, get_settings().guest_reports_per_hour)
    await allowances.use("ward", ward_id.bytes, limit)


async def admit_message(actor: Actor) -> None:
    """Before a guest writes. Raises QuotaExceeded."""
    await allowances.use("message", actor.account_id.bytes, get_settings().guest_messages_per_hour)


async def claim(actor: Actor, code: str, block: bytes) -> None:
    """What was reported under a code becomes this person's (`R8`, joined by other ways).

    Raises:
        NotFound: as `enter`.
        QuotaExceeded: too many wrong codes.
    """
    await _require_tries(block)
    async with write_tx():
        taken = await take_along(code, actor.account_id)
    if not taken:
        await allowances.note("wrong_code", block)
        await allowances.note("wrong_code", _EVERYBODY)
        raise NotFound
