"""The process in which a stranger's photo is decoded. Run by `imaging.py`, never imported.

In: the photo as standard input (a regular file), the limits as one JSON argument, an empty working
directory. Out: `full.webp` and `thumb.webp` there, and one JSON line: `{"type": "photo", …}` or
`{"type": "refused", "code": …, "detail": …}`. It imports nothing of the application and knows no path,
no setting and no secret.
"""

import json
import os
import resource
import signal
import struct
import sys
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NoReturn

FULL_EDGE = 1600
THUMB_EDGE = 320
FULL_QUALITY = 80
# Of libwebp's 0-6: beyond 2 the time doubles for files 5 % smaller.
FULL_METHOD = 2
THUMB_BYTES = 15 * 1024
THUMB_QUALITIES = (75, 60, 45, 30, 15)
THUMB_EDGES = (THUMB_EDGE, 240, 160)
OUTPUT_BYTES = 16 * 1024 * 1024

HEIF_BRANDS = {
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"
}  # fmt: skip
HEIF_MANDATORY_BOXES = {b"ftyp", b"meta", b"mdat", b"moov"}
ORIENTATION_TAG = 0x0112


class Refused(Exception):
    """The photo cannot be used. `code` is one that `imaging.py` knows."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def main() -> None:
    limits = json.loads(sys.argv[1])
    _confine(limits)
    try:
        reply = _process(sys.stdin.buffer, limits["max_pixels"])
    except Refused as refused:
        reply = {"type": "refused", "code": refused.code, "detail": refused.detail}
    except MemoryError:
        reply = {"type": "refused", "code": "image_too_large", "detail": "out of memory"}
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        reply = {"type": "refused", "code": "image_decoder_failed", "detail": detail[:300]}
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()
    # Skips freeing what the kernel frees faster.
    os._exit(0)


def _confine(limits: dict[str, int]) -> None:
    cpu, wall = limits["cpu_seconds"], limits["wall_seconds"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"], limits["memory_bytes"]))
    # Should the parent be gone, nobody is left to end us.
    signal.alarm(wall + 5)


def _process(source: BinaryIO, max_pixels: int) -> dict[str, object]:
    kind = _kind(source)
    if kind == "HEIF":
        _refuse_cut_heif(source)
        import pillow_heif  # noqa: PLC0415 - 25 ms that a JPEG need not pay

        pillow_heif.register_heif_opener(
            thumbnails=False, depth_images=False, aux_images=False, decode_threads=2
        )
    if kind == "WEBP":
        # libwebp reserves two canvases when it opens a file: the size must be known before.
        _refuse_large(*_webp_size(source), max_pixels)
    return _render(source, kind, max_pixels)


def _kind(source: BinaryIO) -> str:
    head = source.read(12)
    source.seek(0)
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        return "HEIF"
    raise Refused("image_unreadable", f"begins with {head[:12].hex()}")


def _refuse_large(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise Refused("image_too_large", f"{width}x{height} pixels")


def _webp_size(source: BinaryIO) -> tuple[int, int]:
    """Width and height as the header says (RFC 9649, 2.5-2.7), before anything is decoded."""
    head = source.read(30)
    source.seek(0)
    if len(head) < 30:
        raise Refused("image_corrupt", "WebP cut in its header")
    if head[12:16] == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    elif head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[26:30]))
    return width, height


def _refuse_cut_heif(source: BinaryIO) -> None:
    """Walk the top-level boxes (ISO/IEC 14496-12, 4.2): each must end inside the file.

    libheif shows the missing tiles of a cut file as grey without an error. What follows the last known
    box is left alone: some phones append data of their own.
    """
    size = os.fstat(source.fileno()).st_size
    position, seen = 0, set()
    while position + 8 <= size:
        source.seek(position)
        length, name = struct.unpack(">I4s", source.read(8))
        if length == 1:
            length = int.from_bytes(source.read(8), "big")
        if length == 0:  # to the end of the file
            length = size - position
        if length < 8 or position + length > size:
            if name in HEIF_MANDATORY_BOXES or not {b"meta", b"mdat"} <= seen:
                raise Refused("image_corrupt", f"HEIF box {name!r} ends beyond the file")
            break
        seen.add(name)
        position += length
    source.seek(0)
    if not {b"meta", b"mdat"} <= seen and b"moov" not in seen:
        # An image may lie in `meta` itself (`idat`); without `meta` there is none.
        if b"meta" not in seen:
            raise Refused("image_corrupt", "HEIF without its index")


def _render(source: BinaryIO, kind: str, max_pixels: int) -> dict[str, object]:
    from PIL import Image  # noqa: PLC0415 - only once the limits stand

    # Our own check, stricter and with a clear answer, stands in for Pillow's.
    Image.MAX_IMAGE_PIXELS = None
    with _decoding():
        image: Image.Image = Image.open(source, formats=[kind])
    width, height = image.size
    _refuse_large(width, height, max_pixels)
    with _decoding():
        size = _fit(image.size, FULL_EDGE)
        # JPEG decodes straight to a half, a quarter or an eighth: most of the time and memory saved.
        image.draft(None, size)
        image.load()
        # libheif turns the picture itself, and its specification forbids to heed EXIF besides.
        turn = 1 if kind == "HEIF" else _orientation(image)
        profile = image.info.get("icc_profile")
        small = _drawable(image)
        del image
        small = small.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        full = _plain(_in_srgb(small, profile), turn)
    Path("full.webp").write_bytes(_webp(full, FULL_QUALITY, FULL_METHOD))
    thumb, thumb_size = _thumbnail(full)
    Path("thumb.webp").write_bytes(thumb)
    if turn >= 5:
        width, height = height, width
    return {
        "type": "photo",
        "format": kind,
        "source_width": width,
        "source_height": height,
        "width": full.width,
        "height": full.height,
        "thumb_width": thumb_size[0],
        "thumb_height": thumb_size[1],
        "peak_bytes": _peak_bytes(),
    }
