"""Media on a local disk: one file an object, named as its key."""

import errno
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from media_store.errors import (
    InvalidMediaKey,
    MediaNotFound,
    MediaRangeInvalid,
    MediaStoreFull,
    MediaStoreUnavailable,
)
from media_store.protocol import CHUNK_BYTES, MediaEntry, MediaReader, check_key, check_prefix
from media_store.threads import CallThreads

THREADS = 8
LEFTOVER_SECONDS = 24 * 3600
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LocalMediaStore:
    """A `MediaStore` in the folder `root`, made if absent. Only its owner may read the files.

    An object is written beside, synced, and renamed into place, and the folders are synced too: a
    power cut leaves the old object or the new one. Part-written files of a crash are removed a day
    later at start.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._incoming = self.root / ".incoming"
        self._threads = CallThreads(THREADS)
        try:
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            _remove_leftovers(self._incoming)
        except OSError as error:
            raise MediaStoreUnavailable(f"{self.root}: {error.strerror}") from error

    def __repr__(self) -> str:
        return f"LocalMediaStore({str(self.root)!r})"

    async def put_file(self, key: str, path: Path, *, content_type: str) -> int:
        """See `MediaStore.put_file`. The content type is not kept."""
        target = self._path(key)

        def copy() -> int:
            with path.open("rb") as source:
                return self._write(
                    key, target, lambda file: shutil.copyfileobj(source, file, CHUNK_BYTES)
                )

        return await self._threads.run(copy)

    async def put_bytes(self, key: str, data: bytes, *, content_type: str) -> int:
        """See `MediaStore.put_bytes`. The content type is not kept."""
        return await self._threads.run(
            self._write, key, self._path(key), lambda file: file.write(data)
        )

    async def open(self, key: str, *, offset: int = 0, length: int | None = None) -> MediaReader:
        """See `MediaStore.open`."""
        file, size = await self._threads.run(self._open, key, self._path(key), offset)

        def read(count: int) -> bytes:
            with _disk_errors(key):
                chunk = file.read(count)
            if not chunk:
                raise MediaStoreUnavailable(f"{key} ended before its {size} bytes")
            return chunk

        rest = size - offset
        return MediaReader(
            size=size,
            offset=offset,
            length=rest if length is None else min(rest, length),
            read=read,
            close=file.close,
            threads=self._threads,
        )

    async def read(self, key: str) -> bytes:
        """See `MediaStore.read`."""
        path = self._path(key)

        def read_all() -> bytes:
            with _disk_errors(key):
                return path.read_bytes()

        return await self._threads.run(read_all)

    async def get_file(self, key: str, path: Path) -> int:
        """See `MediaStore.get_file`."""

        def copy() -> int:
            file, size = self._open(key, self._path(key), 0)
            with file, path.open("wb") as target:
                shutil.copyfileobj(file, target, CHUNK_BYTES)
            return size

        return await self._threads.run(copy)

    async def stat(self, key: str) -> MediaEntry:
        """See `MediaStore.stat`."""
        path = self._path(key)

        def stat() -> MediaEntry:
            with _disk_errors(key):
                if not path.is_file():
                    raise MediaNotFound(key)
                return _entry(key, path.stat())

        return await self._threads.run(stat)

    async def exists(self, key: str) -> bool:
        """See `MediaStore.exists`."""
        try:
            await self.stat(key)
        except MediaNotFound:
            return False
        return True

    async def delete(self, key: str) -> None:
        """See `MediaStore.delete`. Emptied folders stay: removing them would race with writers."""
        path = self._path(key)

        def unlink() -> None:
            with _disk_errors(key):
                try:
                    path.unlink()
                except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                    return
                _sync_folder(path.parent)

        await self._threads.run(unlink)

    def list(self, prefix: str = "") -> AsyncIterator[MediaEntry]:
        """See `MediaStore.list`."""
        return self._threads.iterate(self._walk(check_prefix(prefix)))

    async def check(self) -> None:
        """See `MediaStore.check`: writes a few bytes, reads them, removes them."""

        def probe() -> None:
            with _disk_errors(str(self.root)):
                path = self._incoming / f"check-{uuid4().hex}"
                try:
                    path.write_bytes(b"ok")
                    path.read_bytes()
                finally:
                    path.unlink(missing_ok=True)

        try:
            await self._threads.run(probe)
        except MediaNotFound as error:
            raise MediaStoreUnavailable(f"the media folder {self.root} is gone") from error

    async def close(self) -> None:
        """See `MediaStore.close`."""
        self._threads.close()

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _write(self, key: str, target: Path, fill: Callable[[BinaryIO], object]) -> int:
        part = self._incoming / uuid4().hex
        try:
            with _disk_errors(key, missing=MediaStoreUnavailable):
                with os.fdopen(
                    os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
                ) as file:
                    fill(file)
                    file.flush()
                    os.fsync(file.fileno())
                    size = file.tell()
                _make_folders(target.parent)
                part.replace(target)
                _sync_folder(target.parent)
            return size
        finally:
            part.unlink(missing_ok=True)

    def _open(self, key: str, path: Path, offset: int) -> tuple[BinaryIO, int]:
        with _disk_errors(key):
            file = path.open("rb")
            size = os.fstat(file.fileno()).st_size
            if offset and offset >= size:
                file.close()
                raise MediaRangeInvalid(f"{key} has only {size} bytes")
            file.seek(offset)
            return file, size

    def _walk(self, prefix: str) -> Iterator[MediaEntry]:
        # Only the deepest folder that the prefix names in full is walked, not the whole store.
        start = self.root / prefix.rpartition("/")[0]
        for folder, names, files in os.walk(start):
            base = Path(folder)
            names[:] = [name for name in names if not name.startswith(".")]
            for name in files:
                path = base / name
                key = path.relative_to(self.root).as_posix()
                if key.startswith(prefix):
                    try:
                        yield _entry(key, path.stat())
                    except FileNotFoundError:
                        continue


def _entry(key: str, found: os.stat_result) -> MediaEntry:
    return MediaEntry(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _make_folders(folder: Path) -> None:
    """Make `folder` and what it lies in. It lasts only once the one above it is synced."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(folder: Path) -> None:
    oldest = time.time() - LEFTOVER_SECONDS
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
        except FileNotFoundError:  # another process of ours was first
            continue


@contextmanager
def _disk_errors(
    key: str, *, missing: type[MediaNotFound | MediaStoreUnavailable] = MediaNotFound
) -> Iterator[None]:
    """Speak of the disk's errors in the store's words. `missing`: what an absent file means."""
    try:
        yield
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        if missing is MediaNotFound:
            raise MediaNotFound(key) from error
        raise InvalidMediaKey(f"{key} is a folder, or lies in an object") from error
    except FileNotFoundError as error:
        raise missing(key) from error
    except OSError as error:
        if error.errno in _FULL:
            raise MediaStoreFull(f"{key}: {error.strerror}") from error
        raise MediaStoreUnavailable(f"{key}: {error.strerror}") from error
