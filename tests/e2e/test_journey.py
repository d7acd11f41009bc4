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
from backend.demo.data import demo_id
from backend.i18n import Language, gettext
from backend.settings import get_settings
from media_store import open_media_store
from tests.e2e.conftest import NewPhone
from tests.e2e.stack import Phone, Stack
from tests.fixtures.push_service import ReceivedPush

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
    """A photo of three megapixels with texture, half a megabyte; the phone makes 200 KB of it."""
    noise = random.Random(seed)
    picture = Image.frombytes("RGB", (400, 300), noise.randbytes(400 * 300 * 3))
    picture = Image.blend(picture, Image.new("RGB", picture.size, (90, 90, 90)), 0.75)
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


def like(text: str) -> re.Pattern[str]:
    """A text with places, whatever they were filled with."""
    return re.compile(".+".join(re.escape(part) for part in re.split(r"\{\w+\}", text)))


async def until(
    condition: Callable[[], Awaitable[object]], what: str, seconds: float = 30
) -> object:
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
    await until(
        lambda: rows_of(page, "categories"), "the phone has its copy of what the ward offers"
    )


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
    await expect(words.button(page, "Next")).not_to_have_attribute(
        "aria-busy", "true", timeout=60_000
    )
    await words.button(page, "Next").click()
    exact = words("Exact to about {distance}. Is the pin right? If not, move the map.")
    await expect(page.get_by_text(like(exact))).to_be_visible()
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
    await until_cached(page)
    await phone.close()

    # Later, in the dark, without signal: a cold start, two photos, four screens, no word typed.
    page = await phone.open("/", offline=True)
    await report_a_lamp(page, words, tmp_path, [snapshot(1), snapshot(2)])
    await expect(
        page.get_by_role("heading", name=words("Saved on this phone. It will send by itself."))
    ).to_be_visible()
    await words.button(page, "Yes, tell me").click()
    await expect(words.button(page, "Yes, tell me")).to_be_hidden()
    report_id = page.url.partition("sent=")[2]
    await phone.close()

    # The way home: the app is opened, and the signal comes for moments at a time.
    page = await phone.open("/mine", offline=True)
    card = page.get_by_role("link", name=re.compile(lamp))
    await expect(card).to_be_visible()
    assert await report_row(report_id) is None
    await phone.slow(up_bytes_per_s=40_000)
    await until(lambda: report_row(report_id), "the report arrives before its photos")
    row = desk.locator(f"a[href$='/desk/{report_id}']")
    await expect(row).to_be_visible(timeout=2000)
    await expect(row).to_contain_text(home.name)
    await until(lambda: bytes_received(report_id), "the first photo is on its way")
    await phone.lose_signal()
    stack.kill("serve")
    before = await bytes_received(report_id)
    stack.start("serve")
    await stack.answering()
    desk_phone.browser_errors.clear()  # its first visit was still loading when the server died
    await phone.regain_signal()
    await words.button(page, "Send now").or_(page.locator("main")).first.click()
    await until(
        lambda: photos_ready(report_id, 2), "both photos arrive and are made into pictures", 60
    )
    assert before > 0
    await photos_are_what_the_phone_sent(report_id)
    await until(lambda: nothing_waits(page), "the phone has its receipt and lets go of the photos")

    # The department: neighbourhood, pin, photos, deadline; a question stops the clock.
    await row.click()
    await desk.wait_for_url(re.compile(report_id))
    await expect(desk.get_by_text(home.name).first).to_be_visible()
    await expect(desk.locator("img[src*='/api/photos/']").first).to_be_visible()
    await expect(desk.get_by_text(like(words("Answer due by {when}"))).first).to_be_visible()
    await words.button(desk, "Question").click()
    await desk.get_by_label(words("Your question")).fill(cast.question)
    await words.button(desk, "Send").click()

    # Her phone lies in the pocket: app closed, worker asleep. It buzzes in her language.
    await page.goto("about:blank")
    subscription = phone.subscriptions[-1]
    push = (await stack.push.messages_for(subscription, 1))[0]
    await no_private_word(push, cast, words)
    await phone.stop_worker()
    await phone.receive_push(push)
    await page.goto(f"{stack.url}/mine")
    shown = await until(phone.notifications, "the notification stands in the shade")
    assert shown[0]["lang"] == language  # type: ignore[index]
    address = shown[0]["data"]["url"]  # type: ignore[index]

    # It opens the thread; she answers with a photo.
    await page.goto(f"{stack.url}{address}")
    await expect(page.get_by_text(cast.question)).to_be_visible()
    await page.get_by_label(words("Answer"), exact=True).fill(cast.answer)
    post = tmp_path / "post.jpg"
    post.write_bytes(snapshot(3))
    await page.locator("input[type=file][capture]").last.set_input_files(post)
    await expect(
        page.get_by_role("img", name=words("Photo {number} of {total}", number=1, total=1))
    ).to_be_visible()
    await words.button(page, "Send").click()
    await expect(desk.get_by_text(cast.answer)).to_be_visible()

    # The officer accepts, and later resolves with a photo of the new lamp.
    await words.button(desk, "Accept").click()
    await words.button(
        desk.get_by_role("alertdialog").or_(desk.get_by_role("dialog")), "Accept"
    ).click()
    await until(lambda: state_is(report_id, "accepted"), "accepted")
    await words.button(desk, "Solved").click()
    sheet = desk.get_by_role("dialog")
    await sheet.get_by_label(words("What was done")).fill(cast.done)
    bulb = tmp_path / "bulb.jpg"
    bulb.write_bytes(snapshot(4))
    await sheet.locator("input[type=file][capture]").set_input_files(bulb)
    picture = words("Photo {number} of {total}", number=1, total=1)
    await expect(sheet.get_by_role("img", name=picture)).to_be_visible()
    solved = words.button(sheet, "Solved")
    await expect(solved).not_to_have_attribute("aria-busy", "true", timeout=60_000)
    await solved.click()
    await until(lambda: state_is(report_id, "resolved"), "resolved")

    # One tap.
    await expect(page.get_by_text(cast.done)).to_be_visible()
    await words.button(page, "Fixed").click()
    await until(lambda: state_is(report_id, "closed"), "closed")
    await expect(desk.get_by_text(words("The reporter said: it is fixed.")).first).to_be_visible()

    # The head sees the whole course, a resident of another neighbourhood none of it.
    await head.goto(f"{stack.url}/reports/{report_id}")
    for said in (cast.question, cast.answer, cast.done):
        await expect(head.get_by_text(said)).to_be_visible()
    other_phone = await new_phone("stranger", language=language)
    other = await sign_in(other_phone, words, await stack.join_link(cast.stranger))
    await other.goto(f"{stack.url}/reports/{report_id}")
    await expect(other.get_by_text(words("There is no such report for you"))).to_be_visible()
    photo_id = await db.fetch_value(
        "SELECT id FROM photo WHERE thread_id = $1 LIMIT 1", uuid.UUID(report_id)
    )
    for path in (f"/api/reports/{report_id}", f"/api/photos/{photo_id}/thumb"):
        assert await other.evaluate("(path) => fetch(path).then((r) => r.status)", path) == 404
    if language == "fa":
        await expect(page.locator("body")).to_contain_text(re.compile("[۰-۹]"))
        jalali_year = re.compile("۱۴[۰-۹]{2}|آذر|آبان")
        await head.locator("details").first.click()
        await expect(head.locator("body")).to_contain_text(jalali_year)


