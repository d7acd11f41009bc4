"""A set of backups in a folder or below an S3 prefix; photos are stored once for all of them.

    <prefix>media/<key>                 never changes once it is there: keys are immutable
    <prefix>snapshots/<stamp>/about.json, database.dump, secret_key, vapid.pem, manifest.jsonl

The manifest is written last: a snapshot without one was not finished.
"""

import asyncio
import hashlib
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from backend.backup.archive import (
    CHUNK_BYTES,
    SECRETS,
    Fetch,
    Fill,
    HashedFile,
    MediaObject,
    Member,
    Visit,
)
from backend.backup.errors import ArchiveDamaged, BackupError
from backend.backup.manifest import (
    ABOUT,
    DATABASE,
    MANIFEST,
    MEDIA,
    About,
    Line,
    ManifestWriter,
    decode_about,
    read_manifest,
)
from media_store import InvalidMediaStoreUrl, MediaNotFound, MediaStore, open_media_store

SNAPSHOTS: Final = "snapshots/"
AT_ONCE: Final = 8
FINDINGS: Final = 50
BYTES: Final = "application/octet-stream"
_STAMP: Final = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a set lives: a store, and what all its keys begin with (empty, or ending in `/`)."""

    name: str
    store: MediaStore
    prefix: str

    def snapshot(self, stamp: str, name: str) -> str:
        return f"{self.prefix}{SNAPSHOTS}{stamp}/{name}"

    async def stamps(self) -> list[str]:
        """Of the finished snapshots, oldest first."""
        start = len(self.prefix + SNAPSHOTS)
        found = [entry.key[start:] async for entry in self.store.list(self.prefix + SNAPSHOTS)]
        return sorted(key.removesuffix(f"/{MANIFEST}") for key in found if key.endswith(MANIFEST))


def open_place(address: str, *, make: bool) -> Place:
    """A folder, or `s3://KEY:SECRET@host:port/bucket/prefix?secure=…`.

    Without `KEY:SECRET@` they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: a command line
    is no secret.

    Raises:
        BackupError: a wrong address, or a folder that is not there (unless `make`).
        MediaStoreUnavailable: the folder cannot be made.
    """
    if not address.startswith("s3://"):
        folder = Path(address).absolute()
        if not make and not folder.is_dir():
            raise BackupError(f"there is no backup {folder}")
        return Place(str(folder), open_media_store(folder.as_uri()), "")
    parts = urlsplit(address)
    netloc = parts.netloc
    if "@" not in netloc:
        try:
            keys = [os.environ[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")]
        except KeyError as error:
            raise BackupError(
                "an S3 address needs KEY:SECRET@ before the host, or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY in the environment"
            ) from error
        netloc = ":".join(quote(key, safe="") for key in keys) + "@" + netloc
    bucket, _, prefix = parts.path.strip("/").partition("/")
    try:
        store = open_media_store(urlunsplit(("s3", netloc, f"/{bucket}", parts.query, "")))
    except InvalidMediaStoreUrl as error:
        raise BackupError(f"{error} (and may go on with /prefix)") from error
    host = netloc.rpartition("@")[2]
    return Place(f"s3://{host}{parts.path}", store, f"{prefix}/" if prefix else "")


class RepositoryWriter:
    """Adds a snapshot to the set at `place`. Objects that are there, at their size, stay there."""

    def __init__(self, place: Place, taken_at: datetime) -> None:
        self._place = place
        self.stamp = taken_at.astimezone(UTC).strftime(_STAMP)
        self._folder = tempfile.TemporaryDirectory(prefix="khupho-backup-")
        self._lines = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._manifest = ManifestWriter(self._lines)
        self._known = _KnownFiles(Path(self._folder.name) / "known.sqlite")

    async def begin(self) -> None:
        """Look at what the set holds.

        Raises:
            BackupError: a backup of this very second is there.
        """
        stamps = await self._place.stamps()
        if self.stamp in stamps:
            raise BackupError(f"{self._place.name} has a backup {self.stamp} already")
        if stamps:
            await self._learn_hashes(stamps[-1])
        start = len(self._place.prefix)
        async for entry in self._place.store.list(self._place.prefix + MEDIA):
            self._known.set_size(entry.key[start:], entry.size)

    async def _learn_hashes(self, stamp: str) -> None:
        """From the newest manifest: what is not read again needs no hashing either."""
        with tempfile.TemporaryFile() as file:
            await _fetch_to(self._place, stamp, MANIFEST, file.write)
            file.seek(0)
            try:
                for line in read_manifest(file):
                    if line.name.startswith(MEDIA) and not line.lost:
                        self._known.set_hash(line)
            except ArchiveDamaged:
                self._known.forget()  # then everything is copied again

    async def add(self, name: str, fill: Fill) -> None:
        """See `ArchiveWriter.add`."""
        path = Path(self._folder.name) / "file"

        def write() -> Line:
            with path.open("wb") as file:
                hashed = HashedFile(file)
                fill(hashed)
            return Line(name, hashed.size, hashed.sha256)

        self._manifest.add(await asyncio.to_thread(write))
        key = self._place.snapshot(self.stamp, name)
        await self._place.store.put_file(key, path, content_type=BYTES)
        path.unlink()

    async def add_media(self, batch: Sequence[MediaObject], fetch: Fetch) -> list[Line]:
        """See `ArchiveWriter.add_media`."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(place: int, wanted: MediaObject) -> Line:
            async with gate:
                name = MEDIA + wanted.key
                known = self._known.line(name)
                if known is not None and wanted.sha256 in (None, known.sha256):
                    return known
                copy = Path(self._folder.name) / f"object-{place}"
                if not await fetch(wanted.key, copy):
                    return Line(name, lost=True)
                size, sha256 = await asyncio.to_thread(_measure, copy)
                await self._place.store.put_file(
                    self._place.prefix + name, copy, content_type=BYTES
                )
                copy.unlink()
                return Line(name, size, sha256)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(place, each)) for place, each in enumerate(batch)]
        lines = [task.result() for task in tasks]
        for line in lines:
            self._manifest.add(line)
        return lines

    async def finish(self) -> None:
        """See `ArchiveWriter.finish`."""
        self._manifest.seal()
        self._lines.seek(0)
        path = Path(self._folder.name) / MANIFEST
        with path.open("wb") as file:
            while piece := self._lines.read(CHUNK_BYTES):
                file.write(piece)
        key = self._place.snapshot(self.stamp, MANIFEST)
        await self._place.store.put_file(key, path, content_type=BYTES)

    def close(self) -> None:
        """Remove what was only needed meanwhile."""
        self._known.close()
        self._lines.close()
        self._folder.cleanup()


