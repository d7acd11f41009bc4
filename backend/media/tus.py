"""The words of tus 1.0 (https://tus.io/protocols/resumable-upload): headers in, headers out.

Core, and the extensions creation, creation-with-upload, checksum, expiration and termination.
"""

import asyncio
import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final, cast

from litestar import Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct

from backend.errors import Conflict, DomainError, Gone, InvalidField
from backend.i18n import N_
from backend.media.schemas import (
    PHOTO_BYTES,
    PHOTO_TYPES,
    VOICE_BYTES,
    VOICE_TYPES,
    NewUpload,
    UploadRow,
    UploadState,
)

if TYPE_CHECKING:
    from hashlib import _Hash

    from litestar.types import HTTPRequestEvent

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,checksum,expiration,termination"
CHUNK_TYPE: Final = "application/offset+octet-stream"
ALGORITHMS: Final[Mapping[str, Callable[[], "_Hash"]]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}
CAPABILITIES: Final[Mapping[str, str]] = {
    "Tus-Version": VERSION,
    "Tus-Extension": EXTENSIONS,
    "Tus-Max-Size": str(PHOTO_BYTES),
    "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
}

SWALLOW_BYTES: Final = 256 * 1024
SWALLOW_SECONDS: Final = 2.0

_HEX: Final = re.compile(rb"[0-9a-f]{64}")
_DIGITS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)

UploadRequest = Request[object, object, State]


class TusVersionUnsupported(DomainError):
    status = 412
    code = "tus_version"
    title = N_("This app is out of date")
    message = N_("The app speaks another version of the upload protocol. Please update it.")

    def headers(self) -> dict[str, str]:
        return {"Tus-Version": VERSION}


class WrongChunkType(DomainError):
    status = 415
    code = "chunk_type"
    title = N_("Not a part of an upload")
    message = N_("Bytes of an upload must be marked application/offset+octet-stream.")


class UploadTooLarge(DomainError):
    status = 413
    code = "photo_too_large"
    title = N_("Too large")
    message = N_("A photo is larger than {megabytes} MB. Please choose a smaller one.")

    def __init__(self) -> None:
        super().__init__(megabytes=PHOTO_BYTES // (1024 * 1024))


class VoiceTooLarge(DomainError):
    status = 413
    code = "voice_too_large"
    title = N_("Too large")
    message = N_("This voice note is too large. Please record a shorter one.")


class MoreThanAnnounced(DomainError):
    """What fitted is kept; whether it is the photo, its SHA-256 tells."""

    status = 413
    code = "more_than_announced"
    title = N_("Too large")
    message = N_("More bytes came than the phone had announced.")


class ChecksumMismatch(DomainError):
    """Of one PATCH. Nothing of it is kept."""

    status = 460
    code = "checksum_mismatch"
    title = N_("Damaged on the way")
    message = N_("Part of the photo was damaged on the way. It will be sent again by itself.")


class ContentMismatch(DomainError):
    """Of the whole file. All its bytes are dropped."""

    status = 460
    code = "content_mismatch"
    title = N_("Damaged on the way")
    message = N_("The photo that arrived is not the one announced. It will be sent again.")


class OffsetConflict(Conflict):
    """The phone goes on elsewhere than our bytes end. It is told where they do."""

    code = "offset_conflict"
    message = N_("The upload stands somewhere else. It will go on from there by itself.")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__()

    def headers(self) -> dict[str, str]:
        return {"Upload-Offset": str(self.offset)}


class UploadTaken(Conflict):
    """A newer request of the same upload took over. What had arrived is kept."""

    code = "upload_taken"
    message = N_("Another request is sending this photo now.")


class UploadInUse(Conflict):
    code = "upload_in_use"
    message = N_("This photo belongs to a report or a message and cannot be taken back.")


class UploadExpired(Gone):
    code = "upload_expired"
    message = N_("This upload was left unfinished for too long. It will start anew.")


class UploadInterrupted(DomainError):
    """The phone went away or fell silent. What had arrived is kept."""

    status = 408
    code = "upload_interrupted"
    title = N_("Interrupted")
    message = N_("The connection broke off. What arrived is kept; the rest will follow.")


class WrongHeader(InvalidField):
    """A header without which, or with which, the request makes no sense; `field` is its name."""

    status = 400

    def __init__(self, header: str) -> None:
        super().__init__(header, "bad_header", N_("This is not in the expected form."))


class Checksum(Struct, frozen=True):
    """What the bytes of one request must add up to."""

    algorithm: str
    digest: bytes


def require_version(request: UploadRequest) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise TusVersionUnsupported


def read_creation(request: UploadRequest) -> NewUpload:
    """What a POST announces.

    Raises:
        UploadTooLarge, VoiceTooLarge
        WrongHeader: Upload-Length (400).
        InvalidField: sha256, type (422).
    """
    length = _number(request, "Upload-Length")
    if length > PHOTO_BYTES:
        raise UploadTooLarge
    if length < 1:
        raise InvalidField(
            "Upload-Length", "photo_empty", N_("A photo is empty. Please choose it again.")
        )
    metadata = _metadata(request.headers.get("upload-metadata", ""))
    content_type = metadata.get("type", b"").decode("ascii", "replace").lower()
    if content_type in VOICE_TYPES:
        if length > VOICE_BYTES:
            raise VoiceTooLarge
    elif content_type not in PHOTO_TYPES:
        raise InvalidField(
            "type", "photo_type", N_("This kind of file cannot be used. Please choose a photo.")
        )
    return NewUpload(_sha256(metadata.get("sha256", b"")), content_type, length)


def _metadata(header: str) -> dict[str, bytes]:
    """`sha256 <base64>,type <base64>`; keys of no meaning here are let pass."""
    found: dict[str, bytes] = {}
    for pair in header.split(",") if header.strip() else []:
        key, _, value = pair.strip().partition(" ")
        try:
            decoded = b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError) as error:
            raise WrongHeader("Upload-Metadata") from error
        if not key or key in found:
            raise WrongHeader("Upload-Metadata")
        found[key] = decoded
    return found


