"""Said instead of typed (`R3`, `C1`): recorded without a network, sent in spite of it, heard by the
officer, answered by voice."""

import hashlib
import re
import uuid

import pytest
from playwright.async_api import Locator, Page, expect

from backend import db
from backend.settings import get_settings
from media_store import open_media_store
from tests.e2e.conftest import NewPhone
from tests.e2e.others import Other, somebody
from tests.e2e.stack import Phone, Stack
from tests.e2e.test_journey import (
    LAMP,
    Words,
    bytes_received,
    neighbourhood_of,
    nothing_waits,
    sign_in,
    until,
)
from tests.e2e.walking import (
    choose_category,
    from_store,
    holds,
    installed,
    none_of_those_nearby,
    sent,
    synced,
)
from tests.media.recordings import FORMATS, Heard, recording

pytestmark = pytest.mark.e2e

SPOKEN_SECONDS = 4


async def seconds_kept(page: Page) -> float:
    """Of the voice note on the phone, as far as it is on the disk."""
    rows = await from_store(page, "photos", "getAll()")
    assert isinstance(rows, list)
    return max((row["voice"]["seconds"] for row in rows if "voice" in row), default=0.0)


async def speak(page: Page, words: Words, seconds: float = SPOKEN_SECONDS) -> None:
    """It is being recorded already; stopped once so much of it is kept."""

    async def long_enough() -> bool:
        return await seconds_kept(page) >= seconds

    await expect(words.button(page, "Stop recording")).to_be_visible()
    await until(long_enough, f"{seconds} s are recorded")
    await words.button(page, "Stop recording").click()
    await expect(words.button(page, "Delete the voice note")).to_be_visible()


async def listen(page: Page, words: Words, player: Locator) -> None:
    """Plays from the beginning to the end."""
    await words.button(player, "Play the voice note").click()
    await expect(words.button(player, "Pause the voice note")).to_be_visible()
    at = "Math.max(...[...document.querySelectorAll('audio')].map((one) => one.currentTime))"
    await holds(page, f"{at} > 0.5")
    await expect(words.button(player, "Play the voice note")).to_be_visible(timeout=30_000)


def players(page: Page, words: Words) -> Locator:
    return page.get_by_role(
        "group", name=re.compile(words("Voice note, {length}").partition("{")[0])
    )


async def voices_of(report_id: str) -> list[dict[str, object]]:
    rows = await db.fetch(
        "SELECT * FROM photo WHERE thread_id = $1 AND seconds IS NOT NULL ORDER BY created_at",
        uuid.UUID(report_id),
    )
    return [dict(row) for row in rows]


async def voices_ready(report_id: str, count: int) -> bool:
    return [row["state"] for row in await voices_of(report_id)] == ["ready"] * count


