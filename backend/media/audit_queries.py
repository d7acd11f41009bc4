"""SQL about all media at once: for backups, and for `khupho check --deep`."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec import Struct

from backend.db import execute, fetch, fetch_one, fetch_value
from backend.media.schemas import PhotoPlace

if TYPE_CHECKING:
    from asyncpg import Connection, Record

BATCH: Final = 500

# Every column that names an object of the media store. An original is named by its upload; by a
# photo alone only after its upload was reopened.
_NAMED: Final = """
SELECT media_key AS key, sha256, length FROM upload WHERE completed_at IS NOT NULL
UNION ALL
SELECT DISTINCT p.media_key, p.sha256, p.bytes FROM photo p
WHERE p.media_key IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM upload u WHERE u.media_key = p.media_key AND u.completed_at IS NOT NULL)
UNION ALL
SELECT full_key, NULL, NULL FROM photo WHERE full_key IS NOT NULL
UNION ALL
SELECT thumb_key, NULL, NULL FROM photo WHERE thumb_key IS NOT NULL
"""


class NamedObject(Struct, frozen=True):
    """An object the database names. SHA-256 and length (bytes) are known of originals only."""

    key: str
    sha256: bytes | None
    length: int | None


async def stream_named_objects(
    connection: "Connection[Record]",
) -> AsyncGenerator[list[NamedObject]]:
    """All of them, in batches. The connection must be in a transaction."""
    cursor = await connection.cursor(_NAMED)
    while rows := await cursor.fetch(BATCH):
        yield [NamedObject(**dict(row)) for row in rows]


async def list_known_uploads(upload_ids: Sequence[UUID], keys: Sequence[str]) -> set[UUID]:
    """Those that have a row, or whose object a photo names."""
    rows = await fetch(
        """SELECT id FROM upload WHERE id = ANY($1)
           UNION SELECT t.id FROM unnest($1::uuid[], $2::text[]) AS t(id, key)
                 JOIN photo p ON p.media_key = t.key""",
        list(upload_ids),
        list(keys),
    )
    return {row["id"] for row in rows}


async def list_known_photos(photo_ids: Sequence[UUID]) -> set[UUID]:
    rows = await fetch("SELECT id FROM photo WHERE id = ANY($1)", list(photo_ids))
    return {row["id"] for row in rows}


async def is_named(key: str) -> bool:
    """Whether a row names that object now."""
    return bool(
        await fetch_value(
            """SELECT EXISTS (SELECT 1 FROM upload
                              WHERE media_key = $1 AND completed_at IS NOT NULL)
                   OR EXISTS (SELECT 1 FROM photo
                              WHERE media_key = $1 OR full_key = $1 OR thumb_key = $1)""",
            key,
        )
    )


async def list_unprocessed_photos(stored_before: datetime) -> list[UUID]:
    """Stored for long, and no job will make pictures of them."""
    rows = await fetch(
        """SELECT p.id FROM photo p
           WHERE p.state = 'stored' AND p.stored_at < $1 AND NOT EXISTS (
               SELECT 1 FROM pgqueuer j
               WHERE j.entrypoint = 'process_photo' AND j.status IN ('queued', 'picked')
                 AND convert_from(j.payload, 'UTF8')::jsonb ->> 'photo_id' = p.id::text)
           ORDER BY p.id""",
        stored_before,
    )
    return [row["id"] for row in rows]


async def list_unjoined_photos(created_before: datetime) -> list["Record"]:
    """Still expected although their bytes are here: id, account_id, sha256, key."""
    return await fetch(
        """SELECT p.id, p.account_id, p.sha256, min(u.media_key) AS key
           FROM photo p JOIN upload u ON u.account_id = p.account_id AND u.sha256 = p.sha256
           WHERE p.state = 'expected' AND p.created_at < $1 AND u.completed_at IS NOT NULL
           GROUP BY p.id ORDER BY p.id""",
        created_before,
    )


async def count_awaited_photos(created_before: datetime) -> int:
    """Named long ago by a report or message, and never sent by the phone."""
    count = await fetch_value(
        "SELECT count(*) FROM photo WHERE state = 'expected' AND created_at < $1", created_before
    )
    return count if isinstance(count, int) else 0


async def get_content_of(upload_id: UUID, key: str) -> tuple[UUID, bytes] | None:
    """Account and SHA-256 of the upload that stored `key`."""
    row = await fetch_one(
        "SELECT account_id, sha256 FROM upload WHERE id = $1 AND media_key = $2", upload_id, key
    )
    return None if row is None else (row["account_id"], row["sha256"])


async def reopen_upload(upload_id: UUID, key: str) -> None:
    """Its bytes are to come again: whoever still has them is asked for all of them.

    While a photo hangs on it, it stays for ever, as before.
    """
    await execute(
        """UPDATE upload SET completed_at = NULL, media_key = NULL, received = 0,
                  expires_at = greatest(expires_at, now() + interval '7 days')
           WHERE id = $1 AND media_key = $2""",
        upload_id,
        key,
    )


async def expect_again(
    account_id: UUID, sha256: bytes, key: str, *, damaged: bool
) -> list[PhotoPlace]:
    """Photos that have nothing but that object; a picture that was made of it is enough.

    One that failed because its bytes were not there is among them; if they were `damaged`, so is
    one that failed for what was in them.
    """
    rows = await fetch(
        """UPDATE photo SET state = 'expected', media_key = NULL, stored_at = NULL, failure = NULL
           WHERE account_id = $1 AND sha256 = $2 AND media_key = $3
             AND (state = 'stored'
                  OR (state = 'failed' AND (failure = 'media_not_found' OR $4::boolean)))
           RETURNING id, account_id, thread_id, message_id, state""",
        account_id,
        sha256,
        key,
        damaged,
    )
    return [PhotoPlace(**dict(row)) for row in rows]


async def make_pictures_again(photo_id: UUID) -> PhotoPlace | None:
    """Its pictures are gone: back to `stored` if its original is here, else to `expected`."""
    row = await fetch_one(
        """UPDATE photo p
           SET full_key = NULL, thumb_key = NULL, width = NULL, height = NULL,
               state = CASE WHEN here THEN 'stored' ELSE 'expected' END,
               media_key = CASE WHEN here THEN p.media_key END,
               stored_at = CASE WHEN here THEN p.stored_at END
           FROM (SELECT EXISTS (SELECT 1 FROM upload u JOIN photo o ON o.media_key = u.media_key
                                WHERE o.id = $1 AND u.completed_at IS NOT NULL) AS here) original
           WHERE p.id = $1 AND p.state = 'ready'
           RETURNING p.id, p.account_id, p.thread_id, p.message_id, p.state""",
        photo_id,
    )
    return None if row is None else PhotoPlace(**dict(row))
