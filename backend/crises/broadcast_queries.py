"""SQL of the messages to everybody where a crisis is, and how far down the list each has come."""

# ruff: noqa: S608 - what is put together here are our own fragments; values are arguments

from typing import Final
from uuid import UUID

from msgspec import Struct

from backend.crises.schemas import BroadcastOut
from backend.db import execute, fetch, fetch_one, from_json, json_text
from backend.departments.schemas import Names
from backend.i18n import Language

MOST_LISTED: Final = 200


class Broadcast(Struct, frozen=True):
    """One row of the table `crisis_broadcast`, as its receipt and the worker need it."""

    id: UUID
    crisis_id: UUID
    account_id: UUID
    content_hash: bytes
    last_told: UUID | None


async def list_broadcasts(crisis_id: UUID) -> list[BroadcastOut]:
    """The newest first."""
    rows = await fetch(
        f"""SELECT b.id, b.texts, b.language, a.name AS author_name, b.created_at, b.told,
                  b.finished_at IS NOT NULL AS finished
           FROM crisis_broadcast b JOIN account a ON a.id = b.account_id
           WHERE b.crisis_id = $1 ORDER BY b.created_at DESC, b.id LIMIT {MOST_LISTED}""",
        crisis_id,
    )
    return [BroadcastOut(**{**dict(row), "texts": from_json(row["texts"], Names)}) for row in rows]


async def get_broadcast(broadcast_id: UUID) -> Broadcast | None:
    row = await fetch_one(
        """SELECT id, crisis_id, account_id, content_hash, last_told FROM crisis_broadcast
           WHERE id = $1""",
        broadcast_id,
    )
    return None if row is None else Broadcast(**dict(row))


async def insert_broadcast(
    broadcast_id: UUID,
    crisis_id: UUID,
    texts: Names,
    language: Language,
    account_id: UUID,
    content_hash: bytes,
) -> None:
    await execute(
        """INSERT INTO crisis_broadcast (id, crisis_id, texts, language, account_id, content_hash)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        broadcast_id,
        crisis_id,
        json_text(texts),
        language,
        account_id,
        content_hash,
    )


async def claim_broadcast(broadcast_id: UUID) -> Broadcast | None:
    """An unfinished one, held until the transaction ends; None while another worker is at it."""
    row = await fetch_one(
        """SELECT id, crisis_id, account_id, content_hash, last_told FROM crisis_broadcast
           WHERE id = $1 AND finished_at IS NULL FOR UPDATE SKIP LOCKED""",
        broadcast_id,
    )
    return None if row is None else Broadcast(**dict(row))


async def list_recipients(crisis_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """People who live where the crisis is, in the order of their ids, beyond `after`."""
    rows = await fetch(
        """SELECT a.id FROM account a
           WHERE a.disabled_at IS NULL AND a.id > $2
             AND a.neighbourhood_id IN (SELECT neighbourhood_id FROM crisis_area
                                        WHERE crisis_id = $1)
           ORDER BY a.id LIMIT $3""",
        crisis_id,
        after or UUID(int=0),
        limit,
    )
    return [row["id"] for row in rows]


async def record_told(
    broadcast_id: UUID, last_told: UUID | None, count: int, *, finished: bool
) -> None:
    await execute(
        """UPDATE crisis_broadcast
           SET last_told = coalesce($2, last_told), told = told + $3,
               finished_at = CASE WHEN $4 THEN clock_timestamp() END
           WHERE id = $1""",
        broadcast_id,
        last_told,
        count,
        finished,
    )


async def list_unfinished() -> list[UUID]:
    rows = await fetch(
        "SELECT id FROM crisis_broadcast WHERE finished_at IS NULL ORDER BY created_at LIMIT 100"
    )
    return [row["id"] for row in rows]
