"""What reporting costs a phone on a bad line: bytes sent, bytes sent again, time until it goes on.

Counted on the wire between a real phone and the real server, from the touch of "Send" until the
phone's outbox is empty.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright

from backend import db
from tests.bench.bench_image import scene
from tests.bench.wire import SeenRequest, Wire, WiredStack
from tests.e2e.stack import Phone
from tests.e2e.standalone import standalone_stack
from tests.e2e.walking import (
    LAMP,
    add_photos,
    button,
    choose_category,
    holds,
    sent,
    sign_in,
    synced,
)

LANGUAGE: Final = "vi"
PERSON: Final = "vn-mai"
OFFICER: Final = "vn-officer-lighting"
PHOTOS: Final = 3
# In the middle of a chunk of the second photo.
CUT_AFTER_BYTES: Final = 40 * 1024
INBOX_ROW: Final = "ol a"
# The phone is left without a line until it has stopped trying often.
SILENCE_SECONDS: Final = 12.0


async def run() -> dict[str, float]:
    """Kilobytes (of 1000 bytes) and seconds."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with standalone_stack(WiredStack) as stack, async_playwright() as playwright:
            lat, lon = await _home_of_the_person()
            phone = Phone(playwright, stack, folder / "phone", latitude=lat, longitude=lon)
            page = await sign_in(phone, await stack.join_link(PERSON))
            figures = await _in_one_go(page, stack, _photos(folder, seed=1))
            figures |= await _with_a_drop(page, stack, _photos(folder, seed=11))
            figures["drain_after_online_s"] = await _after_offline(page, phone, stack.wire)
            figures["drain_after_silence_s"] = await _after_silence(page, stack.wire)
            desk = Phone(playwright, stack, folder / "desk", width=1280, height=800)
            officer = await sign_in(desk, await stack.join_link(OFFICER))
            figures["inbox_s"] = await _at_the_desk(page, officer)
            await desk.close()
            await phone.close()
    return figures


async def _home_of_the_person() -> tuple[float, float]:
    row = await db.fetch_one(
        """SELECT a.lat, a.lon FROM report r JOIN area a ON a.id = r.neighbourhood_id
           JOIN account p ON p.id = r.account_id AND p.neighbourhood_id = a.id LIMIT 1"""
    )
    assert row is not None
    return row["lat"], row["lon"]


def _photos(folder: Path, seed: int) -> list[Path]:
    """As phones of 8 megapixels make them."""
    paths = [folder / f"{seed + number}.jpg" for number in range(PHOTOS)]
    for number, path in enumerate(paths):
        scene(3264, 2448, seed + number).save(path, "JPEG", quality=90)
    return paths


async def _in_one_go(page: Page, stack: WiredStack, photos: list[Path]) -> dict[str, float]:
    await _until_ready_to_send(page, photos)
    stack.wire.forget()
    await button(page, LANGUAGE, "Send").click()
    await sent(page, seconds=30)
    lengths = _lengths(stack.wire)
    if len(lengths) != PHOTOS:
        raise RuntimeError(f"{len(lengths)} photos were uploaded")
    return {
        "three_photos_kb": stack.wire.sent_bytes / 1000,
        "largest_photo_kb": max(lengths) / 1000,
    }


async def _with_a_drop(page: Page, stack: WiredStack, photos: list[Path]) -> dict[str, float]:
    """The line breaks in the middle of the second photo, and comes back."""
    wire = stack.wire
    await _until_ready_to_send(page, photos)
    wire.forget()
    dropped = asyncio.Event()

    def cut(request: SeenRequest) -> None:
        second = len(_lengths(wire)) == 2
        if second and request.method == "PATCH" and request.body_bytes >= CUT_AFTER_BYTES:
            wire.on_sent = None
            wire.cut()
            dropped.set()

    wire.on_sent = cut
    await button(page, LANGUAGE, "Send").click()
    async with asyncio.timeout(30):
        await dropped.wait()
    await wire.connect()
    await sent(page, seconds=40)
    bodies = sum(one.body_bytes for one in wire.requests if one.method == "PATCH")
    return {"sent_again_kib": (bodies - sum(_lengths(wire))) / 1024}


def _lengths(wire: Wire) -> list[int]:
    """Bytes of each photo, by what its upload was created with."""
    created = {
        one.headers["upload-metadata"]: int(one.headers["upload-length"])
        for one in wire.requests
        if one.method == "POST" and "upload-length" in one.headers
    }
    return list(created.values())


async def _after_offline(page: Page, phone: Phone, wire: Wire) -> float:
    """Seconds from the phone's own "online" to the first byte of the report."""
    await _until_ready_to_send(page, [])
    await phone.offline()
    await button(page, LANGUAGE, "Send").click()
    await _saved(page)
    wire.forget()
    began = time.monotonic()
    await phone.offline(False)
    return await _first_report(wire) - began


async def _after_silence(page: Page, wire: Wire) -> float:
    """Seconds from the server's return to the first byte of the report, when the phone believed to
    be online all the time."""
    await _until_ready_to_send(page, [])
    wire.cut()
    await button(page, LANGUAGE, "Send").click()
    await _saved(page)
    await asyncio.sleep(SILENCE_SECONDS)
    wire.forget()
    began = time.monotonic()
    await wire.connect()
    return await _first_report(wire) - began


async def _at_the_desk(page: Page, officer: Page) -> float:
    """Seconds from the touch of "Send" until the report stands in the officer's open inbox."""
    origin = await officer.evaluate("location.origin")
    await officer.goto(f"{origin}/desk")
    await officer.locator(INBOX_ROW).first.wait_for()
    await synced(officer)
    before = await officer.locator(INBOX_ROW).count()
    await _until_ready_to_send(page, [])
    began = time.monotonic()
    await button(page, LANGUAGE, "Send").click()
    await officer.locator(INBOX_ROW).nth(before).wait_for()
    return time.monotonic() - began


async def _saved(page: Page) -> None:
    await page.wait_for_url(lambda url: "sent=" in url)


async def _first_report(wire: Wire) -> float:
    async with asyncio.timeout(60):
        while True:
            for one in wire.requests:
                if one.method == "PUT" and one.path.startswith("/api/reports/"):
                    return one.began
            await asyncio.sleep(0.02)


async def _until_ready_to_send(page: Page, photos: list[Path]) -> None:
    """Three screens; the fourth stands."""
    origin = await page.evaluate("location.origin")
    await page.goto(f"{origin}/report")
    if photos:
        await add_photos(page, LANGUAGE, photos)
        await button(page, LANGUAGE, "Next").click()
    else:
        await button(page, LANGUAGE, "Go on without a photo").click()
    await holds(page, "location.search.includes('step=2')")
    await button(page, LANGUAGE, "Next").click()
    await choose_category(page, LAMP[LANGUAGE])
    await button(page, LANGUAGE, "Send").wait_for()
