"""Photos and voice notes: named by a report or message, stored when their bytes are whole, shown
when made safe.

Whose thread a photo hangs in, and so who may see it, the owner of the thread knows; here nobody is
asked. The owner hears of every change through `on_photo_changed`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

import uuid_utils.compat as uuids

from backend.errors import Conflict, NotFound
from backend.i18n import N_
from backend.jobs import enqueue
from backend.media import queries
from backend.media.policy import check_photos
from backend.media.ranges import find_range
from backend.media.schemas import (
    PhotoFile,
    PhotoNamed,
    PhotoOut,
    PhotoPlace,
    PhotoReceipt,
    PhotoVariant,
    ProcessPhoto,
    VoiceFile,
    VoiceNamed,
    VoiceOut,
)
from backend.media.store import (
    FULL_TYPE,
    VOICE_TYPE,
    close_store,
    is_answering,
    media_store,
    open_store,
    store_errors,
)

__all__ = [
    "announce_changed",
    "announce_stored",
    "close_store",
    "get_photo",
    "hand_over",
    "is_answering",
    "list_photos",
    "list_voices",
    "name_photos",
    "name_voice",
    "on_photo_changed",
    "open_store",
    "open_variant",
    "open_voice",
    "photo_receipts",
    "voice_receipt",
]

PROCESS_PHOTO: Final = "process_photo"

PhotoListener = Callable[[UUID, UUID], Awaitable[None]]

on_photo_changed: list[PhotoListener] = []
"""Called with (thread_id, message_id) when a photo or voice note of that message is stored, ready
or failed, in the transaction that says so: to touch the feeds of those who see it. Registered at
import by the slice that owns the threads, in the server and in the worker."""


class VoiceNotReady(Conflict):
    code = "voice_not_ready"
    title = N_("Not ready yet")
    message = N_("This voice note has not arrived completely, or is still being prepared.")


class PhotoNotReady(Conflict):
    code = "photo_not_ready"
    title = N_("Not ready yet")
    message = N_("This photo has not arrived completely, or is still being prepared.")


async def name_photos(
    account_id: UUID, thread_id: UUID, message_id: UUID, photos: Sequence[PhotoNamed]
) -> list[PhotoReceipt]:
    """Write down which photos a message has; those whose bytes came before are joined at once.

    Must run inside `write_tx()`. Named again, they stay as they are. Either this transaction sees
    the finished upload, or the upload's sees these photos: they take turns for each content.

    Raises:
        InvalidField: see `check_photos`.
    """
    checked = check_photos(photos)
    for sha256 in sorted(bytes.fromhex(photo.sha256) for photo in checked):
        await queries.lock_content(account_id, sha256)
    processed = []
    for position, photo in enumerate(checked):
        processed += await _name(account_id, thread_id, message_id, position, photo)
    await enqueue(PROCESS_PHOTO, *processed)
    return await queries.list_receipts(message_id)


async def _name(
    account_id: UUID, thread_id: UUID, message_id: UUID, position: int, named: PhotoNamed
) -> list[ProcessPhoto]:
    """Returns the job, if its bytes came before."""
    sha256 = bytes.fromhex(named.sha256)
    media_key = await queries.get_completed_key(account_id, sha256)
    photo_id = uuids.uuid7()
    fresh = await queries.insert_photo(
        photo_id,
        account_id=account_id,
        thread_id=thread_id,
        message_id=message_id,
        position=position,
        sha256=sha256,
        content_type=named.type,
        size=named.bytes,
        media_key=media_key,
        seconds=named.seconds if isinstance(named, VoiceNamed) else None,
    )
    if not fresh or media_key is None:
        return []
    await queries.keep_upload(media_key, account_id, sha256)
    return [ProcessPhoto(photo_id)]


async def name_voice(
    account_id: UUID, thread_id: UUID, message_id: UUID, voice: VoiceNamed
) -> PhotoReceipt:
    """The same for the voice note of a message, which `check_voice` has let pass."""
    sha256 = bytes.fromhex(voice.sha256)
    await queries.lock_content(account_id, sha256)
    await enqueue(PROCESS_PHOTO, *await _name(account_id, thread_id, message_id, -1, voice))
    receipts = await queries.list_receipts(message_id, voice=True)
    return receipts[0]


async def voice_receipt(message_id: UUID) -> PhotoReceipt | None:
    """Whether the bytes of the voice note that a message named are safe here."""
    return next(iter(await queries.list_receipts(message_id, voice=True)), None)


async def photo_receipts(message_id: UUID) -> list[PhotoReceipt]:
    """The photos a message named, in that order, and whether their bytes are safe here."""
    return await queries.list_receipts(message_id)


async def list_photos(message_ids: Sequence[UUID]) -> dict[UUID, list[PhotoOut]]:
    """The photos of messages (of a report: under its own id). Messages without any are left out."""
    rows = await queries.list_photos(message_ids) if message_ids else []
    return {
        message_id: [photo for _, photo in group]
        for message_id, group in groupby(rows, key=lambda row: row[0])
    }


async def list_voices(message_ids: Sequence[UUID]) -> dict[UUID, VoiceOut]:
    """The voice notes of messages (of a report: under its own id) that have one."""
    return await queries.list_voices(message_ids) if message_ids else {}


async def get_photo(photo_id: UUID) -> PhotoPlace | None:
    return await queries.get_photo(photo_id)


async def open_variant(photo_id: UUID, variant: PhotoVariant) -> PhotoFile:
    """A picture without metadata, to hand to someone who may see it; ask that first.

    Raises:
        NotFound
        PhotoNotReady: 409; not stored, still being made, or its bytes are no picture.
        Unavailable: the store does not answer.
    """
    row = await queries.get_picture_key(photo_id, variant)
    if row is None:
        raise NotFound
    if row["state"] != "ready":
        raise PhotoNotReady
    with store_errors():
        found = await media_store().stat(row["key"])
    return PhotoFile(_picture_headers(photo_id, variant), found.size, _chunks(row["key"]))


async def open_voice(voice_id: UUID, asked: str | None) -> VoiceFile:
    """A voice note as everybody hears it, to hand to someone who may; ask that first.

    `asked` is the header Range, without which Safari plays nothing (RFC 9110, 14.2). One range of
    bytes is given; of what asks for more, or in other words, all.

    Raises:
        NotFound
        VoiceNotReady: 409; not stored, still being made, or no voice note at all.
        RangeInvalid: 416; it begins behind the end.
        Unavailable: the store does not answer.
    """
    row = await queries.get_voice_key(voice_id)
    if row is None:
        raise NotFound
    if row["state"] != "ready":
        raise VoiceNotReady
    with store_errors():
        size = (await media_store().stat(row["key"])).size
    part = find_range(asked, size)
    headers = {
        **_file_headers(VOICE_TYPE, f"{voice_id}-voice"),
        "Accept-Ranges": "bytes",
        "Content-Length": str(size if part is None else len(part)),
    }
    if part is None:
        return VoiceFile(200, headers, _chunks(row["key"]))
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return VoiceFile(206, headers, _chunks(row["key"], part.start, len(part)))


def _picture_headers(photo_id: UUID, variant: PhotoVariant) -> dict[str, str]:
    return _file_headers(FULL_TYPE, f"{photo_id}-{variant}")


def _file_headers(content_type: str, tag: str) -> dict[str, str]:
    """Made once and never changed, so a phone may keep it; nothing in it can run."""
    return {
        "Content-Type": content_type,
        "ETag": f'"{tag}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": "inline",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


async def _chunks(key: str, offset: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
    with store_errors():
        async with await media_store().open(key, offset=offset, length=length) as reader:
            async for chunk in reader:
                yield chunk


async def announce_stored(photos: Sequence[PhotoPlace]) -> None:
    """Inside the transaction that stored them: have pictures made, tell the owners."""
    await enqueue(PROCESS_PHOTO, *(ProcessPhoto(photo.id) for photo in photos))
    await announce_changed(photos)


async def announce_changed(photos: Iterable[PhotoPlace]) -> None:
    """Inside the transaction that changed them: tell the owners, each message once."""
    for thread_id, message_id in sorted({(photo.thread_id, photo.message_id) for photo in photos}):
        for listener in on_photo_changed:
            await listener(thread_id, message_id)


async def hand_over(account_id: UUID, heir_id: UUID) -> None:
    """Inside `write_tx()`: uploads and photos of one account become another's."""
    await queries.hand_over(account_id, heir_id)