class RepositoryReader:
    """One snapshot of a set: the newest, or the one called `stamp`."""

    def __init__(self, place: Place, stamp: str) -> None:
        self._place = place
        self._stamp = stamp
        self.name = f"{place.name} ({stamp})"

    @classmethod
    async def open(cls, place: Place, stamp: str | None) -> "RepositoryReader":
        """Raises BackupError: there is none, or none of that name."""
        stamps = await place.stamps()
        if not stamps:
            raise BackupError(f"there is no backup in {place.name}")
        if stamp is not None and stamp not in stamps:
            raise BackupError(
                f"there is no backup {stamp} in {place.name}; there are: {', '.join(stamps)}"
            )
        return cls(place, stamp or stamps[-1])

    async def about(self) -> About:
        """See `ArchiveReader.about`."""
        try:
            return decode_about(
                await self._place.store.read(self._place.snapshot(self._stamp, ABOUT))
            )
        except MediaNotFound as error:
            raise ArchiveDamaged([f"{ABOUT} is missing"]) from error

    async def visit(self, visit: Visit, lost: Callable[[Line], None]) -> int:
        """See `ArchiveReader.visit`. Several files are read at once."""
        findings: list[str] = []
        count = 0

        async def one(line: Line) -> None:
            finding = await self._look_at(line, visit)
            if finding is not None:
                findings.append(finding)

        with tempfile.TemporaryFile() as manifest:
            await _fetch_to(self._place, self._stamp, MANIFEST, manifest.write)
            manifest.seek(0)
            batch: list[Line] = []
            for line in read_manifest(manifest):
                if line.lost:
                    lost(line)
                    continue
                count += 1
                batch.append(line)
                if len(batch) == AT_ONCE:
                    await _all_of(one, batch)
                    batch.clear()
                if len(findings) >= FINDINGS:
                    break
            await _all_of(one, batch)
        if findings:
            raise ArchiveDamaged(sorted(findings))
        return count

    async def _look_at(self, line: Line, visit: Visit) -> str | None:
        """What is wrong with that file, if anything is."""
        media = line.name.startswith(MEDIA)
        if not media and line.name not in {ABOUT, DATABASE, *SECRETS}:
            return f"{line.name} does not belong to it"
        key = self._place.prefix + line.name if media else None
        digest = hashlib.sha256()
        size = 0
        try:
            reader = await self._place.store.open(
                key or self._place.snapshot(self._stamp, line.name)
            )
        except MediaNotFound:
            return f"{line.name} is missing"
        async with reader:

            async def chunks() -> AsyncIterator[bytes]:
                nonlocal size
                async for piece in reader:
                    digest.update(piece)
                    size += len(piece)
                    yield piece

            source = chunks()
            await visit(Member(line.name, source))
            async for _ in source:
                pass
        fits = (size, digest.hexdigest()) == (line.size, line.sha256)
        return None if fits else f"{line.name} is damaged"


