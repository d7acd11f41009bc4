"""Photos as they are named, acknowledged and shown, and uploads as they come in."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, NamedTuple
from uuid import UUID

from msgspec import Meta, Struct

PhotoState = Literal["expected", "stored", "ready", "failed"]
PhotoVariant = Literal["thumb", "full"]

MOST_PHOTOS: Final = 5
PHOTO_BYTES: Final = 25 * 1024 * 1024
PHOTO_TYPES: Final = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"}
)


class PhotoNamed(Struct, frozen=True):
    """A photo that a report or message has; its bytes may come later.

    `sha256` is the lower-case hex of the uploaded bytes, `bytes` their number, `type` a MIME type.
    """

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    bytes: int
    type: Annotated[str, Meta(max_length=100)]


class PhotoReceipt(Struct, frozen=True):
    """`stored`: the bytes are verified and durable; the phone may let go of its copy."""

    id: UUID
    sha256: str
    stored: bool


class PhotoOut(Struct, frozen=True):
    """A photo as people who may see its report see it. Sizes are pixels of the full picture."""

    id: UUID
    sha256: str
    state: PhotoState
    width: int | None
    height: int | None


class PhotoPlace(Struct, frozen=True):
    """Where a photo hangs: for the owner of the thread to decide who may see it."""

    id: UUID
    account_id: UUID
    thread_id: UUID
    message_id: UUID
    state: PhotoState


class PhotoFile(NamedTuple):
    """A picture to hand out: answer with `headers`, then `size` bytes from `chunks`.

    Nothing is opened before the first chunk is asked for, so it may be left alone (304).
    """

    headers: Mapping[str, str]
    size: int
    chunks: AsyncIterator[bytes]


class ProcessPhoto(Struct, frozen=True):
    """Payload of the job `process_photo`."""

    photo_id: UUID


class NewUpload(Struct, frozen=True):
    """What a phone says of the bytes it is going to send. `length` in bytes, 1 to `PHOTO_BYTES`."""

    sha256: bytes
    content_type: str
    length: int


class UploadRow(Struct, frozen=True):
    """One upload. `complete`: verified, durable, in the media store under `media_key`.

    An unfinished one is given up at `expires_at`. Of a complete one `expires_at` means nothing to
    the phone.
    """

    id: UUID
    account_id: UUID
    sha256: bytes
    content_type: str
    length: int
    expires_at: datetime
    complete: bool
    expired: bool


class UploadState(Struct, frozen=True):
    """An upload and how many of its bytes are durable here: where the phone goes on."""

    upload: UploadRow
    offset: int
