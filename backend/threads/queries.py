"""SQL of messages and read markers."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from backend.db import execute, fetch, fetch_one, fetch_value, json_text, rows_of
from backend.threads.schemas import MessageKind, Side, ThreadEvent

if TYPE_CHECKING:
    from asyncpg import Record

MOST_MESSAGES: Final = 1000

_MESSAGE: Final = """
SELECT m.id, m.thread_id, m.seq, m.account_id, m.side, m.kind, m.body, m.event, m.question,
       m.created_at, a.name AS author_name
FROM message m LEFT JOIN account a ON a.id = m.account_id
"""


class NewMessage(msgspec.Struct, frozen=True):
    """A row to write. `account_id` None: the system speaks. `seq` was drawn by the report."""

    id: UUID
    thread_id: UUID
    seq: int
    account_id: UUID | None
    side: Side
    kind: MessageKind
    content_hash: bytes
    created_at: datetime
    body: str = ""
    event: ThreadEvent | None = None
    question: bool = False
    device_created_at: datetime | None = None


async def insert_messages(messages: Sequence[NewMessage]) -> int:
    """How many were new; an id that is taken is left as it is."""
    tag = await execute(
        """
        INSERT INTO message (id, thread_id, seq, account_id, side, kind, body, event, question,
                             content_hash, created_at, device_created_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::text[],
                             $7::text[], $8::jsonb[], $9::bool[], $10::bytea[], $11::timestamptz[],
                             $12::timestamptz[])
        ON CONFLICT (id) DO NOTHING
        """,
        [message.id for message in messages],
        [message.thread_id for message in messages],
        [message.seq for message in messages],
        [message.account_id for message in messages],
        [message.side for message in messages],
        [message.kind for message in messages],
        [message.body for message in messages],
        [json_text(message.event) if message.event else None for message in messages],
        [message.question for message in messages],
        [message.content_hash for message in messages],
        [message.created_at for message in messages],
        [message.device_created_at for message in messages],
    )
    return rows_of(tag)


async def get_message(message_id: UUID) -> "Record | None":
    return await fetch_one(
        """SELECT id, thread_id, seq, account_id, event, content_hash, created_at
           FROM message WHERE id = $1""",
        message_id,
    )


async def list_thread(thread_id: UUID, *, notes: bool) -> "list[Record]":
    """The newest `MOST_MESSAGES` of a thread, oldest first."""
    rows = await fetch(
        f"""{_MESSAGE} WHERE m.thread_id = $1 AND (m.kind <> 'note' OR $2)
        ORDER BY m.seq DESC LIMIT {MOST_MESSAGES}""",
        thread_id,
        notes,
    )
    return rows[::-1]


async def list_messages(message_ids: Sequence[UUID]) -> "list[Record]":
    return await fetch(
        f"{_MESSAGE} WHERE m.id = ANY($1) ORDER BY m.thread_id, m.seq", list(message_ids)
    )


async def is_note(message_id: UUID) -> bool:
    return bool(await fetch_value("SELECT kind = 'note' FROM message WHERE id = $1", message_id))


async def list_ids(thread_id: UUID) -> list[UUID]:
    rows = await fetch("SELECT id FROM message WHERE thread_id = $1 ORDER BY seq", thread_id)
    return [row["id"] for row in rows]


async def upsert_own_marker(
    thread_id: UUID, account_id: UUID, side: str, first: int, last: int, *, notes: bool
) -> None:
    """Who writes entries `first` to `last` has read them, if nothing unread stands before them."""
    await execute(
        """
        INSERT INTO read_marker (thread_id, account_id, side, seq)
        SELECT $1, $2, $3, $5 WHERE NOT EXISTS (
            SELECT 1 FROM message m
            WHERE m.thread_id = $1 AND m.seq < $4 AND (m.kind <> 'note' OR $6)
              AND m.account_id IS DISTINCT FROM $2
              AND m.seq > coalesce((SELECT k.seq FROM read_marker k
                                    WHERE k.thread_id = $1 AND k.account_id = $2), 0))
        ON CONFLICT (thread_id, account_id)
        DO UPDATE SET seq = greatest(read_marker.seq, excluded.seq), read_at = now()
        """,
        thread_id,
        account_id,
        side,
        first,
        last,
        notes,
    )


async def upsert_read_marker(thread_id: UUID, account_id: UUID, side: str, seq: int) -> bool:
    """Moves a marker forward; False when it already stood there or beyond."""
    tag = await execute(
        """
        INSERT INTO read_marker (thread_id, account_id, side, seq) VALUES ($1, $2, $3, $4)
        ON CONFLICT (thread_id, account_id)
        DO UPDATE SET seq = excluded.seq, side = excluded.side, read_at = now()
        WHERE read_marker.seq < excluded.seq
        """,
        thread_id,
        account_id,
        side,
        seq,
    )
    return rows_of(tag) > 0


async def hand_over(account_id: UUID, heir_id: UUID) -> None:
    await execute("UPDATE message SET account_id = $2 WHERE account_id = $1", account_id, heir_id)
    await execute(
        "UPDATE read_marker SET account_id = $2 WHERE account_id = $1", account_id, heir_id
    )


async def list_entry_ids(thread_id: UUID) -> list[UUID]:
    rows = await fetch(
        "SELECT id FROM message WHERE thread_id = $1 AND kind <> 'note' ORDER BY seq", thread_id
    )
    return [row["id"] for row in rows]