async def prune(place: Place, keep: int) -> int:
    """Remove all but the newest `keep` snapshots, and objects that none of those names.

    A snapshot loses its manifest first: one cut short is not taken for a whole one. Returns how
    many snapshots went.
    """
    stamps = await place.stamps()
    kept, old = stamps[-keep:], stamps[:-keep]
    if not old:
        return 0
    for stamp in old:
        await place.store.delete(place.snapshot(stamp, MANIFEST))
    start = len(place.prefix + SNAPSHOTS)
    async for entry in place.store.list(place.prefix + SNAPSHOTS):
        if entry.key[start:].partition("/")[0] < kept[0]:
            await place.store.delete(entry.key)
    with tempfile.TemporaryDirectory(prefix="khupho-backup-") as folder:
        known = _KnownFiles(Path(folder) / "known.sqlite")
        try:
            for stamp in kept:
                with tempfile.TemporaryFile() as manifest:
                    await _fetch_to(place, stamp, MANIFEST, manifest.write)
                    manifest.seek(0)
                    for line in read_manifest(manifest):
                        known.set_hash(line)
            start = len(place.prefix)
            async for entry in place.store.list(place.prefix + MEDIA):
                if not known.has(entry.key[start:]):
                    await place.store.delete(entry.key)
        finally:
            known.close()
    return len(old)


def taken_at(stamp: str) -> datetime:
    """When the snapshot of that name was taken."""
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


async def _all_of(
    work: Callable[[Line], Coroutine[None, None, None]], batch: Sequence[Line]
) -> None:
    async with asyncio.TaskGroup() as group:
        for line in batch:
            group.create_task(work(line))


async def _fetch_to(place: Place, stamp: str, name: str, take: Callable[[bytes], object]) -> None:
    async with await place.store.open(place.snapshot(stamp, name)) as reader:
        async for piece in reader:
            take(piece)


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


class _KnownFiles:
    """Names with size and SHA-256, on disk: of a million photos they would fill the memory."""

    def __init__(self, path: Path) -> None:
        self._rows = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._rows.execute("PRAGMA journal_mode = off")
        self._rows.execute("PRAGMA synchronous = off")
        self._rows.execute(
            "CREATE TABLE known (name TEXT PRIMARY KEY, size INTEGER, wanted INTEGER, sha256 TEXT)"
            " WITHOUT ROWID"
        )
        self._rows.execute("BEGIN")

    def set_hash(self, line: Line) -> None:
        """As a manifest says."""
        self._rows.execute(
            "INSERT OR REPLACE INTO known (name, wanted, sha256) VALUES (?, ?, ?)",
            (line.name, line.size, line.sha256),
        )

    def set_size(self, name: str, size: int) -> None:
        """As the store says. Of a name no manifest has, nothing is known."""
        self._rows.execute("UPDATE known SET size = ? WHERE name = ?", (size, name))

    def line(self, name: str) -> Line | None:
        """What is both in the manifest and, at that size, in the store."""
        row = self._rows.execute(
            "SELECT size, sha256 FROM known WHERE name = ? AND size = wanted", (name,)
        ).fetchone()
        return None if row is None else Line(name, row[0], row[1])

    def has(self, name: str) -> bool:
        return bool(self._rows.execute("SELECT 1 FROM known WHERE name = ?", (name,)).fetchone())

    def forget(self) -> None:
        self._rows.execute("DELETE FROM known")

    def close(self) -> None:
        self._rows.close()
