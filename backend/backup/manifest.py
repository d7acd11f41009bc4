"""What a backup holds: `about.json` first, and last `manifest.jsonl`, a line for each file.

The manifest ends with a seal over its own lines, so that a backup that was cut short, or whose list
was changed, shows it. Lists are read and written line by line: a million photos fit.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Final

import msgspec

from backend.backup.errors import ArchiveDamaged, BackupError

FORMAT: Final = 1

ABOUT: Final = "about.json"
DATABASE: Final = "database.dump"
MANIFEST: Final = "manifest.jsonl"
MEDIA: Final = "media/"
"""Before the key of each object of the media store."""


class About(msgspec.Struct, frozen=True):
    """Where a backup comes from. `migrations` are those its database had seen, oldest first;
    `server` and `written_by` are major versions of PostgreSQL and of its pg_dump."""

    format: int
    app: str
    migrations: list[str]
    epoch: str
    taken_at: datetime
    server: int
    written_by: int


class Line(msgspec.Struct, frozen=True, omit_defaults=True, tag="file"):
    """One file. `lost`: the database names it, but the media store did not have it."""

    name: str
    size: int = 0
    sha256: str = ""
    lost: bool = False


class Seal(msgspec.Struct, frozen=True, tag="seal"):
    """The last line: how many lines came before it, and the SHA-256 of them all."""

    lines: int
    sealed: str


def encode_about(about: About) -> bytes:
    return msgspec.json.format(msgspec.json.encode(about)) + b"\n"


def decode_about(data: bytes) -> About:
    """Raises ArchiveDamaged, or BackupError when a newer version of this program wrote it."""
    try:
        about = msgspec.json.decode(data, type=About)
    except msgspec.MsgspecError as error:
        raise ArchiveDamaged([f"{ABOUT} is not readable: {error}"]) from error
    if about.format != FORMAT:
        raise BackupError(
            f"the backup has format {about.format}; this version of khupho reads {FORMAT}"
        )
    return about


class ManifestWriter:
    """Writes lines to `file` and, at the end, the seal."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._lines = 0

    def add(self, line: Line) -> None:
        data = msgspec.json.encode(line) + b"\n"
        self._digest.update(data)
        self._lines += 1
        self._file.write(data)

    def seal(self) -> None:
        seal = Seal(self._lines, self._digest.hexdigest())
        self._file.write(msgspec.json.encode(seal) + b"\n")
        self._file.flush()


def read_manifest(file: IO[bytes]) -> Iterator[Line]:
    """The lines, from the start of `file`. What they say is proven only once all are read.

    Raises:
        ArchiveDamaged: at a line that is none, or at an end without a fitting seal.
    """
    digest = hashlib.sha256()
    for lines, data in enumerate(file):
        try:
            line = msgspec.json.decode(data, type=Line | Seal)
        except msgspec.MsgspecError as error:
            raise ArchiveDamaged([f"{MANIFEST}, line {lines + 1}: {error}"]) from error
        if isinstance(line, Seal):
            if line != Seal(lines, digest.hexdigest()) or file.read(1):
                raise ArchiveDamaged([f"{MANIFEST} was changed after it was written"])
            return
        digest.update(data)
        yield line
    raise ArchiveDamaged([f"{MANIFEST} is cut off"])
