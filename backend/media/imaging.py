"""A stranger's photo becomes two clean WebP pictures, in a process that may be killed.

Every photo gets a new process (`decode_child.py`): starting one costs about a tenth of a second,
and nothing a file does to its decoder outlives the file.
"""

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

FULL_NAME = "full.webp"
THUMB_NAME = "thumb.webp"
DECODERS_AT_ONCE = 2

_CHILD = Path(__file__).with_name("decode_child.py")
_REPLY_BYTES = 8 * 1024
# Where a Python that is not the system's finds its own libraries. Nothing else is handed down.
_PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_slots = asyncio.Semaphore(DECODERS_AT_ONCE)


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


class DecodeLimits(msgspec.Struct, frozen=True):
    """What one photo may cost. Seconds are whole: the kernel counts them so."""

    # What a phone may upload.
    max_bytes: int = 25 * 1024 * 1024
    max_pixels: int = 50_000_000
    # Address space, not resident memory: threads and libraries reserve more than they use.
    memory_bytes: int = 1024 * 1024 * 1024
    cpu_seconds: int = 10
    wall_seconds: int = 20


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


class _Refusal(msgspec.Struct, frozen=True, tag_field="type", tag="refused"):
    code: str
    detail: str


_REPLY: msgspec.json.Decoder[_Pictures | _Refusal] = msgspec.json.Decoder(_Pictures | _Refusal)
_REFUSALS: dict[str, type[ImageRefused]] = {
    kind.code: kind for kind in (ImageUnreadable, ImageCorrupt, ImageTooLarge)
}


async def process_photo(
    source: Path, out_dir: Path, *, limits: DecodeLimits = DEFAULT_LIMITS
) -> ProcessedPhoto:
    """Make `full.webp` and `thumb.webp` of the photo `source` in the existing folder `out_dir`.

    At most `DECODERS_AT_ONCE` run at once; more wait. Raises `ImageUnreadable`, `ImageCorrupt`,
    `ImageTooLarge` or `ImageTookTooLong` (all `ImageRefused`: asking again is useless), or
    `ImageDecoderFailed`. After an error, and when cancelled, neither file is left and no process
    runs.
    """
    async with _slots:
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
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",  # no environment, no working directory, no user folder on the import path
        "-B",
        _CHILD,
        msgspec.json.encode(limits).decode(),
        stdin=photo,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=out_dir,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        | {"MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8"},
        limit=_REPLY_BYTES,
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(limits.wall_seconds):
            line = await child.stdout.readline()
            code = await child.wait()
    except TimeoutError as error:
        raise ImageTookTooLong(f"more than {limits.wall_seconds} s") from error
    except ValueError as error:
        raise ImageDecoderFailed("its answer has no end") from error
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            # Also empties its pipe: with bytes left there asyncio would wait for ever.
            await child.communicate()
    return _answer(line, code)


def _answer(line: bytes, code: int) -> _Pictures:
    if not line:
        raise _died(code)
    try:
        reply = _REPLY.decode(line)
    except msgspec.DecodeError as error:
        raise ImageDecoderFailed(f"its answer makes no sense: {line[:200]!r}") from error
    if isinstance(reply, _Refusal):
        raise _REFUSALS.get(reply.code, ImageDecoderFailed)(reply.detail)
    return reply


def _died(code: int) -> ImageRefused | ImageDecoderFailed:
    """What an end without an answer means; `code` is negative for a signal."""
    if -code in {signal.SIGXCPU, signal.SIGALRM}:
        return ImageTookTooLong("processor time used up")
    if -code in {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE}:
        return ImageCorrupt(f"the decoder fell over it (signal {-code})")
    return ImageDecoderFailed(f"ended with {code}")


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