def _sha256(value: bytes) -> bytes:
    """The 32 bytes, sent as lower-case hex or as they are."""
    if len(value) == 32:
        return value
    if _HEX.fullmatch(value):
        return bytes.fromhex(value.decode())
    raise InvalidField("sha256", "bad_sha256", N_("The file's checksum (SHA-256) is missing."))


def read_offset(request: UploadRequest) -> int:
    return _number(request, "Upload-Offset")


def _number(request: UploadRequest, header: str) -> int:
    text = request.headers.get(header.lower(), "")
    if not _DIGITS.fullmatch(text):
        raise WrongHeader(header)
    return int(text)


def read_checksum(request: UploadRequest) -> Checksum | None:
    header = request.headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    try:
        digest = b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WrongHeader("Upload-Checksum") from error
    if algorithm not in ALGORITHMS or len(digest) != ALGORITHMS[algorithm]().digest_size:
        raise WrongHeader("Upload-Checksum")
    return Checksum(algorithm, digest)


def has_body(request: UploadRequest) -> bool:
    return bool(request.content_length) or "transfer-encoding" in request.headers


def require_chunk_type(request: UploadRequest) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != CHUNK_TYPE:
        raise WrongChunkType


class Body:
    """The bytes of one request as they come in: its reader says when they are enough.

    Litestar's own stream knows one limit for all; here the upload's length is the limit.
    """

    def __init__(self, request: UploadRequest) -> None:
        self._receive = request.receive
        self._ended = False
        self.announced = request.content_length

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Raises UploadInterrupted when the phone is gone; all that came before was given out."""
        while not self._ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._ended = True
                raise UploadInterrupted
            event = cast("HTTPRequestEvent", message)
            self._ended = not event["more_body"]
            if event["body"]:
                yield event["body"]

    async def swallow(self) -> None:
        """Read what little is left of a refused request, so that its connection can be used on.

        With bytes unread the server must close it, and the phone may lose the answer.
        """
        left = SWALLOW_BYTES
        with suppress(TimeoutError, UploadInterrupted):
            async with asyncio.timeout(SWALLOW_SECONDS), aclosing(self.chunks()) as chunks:
                async for chunk in chunks:
                    left -= len(chunk)
                    if left < 0:
                        return


def metadata_of(upload: UploadRow) -> str:
    """What the phone said of it, given back (Upload-Metadata of an answer to HEAD)."""
    pairs = {"sha256": upload.sha256.hex(), "type": upload.content_type}
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in pairs.items())


def headers_of(state: UploadState) -> dict[str, str]:
    """Where an upload stands and, while it is unfinished, how long it is kept."""
    headers = {"Upload-Offset": str(state.offset), "Cache-Control": "no-store"}
    if not state.upload.complete:
        headers["Upload-Expires"] = _http_date(state.upload.expires_at)
    return headers


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


class TusAnswers:
    """ASGI middleware: every answer says which tus it speaks, refusals too; OPTIONS says all."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = {"Tus-Resumable": VERSION}
        if scope["type"] == ScopeType.HTTP and scope["method"] == "OPTIONS":
            said.update(CAPABILITIES)

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *((name.lower().encode(), value.encode()) for name, value in said.items()),
                ]
            await send(message)

        await self.app(scope, receive, send_with_version)
