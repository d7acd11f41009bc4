"""A backup in one file, which any `tar` can unpack."""

import asyncio
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from backend.backup.archive import (
    CHUNK_BYTES,
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
    MANIFEST,
    MEDIA,
    About,
    Line,
    ManifestWriter,
    decode_about,
    read_manifest,
)

BLOCK: Final = tarfile.BLOCKSIZE
ABOUT_BYTES: Final = 64 * 1024
FINDINGS: Final = 50
"""Of a backup that is damaged all over, so many are enough to know."""


class TarWriter:
    """Writes `path`, readable by its owner only: beside it first, and in its place when whole.

    Header after data: pg_dump does not say beforehand how much there will be. So the file must be
    one that can be written anywhere, not a pipe. No list of members is kept in memory.
    """

    def __init__(self, path: Path) -> None:
        path = path.absolute()
        if path.exists():
            raise BackupError(f"{path} exists already")
        self._path = path
        self._draft = path.with_name(f".{path.name}.{uuid4().hex}")
        self._lines = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 - closed by `close`
        self._manifest = ManifestWriter(self._lines)
        descriptor = os.open(self._draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "r+b", buffering=CHUNK_BYTES)

    async def add(self, name: str, fill: Fill) -> None:
        """See `ArchiveWriter.add`."""
        self._manifest.add(await asyncio.to_thread(self._append, name, fill))

    async def add_media(self, batch: Sequence[MediaObject], fetch: Fetch) -> list[Line]:
        """See `ArchiveWriter.add_media`."""
        lines = []
        with tempfile.TemporaryDirectory(dir=self._path.parent) as folder:
            copy = Path(folder) / "object"
            for wanted in batch:
                name = MEDIA + wanted.key
                if await fetch(wanted.key, copy):
                    line = await asyncio.to_thread(self._append, name, _copy_of(copy))
                else:
                    line = Line(name, lost=True)
                self._manifest.add(line)
                lines.append(line)
        return lines

    async def finish(self) -> None:
        """See `ArchiveWriter.finish`."""
        await asyncio.to_thread(self._finish)

    def close(self) -> None:
        """Leave nothing behind but a finished backup."""
        self._file.close()
        self._lines.close()
        self._draft.unlink(missing_ok=True)

    def _append(self, name: str, fill: Fill) -> Line:
        start = self._file.tell()
        self._file.write(_header(name, 0))
        hashed = HashedFile(self._file)
        fill(hashed)
        end = self._file.tell()
        self._file.seek(start)
        self._file.write(_header(name, hashed.size))
        self._file.seek(end)
        self._file.write(bytes(-hashed.size % BLOCK))
        return Line(name, hashed.size, hashed.sha256)

    def _finish(self) -> None:
        self._manifest.seal()
        self._lines.seek(0)

        def fill(hashed: HashedFile) -> None:
            while piece := self._lines.read(CHUNK_BYTES):
                hashed.write(piece)

        self._append(MANIFEST, fill)
        self._file.write(bytes(2 * BLOCK))
        self._file.flush()
        os.fsync(self._file.fileno())
        try:
            os.link(self._draft, self._path)  # unlike a rename, never over another backup
        except FileExistsError as error:
            raise BackupError(f"{self._path} exists already") from error
        self._draft.unlink()
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o600
    header = info.tobuf(tarfile.GNU_FORMAT)
    assert len(header) == BLOCK, name  # rewritten in place once the size is known
    return header


def _copy_of(path: Path) -> Fill:
    def fill(hashed: HashedFile) -> None:
        with path.open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                hashed.write(piece)

    return fill


class TarReader:
    """Reads such a file from its start to its end, whatever its size."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise BackupError(f"there is no backup {path}")
        self._path = path
        self.name = str(path)

    async def about(self) -> About:
        """See `ArchiveReader.about`."""
        return await asyncio.to_thread(self._about)

    def _about(self) -> About:
        with _tar_errors(), tarfile.open(self._path, "r:") as tar:
            first = tar.next()
            file = tar.extractfile(first) if first is not None and first.name == ABOUT else None
            if file is None:
                raise ArchiveDamaged([f"{self.name} is no backup of khupho"])
            return decode_about(file.read(ABOUT_BYTES))

    async def visit(self, visit: Visit, lost: Callable[[Line], None]) -> int:
        """See `ArchiveReader.visit`. The files come one after the other, as they were written."""
        with tempfile.TemporaryFile() as found, tempfile.TemporaryFile() as listed:
            written = ManifestWriter(found)
            manifest = False
            with _tar_errors(), tarfile.open(self._path, "r:") as tar:
                while (info := await asyncio.to_thread(tar.next)) is not None:
                    tar.members = []  # type: ignore[attr-defined]  # else each stays in memory
                    file = tar.extractfile(info)
                    if file is None:
                        raise ArchiveDamaged([f"{info.name} is not a file"])
                    if info.name == MANIFEST:
                        await asyncio.to_thread(shutil.copyfileobj, file, listed, CHUNK_BYTES)
                        manifest = True
                        break
                    written.add(await _pass_by(info.name, file, visit))
            if not manifest:
                raise ArchiveDamaged([f"{self.name} is cut off"])
            written.seal()
            found.seek(0)
            listed.seek(0)
            return _compare(found, listed, lost)


async def _pass_by(name: str, file: IO[bytes], visit: Visit) -> Line:
    digest = hashlib.sha256()
    size = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal size
        while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
            digest.update(piece)
            size += len(piece)
            yield piece

    source = chunks()
    await visit(Member(name, source))
    async for _ in source:  # what the visitor left
        pass
    return Line(name, size, digest.hexdigest())


def _compare(found: IO[bytes], listed: IO[bytes], lost: Callable[[Line], None]) -> int:
    """Both are in the order of writing. Returns the number of files."""

    def present() -> Iterator[Line]:
        for line in read_manifest(listed):
            if line.lost:
                lost(line)
            else:
                yield line

    findings: list[str] = []
    count = 0
    for here, wanted in zip_longest(read_manifest(found), present()):
        if wanted is None:
            findings.append(f"{here.name} does not belong to it")
        elif here is None:
            findings.append(f"{wanted.name} is missing")
        elif here.name != wanted.name:
            findings.append(f"{wanted.name} was expected, {here.name} is there")
        elif here != wanted:
            findings.append(f"{here.name} is damaged")
        count += 1
        if len(findings) >= FINDINGS:
            break
    if findings:
        raise ArchiveDamaged(findings)
    return count


@contextmanager
def _tar_errors() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveDamaged([f"the file is cut off or not a backup: {error}"]) from error
