"""Do rows and files agree? Everything is looked at, and what is safe to mend can be mended (I3).

What looks wrong is looked at once more before it is said: phones go on sending meanwhile. Nothing
is deleted but files of our own making that no row can ever name.
"""

import asyncio
import hashlib
import re
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, assert_never, cast
from uuid import UUID

from msgspec import Struct

from backend.db import pool, write_tx
from backend.jobs import enqueue
from backend.media import audit_queries, queries
from backend.media.audit_notes import AuditNotes
from backend.media.audit_queries import NamedObject, stream_named_objects
from backend.media.parts import list_parts, upload_of
from backend.media.schemas import PhotoPlace, ProcessPhoto
from backend.media.service import PROCESS_PHOTO, announce_changed, announce_stored
from backend.media.store import media_store, uploads_folder
from media_store import MediaNotFound, MediaStore

if TYPE_CHECKING:
    from asyncpg import Connection, Record

ORPHAN_AGE: Final = timedelta(hours=24)
"""A file is stored before its row says so; a day later nobody can still be in between."""

STUCK_AGE: Final = timedelta(hours=1)
AWAITED_AGE: Final = timedelta(days=7)
AT_ONCE: Final = 8

_UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ORIGINAL: Final = re.compile(rf"original/{_UUID}/({_UUID})")
_PICTURE: Final = re.compile(rf"public/({_UUID})/(?:(?:full|thumb)\.webp|voice\.m4a)")

FEW: Final = 3
USUAL_SHARE: Final = 0.01
"""Of all files: so many may be astray without anybody asking whether this is the right place."""

FileFinding = Literal["orphan_file", "original_missing", "original_damaged", "picture_missing"]
FindingKind = FileFinding | Literal["photo_unprocessed", "photo_unjoined", "stray_part"]

_AGAIN: Final = "the phone is asked for it again if it still has it"
_WORDS: Final[Mapping[FileFinding, tuple[str, str]]] = {
    "orphan_file": ("a file that no row names", "deleted"),
    "original_missing": ("an original is not in the media store", _AGAIN),
    "original_damaged": ("the bytes of an original are not those that were received", _AGAIN),
    "picture_missing": (
        "a picture people see is not in the media store",
        "it is being made again, or waits for the phone",
    ),
}
"""What is wrong, and what was done about it."""


class Finding(Struct, frozen=True):
    """One thing that is wrong: about which key or photo, in words, and whether it was mended."""

    kind: FindingKind
    subject: str
    words: str
    mended: bool


