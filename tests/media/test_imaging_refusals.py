"""Photos that cannot be used, decoders that go wrong: a clear answer, and nothing left."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from backend.media import child, imaging
from backend.media.imaging import (
    DecodeLimits,
    ImageCorrupt,
    ImageDecoderFailed,
    ImageRefused,
    ImageTookTooLong,
    ImageTooLarge,
    ImageUnreadable,
    process_photo,
)
from tests.media.pictures import encoded, four_corners, noise, png_bomb

pillow_heif.register_heif_opener()

KINDS = ["JPEG", "PNG", "WEBP", "HEIF"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def written(folder: Path, data: bytes) -> Path:
    path = folder / "source"
    path.write_bytes(data)
    return path


def children() -> set[int]:
    """Processes this one started and has not waited for, zombies too."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, this is a photo",
        b"<html><img src=x></html>",
        b"GIF89a" + bytes(100),
        b"%PDF-1.7 " + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\0\0\0\x1cftypavif" + bytes(100),
        b"\0\0\0\x1cftypmp42" + bytes(100),
        b"II*\0" + bytes(100),
        bytes(5000),
    ],
)
async def test_what_is_not_a_photo_is_refused(data: bytes, tmp_path: Path, out: Path) -> None:
    with pytest.raises(ImageUnreadable) as refused:
        await process_photo(written(tmp_path, data), out)
    assert refused.value.code == "image_unreadable"
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9, 0.99])
async def test_a_photo_cut_short_is_refused(
    kind: str, part: float, tmp_path: Path, out: Path
) -> None:
    data = encoded(noise(200, 150), kind)
    with pytest.raises(ImageCorrupt) as refused:
        await process_photo(written(tmp_path, data[: int(len(data) * part)]), out)
    assert refused.value.code == "image_corrupt"
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("corrupt_truncated_orient_6.jpg", ImageCorrupt),
        ("corrupt_truncated.heic", ImageCorrupt),
        ("corrupt_zero_bytes.jpg", ImageUnreadable),
    ],
)
async def test_real_damaged_photos_are_refused(
    name: str, expected: type[ImageRefused], photos: Path, out: Path
) -> None:
    with pytest.raises(expected):
        await process_photo(photos / name, out)
    assert list(out.iterdir()) == []


async def test_a_heic_whose_last_bytes_are_missing_is_not_shown_half_grey(
    photos: Path, tmp_path: Path, out: Path
) -> None:
    data = (photos / "gps_iphone11promax.heic").read_bytes()
    with pytest.raises(ImageCorrupt):
        await process_photo(written(tmp_path, data[:-1]), out)
    meta_end = data.index(b"mdat") - 4
    with pytest.raises(ImageCorrupt):
        await process_photo(written(tmp_path, data[:meta_end]), out)


async def test_a_decompression_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, out: Path
) -> None:
    bomb = png_bomb(30_000, 30_000)
    assert len(bomb) < 150_000
    # So little memory that unpacking could not even begin: the answer comes from the header.
    limits = DecodeLimits(memory_bytes=300 * 1024 * 1024, cpu_seconds=2)
    with pytest.raises(ImageTooLarge, match="30000x30000"):
        await process_photo(written(tmp_path, bomb), out, limits=limits)
    assert list(out.iterdir()) == []


