"""The process in which a stranger's photo or voice is decoded. Run by `child.py`, never imported.

In: the file as standard input (a regular file), `photo` or `voice` and the limits as JSON for
arguments, an empty working directory. Out: `full.webp` and `thumb.webp` there, or what
`decode_voice.py` makes, and one JSON line: `{"type": "photo", …}` or
`{"type": "refused", "code": …, "detail": …}`. It imports nothing of the application and knows no
path, no setting and no secret.
"""

# ruff: noqa: PLC0415
import importlib.util
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from PIL import Image

FULL_EDGE = 1600
THUMB_EDGE = 320
FULL_QUALITY = 80
# Of libwebp's 0-6: beyond 2 the time doubles for files 5 % smaller.
FULL_METHOD = 2
THUMB_BYTES = 15 * 1024
THUMB_METHOD = 4
THUMB_QUALITIES = (75, 60, 45, 30, 15)
THUMB_EDGES = (THUMB_EDGE, 240, 160)
OUTPUT_BYTES = 16 * 1024 * 1024
_NOUNS = {"photo": "image", "voice": "voice"}

HEIF_BRANDS = {
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"
}  # fmt: skip
HEIF_BOXES = {b"ftyp", b"meta", b"mdat"}
ORIENTATION_TAG = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Refused(Exception):
    """The photo cannot be used. `code` is one that `imaging.py` knows."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def main() -> None:
    kind, limits = sys.argv[1], json.loads(sys.argv[2])
    _confine(limits)
    try:
        if kind == "voice":
            reply = _beside("decode_voice").process(sys.stdin.buffer, limits)
            reply["peak_bytes"] = _peak_bytes()
        else:
            reply = _process(sys.stdin.buffer, limits["max_pixels"])
    except MemoryError:
        reply = {"type": "refused", "code": f"{_NOUNS[kind]}_too_large", "detail": "out of memory"}
    except Exception as error:
        code = getattr(error, "code", None) or f"{_NOUNS[kind]}_decoder_failed"
        detail = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        reply = {"type": "refused", "code": code, "detail": detail[:300]}
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()
    # Skips freeing what the kernel frees faster.
    os._exit(0)


def _beside(name: str) -> ModuleType:
    """The module in the file next to this one, where an isolated interpreter does not look."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _confine(limits: dict[str, int]) -> None:
    cpu, wall = limits["cpu_seconds"], limits["wall_seconds"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"], limits["memory_bytes"]))
    # If memory runs short on the whole machine, this process goes first, not the database.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    # Should the parent be gone, nobody is left to end us.
    signal.alarm(wall + 5)


def _process(source: BinaryIO, max_pixels: int) -> dict[str, object]:
    kind = _kind(source)
    if kind == "HEIF":
        _refuse_cut_heif(source)
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

    libheif shows the missing tiles of a cut file as grey, without an error. Bytes after the last
    box are left alone: some phones append data of their own.
    """
    size = os.fstat(source.fileno()).st_size
    position = 0
    seen: set[bytes] = set()
    while position + 8 <= size:
        source.seek(position)
        length, name = struct.unpack(">I4s", source.read(8))
        if length == 1:
            length = int.from_bytes(source.read(8), "big")
        elif length == 0:
            length = size - position
        if length < 8 or position + length > size:
            if name not in HEIF_BOXES and seen >= HEIF_BOXES:
                break
            raise Refused("image_corrupt", f"HEIF box {name!r} does not end in the file")
        seen.add(name)
        position += length
    if not seen >= HEIF_BOXES:
        raise Refused("image_corrupt", "HEIF without its index or its data")
    source.seek(0)


def _render(source: BinaryIO, kind: str, max_pixels: int) -> dict[str, object]:
    with _decoding():
        image = _open(source, kind)
    width, height = image.size
    _refuse_large(width, height, max_pixels)
    with _decoding():
        size = _fit(image.size, FULL_EDGE)
        # JPEG decodes straight to a half, a quarter or an eighth: most of the time and memory
        # saved.
        image.draft(None, size)
        image.load()
        # libheif turns the picture itself, and its specification forbids to heed EXIF besides.
        turn = 1 if kind == "HEIF" else _orientation(image)
        profile = image.info.get("icc_profile")
        small = _drawable(image)
        del image
        small = small.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        full = _plain(_in_srgb(small, profile), turn)
    _save(full, Path("full.webp"), FULL_QUALITY, FULL_METHOD)
    thumb_width, thumb_height = _save_thumbnail(full, Path("thumb.webp"))
    if turn >= 5:
        width, height = height, width
    return {
        "type": "photo",
        "format": kind,
        "source_width": width,
        "source_height": height,
        "width": full.width,
        "height": full.height,
        "thumb_width": thumb_width,
        "thumb_height": thumb_height,
        "peak_bytes": _peak_bytes(),
    }


def _open(source: BinaryIO, kind: str) -> Image.Image:
    """Read the header. One format is imported and tried, not all that Pillow knows."""
    if kind == "JPEG":
        from PIL.JpegImagePlugin import JpegImageFile

        return JpegImageFile(source)
    if kind == "PNG":
        from PIL.PngImagePlugin import PngImageFile

        return PngImageFile(source)
    if kind == "WEBP":
        from PIL.WebPImagePlugin import WebPImageFile

        return WebPImageFile(source)
    import pillow_heif

    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    return pillow_heif.HeifImageFile(source)  # type: ignore[no-untyped-call]


@contextmanager
def _decoding() -> Iterator[None]:
    """Whatever a decoder throws, it means one thing to the person: the file is damaged."""
    try:
        yield
    except (Refused, MemoryError):
        raise
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        raise Refused("image_corrupt", detail[:300]) from error


def _fit(size: tuple[int, int], edge: int) -> tuple[int, int]:
    """`size` shrunk so that its longer side is at most `edge`; never enlarged, never 0."""
    scale = min(1.0, edge / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(image: Image.Image) -> int:
    """How the picture must be turned (Exif 2.32, tag 0x0112); 1 if absent or nonsense."""
    try:
        value = image.getexif().get(ORIENTATION_TAG)
    except Exception:  # broken metadata is no reason to refuse a picture that decodes
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _drawable(image: Image.Image) -> Image.Image:
    """The same picture in a mode that can be resized smoothly."""
    if image.mode in {"RGBA", "LA"} or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode.startswith("I"):
        # 16-bit grey; a plain conversion would clip everything above 255 to white.
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"RGB", "L", "CMYK"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Flattened on white and in sRGB, as every browser takes a picture without a profile to be."""
    if image.mode == "RGBA":
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image)
        image = paper.convert("RGB")
    if isinstance(profile, bytes) and profile:
        from PIL import ImageCms

        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError):
            converted = None  # a profile that is broken or of another colour space says nothing
        image = converted or image
    return image.convert("RGB")


