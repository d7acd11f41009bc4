"""SQL of guests and of the wards that take them."""

import uuid
from typing import TYPE_CHECKING

from backend.accounts.schemas import GuestWard
from backend.db import execute, fetch, fetch_one, fetch_value, rows_of

if TYPE_CHECKING:
    from asyncpg import Record


async def list_wards() -> list[GuestWard]:
    """All that take reports without an account."""
    rows = await fetch(
        """SELECT w.id, w.name, c.name AS city_name, w.country
           FROM guest_rule g JOIN area w ON w.id = g.ward_id JOIN area c ON c.id = w.path[1]
           ORDER BY c.name, w.name LIMIT 500"""
    )
    return [GuestWard(**dict(row)) for row in rows]


async def get_limit(ward_id: uuid.UUID) -> int | None:
    """Reports without an account a ward takes in an hour; None: it takes none."""
    found = await fetch_value("SELECT reports_per_hour FROM guest_rule WHERE ward_id = $1", ward_id)
    return found if isinstance(found, int) else None


async def set_limit(ward_id: uuid.UUID, reports_per_hour: int | None) -> None:
    if reports_per_hour is None:
        await execute("DELETE FROM guest_rule WHERE ward_id = $1", ward_id)
        return
    await execute(
        """INSERT INTO guest_rule (ward_id, reports_per_hour) VALUES ($1, $2)
           ON CONFLICT (ward_id) DO UPDATE SET reports_per_hour = excluded.reports_per_hour""",
        ward_id,
        reports_per_hour,
    )


async def get_guest(code_hash: bytes) -> "Record | None":
    """Columns id and disabled_at."""
    return await fetch_one(
        "SELECT id, disabled_at FROM account WHERE guest_code_hash = $1", code_hash
    )


async def insert_guest(
    account_id: uuid.UUID,
    code_hash: bytes,
    ward_id: uuid.UUID,
    language: str,
    consent_version: int,
) -> bool:
    """False when the code is taken: the same phone has sent it twice."""
    tag = await execute(
        """INSERT INTO account (id, name, language, consent_version, consented_at,
                                guest_ward_id, guest_code_hash)
           VALUES ($1, '', $2, $3, now(), $4, $5) ON CONFLICT (guest_code_hash) DO NOTHING""",
        account_id,
        language,
        consent_version,
        ward_id,
        code_hash,
    )
    return rows_of(tag) > 0


async def get_session_owner(session_id: uuid.UUID) -> uuid.UUID | None:
    found = await fetch_value("SELECT account_id FROM session WHERE id = $1", session_id)
    return found if isinstance(found, uuid.UUID) else None


async def revive_session(session_id: uuid.UUID, token_hash: bytes) -> None:
    await execute(
        "UPDATE session SET token_hash = $2, revoked_at = NULL WHERE id = $1",
        session_id,
        token_hash,
    )


async def disable_guest(code_hash: bytes, heir_id: uuid.UUID) -> "Record | None":
    """Nobody comes in by this code any more. Columns id and ward_id; None if nobody did."""
    row = await fetch_one(
        """UPDATE account SET disabled_at = now()
           WHERE guest_code_hash = $1 AND disabled_at IS NULL AND id <> $2
           RETURNING id, guest_ward_id AS ward_id""",
        code_hash,
        heir_id,
    )
    if row is not None:
        await execute(
            "UPDATE session SET revoked_at = now() WHERE account_id = $1 AND revoked_at IS NULL",
            row["id"],
        )
        await execute("DELETE FROM push_subscription WHERE account_id = $1", row["id"])
    return row
