"""SQL of uploads, photos and voice notes (rows of `photo`, too)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from backend.actor import Actor
from backend.db import execute, fetch, fetch_one, fetch_value, rows_of
from backend.media.schemas import (
    NewUpload,
    PhotoOut,
    PhotoPlace,
    PhotoReceipt,
    UploadRow,
    VoiceOut,
)

if TYPE_CHECKING:
    from asyncpg import Record

_UPLOAD: Final = """
SELECT id, account_id, sha256, content_type, length, expires_at,
       completed_at IS NOT NULL AS complete,
       completed_at IS NULL AND expires_at <= now() AS expired
FROM upload
"""


def _upload(row: "Record") -> UploadRow:
    return UploadRow(**dict(row))


# locks -----------------------------------------------------------------------------------------


async def lock_content(account_id: UUID, sha256: bytes) -> None:
    """Naming a photo and finishing its upload take turns, until the transaction ends.

    Neither row need exist when the other is written, so there is no row to lock. Whoever comes
    second reads in a later statement, whose snapshot (READ COMMITTED) has what the first committed.
    """
    await _lock(b"content", account_id.bytes, sha256)


async def lock_uploads(account_id: UUID) -> None:
    """One new upload at a time for an account: two at once could both pass the quota."""
    await _lock(b"uploads", account_id.bytes)


async def _lock(*parts: bytes) -> None:
    key = hashlib.blake2b(b"\0".join(parts), digest_size=8, person=b"khupho-media").digest()
    await execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(key, "big", signed=True))


async def give_way() -> None:
    """This transaction waits for no lock longer than 0.2 s, then fails (LockNotAvailable).

    Less than `deadlock_timeout` (1 s), so that of two transactions that wait for each other it is
    always this one that ends, and is repeated, never the one that takes a person's message.
    """
    await execute("SET LOCAL lock_timeout = '200ms'")


# uploads ---------------------------------------------------------------------------------------


async def get_upload(actor: Actor, upload_id: UUID) -> UploadRow | None:
    """One's own upload; expired ones included, until they are swept."""
    row = await fetch_one(
        f"{_UPLOAD} WHERE account_id = $1 AND id = $2", actor.account_id, upload_id
    )
    return None if row is None else _upload(row)


async def get_same_upload(actor: Actor, asked: NewUpload) -> UploadRow | None:
    """One's own upload of the same bytes, complete or still going on; complete ones first."""
    row = await fetch_one(
        f"""{_UPLOAD}
        WHERE account_id = $1 AND sha256 = $2 AND length = $3
          AND (completed_at IS NOT NULL OR expires_at > now())
        ORDER BY completed_at NULLS LAST, created_at DESC LIMIT 1""",
        actor.account_id,
        asked.sha256,
        asked.length,
    )
    return None if row is None else _upload(row)


async def get_used_quota(
    actor: Actor, window: timedelta, least: int
) -> tuple[int, datetime | None]:
    """Bytes announced within `window`, each upload counted as `least` bytes or more; the oldest."""
    row = await fetch_one(
        """SELECT coalesce(sum(greatest(length, $3::bigint)), 0)::bigint AS used,
                  min(created_at) AS oldest
           FROM upload WHERE account_id = $1 AND created_at > now() - $2::interval""",
        actor.account_id,
        window,
        least,
    )
    return (0, None) if row is None else (row["used"], row["oldest"])


async def insert_upload(
    actor: Actor, upload_id: UUID, asked: NewUpload, lifetime: timedelta
) -> UploadRow:
    row = await fetch_one(
        """INSERT INTO upload (id, account_id, sha256, content_type, length, expires_at)
           VALUES ($1, $2, $3, $4, $5, now() + $6::interval)
           RETURNING id, account_id, sha256, content_type, length, expires_at,
                     false AS complete, false AS expired""",
        upload_id,
        actor.account_id,
        asked.sha256,
        asked.content_type,
        asked.length,
        lifetime,
    )
    assert row is not None
    return _upload(row)


async def update_progress(upload_id: UUID, received: int, lifetime: timedelta) -> datetime | None:
    """Bytes arrived, so it lives on. Returns when it now expires; None if it is no longer open."""
    row = await fetch_one(
        """UPDATE upload SET received = $2, expires_at = now() + $3::interval
           WHERE id = $1 AND completed_at IS NULL AND expires_at > now()
           RETURNING expires_at""",
        upload_id,
        received,
        lifetime,
    )
    return None if row is None else row["expires_at"]


