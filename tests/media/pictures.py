"""Pictures made for tests, whose content can be told again after they were turned and shrunk."""

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

from PIL import Image

Colour = tuple[int, int, int]

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 180, 30), (40, 40, 210), (120, 120, 120)
CORNERS = (RED, GREEN, BLUE, GREY)

# How an upright picture is stored so that a viewer that heeds the tag shows it upright again.
STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def four_corners(width: int = 120, height: int = 80) -> Image.Image:
    """Upright: red, green above; blue, grey below."""
    picture = Image.new("RGB", (width, height))
    left, top = width // 2, height // 2
    for colour, box in zip(
        CORNERS,
        [
            (0, 0, left, top),
            (left, 0, width, top),
            (0, top, left, height),
            (left, top, width, height),
        ],
        strict=True,
    ):
        picture.paste(colour, box)
    return picture


def corners_of(path: Path) -> list[Colour]:
    """The colours in the middle of the four quarters."""
    with Image.open(path) as picture:
        width, height = picture.size
        seen = picture.convert("RGB")
    found = []
    for y in (height // 4, height * 3 // 4):
        for x in (width // 4, width * 3 // 4):
            pixel = seen.getpixel((x, y))
            assert isinstance(pixel, tuple)
            found.append((int(pixel[0]), int(pixel[1]), int(pixel[2])))
    return found


def near(found: list[Colour], expected: list[Colour], tolerance: int = 24) -> bool:
    return all(
        abs(a - b) <= tolerance
        for one, other in zip(found, expected, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def difference(one: Path, other: Path) -> float:
    """Mean difference of two pictures, 0 to 255, compared small so that only content counts."""
    with Image.open(one) as first, Image.open(other) as second:
        assert abs(first.width / first.height - second.width / second.height) < 0.02
        small = [picture.convert("RGB").resize((32, 48)).tobytes() for picture in (first, second)]
    total: int = sum(abs(a - b) for a, b in zip(*small, strict=True))
    return total / len(small[0])


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))


def png_bomb(width: int, height: int) -> bytes:
    """A whole and valid PNG of one bit a pixel, all black: 30,000 x 30,000 pixels in 110 KB."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def webp_chunks(data: bytes) -> list[bytes]:
    """Names of the chunks of a WebP (RFC 9649). Fails on anything before or after it."""
    assert data[:4] == b"RIFF"
    assert data[8:12] == b"WEBP"
    assert int.from_bytes(data[4:8], "little") + 8 == len(data), "bytes after the picture"
    names, position = [], 12
    while position < len(data):
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        names.append(data[position : position + 4])
        position += 8 + length + length % 2
    return names
