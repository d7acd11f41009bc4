"""The media store of this process, its keys, and its errors in the words of the domain."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

from backend.errors import StorageFull, Unavailable
from backend.logs import get_logger
from backend.media.schemas import PhotoVariant
from backend.settings import Settings
from media_store import (
    MediaStore,
    MediaStoreError,
    MediaStoreFull,
    MediaStoreUnavailable,
    open_media_store,
)

FULL_TYPE: Final = "image/webp"
VOICE_TYPE: Final = "audio/mp4"


class MediaStoreClosed(Exception):
    """Nobody called `open_store`."""


class _Opened:
    def __init__(self, store: MediaStore, uploads: Path) -> None:
        self.store = store
        self.uploads = uploads


_opened: _Opened | None = None


def open_store(settings: Settings) -> None:
    """Open the store `media_url` names; without one, the folder `media` under `var_dir`.

    Raises:
        MediaStoreError: the address is wrong or the folder cannot be made.
    """
    global _opened  # noqa: PLW0603 - one store a process
    url = settings.media_url or (settings.var_dir / "media").as_uri()
    _opened = _Opened(open_media_store(url), settings.var_dir / "uploads")


async def close_store() -> None:
    global _opened
    if _opened is not None:
        opened, _opened = _opened, None
        await opened.store.close()


async def is_answering() -> bool:
    """Whether the store can take and give bytes now."""
    try:
        await media_store().check()
    except (MediaStoreError, MediaStoreClosed) as error:
        get_logger().warning("media_store_unavailable", error=str(error))
        return False
    return True


def media_store() -> MediaStore:
    if _opened is None:
        raise MediaStoreClosed
    return _opened.store


def uploads_folder() -> Path:
    """Where the parts of unfinished uploads lie (see `parts.py`)."""
    if _opened is None:
        raise MediaStoreClosed
    return _opened.uploads


def original_key(account_id: UUID, upload_id: UUID) -> str:
    """Of the bytes as they came: with all their metadata, never handed out."""
    return f"original/{account_id}/{upload_id}"


def voice_key(voice_id: UUID) -> str:
    """Of a voice note made anew, without metadata."""
    return f"public/{voice_id}/voice.m4a"


def public_key(photo_id: UUID, variant: PhotoVariant) -> str:
    """Of a re-encoded picture without metadata."""
    return f"public/{photo_id}/{variant}.webp"


@contextmanager
def store_errors() -> Iterator[None]:
    """A full store is 507, an absent one 503: both are tried again by the phone."""
    try:
        yield
    except MediaStoreFull as error:
        get_logger().error("media_store_full", error=str(error))
        raise StorageFull from error
    except MediaStoreUnavailable as error:
        get_logger().error("media_store_unavailable", error=str(error))
        raise Unavailable from error