async def complete_upload(upload_id: UUID, media_key: str, unnamed_for: timedelta) -> bool:
    """The bytes are verified and durable under `media_key`. False: finished before, or given up."""
    tag = await execute(
        """UPDATE upload SET completed_at = now(), received = length, media_key = $2,
                             expires_at = now() + $3::interval
           WHERE id = $1 AND completed_at IS NULL AND expires_at > now()""",
        upload_id,
        media_key,
        unnamed_for,
    )
    return rows_of(tag) > 0


async def is_complete(upload_id: UUID) -> bool:
    return bool(
        await fetch_value("SELECT completed_at IS NOT NULL FROM upload WHERE id = $1", upload_id)
    )


async def keep_upload(media_key: str, account_id: UUID, sha256: bytes) -> None:
    """A photo hangs on it now: it never expires."""
    await execute(
        """UPDATE upload SET expires_at = 'infinity'
           WHERE account_id = $2 AND sha256 = $3 AND media_key = $1""",
        media_key,
        account_id,
        sha256,
    )


async def get_completed_key(account_id: UUID, sha256: bytes) -> str | None:
    """Where the account's finished upload of these bytes lies."""
    key = await fetch_value(
        """SELECT media_key FROM upload
           WHERE account_id = $1 AND sha256 = $2 AND completed_at IS NOT NULL
           ORDER BY completed_at, id LIMIT 1""",
        account_id,
        sha256,
    )
    return key if isinstance(key, str) else None


async def give_up_upload(upload_id: UUID) -> bool:
    """Nothing can join it or add to it any more. False when a photo hangs on it."""
    tag = await execute(
        """UPDATE upload SET completed_at = NULL, expires_at = now()
           WHERE id = $1 AND expires_at < 'infinity'""",
        upload_id,
    )
    return rows_of(tag) > 0


async def delete_upload(upload_id: UUID) -> None:
    """Only one that was given up or has expired."""
    await execute(
        "DELETE FROM upload WHERE id = $1 AND completed_at IS NULL AND expires_at <= now()",
        upload_id,
    )


async def list_stale_uploads(limit: int) -> list[UploadRow]:
    """Unfinished ones that expired, and finished ones that no photo was named for in time."""
    rows = await fetch(
        f"{_UPLOAD} WHERE expires_at < 'infinity' AND expires_at <= now() "
        "ORDER BY expires_at LIMIT $1",
        limit,
    )
    return [_upload(row) for row in rows]


