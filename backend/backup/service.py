"""Taking, verifying and restoring a backup.

A backup is whole in itself: the database as of one moment first, then every object of the media
store that it names. An object is stored before its row is committed, and its key never means
anything else afterwards; so what the snapshot names is there.
"""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, cast

from msgspec import Struct

from backend import migrate
from backend.backup import postgres, queries
from backend.backup.archive import (
    SECRETS,
    ArchiveReader,
    ArchiveWriter,
    Fill,
    HashedFile,
    MediaObject,
    Member,
)
from backend.backup.errors import ArchiveDamaged, BackupError
from backend.backup.manifest import ABOUT, DATABASE, FORMAT, MEDIA, About, Line, encode_about
from backend.backup.repository import (
    Place,
    RepositoryReader,
    RepositoryWriter,
    open_place,
    prune,
)
from backend.backup.tar_file import TarReader, TarWriter
from backend.db import pool
from backend.media.audit import mend_original, mend_pictures
from backend.media.audit_queries import stream_named_objects
from backend.media.store import FULL_TYPE, media_store
from backend.settings import Settings
from media_store import MediaNotFound

TAR: Final = ".tar"
BYTES: Final = "application/octet-stream"

Say = Callable[[str], None]
"""One line for the administrator."""


class Taken(Struct, frozen=True):
    """A backup that was made. `lost`: objects the database names and the media store lacks;
    `damaged`: originals whose bytes are not those that were received."""

    name: str
    files: int
    bytes: int
    lost: list[str]
    damaged: list[str]


class Restored(Struct, frozen=True):
    """What came back. `lost`: objects that were missing when the backup was made."""

    about: About
    files: int
    lost: int


async def take_backup(settings: Settings, destination: str, *, keep: int | None = None) -> Taken:
    """Write a `.tar` file, or add to the set in a folder or at an S3 prefix.

    `keep`: of a set, remove all but the newest so many afterwards.

    Raises:
        BackupError: with what to do; nothing is left behind that could be taken for a backup.
        MediaStoreError, OSError: a disk or a store did not do as it was told.
    """
    tar = destination.endswith(TAR) and not destination.startswith("s3://")
    if tar and keep is not None:
        raise BackupError("only a folder or an S3 prefix keeps several backups")
    async with queries.snapshot() as snapshot:
        if snapshot is None:
            raise BackupError("another backup of this database is being made")
        now = datetime.now(UTC)
        programs = await asyncio.to_thread(postgres.programs_for, snapshot.server)
        about = About(
            format=FORMAT,
            app=version("khupho"),
            migrations=await snapshot.migrations(),
            epoch=await snapshot.epoch(),
            taken_at=now,
            server=snapshot.server,
            written_by=programs.major,
        )
        if tar:
            writer = TarWriter(Path(destination))
            with contextlib.closing(writer):
                return await _fill(settings, writer, snapshot, about, programs, destination)
        place = await asyncio.to_thread(open_place, destination, make=True)
        try:
            added = RepositoryWriter(place, now)
            with contextlib.closing(added):
                await added.begin()
                name = f"{place.name} ({added.stamp})"
                taken = await _fill(settings, added, snapshot, about, programs, name)
            if keep is not None:
                await prune(place, keep)
            return taken
        finally:
            await place.store.close()


async def _fill(
    settings: Settings,
    writer: ArchiveWriter,
    snapshot: queries.Snapshot,
    about: About,
    programs: postgres.Programs,
    name: str,
) -> Taken:
    await writer.add(ABOUT, _bytes(encode_about(about)))
    address = cast("str", settings.database_url)

    def dump(file: HashedFile) -> None:
        postgres.dump(programs, address, snapshot.name, file.write)

    await writer.add(DATABASE, dump)
    for secret in SECRETS:
        data = await asyncio.to_thread(_secret, settings, secret)
        if data is not None:
            await writer.add(secret, _bytes(data))
    files = size = 0
    lost: list[str] = []
    damaged: list[str] = []
    async for batch in stream_named_objects(snapshot.connection):
        wanted = [
            MediaObject(each.key, each.sha256.hex() if each.sha256 else None) for each in batch
        ]
        lines = await writer.add_media(wanted, _fetch)
        for each, line in zip(wanted, lines, strict=True):
            if line.lost:
                lost.append(each.key)
                continue
            files += 1
            size += line.size
            if each.sha256 not in (None, line.sha256):
                damaged.append(each.key)
    await writer.finish()
    return Taken(name, files, size, lost, damaged)


def _bytes(data: bytes) -> Fill:
    def fill(file: HashedFile) -> None:
        file.write(data)

    return fill


def _secret(settings: Settings, name: str) -> bytes | None:
    """As the running server uses it: a secret from the settings wins over the file."""
    if name == "secret_key" and settings.secret_key:
        return settings.secret_key.encode()
    try:
        return (settings.var_dir / name).read_bytes()
    except FileNotFoundError:
        return None


async def _fetch(key: str, path: Path) -> bool:
    try:
        await media_store().get_file(key, path)
    except MediaNotFound:
        return False
    return True


