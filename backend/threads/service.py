"""The one timeline of a report: what was said and what happened (`C1`, `C2`).

A thread knows nothing of reports. Its owner locks its own row, draws the sequence numbers there
and hands them in, so that two people writing at once get an order (I4).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from backend.db import from_json
from backend.errors import IdReused
from backend.media import service as media
from backend.media.schemas import PhotoNamed, PhotoOut, PhotoReceipt, VoiceNamed, VoiceOut
from backend.threads import queries
from backend.threads.queries import NewMessage
from backend.threads.schemas import MessageOut, MessageReceipt, ThreadEvent

if TYPE_CHECKING:
    from asyncpg import Record


class Viewer(msgspec.Struct, frozen=True):
    """How much of a thread a person sees: internal notes; names of a department's people."""

    account_id: UUID
    sees_notes: bool
    sees_department_names: bool


class Thread(msgspec.Struct, frozen=True):
    """The photos and the voice note a thread began with, and its entries, oldest first."""

    photos: list[PhotoOut]
    voice: VoiceOut | None
    messages: list[MessageOut]


class Repeated(msgspec.Struct, frozen=True):
    """What was written when this id came first."""

    receipt: MessageReceipt
    event: ThreadEvent | None


async def find_repeat(
    thread_id: UUID, message_id: UUID, account_id: UUID, content_hash: bytes
) -> Repeated | None:
    """The earlier answer if this very message was taken before; None if the id is free.

    Raises:
        IdReused: the id stands for other content, another thread or another person's message.
    """
    row = await queries.get_message(message_id)
    if row is None:
        return None
    same = (row["thread_id"], row["account_id"], row["content_hash"])
    if same != (thread_id, account_id, content_hash):
        raise IdReused
    photos = await media.photo_receipts(message_id)
    voice = await media.voice_receipt(message_id)
    receipt = MessageReceipt(message_id, row["seq"], row["created_at"], photos, voice)
    return Repeated(receipt, _event(row))


async def append(
    messages: Sequence[NewMessage],
    photos: Sequence[PhotoNamed] = (),
    viewer: Viewer | None = None,
    voice: VoiceNamed | None = None,
) -> list[PhotoReceipt]:
    """Write entries with their drawn numbers; `photos` and `voice` belong to the first.

    Must run in the transaction that drew the numbers. What one writes oneself, as `viewer`, never
    counts as unread. Returns the photos' receipts.

    Raises:
        IdReused: an id is taken (by another thread: this one's row is locked).
    """
    if await queries.insert_messages(messages) != len(messages):
        raise IdReused
    first = messages[0]
    if viewer is not None:
        await queries.upsert_own_marker(
            first.thread_id,
            viewer.account_id,
            first.side,
            first.seq,
            messages[-1].seq,
            notes=viewer.sees_notes,
        )
    if first.account_id is None:
        return []
    if voice is not None:
        await media.name_voice(first.account_id, first.thread_id, first.id, voice)
    if not photos:
        return []
    return await media.name_photos(first.account_id, first.thread_id, first.id, photos)


async def read_thread(thread_id: UUID, viewer: Viewer) -> Thread:
    """The thread as `viewer` sees it."""
    rows = await queries.list_thread(thread_id, notes=viewer.sees_notes)
    ids = [thread_id, *(row["id"] for row in rows)]
    photos, voices = await media.list_photos(ids), await media.list_voices(ids)
    messages = [
        _shown(row, viewer, photos.get(row["id"], []), voices.get(row["id"])) for row in rows
    ]
    return Thread(photos.get(thread_id, []), voices.get(thread_id), messages)


async def load_messages(
    message_ids: Sequence[UUID],
    viewers_of: Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, Viewer]]],
) -> list[MessageOut]:
    """Those messages that may be seen, in the order of their threads.

    Args:
        viewers_of: answers for threads how the person sees them; leaves out what they may not see.
    """
    rows = await queries.list_messages(message_ids)
    viewers = await viewers_of(sorted({row["thread_id"] for row in rows}))
    rows = [
        row
        for row in rows
        if row["thread_id"] in viewers
        and (row["kind"] != "note" or viewers[row["thread_id"]].sees_notes)
    ]
    ids = [row["id"] for row in rows]
    photos, voices = await media.list_photos(ids), await media.list_voices(ids)
    return [
        _shown(row, viewers[row["thread_id"]], photos.get(row["id"], []), voices.get(row["id"]))
        for row in rows
    ]


async def is_note(message_id: UUID) -> bool:
    """Whether an entry is internal (`C3`)."""
    return await queries.is_note(message_id)


async def list_ids(thread_id: UUID) -> list[UUID]:
    """Every entry of a thread."""
    return await queries.list_ids(thread_id)


async def mark_read(thread_id: UUID, account_id: UUID, side: str, seq: int) -> bool:
    """Says how far a person has read (`C5`); True when that was further than before."""
    return await queries.upsert_read_marker(thread_id, account_id, side, seq)


def _shown(
    row: "Record", viewer: Viewer, photos: list[PhotoOut], voice: VoiceOut | None
) -> MessageOut:
    mine = row["account_id"] == viewer.account_id
    named = mine or row["side"] != "department" or viewer.sees_department_names
    return MessageOut(
        id=row["id"],
        report_id=row["thread_id"],
        seq=row["seq"],
        side=row["side"],
        author_name=row["author_name"] if named else None,
        mine=mine,
        kind=row["kind"],
        text=row["body"],
        event=_event(row),
        question=row["question"],
        created_at=row["created_at"],
        photos=photos,
        voice=voice,
    )


def _event(row: "Record") -> ThreadEvent | None:
    return None if row["event"] is None else from_json(row["event"], ThreadEvent)


async def hand_over(account_id: UUID, heir_id: UUID) -> None:
    """Inside `write_tx()`: what one account wrote and read becomes another's."""
    await queries.hand_over(account_id, heir_id)


async def list_entry_ids(thread_id: UUID) -> list[UUID]:
    """Of all that is no internal note."""
    return await queries.list_entry_ids(thread_id)