async def list_open_uploads(upload_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these still wait for bytes."""
    rows = await fetch(
        "SELECT id FROM upload WHERE id = ANY($1) AND completed_at IS NULL", list(upload_ids)
    )
    return {row["id"] for row in rows}


# photos ----------------------------------------------------------------------------------------


async def insert_photo(
    photo_id: UUID,
    *,
    account_id: UUID,
    thread_id: UUID,
    message_id: UUID,
    position: int,
    sha256: bytes,
    content_type: str,
    size: int,
    media_key: str | None,
    seconds: float | None,
) -> bool:
    """Stored already when `media_key` is given, else expected. False: named before.

    With `seconds` it is a voice note.
    """
    tag = await execute(
        """INSERT INTO photo (id, account_id, thread_id, message_id, position, sha256,
                              content_type, bytes, state, media_key, stored_at, seconds)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
                   CASE WHEN $9::text IS NULL THEN 'expected' ELSE 'stored' END, $9,
                   CASE WHEN $9::text IS NULL THEN NULL ELSE now() END, $10)
           ON CONFLICT (message_id, sha256) DO NOTHING""",
        photo_id,
        account_id,
        thread_id,
        message_id,
        position,
        sha256,
        content_type,
        size,
        media_key,
        seconds,
    )
    return rows_of(tag) > 0


async def join_expected_photos(account_id: UUID, sha256: bytes, media_key: str) -> list[PhotoPlace]:
    """Every photo that waited for these bytes is stored."""
    rows = await fetch(
        """UPDATE photo SET state = 'stored', stored_at = now(), media_key = $3
           WHERE account_id = $1 AND sha256 = $2 AND state = 'expected'
           RETURNING id, account_id, thread_id, message_id, state""",
        account_id,
        sha256,
        media_key,
    )
    return [PhotoPlace(**dict(row)) for row in rows]


async def list_receipts(message_id: UUID, *, voice: bool = False) -> list[PhotoReceipt]:
    """Of its photos, or of its voice note."""
    rows = await fetch(
        """SELECT id, sha256, state <> 'expected' AS stored FROM photo
           WHERE message_id = $1 AND (seconds IS NOT NULL) = $2 ORDER BY position, id""",
        message_id,
        voice,
    )
    return [PhotoReceipt(row["id"], row["sha256"].hex(), row["stored"]) for row in rows]


async def list_photos(message_ids: Sequence[UUID]) -> list[tuple[UUID, PhotoOut]]:
    """(message, photo) in the order they were named."""
    rows = await fetch(
        """SELECT message_id, id, sha256, state, width, height FROM photo
           WHERE message_id = ANY($1) AND seconds IS NULL ORDER BY message_id, position, id""",
        list(message_ids),
    )
    return [
        (
            row["message_id"],
            PhotoOut(row["id"], row["sha256"].hex(), row["state"], row["width"], row["height"]),
        )
        for row in rows
    ]


async def list_voices(message_ids: Sequence[UUID]) -> dict[UUID, VoiceOut]:
    """The voice notes of messages that have one."""
    rows = await fetch(
        """SELECT message_id, id, sha256, state, seconds, silent FROM photo
           WHERE message_id = ANY($1) AND seconds IS NOT NULL""",
        list(message_ids),
    )
    return {
        row["message_id"]: VoiceOut(
            row["id"], row["sha256"].hex(), row["state"], row["seconds"], row["silent"]
        )
        for row in rows
    }


async def get_photo(photo_id: UUID) -> PhotoPlace | None:
    row = await fetch_one(
        "SELECT id, account_id, thread_id, message_id, state FROM photo WHERE id = $1", photo_id
    )
    return None if row is None else PhotoPlace(**dict(row))


async def get_picture_key(photo_id: UUID, variant: str) -> "Record | None":
    """`state`, and `key` of that picture once it is ready."""
    return await fetch_one(
        """SELECT state, CASE $2 WHEN 'full' THEN full_key ELSE thumb_key END AS key
           FROM photo WHERE id = $1 AND seconds IS NULL""",
        photo_id,
        variant,
    )


async def get_voice_key(voice_id: UUID) -> "Record | None":
    """`state`, and `key` of the voice note once it is ready."""
    return await fetch_one(
        "SELECT state, full_key AS key FROM photo WHERE id = $1 AND seconds IS NOT NULL", voice_id
    )


async def is_voice(photo_id: UUID) -> bool:
    return bool(await fetch_value("SELECT seconds IS NOT NULL FROM photo WHERE id = $1", photo_id))


async def get_unprocessed_key(photo_id: UUID) -> str | None:
    """Where the original lies, while nothing was made of it."""
    key = await fetch_value(
        "SELECT media_key FROM photo WHERE id = $1 AND state = 'stored'", photo_id
    )
    return key if isinstance(key, str) else None


async def set_photo_ready(
    photo_id: UUID, full_key: str, thumb_key: str, width: int, height: int
) -> PhotoPlace | None:
    """None: somebody else was first."""
    row = await fetch_one(
        """UPDATE photo SET state = 'ready', full_key = $2, thumb_key = $3, width = $4, height = $5
           WHERE id = $1 AND state = 'stored'
           RETURNING id, account_id, thread_id, message_id, state""",
        photo_id,
        full_key,
        thumb_key,
        width,
        height,
    )
    return None if row is None else PhotoPlace(**dict(row))


async def set_voice_ready(
    voice_id: UUID, key: str, seconds: float, *, silent: bool
) -> PhotoPlace | None:
    """None: somebody else was first."""
    row = await fetch_one(
        """UPDATE photo SET state = 'ready', full_key = $2, seconds = $3, silent = $4
           WHERE id = $1 AND state = 'stored'
           RETURNING id, account_id, thread_id, message_id, state""",
        voice_id,
        key,
        seconds,
        silent,
    )
    return None if row is None else PhotoPlace(**dict(row))


async def set_photo_failed(photo_id: UUID, code: str) -> PhotoPlace | None:
    """None: somebody else was first."""
    row = await fetch_one(
        """UPDATE photo SET state = 'failed', failure = $2 WHERE id = $1 AND state = 'stored'
           RETURNING id, account_id, thread_id, message_id, state""",
        photo_id,
        code,
    )
    return None if row is None else PhotoPlace(**dict(row))


async def hand_over(account_id: UUID, heir_id: UUID) -> None:
    await execute("UPDATE upload SET account_id = $2 WHERE account_id = $1", account_id, heir_id)
    await execute("UPDATE photo SET account_id = $2 WHERE account_id = $1", account_id, heir_id)
