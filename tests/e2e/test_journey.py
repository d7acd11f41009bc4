"""The main job, end to end, in each language: a lamp is out, the network is bad, the phone buzzes.

Words are looked up in the catalogue by their English msgid, as the app does it.
"""

import asyncio
import hashlib
import io
import random
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import Locator, Page, expect

from backend import db
from backend.areas.schemas import AreaOut
from backend.areas.service import load_areas
from backend.demo.load import demo_id
from backend.i18n import Language, gettext
from tests.e2e.conftest import NewPhone
from tests.e2e.stack import Phone, Stack

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Cast:
    """Who plays, and what they say in their language."""

    language: Language
    head: str
    officer: str
    stranger: str
    name: str
    question: str
    answer: str
    done: str


CASTS = {
    "vi": Cast(
        "vi",
        "vn-head-1",
        "vn-officer-lighting",
        "vn-khoi",
        "Bà Sáu",
        "Đèn hỏng từ khi nào ạ?",
        "Từ tối qua, có chụp lại cột đèn đây.",
        "Đã thay bóng mới, bà con kiểm tra giúp.",
    ),
    "fa": Cast(
        "fa",
        "ir-head-1",
        "ir-officer-lighting",
        "ir-mehdi",
        "بی‌بی گل",
        "چراغ از کی خراب است؟",
        "از دیشب. این هم عکس تیر چراغ.",
        "لامپ تازه بستیم. لطفاً ببینید درست شده.",
    ),
    "en": Cast(
        "en",
        "vn-head-2",
        "vn-officer-lighting",
        "vn-viet",
        "Mrs Sau",
        "Since when is it out?",
        "Since last night. Here is the post.",
        "New bulb fitted. Please have a look.",
    ),
}


def snapshot(seed: int) -> bytes:
    """A photo of two megapixels with texture, which JPEG cannot make small: about a megabyte."""
    noise = random.Random(seed)
    picture = Image.frombytes("RGB", (400, 300), noise.randbytes(400 * 300 * 3))
    picture = picture.resize((2000, 1500)).filter(ImageFilter.GaussianBlur(2))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((960, 300, 1000, 1500), fill=(60, 60, 60))
    draw.ellipse((900, 220, 1060, 330), fill=(30, 30, 30))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=92)
    return stream.getvalue()


LAMP = {"vi": "Đèn đường", "fa": "چراغ خیابان", "en": "Street lighting"}


@dataclass
class Words:
    """The catalogue as seen by a person of one language."""

    language: Language

    def __call__(self, msgid: str, **params: object) -> str:
        return gettext(self.language, msgid, **params)

    def button(self, page: Page | Locator, msgid: str, **params: object) -> Locator:
        return page.get_by_role("button", name=self(msgid, **params), exact=True)

    def link(self, page: Page | Locator, msgid: str, **params: object) -> Locator:
        return page.get_by_role("link", name=self(msgid, **params), exact=True)


async def until(condition: Callable[[], Awaitable[object]], what: str, seconds: float = 30) -> object:
    """Waits for a fact of the database or the disk."""
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        value = await condition()
        if value:
            return value
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


async def sign_in(phone: Phone, words: Words, link: str) -> Page:
    """A demo person's device link: no name, no consent, one button."""
    page = await phone.open(link)
    await words.button(page, "Sign in on this device").click()
    await page.wait_for_url(lambda url: "/join" not in url)
    return page


async def invite_on_paper(head: Page, words: Words, stack: Stack) -> str:
    """The head writes an invitation; what its QR code says comes back."""
    await head.goto(f"{stack.url}/head/invitations")
    await words.button(head, "New invitation").click()
    sheet = head.get_by_role("dialog")
    await words.button(sheet, "Make the invitation").click()
    await expect(head.get_by_role("img", name=words("QR code of the invitation"))).to_be_visible()
    code = await head.locator(".code").inner_text()
    return f"{stack.url}/join#{code.strip()}"


async def neighbourhood_of(head: str) -> AreaOut:
    row = await db.fetch_one(
        "SELECT neighbourhood_id FROM account WHERE id = $1", demo_id("account", head)
    )
    assert row is not None
    return (await load_areas([row["neighbourhood_id"]]))[0]


async def until_cached(page: Page) -> None:
    """The service worker holds the whole app: it can start without any network."""
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await expect(page.get_by_role("heading", level=1).first).to_be_visible()


async def report_a_lamp(page: Page, words: Words, folder: Path, photos: list[bytes]) -> None:
    """Four screens, nothing typed."""
    await words.link(page, "Report").first.click()
    for number, photo in enumerate(photos):
        file = folder / f"photo-{number}.jpg"
        file.write_bytes(photo)
        await page.locator("input[type=file][capture]").first.set_input_files(file)
        await expect(
            page.get_by_role(
                "img", name=words("Photo {number} of {total}", number=number + 1, total=number + 1)
            )
        ).to_be_visible()
    await words.button(page, "Next").click()
    await expect(page.get_by_text(words("Exact to about {distance}.", distance="")[:8])).to_be_visible()
    await words.button(page, "Next").click()
    await page.get_by_role("button", name=re.compile(re.escape(LAMP[words.language]))).click()
    await words.button(page, "Send").click()


async def report_row(report_id: str) -> object:
    return await db.fetch_one("SELECT * FROM report WHERE id = $1", uuid.UUID(report_id))


@pytest.mark.parametrize("language", ["vi", "fa", "en"])
async def test_a_broken_light_from_the_dark_street_to_the_new_bulb(
    language: str, stack: Stack, new_phone: NewPhone, tmp_path: Path
) -> None:
    cast = CASTS[language]
    words = Words(cast.language)
    home = await neighbourhood_of(cast.head)
    lamp = LAMP[cast.language]

    # The officer's inbox stands open on the desk; the head is on the road.
    desk_phone = await new_phone("officer", language=language, width=1280, height=800)
    desk = await sign_in(desk_phone, words, await stack.join_link(cast.officer))
    await desk.wait_for_url(re.compile("/desk"))
    head_phone = await new_phone("head", language=language)
    head = await sign_in(head_phone, words, await stack.join_link(cast.head))
    paper = await invite_on_paper(head, words, stack)

    # A neighbour scans the paper and is in: a name, what she agrees to, one button.
    phone = await new_phone(
        "resident", language=language, latitude=home.lat, longitude=home.lon, accuracy=14
    )
    page = await phone.open(paper)
    await page.get_by_label(words("Your name")).fill(cast.name)
    await words.button(page, "Agree and join").click()
    await page.wait_for_url(f"{stack.url}/")
    assert await page.evaluate("document.documentElement.dir") == (
        "rtl" if language == "fa" else "ltr"
    )
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await until_cached(page)
    await phone.close()

    # Later, in the dark, without signal: the app starts cold, two photos, four screens, no word typed.
    page = await phone.open("/", offline=True)
    await report_a_lamp(page, words, tmp_path, [snapshot(1), snapshot(2)])
    await expect(
        page.get_by_role("heading", name=words("Saved on this phone. It will send by itself."))
    ).to_be_visible()
    await words.button(page, "Yes, tell me").click()
    report_id = page.url.partition("sent=")[2]
    await phone.close()

    # The way home: the app is opened, the signal comes for a moment, and the server dies, too.
    page = await phone.open("/mine", offline=True)
    await expect(page.get_by_text(lamp).first).to_be_visible()
    await phone.slow(up_bytes_per_s=60_000)
    await phone.offline(False)
    await until(lambda: report_row(report_id), "the report arrives before its photos")
    await expect(desk.get_by_text(lamp).first).to_be_visible()
