"""SQL of telephone numbers and of accounts that were made for callers."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from backend.db import execute, fetch, fetch_value
from backend.i18n import Language


class KnownPerson(Struct, frozen=True):
    """`signed_in`: has the app on some device, and is told there."""

    account_id: UUID
    name: str
    language: Language
    neighbourhood_id: UUID
    neighbourhood_name: str
    signed_in: bool


async def list_people(number: str, wards: list[UUID]) -> list[KnownPerson]:
    """The last to have been given the number first."""
    rows = await fetch(
        """
        SELECT a.id AS account_id, a.name, a.language, a.neighbourhood_id,
               n.name AS neighbourhood_name,
               EXISTS (SELECT 1 FROM session s WHERE s.account_id = a.id
                       AND s.revoked_at IS NULL AND s.expires_at > now()) AS signed_in
        FROM phone_number p
        JOIN account a ON a.id = p.account_id AND a.disabled_at IS NULL
        JOIN area n ON n.id = a.neighbourhood_id
        WHERE p.tail = reverse($1) AND n.path && $2::uuid[]
        ORDER BY p.given_at DESC, a.id LIMIT 20
        """,
        number,
        wards,
    )
    return [KnownPerson(**dict(row)) for row in rows]


async def get_number(account_id: UUID) -> str | None:
    found = await fetch_value("SELECT number FROM phone_number WHERE account_id = $1", account_id)
    return found if isinstance(found, str) else None


async def lock_number(number: str) -> None:
    """Nobody else adds a caller of this number until the transaction ends."""
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", number)


async def upsert_number(account_id: UUID, number: str, texts: bool, given_by: UUID) -> None:
    """One number a person; what a gateway said of another one is forgotten."""
    await execute(
        """
        INSERT INTO phone_number (account_id, number, texts, given_by) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id) DO UPDATE
            SET number = excluded.number, texts = excluded.texts, given_by = excluded.given_by,
                given_at = now(), unreachable_at = NULL
        """,
        account_id,
        number,
        texts,
        given_by,
    )


async def mark_reachable(account_id: UUID, number: str) -> None:
    await execute(
        """UPDATE phone_number SET unreachable_at = NULL
           WHERE account_id = $1 AND number = $2 AND unreachable_at IS NOT NULL""",
        account_id,
        number,
    )


async def delete_number(account_id: UUID) -> None:
    await execute("DELETE FROM phone_number WHERE account_id = $1", account_id)


async def insert_caller(
    account_id: UUID,
    name: str,
    language: Language,
    neighbourhood_id: UUID,
    consent_version: int,
    now: datetime,
) -> None:
    await execute(
        """INSERT INTO account (id, name, language, neighbourhood_id, consent_version, consented_at,
                                created_at) VALUES ($1, $2, $3, $4, $5, $6, $6)""",
        account_id,
        name,
        language,
        neighbourhood_id,
        consent_version,
        now,
    )