async def bytes_received(report_id: str) -> int:
    """Of the photos' bytes, how many the server holds durably."""
    value = await db.fetch_value(
        """SELECT coalesce(sum(u.received), 0)::bigint FROM photo p
           JOIN upload u ON u.account_id = p.account_id AND u.sha256 = p.sha256
           WHERE p.message_id = $1""",
        uuid.UUID(report_id),
    )
    return int(str(value))


async def photos_ready(report_id: str, count: int) -> bool:
    states = await db.fetch("SELECT state FROM photo WHERE message_id = $1", uuid.UUID(report_id))
    return [row["state"] for row in states] == ["ready"] * count


async def photos_are_what_the_phone_sent(report_id: str) -> None:
    """Each original in the store has the SHA-256 its receipt named; the copies have no metadata."""
    store = open_media_store(f"file://{get_settings().var_dir / 'media'}")
    for row in await db.fetch(
        "SELECT sha256, media_key, full_key, thumb_key, bytes FROM photo WHERE message_id = $1",
        uuid.UUID(report_id),
    ):
        original = await store.read(row["media_key"])
        assert hashlib.sha256(original).digest() == row["sha256"]
        assert row["bytes"] <= 300_000
        for key in (row["full_key"], row["thumb_key"]):
            copy = await store.read(key)
            assert b"EXIF" not in copy
            assert b"XMP " not in copy
    await store.close()


async def rows_of(page: Page, store: str) -> int:
    count: int = await page.evaluate(
        """(store) => new Promise((resolve, reject) => {
             const opening = indexedDB.open('khupho');
             opening.onerror = () => reject(opening.error);
             opening.onsuccess = () => {
               const counting = opening.result.transaction([store]).objectStore(store).count();
               counting.onsuccess = () => { opening.result.close(); resolve(counting.result); };
             };
           })""",
        store,
    )
    return count


async def nothing_waits(page: Page) -> bool:
    """Neither entries nor photos are left in the phone's outbox."""
    counts: list[int] = await page.evaluate(
        """() => new Promise((resolve, reject) => {
             const opening = indexedDB.open('khupho');
             opening.onerror = () => reject(opening.error);
             opening.onsuccess = () => {
               const db = opening.result;
               const read = db.transaction(['outbox', 'photos']);
               const entries = read.objectStore('outbox').getAll();
               const photos = read.objectStore('photos').count();
               read.oncomplete = () => {
                 db.close();
                 resolve([entries.result.filter((e) => e.state !== 'done').length, photos.result]);
               };
             };
           })"""
    )
    return counts == [0, 0]


async def state_is(report_id: str, state: str) -> bool:
    value = await db.fetch_value("SELECT state FROM report WHERE id = $1", uuid.UUID(report_id))
    return value == state


async def no_private_word(push: ReceivedPush, cast: Cast, words: Words) -> None:
    """N5: the payload names ids and kinds; nothing a person wrote or is called."""
    text = push.payload.decode()
    for private in (cast.name, cast.question, LAMP[words.language]):
        assert private not in text
    assert push.ttl > 0
    assert push.urgency == "high"
