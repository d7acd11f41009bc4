"""People's telephone numbers: for the ward's operators, and the texts to whoever has no app (`S3`).

A caller whom nobody knows becomes an account without devices: what they report is theirs.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat as uuids

from backend.accounts import number_queries as queries
from backend.accounts.number_queries import KnownPerson
from backend.i18n import Language
from backend.phones import Phone
from backend.text import fold
from backend.trail import record

BY_TELEPHONE = 0
"""The version of the terms a caller has agreed to: what the operator says."""


async def find_people(number: str, wards: Sequence[UUID]) -> list[KnownPerson]:
    """Who lives in one of `wards` and has this E.164 number; several, in a house that shares it."""
    return await queries.list_people(number, list(wards))


async def get_phone(account_id: UUID) -> str | None:
    """A person's number as it is kept."""
    return await queries.get_number(account_id)


async def give_number(account_id: UUID, phone: Phone | None, giver_id: UUID) -> None:
    """Keep a person's number, or with None forget it. Inside `write_tx()`."""
    if phone is None:
        await queries.delete_number(account_id)
    else:
        await queries.upsert_number(account_id, phone.number, phone.texts, giver_id)


async def heard_from(account_id: UUID, phone: Phone) -> None:
    """Whoever calls from a number can be reached there, whatever a gateway said before."""
    await queries.mark_reachable(account_id, phone.number)


async def find_or_add_caller(
    name: str, language: Language, neighbourhood_id: UUID, ward_id: UUID, phone: Phone | None,
    operator_id: UUID,
) -> UUID:  # fmt: skip
    """The account of a caller without the app, made if there is none. Inside `write_tx()`.

    Of one number and name there is one, also when two operators take two calls at once.
    """
    if phone is not None:
        await queries.lock_number(phone.number)
        for person in await queries.list_people(phone.number, [ward_id]):
            if not person.signed_in and fold(person.name) == fold(name):
                return person.account_id
    account_id = uuids.uuid7()
    now = datetime.now(UTC)
    await queries.insert_caller(account_id, name, language, neighbourhood_id, BY_TELEPHONE, now)
    if phone is not None:
        await queries.upsert_number(account_id, phone.number, phone.texts, operator_id)
    record("caller.added", ("account", account_id), ward_id=ward_id, actor_id=operator_id)
    return account_id
