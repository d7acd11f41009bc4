"""Photos made small by the app's own module, in real Chromium, on real photos (O6, R2)."""

import base64
import functools
import hashlib
import http.server
import io
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import PIL.Image
import PIL.ImageChops
import PIL.ImageStat
import pytest
from playwright.async_api import Page, async_playwright

pytest_plugins = ["tests.fixtures.realdata"]

PWA = Path(__file__).resolve().parents[2] / "pwa"
PAGE = Path(__file__).resolve().parent / "shrink_page"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

pytestmark = pytest.mark.e2e


@dataclass
class Outcome:
    refused: str | None
    type: str
    width: int
    height: int
    sha256: str
    gps: tuple[float, float] | None
    original: bool
    content: bytes

    def picture(self) -> PIL.Image.Image:
        return PIL.Image.open(io.BytesIO(self.content)).convert("RGB")


@pytest.fixture(scope="session")
def shrink_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built page around the photo module."""
    built = tmp_path_factory.mktemp("shrink")
    node = Path(sys.executable).parent / "node"
    vite = PWA / "node_modules" / "vite" / "bin" / "vite.js"
    subprocess.run(
        [node, vite, "build", PAGE, "--outDir", built, "--emptyOutDir", "--logLevel", "warn"],
        cwd=PWA,
        check=True,
    )
    return built


@pytest.fixture(scope="session")
def shrink_address(shrink_page: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(shrink_page))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
async def page(shrink_address: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.goto(shrink_address)
        yield page
        await browser.close()


async def shrink(page: Page, photo: Path) -> Outcome:
    await page.set_input_files("input", photo)
    told = await page.evaluate("shrinkChosen()")
    gps = told.get("gps")
    return Outcome(
        refused=told.get("refused"),
        type=told.get("type", ""),
        width=told.get("width", 0),
        height=told.get("height", 0),
        sha256=told.get("sha256", ""),
        gps=(gps["lat"], gps["lon"]) if gps else None,
        original=told.get("original", False),
        content=base64.b64decode(told.get("base64", "")),
    )


def difference(a: PIL.Image.Image, b: PIL.Image.Image) -> float:
    """Mean difference of the colours, 0 to 255, seen at 64 px."""
    small = [picture.resize((64, 64), PIL.Image.Resampling.BOX) for picture in (a, b)]
    return sum(PIL.ImageStat.Stat(PIL.ImageChops.difference(*small)).mean) / 3


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_photo_is_upright_however_the_phone_was_held(
    page: Page, realdata: Path, orientation: int
) -> None:
    upright = PIL.Image.open(realdata / "photos" / "orient_1_portrait.jpg").convert("RGB")
    made = await shrink(page, realdata / "photos" / f"orient_{orientation}_portrait.jpg")
    assert (made.width, made.height) == (1067, 1600)
    assert made.picture().size == (1067, 1600)
    # Another orientation of this picture differs by more than 30.
    assert difference(made.picture(), upright) < 4


async def test_an_impossible_orientation_leaves_the_photo_as_it_is(
    page: Page, realdata: Path
) -> None:
    upright = PIL.Image.open(realdata / "photos" / "orient_1_portrait.jpg").convert("RGB")
    made = await shrink(page, realdata / "photos" / "orient_0_invalid_value.jpg")
    assert difference(made.picture(), upright) < 4


async def test_photos_are_small_and_carry_no_metadata(page: Page, realdata: Path) -> None:
    sizes = []
    for entry in manifest(realdata):
        if not entry["decodes"] or not str(entry["file"]).endswith(".jpg"):
            continue
        made = await shrink(page, realdata / "photos" / str(entry["file"]))
        assert made.refused is None, entry["file"]
        assert not made.original, entry["file"]
        picture = PIL.Image.open(io.BytesIO(made.content))
        assert max(picture.size) <= 1600
        assert not picture.getexif()
        assert b"Exif" not in made.content
        assert hashlib.sha256(made.content).hexdigest() == made.sha256
        sizes.append(len(made.content))
    sizes.sort()
    assert sizes[int(len(sizes) * 0.95)] <= 250_000


async def test_the_place_in_a_photo_is_offered_when_it_can_be_true(
    page: Page, realdata: Path
) -> None:
    for entry in manifest(realdata):
        if not entry["decodes"] or "truncated" in str(entry["file"]):
            continue
        made = await shrink(page, realdata / "photos" / str(entry["file"]))
        wanted = entry.get("gps")
        if isinstance(wanted, dict) and not str(entry["file"]).startswith("made_gps"):
            assert made.gps == pytest.approx((wanted["lat"], wanted["lon"]), abs=1e-5), entry[
                "file"
            ]
        else:
            assert made.gps is None, entry["file"]


async def test_what_this_browser_cannot_decode_is_sent_as_it_is(page: Page, realdata: Path) -> None:
    for name in ("gps_iphone11promax.heic", "gps_android_nokia83_street_dusk.heif"):
        source = (realdata / "photos" / name).read_bytes()
        made = await shrink(page, realdata / "photos" / name)
        assert made.original
        assert made.type == "image/heic"
        assert made.content == source
        assert made.sha256 == hashlib.sha256(source).hexdigest()


@pytest.mark.parametrize(
    "name", ["corrupt_truncated.heic", "corrupt_truncated_orient_6.jpg", "corrupt_zero_bytes.jpg"]
)
async def test_a_broken_photo_is_refused_at_once(page: Page, realdata: Path, name: str) -> None:
    made = await shrink(page, realdata / "photos" / name)
    assert made.refused == "unreadable"


async def test_what_is_no_photo_is_refused(page: Page, tmp_path: Path) -> None:
    text = tmp_path / "photo.jpg"
    text.write_text("this is not a picture" * 100)
    assert (await shrink(page, text)).refused == "unreadable"
    begun = tmp_path / "begun.jpg"
    begun.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 400 + b"\xff\xd9")
    assert (await shrink(page, begun)).refused == "unreadable"


async def test_a_picture_of_30000_by_30000_is_refused_before_it_fills_the_memory(
    page: Page, tmp_path: Path
) -> None:
    bomb = tmp_path / "bomb.png"
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (30_000).to_bytes(4, "big") * 2
    bomb.write_bytes(header + b"\x08\x02\x00\x00\x00" + b"\x00" * 100 + b"IEND\xaeB`\x82")
    assert (await shrink(page, bomb)).refused == "too_large"


async def test_a_photo_of_48_megapixels_is_not_black(page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    stripes = PIL.Image.linear_gradient("L").resize((8000, 6000)).convert("RGB")
    exif = PIL.Image.Exif()
    exif[0x112] = 6
    stripes.save(large, "JPEG", quality=80, exif=exif)
    made = await shrink(page, large)
    assert (made.width, made.height) == (1200, 1600)
    upright = stripes.rotate(-90, expand=True)
    assert difference(made.picture(), upright) < 4


async def test_what_is_transparent_becomes_paper(page: Page, tmp_path: Path) -> None:
    glass = tmp_path / "glass.png"
    PIL.Image.new("RGBA", (400, 300), (0, 0, 0, 0)).save(glass)
    made = await shrink(page, glass)
    assert made.picture().getpixel((200, 150)) == (255, 255, 255)


async def test_a_noisy_photo_still_fits(page: Page, tmp_path: Path) -> None:
    noise = tmp_path / "noise.jpg"
    PIL.Image.effect_noise((4000, 3000), 120).convert("RGB").save(noise, "JPEG", quality=95)
    made = await shrink(page, noise)
    assert max(made.width, made.height) in (1280, 1600)
    assert len(made.content) <= 500_000


def manifest(realdata: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(
        (realdata / "photos" / "MANIFEST.json").read_text("utf-8")
    )
    return found