def _plain(image: Image.Image, turn: int) -> Image.Image:
    """Turned upright, and copied into a picture that never had any metadata."""
    upright = image.transpose(TURNS[turn]) if turn in TURNS else image
    plain = Image.new("RGB", upright.size)
    plain.paste(upright)
    return plain


def _save_thumbnail(full: Image.Image, path: Path) -> tuple[int, int]:
    """At most `THUMB_BYTES`: first at less quality, and for pure noise at less size."""
    size = full.size
    for edge in THUMB_EDGES:
        size = _fit(full.size, edge)
        small = full.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        for quality in THUMB_QUALITIES:
            if _save(small, path, quality, THUMB_METHOD) <= THUMB_BYTES:
                return size
    return size


def _save(image: Image.Image, path: Path, quality: int, method: int) -> int:
    """Write a WebP and return its size. By the name's ending Pillow loads that one plugin only."""
    image.save(path, quality=quality, method=method, exif=b"", xmp=b"", icc_profile=b"")
    return path.stat().st_size


def _peak_bytes() -> int:
    """Most memory held at once. Not `ru_maxrss`: that begins with what the parent held."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    peak = next((line.split()[1] for line in lines if line.startswith("VmHWM")), "0")
    return int(peak) * 1024


if __name__ == "__main__":
    main()
