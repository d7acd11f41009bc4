"""Photos made small by the app's own module in WebKit and Firefox, on real photos (O6, R2).

The page and the measure are those of `tests/pwa/test_shrink_in_chromium.py`.
"""

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from tests.engines.driving import Browser, WebKit
from tests.pwa.test_shrink_in_chromium import difference, shrink_address, shrink_page

pytest_plugins = ["tests.fixtures.realdata"]
pytestmark = pytest.mark.engines

__all__ = ["shrink_address", "shrink_page"]


async def shrink(browser: Browser, address: str, photo: Path) -> dict[str, Any]:
    await browser.goto(address)
    field = await browser.element("return document.querySelector('input');")
    await browser.choose(field, [photo])
    made: dict[str, Any] = await browser.run("return await window.shrinkChosen();")
    made["content"] = base64.b64decode(made.get("base64", ""))
    return made


def picture_of(made: dict[str, Any]) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(made["content"])).convert("RGB")


async def test_a_photo_is_upright_however_the_phone_was_held(
    browser: Browser, shrink_address: str, realdata: Path
) -> None:
    upright = PIL.Image.open(realdata / "photos" / "orient_1_portrait.jpg").convert("RGB")
    for orientation in range(1, 9):
        photo = realdata / "photos" / f"orient_{orientation}_portrait.jpg"
        made = await shrink(browser, shrink_address, photo)
        assert not made["original"], orientation
        assert picture_of(made).size == (made["width"], made["height"]) == (1067, 1600)
        # Another orientation of this picture differs by more than 30.
        assert difference(picture_of(made), upright) < 4, orientation
        assert not PIL.Image.open(io.BytesIO(made["content"])).getexif()
        assert hashlib.sha256(made["content"]).hexdigest() == made["sha256"]
        assert len(made["content"]) <= 250_000


async def test_a_photo_of_48_megapixels_is_not_black(
    browser: Browser, shrink_address: str, tmp_path: Path
) -> None:
    large = tmp_path / "large.jpg"
    stripes = PIL.Image.linear_gradient("L").resize((8000, 6000)).convert("RGB")
    exif = PIL.Image.Exif()
    exif[0x112] = 6
    stripes.save(large, "JPEG", quality=80, exif=exif)
    made = await shrink(browser, shrink_address, large)
    assert not made["original"]
    assert (made["width"], made["height"]) == (1200, 1600)
    assert difference(picture_of(made), stripes.rotate(-90, expand=True)) < 4


async def test_an_iphones_own_photo_is_sent_whichever_way_the_engine_can(
    engine: type[Browser],
    browser: Browser,
    shrink_address: str,
    realdata: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    photo = realdata / "photos" / "gps_iphone11promax.heic"
    made = await shrink(browser, shrink_address, photo)
    with capsys.disabled():
        way = "as it is" if made["original"] else f"as {made['type']}"
        print(f"\n{engine.name}: HEIC is sent {way} ({len(made['content']) // 1024} KB)")
    assert made.get("refused") is None
    if made["original"]:
        assert made["content"] == photo.read_bytes()
    else:
        assert engine is WebKit
        assert max(picture_of(made).size) == 1600


async def test_what_is_no_photo_is_refused(
    browser: Browser, shrink_address: str, tmp_path: Path
) -> None:
    text = tmp_path / "photo.jpg"
    text.write_text("this is not a picture" * 100)
    assert (await shrink(browser, shrink_address, text))["refused"] == "unreadable"
