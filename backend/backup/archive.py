"""The two shapes of a backup, behind one face: how files go in, and how they come out again."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from backend.backup.manifest import About, Line

SECRETS: Final = ("secret_key", "vapid.pem")
CHUNK_BYTES: Final = 256 * 1024


class HashedFile:
    """A file being written that knows its size and SHA-256. Calls block."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


@dataclass(frozen=True, slots=True)
class MediaObject:
    """An object the database names. `sha256` (hex) is known of originals only."""

    key: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a backup, while it is being read. `chunks` may be taken once."""

    name: str
    chunks: AsyncIterator[bytes]


Visit = Callable[[Member], Awaitable[None]]
"""What is done with each file. It need not take the chunks; they are verified all the same."""

Fill = Callable[[HashedFile], None]
"""Writes a file's bytes. Runs in a thread."""

Fetch = Callable[[str, Path], Awaitable[bool]]
"""Copies the object of that key to that path; False when the media store does not have it."""


class ArchiveWriter(Protocol):
    """A backup being made. Until `finish`, nothing of it can be mistaken for a whole one."""

    async def add(self, name: str, fill: Fill) -> None:
        """Add one file."""
        ...

    async def add_media(self, batch: Sequence[MediaObject], fetch: Fetch) -> list[Line]:
        """Add objects, or find that they are here from before. Returns a line for each."""
        ...

    async def finish(self) -> None:
        """Write the manifest and make all of it durable."""
        ...


class ArchiveReader(Protocol):
    """A whole backup."""

    name: str

    async def about(self) -> About:
        """Raises ArchiveDamaged, BackupError (a format of the future)."""
        ...

    async def visit(self, visit: Visit, lost: Callable[[Line], None]) -> int:
        """Hand every file to `visit`, compare all with the manifest; returns how many there were.

        `lost` hears of each line of an object that was already missing when the backup was made.

        Raises:
            ArchiveDamaged: at the end, naming everything that is missing or not as it was written.
        """
        ...