class MediaAudit:
    """One look at all media. The counts are complete when `findings` has ended.

    `mend`: what is safe is mended. When more files are missing, or have no row, than ever go astray
    one by one, the wrong store or the wrong database is the likelier reason; then none of these is
    touched (`suspicious`), unless `accept_many`.
    """

    def __init__(
        self, *, mend: bool, accept_many: bool = False, now: datetime | None = None
    ) -> None:
        self.objects = 0
        self.bytes = 0
        self.young_orphans = 0
        self.awaited = 0
        self.suspicious = False
        self._mend = mend
        self._accept_many = accept_many
        self._now = now or datetime.now(UTC)

    async def findings(self) -> AsyncGenerator[Finding]:
        """What is wrong.

        Raises:
            MediaStoreUnavailable: the store does not answer; nothing can be said then.
        """
        with tempfile.TemporaryDirectory(prefix="khupho-check-") as folder:
            notes = await asyncio.to_thread(AuditNotes, Path(folder) / "notes.sqlite")
            try:
                for prefix in ("original/", "public/"):
                    async for entry in media_store().list(prefix):
                        notes.add(entry.key, entry.size, entry.modified)
                await self._compare(notes)
                await self._find_orphans(notes)
                wrong = notes.count()
                everything = self.objects + wrong
                self.suspicious = wrong > FEW and wrong > everything * USUAL_SHARE
                touch = self._mend and (self._accept_many or not self.suspicious)
                for kind, key in notes.wrong():
                    yield await _finding(cast("FileFinding", kind), key, touch=touch)
            finally:
                notes.close()
        for finding in [*await self._rows(), *await self._parts()]:
            yield finding

    # files that rows name ----------------------------------------------------------------------

    async def _compare(self, notes: AuditNotes) -> None:
        async with (
            pool().acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            batches = stream_named_objects(cast("Connection[Record]", connection))
            async with aclosing(batches):
                async for batch in batches:
                    for start in range(0, len(batch), AT_ONCE):
                        async with asyncio.TaskGroup() as group:
                            for named in batch[start : start + AT_ONCE]:
                                group.create_task(self._look_at(named, notes))

    async def _look_at(self, named: NamedObject, notes: AuditNotes) -> None:
        size = notes.name(named.key)
        try:
            if size is None:
                size = (await media_store().stat(named.key)).size  # it came after we had listed
            if named.sha256 is not None and await _sha256_of(named.key) != named.sha256:
                notes.note("original_damaged", named.key)
                return
        except MediaNotFound:
            if await audit_queries.is_named(named.key):  # else both went meanwhile
                original = named.sha256 is not None
                notes.note("original_missing" if original else "picture_missing", named.key)
            return
        self.objects += 1
        self.bytes += size

    # files that no row names -------------------------------------------------------------------

    async def _find_orphans(self, notes: AuditNotes) -> None:
        for batch in notes.unnamed():
            for key in await _without_a_row(list(batch)):
                if self._now - batch[key] < ORPHAN_AGE:
                    self.young_orphans += 1
                else:
                    notes.note("orphan_file", key)

    async def _parts(self) -> list[Finding]:
        """Of unfinished uploads on this machine (see `parts.py`)."""
        paths = await asyncio.to_thread(list_parts, uploads_folder())
        owners = sorted({owner for path in paths if (owner := upload_of(path)) is not None})
        waiting = await queries.list_open_uploads(owners)
        found = []
        for path in paths:
            if upload_of(path) in waiting or not _is_older(path, self._now - ORPHAN_AGE):
                continue
            if self._mend:
                path.unlink(missing_ok=True)
            words = "a part of an upload that no row names" + ("; deleted" if self._mend else "")
            found.append(Finding("stray_part", str(path), words, self._mend))
        return found

    # rows that stand still ---------------------------------------------------------------------

    async def _rows(self) -> list[Finding]:
        found = []
        for row in await audit_queries.list_unjoined_photos(self._now - STUCK_AGE):
            words = "a photo is waited for although its bytes are here"
            mended = self._mend and await _join(row["account_id"], row["sha256"])
            found.append(Finding("photo_unjoined", str(row["id"]), words, mended))
        for photo_id in await audit_queries.list_unprocessed_photos(self._now - STUCK_AGE):
            if self._mend:
                async with write_tx():
                    await enqueue(PROCESS_PHOTO, ProcessPhoto(photo_id))
            words = "no job makes pictures of this photo" + ("; asked for" if self._mend else "")
            found.append(Finding("photo_unprocessed", str(photo_id), words, self._mend))
        self.awaited = await audit_queries.count_awaited_photos(self._now - AWAITED_AGE)
        return found


async def _finding(kind: FileFinding, key: str, *, touch: bool) -> Finding:
    """In words; mended if `touch` and if it can be."""
    words, done = _WORDS[kind]
    match kind:
        case "orphan_file":
            mended = touch and bool(await _without_a_row([key]))
            if mended:
                await media_store().delete(key)
        case "picture_missing":
            # The other picture of the same photo may have done it for both.
            mended = touch and (await mend_pictures(key) or not await audit_queries.is_named(key))
        case "original_missing" | "original_damaged":
            mended = touch and await mend_original(key, damaged=kind == "original_damaged")
        case _:
            assert_never(kind)
    return Finding(kind, key, f"{words}; {done}" if mended else words, mended)


async def mend_original(key: str, *, damaged: bool = False) -> bool:
    """The bytes of an original are lost: ask for them again.

    Its upload is open again, so that a phone that still has the photo sends it (the receipt says it
    is not stored), and photos that had nothing else are expected again. A photo whose pictures were
    made stays as people see it. Returns whether there was anything to do.
    """
    match = _ORIGINAL.fullmatch(key)
    if match is None:
        return False
    upload_id = UUID(match[1])
    async with write_tx():
        content = await audit_queries.get_content_of(upload_id, key)
        if content is None:
            return False
        await queries.lock_content(*content)
        await audit_queries.reopen_upload(upload_id, key)
        await announce_changed(await audit_queries.expect_again(*content, key, damaged=damaged))
    return True


async def mend_pictures(key: str) -> bool:
    """A picture of a photo is lost: have it made again, if the original is here.

    Call `mend_original` first where that is lost, too. Returns whether there was anything to do.
    """
    match = _PICTURE.fullmatch(key)
    if match is None:
        return False
    async with write_tx():
        photo = await audit_queries.make_pictures_again(UUID(match[1]))
        if photo is None:
            return False
        if photo.state == "stored":
            await announce_stored([photo])
        else:
            await announce_changed([photo])
    return True


async def _join(account_id: UUID, sha256: bytes) -> bool:
    async with write_tx():
        await queries.lock_content(account_id, sha256)
        key = await queries.get_completed_key(account_id, sha256)
        if key is None:
            return False
        joined: list[PhotoPlace] = await queries.join_expected_photos(account_id, sha256, key)
        await queries.keep_upload(key, account_id, sha256)
        await announce_stored(joined)
    return bool(joined)


async def _without_a_row(keys: Sequence[str]) -> list[str]:
    """Those of our making that nothing in the database can name, now or later."""
    originals = {key: UUID(match[1]) for key in keys if (match := _ORIGINAL.fullmatch(key))}
    pictures = {key: UUID(match[1]) for key in keys if (match := _PICTURE.fullmatch(key))}
    uploads = await audit_queries.list_known_uploads(list(originals.values()), list(originals))
    photos = await audit_queries.list_known_photos(list(pictures.values()))
    return [
        *(key for key, upload_id in originals.items() if upload_id not in uploads),
        *(key for key, photo_id in pictures.items() if photo_id not in photos),
    ]


async def _sha256_of(key: str) -> bytes:
    store: MediaStore = media_store()
    digest = hashlib.sha256()
    async with await store.open(key) as reader:
        async for chunk in reader:
            digest.update(chunk)
    return digest.digest()


def _is_older(path: Path, than: datetime) -> bool:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) < than
    except FileNotFoundError:
        return False
