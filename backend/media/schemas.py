"""Photos and voice notes as they are named, acknowledged and shown; uploads as they come in."""

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


VOICE_SECONDS: Final = 60
VOICE_BYTES: Final = 1024 * 1024
"""A phone asks for 14 kbit/s (105 KB); some browsers record as they like, up to 128 kbit/s."""

VOICE_TYPES: Final = frozenset({"audio/webm", "audio/ogg", "audio/mp4"})


class PhotoNamed(Struct, frozen=True):
    """A photo that a report or message has; its bytes may come later.

    `sha256` is the lower-case hex of the uploaded bytes, `bytes` their number, `type` a MIME type.
    """

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    bytes: int
    type: Annotated[str, Meta(max_length=100)]


class VoiceNamed(PhotoNamed, frozen=True):
    """A voice note that a report or message has (`R3`): as a photo, and how long by the phone."""

    seconds: float


class PhotoReceipt(Struct, frozen=True):
    """Of a photo or a voice note.

    `stored`: the bytes are verified and durable; the phone may let go of its copy.
    """

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


class VoiceOut(Struct, frozen=True):
    """A voice note as people who may see its report hear it.

    `seconds` is what the phone said, until it is `ready`. `silent`: nobody would hear anything.
    """

    id: UUID
    sha256: str
    state: PhotoState
    seconds: float
    silent: bool


class PhotoPlace(Struct, frozen=True):
    """Where a photo or voice note hangs: for the owner of the thread to decide who may see it."""

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


class VoiceFile(NamedTuple):
    """A voice note to hand out, or the part of it that was asked for: `status` is 200 or 206."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


class ProcessPhoto(Struct, frozen=True):
    """Payload of the job `process_photo`, of photos and voice notes."""

    photo_id: UUID


class NewUpload(Struct, frozen=True):
    """What a phone says of the bytes it is going to send. `length` in bytes, at least 1."""

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
