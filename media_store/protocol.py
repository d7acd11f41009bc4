"""The one face of every store, and the shape of its keys."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from media_store.errors import InvalidMediaKey
from media_store.threads import CallThreads

CHUNK_BYTES = 256 * 1024
MAX_KEY_LENGTH = 512

# A segment never starts with a dot: no "..", no hidden file, and room for a store's own folders.
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")


def check_key(key: str) -> str:
    """Return `key` if it is one every store accepts, else raise `InvalidMediaKey`.

    Segments of ASCII letters, digits and `._-`, joined by single `/`: `photos/3f/3f2a…/full.webp`.
    A key is never a folder of another one (`a` and `a/b`): a disk cannot hold both.
    """
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidMediaKey(f"a media key has at most {MAX_KEY_LENGTH} characters")
    if not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise InvalidMediaKey(f"not a media key: {key[:80]!r}")
    return key


def check_prefix(prefix: str) -> str:
    """Return `prefix` if a key may begin with it, else raise `InvalidMediaKey`. Empty: all."""
    if prefix:
        check_key(prefix + "x" if prefix.endswith("/") else prefix)
    return prefix


@dataclass(frozen=True, slots=True)
class MediaEntry:
    """One stored object: its key, its size in bytes, and when it was last written (aware, UTC)."""

    key: str
    size: int
    modified: datetime


class MediaReader:
    """An open object, or a part of one, read in chunks of at most `CHUNK_BYTES`.

    `size` is that of the whole object, `offset` and `length` those of the part that will be read,
    in bytes. Iterating raises `MediaStoreUnavailable` if the bytes stop early; a short read is
    never silent. Close it, or use `async with`.
    """

    def __init__(
        self,
        *,
        size: int,
        offset: int,
        length: int,
        read: Callable[[int], bytes],
        close: Callable[[], None],
        threads: CallThreads,
    ) -> None:
        self.size = size
        self.offset = offset
        self.length = length
        self._read = read
        self._close = close
        self._threads = threads

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self.length
        while left > 0:
            chunk = await self._threads.run(self._read, min(left, CHUNK_BYTES))
            left -= len(chunk)
            yield chunk

    async def close(self) -> None:
        """Give the file or connection back. May be called twice."""
        await self._threads.run(self._close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


class MediaStore(Protocol):
    """Where the bytes of photos live. Safe to use from many tasks at once.

    Every method may raise `MediaStoreUnavailable`; those that take a key raise `InvalidMediaKey`.
    When a `put_` returns, the bytes are durable and whole; before, the key holds what it held.
    """

    async def put_file(self, key: str, path: Path, *, content_type: str) -> int:
        """Store a copy of the file at `path`, replacing what was there. Returns its size in bytes.

        Raises `MediaStoreFull`; an error of reading `path` itself comes through as `OSError`.
        """
        ...

    async def put_bytes(self, key: str, data: bytes, *, content_type: str) -> int:
        """Store `data`, replacing what was there. Returns its size. Raises `MediaStoreFull`."""
        ...

    async def open(self, key: str, *, offset: int = 0, length: int | None = None) -> MediaReader:
        """Open an object from byte `offset`, for `length` bytes (≥1) or to its end.

        Raises `MediaNotFound`; `MediaRangeInvalid` if a part is asked that begins at or after the
        end.
        """
        ...

    async def read(self, key: str) -> bytes:
        """The whole object in memory: for small ones. Raises `MediaNotFound`."""
        ...

    async def get_file(self, key: str, path: Path) -> int:
        """Copy an object to a file at `path`. Returns its size. Raises `MediaNotFound`."""
        ...

    async def stat(self, key: str) -> MediaEntry:
        """Size and time of an object. Raises `MediaNotFound`."""
        ...

    async def exists(self, key: str) -> bool:
        """Whether something is stored under `key`."""
        ...

    async def delete(self, key: str) -> None:
        """Remove an object for good. Removing what is not there is no error."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[MediaEntry]:
        """Every object whose key begins with `prefix`, in no promised order."""
        ...

    async def check(self) -> None:
        """Return if the store can take and give bytes now, else raise. Cheap: for /healthz."""
        ...

    async def close(self) -> None:
        """Release threads and connections."""
        ...
