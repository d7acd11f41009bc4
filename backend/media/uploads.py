"""Uploads: bytes come in pieces, in any number of connections, and are whole or nothing (O4, I1).

Bytes that came are kept, whatever ends the connection. How far an upload is, its part on disk
says; the row says whose it is, and whether it is finished.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
import uuid_utils.compat as uuids

from backend.actor import Actor
from backend.db import write_tx
from backend.errors import NotFound, QuotaExceeded, Unavailable
from backend.failpoints import failpoint
from backend.logs import get_logger
from backend.media import queries
from backend.media.parts import Part, PartTaken, list_parts, upload_of
from backend.media.schemas import NewUpload, UploadRow, UploadState
from backend.media.service import announce_stored
from backend.media.store import media_store, original_key, store_errors, uploads_folder
from backend.media.tus import (
    ALGORITHMS,
    Checksum,
    ChecksumMismatch,
    ContentMismatch,
    MoreThanAnnounced,
    OffsetConflict,
    UploadExpired,
    UploadInterrupted,
    UploadInUse,
    UploadTaken,
)
from backend.settings import get_settings

LIFETIME: Final = timedelta(days=7)
"""Of an unfinished upload since its last bytes, of a finished one that no photo is named for."""

QUOTA_WINDOW: Final = timedelta(days=1)
QUOTA_LEAST: Final = 64 * 1024
"""What even the smallest upload counts, so that a flood of tiny ones ends too."""

SILENCE_SECONDS: Final = 60.0
SPOOL_BYTES: Final = 1024 * 1024
COPY_BYTES: Final = 256 * 1024
SWEEP_LIMIT: Final = 500
_JOIN_ATTEMPTS: Final = 25

_writers: dict[UUID, asyncio.Event] = {}
_finishing: dict[UUID, asyncio.Task[None]] = {}


async def create_upload(actor: Actor, asked: NewUpload) -> UploadState:
    """A new upload, or the same bytes' earlier one: unfinished to go on with, or already complete.

    Raises:
        QuotaExceeded: too many bytes announced in the last 24 hours.
    """
    async with write_tx():
        await queries.lock_uploads(actor.account_id)
        upload = await queries.get_same_upload(actor, asked)
        if upload is None:
            await _require_quota(actor, asked.length)
            fresh = await queries.insert_upload(actor, uuids.uuid7(), asked, LIFETIME)
            return UploadState(fresh, 0)
    return await _state_of(upload)


async def _require_quota(actor: Actor, length: int) -> None:
    used, oldest = await queries.get_used_quota(actor, QUOTA_WINDOW, QUOTA_LEAST)
    settings = get_settings()
    quota = settings.guest_upload_bytes if actor.guest else settings.upload_quota_bytes
    if used + max(length, QUOTA_LEAST) > quota:
        now = datetime.now(UTC)
        raise QuotaExceeded((oldest or now) + QUOTA_WINDOW - now)


async def get_upload(actor: Actor, upload_id: UUID) -> UploadState:
    """How far it is. Whoever was still sending is cut off, so that the answer stays true.

    Raises:
        NotFound: not one's own, or not there.
        UploadExpired
    """
    return await _state_of(await _own_upload(actor, upload_id))


async def _own_upload(actor: Actor, upload_id: UUID) -> UploadRow:
    upload = await queries.get_upload(actor, upload_id)
    if upload is None:
        raise NotFound
    if upload.expired:
        raise UploadExpired
    return upload


async def _state_of(upload: UploadRow) -> UploadState:
    if upload.complete:
        return UploadState(upload, upload.length)
    _cut_off_writer(upload.id)
    part = _part(upload)
    offset = await asyncio.to_thread(part.take)
    if offset < upload.length:
        return UploadState(upload, offset)
    # All bytes came, but their end was not put on record: a crash, or the store was away.
    try:
        await _finish(upload, part)
    except ContentMismatch:
        return UploadState(upload, 0)
    return UploadState(msgspec.structs.replace(upload, complete=True), upload.length)


async def append_bytes(
    actor: Actor,
    upload_id: UUID,
    offset: int,
    chunks: AsyncGenerator[bytes],
    *,
    announced: int | None = None,
    checksum: Checksum | None = None,
) -> UploadState:
    """Take bytes from `offset` on; with the last one the upload is verified and stored for good.

    `announced` is how many will come, if known. Bytes are kept as they come; with a `checksum` only
    once it fits.

    Raises:
        NotFound, UploadExpired, OffsetConflict, MoreThanAnnounced, UploadTaken, UploadInterrupted
        ChecksumMismatch: nothing of these bytes is kept.
        ContentMismatch: it was the last piece and the whole has another SHA-256; all is dropped.
        StorageFull, Unavailable
    """
    upload = await _own_upload(actor, upload_id)
    if upload.complete:
        if offset != upload.length:
            raise OffsetConflict(upload.length)
        return UploadState(upload, upload.length)
    part = _part(upload)
    with _only_writer(upload.id) as cut_off:
        held = await asyncio.to_thread(part.take)
        if held != offset:
            raise OffsetConflict(held)
        if announced is not None and offset + announced > upload.length:
            raise MoreThanAnnounced
        chunks = _until(cut_off, chunks)
        if checksum is not None:
            chunks = _verified(chunks, checksum, upload.length - offset)
        held = await _write(upload, part, offset, chunks)
        await failpoint("part_synced")
        expires_at = await queries.update_progress(upload.id, held, LIFETIME)
    if held == upload.length:
        await _finish(upload, part)
        return UploadState(msgspec.structs.replace(upload, complete=True), held)
    if expires_at is None:
        raise NotFound
    return UploadState(msgspec.structs.replace(upload, expires_at=expires_at), held)


async def _write(upload: UploadRow, part: Part, offset: int, chunks: AsyncGenerator[bytes]) -> int:
    """Returns how many bytes of the upload are durable. They are, too, when it raises."""
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                offset += len(chunk)
                if offset > upload.length:
                    raise MoreThanAnnounced
                await asyncio.to_thread(part.append, chunk)
                await failpoint("part_written")
    except PartTaken as error:
        raise UploadTaken from error
    except BaseException:
        with suppress(PartTaken):
            held = await asyncio.to_thread(part.sync)
            await queries.update_progress(upload.id, held, LIFETIME)
        raise
    try:
        return await asyncio.to_thread(part.sync)
    except PartTaken as error:
        raise UploadTaken from error


@contextmanager
def _only_writer(upload_id: UUID) -> Iterator[asyncio.Event]:
    """Cuts off the one before; yields the event by which the next one cuts off this one."""
    _cut_off_writer(upload_id)
    cut_off = _writers[upload_id] = asyncio.Event()
    try:
        yield cut_off
    finally:
        if _writers.get(upload_id) is cut_off:
            del _writers[upload_id]


def _cut_off_writer(upload_id: UUID) -> None:
    """Ends at once a request of this process that waits for a phone long gone.

    One in another process stops at its next byte: it no longer holds the part.
    """
    writer = _writers.get(upload_id)
    if writer is not None:
        writer.set()


async def _until(cut_off: asyncio.Event, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """`chunks`, until the event or a long silence ends them."""
    ended = asyncio.create_task(cut_off.wait())
    try:
        while True:
            coming = asyncio.create_task(_next(chunks))
            try:
                await asyncio.wait(
                    {coming, ended}, timeout=SILENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                if not coming.done():
                    coming.cancel()
            if coming.done() and not coming.cancelled():
                chunk = coming.result()
                if chunk is None:
                    return
                yield chunk
            elif ended.done():
                raise UploadTaken
            else:
                raise UploadInterrupted
    finally:
        ended.cancel()


async def _next(chunks: AsyncGenerator[bytes]) -> bytes | None:
    """None at the end: a task cannot end with StopAsyncIteration."""
    return await anext(chunks, None)


async def _verified(
    chunks: AsyncGenerator[bytes], checksum: Checksum, most: int
) -> AsyncGenerator[bytes]:
    """Sets the bytes aside until they are all there, and gives them out only if they are right."""
    digest = ALGORITHMS[checksum.algorithm]()
    size = 0
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as aside:
        async with aclosing(chunks):
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise MoreThanAnnounced
                digest.update(chunk)
                await asyncio.to_thread(aside.write, chunk)
        if digest.digest() != checksum.digest:
            raise ChecksumMismatch
        aside.seek(0)
        while chunk := await asyncio.to_thread(aside.read, COPY_BYTES):
            yield chunk


async def _finish(upload: UploadRow, part: Part) -> None:
    """Verify, store, join. Once at a time, and to its end even if the phone no longer waits."""
    task = _finishing.get(upload.id)
    if task is None:
        task = _finishing[upload.id] = asyncio.create_task(_verify_and_store(upload, part))
        task.add_done_callback(lambda done: _finished(upload.id, done))
    await asyncio.shield(task)


def _finished(upload_id: UUID, task: asyncio.Task[None]) -> None:
    _finishing.pop(upload_id, None)
    if not task.cancelled() and task.exception() is not None:
        get_logger().warning(
            "upload_not_finished", upload=str(upload_id), error=repr(task.exception())
        )


async def _verify_and_store(upload: UploadRow, part: Part) -> None:
    try:
        if await asyncio.to_thread(part.sha256) != upload.sha256:
            await asyncio.to_thread(part.empty)
            await queries.update_progress(upload.id, 0, LIFETIME)
            raise ContentMismatch
        key = original_key(upload.account_id, upload.id)
        with store_errors():
            await media_store().put_file(key, part.path, content_type=upload.content_type)
        await failpoint("file_stored")
    except FileNotFoundError:
        # Another process of ours was first, or the person took the upload back.
        if await queries.is_complete(upload.id):
            return
        raise NotFound from None
    if not await _record(upload, key) and not await queries.is_complete(upload.id):
        with store_errors():
            await media_store().delete(key)
        raise NotFound
    await failpoint("upload_recorded")
    await asyncio.to_thread(part.discard)


async def _record(upload: UploadRow, key: str) -> bool:
    """The row says complete, and every photo that waited for it is stored, in one transaction.

    Asyncpg's lock errors mean that a report is just being written; see `queries.give_way`.
    """
    for _ in range(_JOIN_ATTEMPTS):
        try:
            async with write_tx():
                await queries.give_way()
                await queries.lock_content(upload.account_id, upload.sha256)
                if not await queries.complete_upload(upload.id, key, LIFETIME):
                    return False
                joined = await queries.join_expected_photos(upload.account_id, upload.sha256, key)
                if joined:
                    await queries.keep_upload(key, upload.account_id, upload.sha256)
                    await announce_stored(joined)
                return True
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            continue
    raise Unavailable


async def delete_upload(actor: Actor, upload_id: UUID) -> None:
    """The phone no longer wants it.

    Raises:
        NotFound
        UploadInUse: a photo of a report or message hangs on it.
    """
    upload = await queries.get_upload(actor, upload_id)
    if upload is None:
        raise NotFound
    _cut_off_writer(upload.id)
    if not await _remove(upload):
        raise UploadInUse if await queries.get_upload(actor, upload_id) else NotFound


async def _remove(upload: UploadRow) -> bool:
    """Row and bytes. False when a photo hangs on it.

    The row goes last: a crash on the way leaves an expired row, which the sweep finds again, never
    bytes without a row, nor a row that can be joined but has no bytes.
    """
    async with write_tx():
        await queries.lock_content(upload.account_id, upload.sha256)
        if not await queries.give_up_upload(upload.id):
            return False
    await asyncio.to_thread(_part(upload).discard)
    with store_errors():
        await media_store().delete(original_key(upload.account_id, upload.id))
    await queries.delete_upload(upload.id)
    return True


async def sweep_uploads() -> int:
    """Remove uploads nobody finished or named a photo for in time, and parts without an upload.

    Returns how many uploads went. Parts are those of this machine (see `parts.py`).
    """
    gone = 0
    while stale := await queries.list_stale_uploads(SWEEP_LIMIT):
        removed = 0
        for upload in stale:
            removed += await _remove(upload)
        gone += removed
        if removed == 0:
            break
    files = await asyncio.to_thread(list_parts, uploads_folder())
    open_ids = await queries.list_open_uploads(
        sorted({owner for path in files if (owner := upload_of(path)) is not None})
    )
    for path in files:
        if upload_of(path) not in open_ids:
            await asyncio.to_thread(path.unlink, missing_ok=True)
    return gone


def _part(upload: UploadRow) -> Part:
    return Part(uploads_folder(), upload.account_id, upload.id)