async def test_a_size_claimed_in_the_header_is_believed(tmp_path: Path, out: Path) -> None:
    jpeg = bytearray(encoded(four_corners(), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = (30_000).to_bytes(2, "big") * 2
    extended = b"VP8X\x0a\0\0\0\0\0\0\0" + (16_383).to_bytes(3, "little") * 2
    webp = b"RIFF" + (1000).to_bytes(4, "little") + b"WEBP" + extended + bytes(978)
    lossless = b"VP8L\x20\0\0\0\x2f" + (0x3FFF | 0x3FFF << 14).to_bytes(4, "little")
    webp_lossless = b"RIFF" + (1000).to_bytes(4, "little") + b"WEBP" + lossless + bytes(900)
    for data, size in (
        (bytes(jpeg), "30000x30000"),
        (webp, "16384x16384"),
        (webp_lossless, "16384x16384"),
    ):
        with pytest.raises(ImageTooLarge, match=size):
            await process_photo(written(tmp_path, data), out)


async def test_50_megapixels_are_taken_and_more_are_not(tmp_path: Path, out: Path) -> None:
    photo = await process_photo(written(tmp_path, png_bomb(10_000, 5_000)), out)
    assert (photo.width, photo.height) == (1600, 800)
    with pytest.raises(ImageTooLarge):
        await process_photo(written(tmp_path, png_bomb(10_000, 5_001)), out)


async def test_25_mebibytes_are_taken_and_one_byte_more_is_not(tmp_path: Path, out: Path) -> None:
    data = encoded(four_corners(), "JPEG")
    padded = data + bytes(25 * 1024 * 1024 - len(data))
    assert (await process_photo(written(tmp_path, padded), out)).width == 120
    with pytest.raises(ImageTooLarge):
        await process_photo(written(tmp_path, padded + b"\0"), out)
    assert list(out.iterdir()) == []


async def test_a_photo_that_needs_too_much_memory_is_too_large(tmp_path: Path, out: Path) -> None:
    source = written(tmp_path, encoded(Image.new("RGBA", (6000, 6000)), "PNG"))
    limits = DecodeLimits(memory_bytes=200 * 1024 * 1024)
    with pytest.raises(ImageTooLarge, match="memory"):
        await process_photo(source, out, limits=limits)


async def test_a_missing_file_is_the_callers_error(tmp_path: Path, out: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await process_photo(tmp_path / "gone", out)


@pytest.mark.parametrize("kind", KINDS)
async def test_damaged_bytes_never_give_anything_but_an_answer(
    kind: str, tmp_path: Path, out: Path
) -> None:
    dice = random.Random(f"{kind} 1")
    whole = encoded(four_corners(128, 96), kind)
    before = children()
    for _ in range(8):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 20)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            await process_photo(written(tmp_path, bytes(data)), out)
        except ImageRefused:
            assert list(out.iterdir()) == []
    assert children() <= before


async def test_a_decoder_that_takes_too_long_is_killed_and_leaves_nothing(
    tmp_path: Path, out: Path
) -> None:
    before = children()
    source = written(tmp_path, encoded(noise(1000, 1000), "PNG"))
    with pytest.raises(ImageTookTooLong) as refused:
        await process_photo(source, out, limits=DecodeLimits(wall_seconds=0))
    assert refused.value.code == "image_took_too_long"
    assert children() <= before, "neither a running process nor a zombie"
    assert list(out.iterdir()) == []


async def test_giving_up_waiting_kills_the_decoder(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = children()
    _use_decoder(
        "import time; open('full.webp', 'w').close(); time.sleep(60)", tmp_path, monkeypatch
    )
    task = asyncio.create_task(process_photo(written(tmp_path, b"x"), out))
    async with asyncio.timeout(20):
        while not (out / "full.webp").exists():
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() <= before
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})", ImageCorrupt),
        (f"import os; os.kill(os.getpid(), {int(signal.SIGXCPU)})", ImageTookTooLong),
        (f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})", ImageDecoderFailed),
        ("raise SystemExit(3)", ImageDecoderFailed),
        ("print('no json')", ImageDecoderFailed),
        ("print('{}')", ImageDecoderFailed),
        ("print('x' * 1_000_000)", ImageDecoderFailed),
        ('print(\'{"type": "refused", "code": "new", "detail": ""}\')', ImageDecoderFailed),
    ],
)
async def test_a_decoder_that_was_taken_over_or_fell_is_told_apart(
    program: str,
    expected: type[Exception],
    tmp_path: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = children()
    _use_decoder(f"open('full.webp', 'w').close(); {program}", tmp_path, monkeypatch)
    with pytest.raises(expected):
        await process_photo(written(tmp_path, b"x"), out)
    assert list(out.iterdir()) == []
    assert children() <= before


async def test_the_decoder_inherits_no_secret_and_no_open_file(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    found = tmp_path / "found"
    with (tmp_path / "private").open("w") as private:
        os.set_inheritable(private.fileno(), True)
        program = f"""
import os
paths = [f'/proc/self/fd/{{fd}}' for fd in range(3, 64)]
links = [os.readlink(path) for path in paths if os.path.exists(path)]
open({str(found)!r}, 'w').write(repr((dict(os.environ), links)))
"""
        _use_decoder(program, tmp_path, monkeypatch)
        with pytest.raises(ImageDecoderFailed):
            await process_photo(written(tmp_path, b"x"), out)
    assert "secret" not in found.read_text()
    assert "private" not in found.read_text()


@pytest.mark.parametrize(
    ("attack", "end"),
    [
        ("while True: pass", -signal.SIGXCPU),
        ("bytearray(600_000_000)", 77),
        ("open('big', 'wb').write(bytes(40_000_000))", 77),
        ("[open('/dev/null') for _ in range(100)]", 77),
    ],
)
def test_the_decoder_has_hard_limits(attack: str, end: int, tmp_path: Path) -> None:
    program = f"""
import sys
from backend.media.decode_child import _confine
_confine({{"cpu_seconds": 1, "wall_seconds": 20, "memory_bytes": 500_000_000}})
try:
    {attack}
except (MemoryError, OSError):
    sys.exit(77)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(imaging.__file__).parents[2])},
        timeout=60,
        check=False,
    )
    assert done.returncode == end


def _use_decoder(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program in the decoder's place, as a photo that took it over would."""
    script = folder / "decoder.py"
    script.write_text(program)
    monkeypatch.setattr(child, "_CHILD", script)