async def check_backup(source: str, *, at: str | None = None) -> tuple[About, int]:
    """Read all of a backup and compare it with its manifest; returns what it is, and its files.

    Raises:
        ArchiveDamaged: naming what is not as it was written.
        BackupError: there is no such backup.
    """
    async with _opened(source, at) as reader:
        about = await reader.about()

        async def look(_member: Member) -> None:
            """Reading is enough: it is compared on the way."""

        return about, await reader.visit(look, lambda _line: None)


@contextlib.asynccontextmanager
async def _opened(source: str, at: str | None) -> AsyncIterator[ArchiveReader]:
    if source.endswith(TAR) and not source.startswith("s3://"):
        if at is not None:
            raise BackupError("a .tar file is a single backup: leave out --at")
        yield TarReader(Path(source))
        return
    place: Place = await asyncio.to_thread(open_place, source, make=False)
    try:
        yield await RepositoryReader.open(place, at)
    finally:
        await place.store.close()


async def restore_backup(
    settings: Settings, source: str, *, at: str | None = None, force: bool = False, say: Say
) -> Restored:
    """Put a whole backup back: media first, then the database in one transaction, then secrets.

    The whole backup is verified before anything is touched. The database gets a new epoch, so that
    phones start their copies over (their outboxes stay), and pushes that were still to be sent when
    the backup was made are dropped. `force`: even over a database that was used.

    Raises:
        BackupError, ArchiveDamaged: the database is as it was.
        MediaStoreError, OSError: a disk or a store did not do as it was told.
    """
    async with _opened(source, at) as reader:
        about = await reader.about()
        server = await queries.get_server_major()
        _require_known_migrations(about)
        if server < about.server:
            raise BackupError(
                f"the backup comes from PostgreSQL {about.server}, this server is {server}; "
                "a dump does not go back to an older server"
            )
        programs = await asyncio.to_thread(postgres.programs_for, server, at_least=about.written_by)
        await _require_alone()
        if not force:
            await _require_empty()
        say(f"verifying {reader.name}, taken {about.taken_at:%Y-%m-%d %H:%M} UTC …")
        lost: list[Line] = []

        async def look(_member: Member) -> None:
            """Reading is enough."""

        files = await reader.visit(look, lost.append)
        say(f"{files} files are as they were written; restoring …")
        settings.var_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="restore-", dir=settings.var_dir) as name:
            folder = Path(name)
            await reader.visit(_Unpacking(folder).visit, lambda _line: None)
            await pool().expire_connections()  # what they know of tables ends here
            await asyncio.to_thread(
                postgres.load,
                programs,
                cast("str", settings.database_url),
                folder / DATABASE,
                server_major=server,
                before=queries.EMPTY_THE_SCHEMA,
                after=queries.BEGIN_A_NEW_HISTORY,
            )
            for secret in SECRETS:
                if (folder / secret).exists():
                    await asyncio.to_thread(_put_secret, settings, folder / secret, say)
    await migrate.migrate()
    await _mend(lost)
    return Restored(about, files, len(lost))


class _Unpacking:
    """Objects go to the media store; the database and the secrets to `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    async def visit(self, member: Member) -> None:
        self._count += 1
        media = member.name.startswith(MEDIA)
        if not media and member.name not in {ABOUT, DATABASE, *SECRETS}:
            raise ArchiveDamaged([f"{member.name!r} does not belong to it"])
        path = self._folder / (f"object-{self._count}" if media else member.name)
        with path.open("xb") as file:
            async for chunk in member.chunks:
                await asyncio.to_thread(file.write, chunk)
        if media:
            key = member.name.removeprefix(MEDIA)
            await media_store().put_file(
                key, path, content_type=FULL_TYPE if key.endswith(".webp") else BYTES
            )
            path.unlink()


def _require_known_migrations(about: About) -> None:
    unknown = sorted(set(about.migrations) - set(migrate.known_migrations()))
    if unknown:
        raise BackupError(
            f"the backup was made by a newer version of khupho ({about.app}; this one does not "
            f"know the migration {unknown[-1]}): install that version or a later one"
        )


async def _require_alone() -> None:
    others = await queries.count_other_clients()
    if others:
        raise BackupError(
            f"stop the server, the worker and whatever else uses the database first ({others} "
            f"connection{'s are' if others > 1 else ' is'} open)"
        )


async def _require_empty() -> None:
    filled = await queries.list_filled_tables()
    if filled:
        named = ", ".join(filled[:5]) + (", …" if len(filled) > 5 else "")
        raise BackupError(
            f"the database is not empty ({named}); --force replaces all of it by the backup"
        )


def _put_secret(settings: Settings, restored: Path, say: Say) -> None:
    """In place of the present one, which stays beside it."""
    path = settings.var_dir / restored.name
    data = restored.read_bytes()
    if restored.name == "secret_key" and settings.secret_key:
        if settings.secret_key.encode() != data.strip():
            say(
                "KHUPHO_SECRET_KEY is not the one of the backup: invitations given out then will "
                "not be printed again the same"
            )
        return
    if path.exists():
        if path.read_bytes() == data:
            return
        kept = path.with_name(f"{path.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        path.rename(kept)
        say(f"the present {path.name} was kept as {kept}")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


async def _mend(lost: Sequence[Line]) -> None:
    """What was missing when the backup was made is asked for again, or made again."""
    keys = [line.name.removeprefix(MEDIA) for line in lost]
    for key in keys:
        await mend_original(key)
    for key in keys:
        await mend_pictures(key)
