"""A stranger's photo becomes two clean WebP pictures, in a process that may be killed.

Every photo gets a new process (`child.py`): starting one costs about a tenth of a second,
and nothing a file does to its decoder outlives the file.
"""

import os
import time
from pathlib import Path
from typing import BinaryIO

import msgspec

from backend.media.child import (
    DECODERS,
    ChildFailed,
    ChildFell,
    ChildLimits,
    ChildTookTooLong,
    Refusal,
    run_child,
)

FULL_NAME = "full.webp"
THUMB_NAME = "thumb.webp"


class ImageRefused(Exception):
    """This photo cannot be used. `code` is stable; the text is for logs, not for people."""

    code = "image_refused"


class ImageUnreadable(ImageRefused):
    """Not a JPEG, PNG, WebP or HEIF picture."""

    code = "image_unreadable"


class ImageCorrupt(ImageRefused):
    """Begins as a picture, but is cut short or damaged."""

    code = "image_corrupt"


class ImageTooLarge(ImageRefused):
    """Too many pixels, too many bytes, or too much memory needed."""

    code = "image_too_large"


class ImageTookTooLong(ImageRefused):
    """Decoding was stopped after its time."""

    code = "image_took_too_long"


class ImageDecoderFailed(Exception):
    """The decoder ended without an answer: our fault or the machine's. Trying again may help."""

    code = "image_decoder_failed"


class DecodeLimits(ChildLimits, frozen=True):
    """What one photo may cost."""

    # What a phone may upload.
    max_bytes: int = 25 * 1024 * 1024
    max_pixels: int = 50_000_000


DEFAULT_LIMITS = DecodeLimits()


class ProcessedPhoto(msgspec.Struct, frozen=True):
    """The two pictures made of one photo: upright, sRGB, without alpha or any metadata.

    `full` has a longer side of at most 1600 pixels, `thumb` of 320 and at most 15 KiB. Sizes are
    in pixels and bytes. `source_width` and `source_height` are those of the photo turned upright,
    `source_format` one of JPEG, PNG, WEBP, HEIF. `peak_bytes` is the memory the decoder held at
    most (0: unknown).
    """

    full_path: Path
    width: int
    height: int
    full_bytes: int
    thumb_path: Path
    thumb_width: int
    thumb_height: int
    thumb_bytes: int
    source_format: str
    source_width: int
    source_height: int
    seconds: float
    peak_bytes: int


class _Pictures(msgspec.Struct, frozen=True, tag_field="type", tag="photo"):
    format: str
    source_width: int
    source_height: int
    width: int
    height: int
    thumb_width: int
    thumb_height: int
    peak_bytes: int


_REPLY: msgspec.json.Decoder[_Pictures | Refusal] = msgspec.json.Decoder(_Pictures | Refusal)
_REFUSALS: dict[str, type[ImageRefused]] = {
    kind.code: kind for kind in (ImageUnreadable, ImageCorrupt, ImageTooLarge)
}


async def process_photo(
    source: Path, out_dir: Path, *, limits: DecodeLimits = DEFAULT_LIMITS
) -> ProcessedPhoto:
    """Make `full.webp` and `thumb.webp` of the photo `source` in the existing folder `out_dir`.

    At most `DECODERS_AT_ONCE` run at once (see `child.py`); more wait. Raises `ImageUnreadable`,
    `ImageCorrupt`, `ImageTooLarge` or `ImageTookTooLong` (all `ImageRefused`: asking again is
    useless), or `ImageDecoderFailed`. After an error, and when cancelled, neither file is left and
    no process runs.
    """
    async with DECODERS:
        started = time.perf_counter()
        try:
            with _open(source, limits.max_bytes) as photo:
                pictures = await _decode(photo, out_dir, limits)
            return _processed(pictures, out_dir, time.perf_counter() - started)
        except BaseException:
            _discard(out_dir)
            raise


def _open(source: Path, max_bytes: int) -> BinaryIO:
    photo = source.open("rb")
    size = os.fstat(photo.fileno()).st_size
    if size > max_bytes:
        photo.close()
        raise ImageTooLarge(f"{size} bytes")
    return photo


async def _decode(photo: BinaryIO, out_dir: Path, limits: DecodeLimits) -> _Pictures:
    try:
        line = await run_child("photo", photo, out_dir, limits)
    except ChildTookTooLong as error:
        raise ImageTookTooLong(str(error)) from error
    except ChildFell as error:
        raise ImageCorrupt(str(error)) from error
    except ChildFailed as error:
        raise ImageDecoderFailed(str(error)) from error
    return _answer(line)


def _answer(line: bytes) -> _Pictures:
    try:
        reply = _REPLY.decode(line)
    except msgspec.DecodeError as error:
        raise ImageDecoderFailed(f"its answer makes no sense: {line[:200]!r}") from error
    if isinstance(reply, Refusal):
        raise _REFUSALS.get(reply.code, ImageDecoderFailed)(reply.detail)
    return reply


def _processed(pictures: _Pictures, out_dir: Path, seconds: float) -> ProcessedPhoto:
    full, thumb = out_dir / FULL_NAME, out_dir / THUMB_NAME
    return ProcessedPhoto(
        full_path=full,
        width=pictures.width,
        height=pictures.height,
        full_bytes=full.stat().st_size,
        thumb_path=thumb,
        thumb_width=pictures.thumb_width,
        thumb_height=pictures.thumb_height,
        thumb_bytes=thumb.stat().st_size,
        source_format=pictures.format,
        source_width=pictures.source_width,
        source_height=pictures.source_height,
        seconds=seconds,
        peak_bytes=pictures.peak_bytes,
    )


def _discard(out_dir: Path) -> None:
    for name in (FULL_NAME, THUMB_NAME):
        (out_dir / name).unlink(missing_ok=True)
