"""Photos as they are named, acknowledged and shown."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

PhotoState = Literal["expected", "stored", "ready", "failed"]


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
