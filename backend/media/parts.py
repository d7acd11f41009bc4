"""The bytes of unfinished uploads: files on this server's own disk that only grow.

`<var_dir>/uploads/<account>/<upload>.part`, and beside it `<upload>.lock`. Parts are local to a
machine. With several, a person's requests must reach the same one, or `uploads` is a shared volume
with working `flock`; otherwise an upload starts over there: bytes are sent twice, never lost.

Whoever wants to write, or to know the true offset, first *takes* the part by putting a mark of its
own into the lock file. A writer that finds another's mark was replaced and stops. So a request
whose phone has gone cannot add bytes behind the back of the one that came after it, in whichever
process of this machine either of them runs. The file lock is held for single steps only, so a dead
request never makes anybody wait.

All calls block on the disk: run them in a thread.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

PART: Final = ".part"
LOCK: Final = ".lock"


class PartTaken(Exception):
    """Another request has taken this part since; nothing may be written any more."""


class Part:
    """One request's hold on the part of one upload."""

    def __init__(self, uploads: Path, account_id: UUID, upload_id: UUID) -> None:
        self.folder = uploads / str(account_id)
        self.path = self.folder / f"{upload_id}{PART}"
        self._lock_path = self.folder / f"{upload_id}{LOCK}"
        self._mark = uuid4().bytes

    def take(self) -> int:
        """Become the only writer. Returns how many bytes are durable."""
        _make_folder(self.folder)
        with _locked(self._lock_path, create=True) as lock:
            os.pwrite(lock, self._mark, 0)
            return self._sync()

    def append(self, chunk: bytes) -> None:
        """Add bytes at the end; durable after `sync`.

        Raises:
            PartTaken: nothing was written.
            OSError: no room (ENOSPC, EDQUOT); some of it may have been written.
        """
        with self._held():
            self._write(chunk)

    def sync(self) -> int:
        """Make durable what was written. Returns how many bytes are durable. Raises PartTaken."""
        with self._held():
            return self._sync()

    def sha256(self) -> bytes:
        """Of all bytes so far. Raises FileNotFoundError when another request finished meanwhile."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()

    def empty(self) -> None:
        """Drop all bytes, and whoever is writing."""
        with _locked(self._lock_path, create=True) as lock:
            os.pwrite(lock, uuid4().bytes, 0)
            with suppress(FileNotFoundError):
                os.truncate(self.path, 0)
                self._sync()

    def discard(self) -> None:
        """Remove the part, and whoever is writing. Removing what is not there is no error."""
        with suppress(PartTaken), _locked(self._lock_path, create=False):
            self.path.unlink(missing_ok=True)
            self._lock_path.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    @contextmanager
    def _held(self) -> Iterator[None]:
        with _locked(self._lock_path, create=False) as lock:
            if os.pread(lock, len(self._mark), 0) != self._mark:
                raise PartTaken
            yield

    def _write(self, chunk: bytes) -> None:
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            _sync_folder(self.folder)
        try:
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        finally:
            os.close(descriptor)

    def _sync(self) -> int:
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return 0
        try:
            os.fsync(descriptor)
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)


def list_parts(uploads: Path) -> list[Path]:
    """Every part and lock file here; `upload_of` tells whose."""
    return [
        path
        for pattern in (f"*/*{PART}", f"*/*{LOCK}")
        for path in sorted(uploads.glob(pattern))
        if upload_of(path) is not None
    ]


def upload_of(path: Path) -> UUID | None:
    """The upload a file of `list_parts` belongs to; None if its name is not of our making."""
    try:
        return UUID(path.stem)
    except ValueError:
        return None


@contextmanager
def _locked(path: Path, *, create: bool) -> Iterator[int]:
    """Hold the file lock; yields its descriptor. Without `create`, PartTaken if there is none."""
    descriptor = _open_locked(path, create=create)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_locked(path: Path, *, create: bool) -> int:
    flags = os.O_RDWR | (os.O_CREAT if create else 0)
    while True:
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileNotFoundError as error:
            if create:
                raise
            raise PartTaken from error
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Between opening and locking, the file may have been removed or made anew.
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    """Make `folder` and what it lies in. It lasts only once the one above it is synced."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