@pytest.mark.parametrize("language", ["vi", "fa"])
async def test_a_resident_speaks_offline_and_the_officer_answers_by_voice(
    language: str, stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi" if language == "vi" else "fa")
    country = "vn" if language == "vi" else "ir"
    resident = "vn-mai" if language == "vi" else "ir-zahra"
    home = await neighbourhood_of(resident)
    desk_phone = await new_phone(
        "officer", language=language, width=1280, height=800, microphone="allowed"
    )
    desk = await sign_in(desk_phone, words, await stack.join_link(f"{country}-officer-lighting"))
    phone: Phone = await new_phone(
        "resident",
        language=language,
        latitude=home.lat,
        longitude=home.lon,
        microphone="allowed",
    )
    page = await sign_in(phone, words, await stack.join_link(resident))
    await synced(page)
    await installed(page)

    # Without signal: no photo, the pin, what it is; then she says the rest, and listens to it.
    await phone.lose_signal()
    await words.link(page, "Report").first.click()
    await words.button(page, "Go on without a photo").click()
    await words.button(page, "Next").click()
    await choose_category(page, LAMP[words.language])
    await words.button(page, "Say it instead").click()
    await speak(page, words)
    await listen(page, words, players(page, words))

    # The app is swiped away before it is sent; the note is still there, and still hers to send.
    address = page.url
    await phone.close()
    page = await phone.open(address.removeprefix(stack.url), offline=True)
    await expect(words.button(page, "Delete the voice note")).to_be_visible()
    assert await seconds_kept(page) >= SPOKEN_SECONDS
    await none_of_those_nearby(page)
    await words.button(page, "Send").click()
    await expect(
        page.get_by_role("heading", name=words("Saved on this phone. It will send by itself."))
    ).to_be_visible()
    report_id = page.url.partition("sent=")[2]

    # The line comes and breaks in the middle of the note; what has arrived need not be sent again.
    await phone.slow(up_bytes_per_s=2_000)
    await until(lambda: voices_of(report_id), "the report arrives before its voice note")
    await phone.lose_signal()
    stack.kill("serve")
    stack.start("serve")
    await stack.answering()
    desk_phone.browser_errors.clear()  # its page was asking when the server died
    assert not await voices_ready(report_id, 1)
    before = await bytes_received(report_id)
    await phone.regain_signal()
    await until(lambda: voices_ready(report_id, 1), "the whole note arrives", 60)
    assert await bytes_received(report_id) >= before
    await until(lambda: nothing_waits(page), "the phone has its receipt and lets go of the note")
    await it_is_what_the_phone_sent(report_id)

    # The officer hears it, and answers the same way.
    await desk.goto(f"{stack.url}/desk/{report_id}")
    await listen(desk, words, players(desk, words).first)
    await words.button(desk, "Answer").first.click()
    await words.button(desk, "Record a voice note").click()
    await speak(desk, words, 2)
    await words.button(desk, "Send").click()
    await until(lambda: voices_ready(report_id, 2), "the answer is ready to be heard")

    # She hears the answer, later without a network, too.
    await page.goto(f"{stack.url}/reports/{report_id}")
    await expect(players(page, words)).to_have_count(2)
    answer = players(page, words).nth(1)
    await expect(words.button(answer, "Play the voice note")).to_be_enabled()
    await listen(page, words, answer)
    answer_id = (await voices_of(report_id))[1]["id"]
    await holds(page, f"caches.match('/api/voices/{answer_id}').then(Boolean)")
    await phone.lose_signal()
    await page.reload()
    await listen(page, words, players(page, words).nth(1))
    if language == "fa":
        await expect(players(page, words).nth(1)).to_contain_text(re.compile("[۰-۹]:[۰-۹]{2}"))


async def it_is_what_the_phone_sent(report_id: str) -> None:
    (row,) = await voices_of(report_id)
    store = open_media_store(f"file://{get_settings().var_dir / 'media'}")
    original = await store.read(str(row["media_key"]))
    assert hashlib.sha256(original).digest() == row["sha256"]
    heard = Heard(await store.read(str(row["full_key"])))
    seconds = float(str(row["seconds"]))
    assert heard.seconds == pytest.approx(seconds, abs=0.3)
    assert seconds >= SPOKEN_SECONDS
    assert not row["silent"]
    # What a minute of it comes to.
    assert len(original) / seconds * 60 <= 150_000
    await store.close()


async def reported(stack: Stack) -> tuple[Other, str]:
    """A lamp of Mai's, reported without a word; what she does over the line, and its id."""
    home = await neighbourhood_of("vn-mai")
    assert home.lat is not None
    assert home.lon is not None
    mai = await somebody(stack, "vn-mai")
    return mai, await mai.report("street_light", home.lat, home.lon)


async def test_every_browsers_recording_plays_here(stack: Stack, new_phone: NewPhone) -> None:
    words = Words("vi")
    mai, report_id = await reported(stack)
    for content_type in FORMATS:
        data = recording(content_type, 3)
        digest = hashlib.sha256(data).hexdigest()
        voice = {"sha256": digest, "bytes": len(data), "type": content_type, "seconds": 3}
        await mai.put(f"/api/reports/{report_id}/messages/{uuid.uuid4()}", {"voice": voice})
        await mai.upload(data, content_type)
    await mai.client.aclose()
    await until(lambda: voices_ready(report_id, 3), "all three are made playable")
    phone = await new_phone("mai")
    page = await sign_in(phone, words, await stack.join_link("vn-mai"))
    await page.goto(f"{stack.url}/reports/{report_id}")
    await expect(players(page, words)).to_have_count(3)
    await holds(
        page,
        """[...document.querySelectorAll('audio')].every(
             (one) => one.src.includes('/api/voices/') && Math.abs(one.duration - 3) < 0.3)""",
    )
    for number in range(3):
        await listen(page, words, players(page, words).nth(number))


async def test_who_may_not_record_is_told_how_and_who_cannot_sees_no_microphone(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    mai, report_id = await reported(stack)
    await mai.client.aclose()
    refused = await new_phone("refused", microphone="denied")
    page = await sign_in(refused, words, await stack.join_link("vn-mai"))
    await page.goto(f"{stack.url}/reports/{report_id}")
    await words.button(page, "Record a voice note").click()
    await expect(page.locator("form").get_by_role("alert")).to_contain_text(
        words(
            "The phone does not let this app use the microphone. Open the settings of this page "
            "(the lock beside its address) or of the app, allow the microphone, and try again. "
            "You can also write."
        )
    )
    deaf = await new_phone("deaf")
    page = await sign_in(deaf, words, await stack.join_link("vn-mai"))
    await page.goto(f"{stack.url}/reports/{report_id}")
    await expect(words.button(page, "Send")).to_be_visible()
    await expect(words.button(page, "Record a voice note")).to_have_count(0)


async def test_a_note_ends_by_itself_after_a_minute_and_when_the_app_is_left(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    mai, report_id = await reported(stack)
    await mai.client.aclose()
    phone = await new_phone("mai", microphone="allowed")
    page = await sign_in(phone, words, await stack.join_link("vn-mai"))
    await page.goto(f"{stack.url}/reports/{report_id}")
    await words.button(page, "Record a voice note").click()
    await expect(page.get_by_text(re.compile(r"Còn \d+ giây"))).to_be_visible(timeout=90_000)
    await expect(words.button(page, "Delete the voice note")).to_be_visible(timeout=60_000)
    assert 59.5 <= await seconds_kept(page) <= 60
    (row,) = await from_store(page, "photos", "getAll()")  # type: ignore[misc]
    assert row["voice"]["silent"] is False
    size = await page.evaluate(
        """() => new Promise((resolve) => {
             const opening = indexedDB.open('khupho');
             opening.onsuccess = () => {
               const asked = opening.result.transaction('photos').objectStore('photos').getAll();
               asked.onsuccess = () => resolve(asked.result[0].bytes.byteLength);
             };
           })"""
    )
    assert size <= 150_000
    print(f"60 s: {size} bytes")

    # Another one: somebody calls, the app goes behind; what was said until then is kept.
    await words.button(page, "Delete the voice note").click()
    await words.button(page, "Record a voice note").click()

    async def begun() -> bool:
        return await seconds_kept(page) >= 1

    await until(begun, "something is recorded")
    await page.evaluate(
        """() => {
             Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
             document.dispatchEvent(new Event('visibilitychange'));
             delete document.hidden;
           }"""
    )
    await expect(words.button(page, "Delete the voice note")).to_be_visible()
    await words.button(page, "Send").click()
    await until(lambda: voices_ready(report_id, 1), "it has arrived")
    await sent(page)
