"""Without an account (`R8`): a report from a dead spot, a code, an answer on another phone."""

import re
import uuid
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from backend import db
from backend.accounts import guests
from backend.accounts.service import write_invitation_unchecked
from tests.e2e.conftest import NewPhone
from tests.e2e.others import somebody
from tests.e2e.stack import Phone, Stack
from tests.e2e.test_journey import Words, neighbourhood_of, snapshot, until
from tests.e2e.walking import LAMP, add_photos, choose_category, from_store, installed, sent

pytestmark = pytest.mark.e2e

PICTURE = {"sha256": "d" * 64, "bytes": 1000, "type": "image/jpeg"}


async def ready_for_no_signal(page: Page, words: Words) -> None:
    """The app, and what a report needs, are on the phone of somebody who only looked in."""
    await expect(words.button(page, "Report a problem")).to_be_visible()

    async def has_catalogue() -> object:
        return await from_store(page, "meta", "get('guestCatalogue')")

    await until(has_catalogue, "what can be reported is on the phone")
    await installed(page)


async def report_without_account(page: Page, words: Words, photos: list[Path]) -> str:
    """From the first screen to the sent one; returns the code."""
    await words.button(page, "Report a problem").click()
    await words.button(page.get_by_role("dialog"), "Agree and go on").click()
    await page.wait_for_url(re.compile("/report"))
    if photos:
        await add_photos(page, words.language, photos)
        await words.button(page, "Next").click()
    else:
        await words.button(page, "Go on without a photo").click()
    await expect(page.get_by_text(re.compile("Chính xác khoảng")).first).to_be_visible()
    await words.button(page, "Next").click()
    await choose_category(page, LAMP[words.language])
    await words.button(page, "Send").click()
    await expect(page.get_by_role("heading", name=words("Keep this code"))).to_be_visible()
    shown = await page.locator(".code").inner_text()
    return shown.replace(" ", "")


async def the_report_of(page: Page) -> str:
    return page.url.partition("sent=")[2]


async def stranger(new_phone: NewPhone, name: str) -> Phone:
    home = await neighbourhood_of("vn-mai")
    return await new_phone(name, language="vi", latitude=home.lat, longitude=home.lon, accuracy=10)


async def test_a_stranger_reports_offline_and_another_phone_follows_with_the_code(
    stack: Stack, new_phone: NewPhone, tmp_path: Path
) -> None:
    words = Words("vi")
    photo = tmp_path / "lamp.jpg"
    photo.write_bytes(snapshot(7))
    phone = await stranger(new_phone, "stranger")
    page = await phone.open("/")
    await ready_for_no_signal(page, words)
    await phone.offline()
    code = await report_without_account(page, words, [photo])
    report_id = await the_report_of(page)
    assert len(code) == 12
    counted = await db.fetch_value(
        "SELECT count(*) FROM report WHERE id = $1", uuid.UUID(report_id)
    )
    assert counted == 0
    await phone.offline(False)
    await sent(page)
    row = await db.fetch_one(
        """SELECT a.guest_ward_id, a.name, p.state FROM report r
           JOIN account a ON a.id = r.account_id JOIN photo p ON p.message_id = r.id
           WHERE r.id = $1""",
        uuid.UUID(report_id),
    )
    assert row is not None
    assert (row["name"], row["guest_ward_id"] is not None) == ("", True)
    assert row["state"] in {"stored", "ready"}

    officer = await somebody(stack, "vn-officer-lighting")
    for to in ("accepted", "in_progress"):
        await officer.move(report_id, to)
    await officer.put(
        f"/api/reports/{report_id}/messages/{uuid.uuid4()}",
        {"text": "Cột đèn số mấy ạ?", "question": True},
    )

    other = await new_phone("other", language="vi")
    there = await other.open(f"/track#{code}")
    await there.wait_for_url(re.compile(report_id))
    await expect(there.get_by_text("Cột đèn số mấy ạ?")).to_be_visible()
    await there.get_by_label(words("Answer")).fill("Cột số 12")
    await words.button(there, "Send").click()
    await sent(there)
    found = await officer.get(f"/api/reports/{report_id}")
    assert "Cột số 12" in str(found["messages"])
    assert (found["report"]["state"], found["report"]["reporter_name"]) == ("in_progress", "")  # type: ignore[index]
    await officer.move(report_id, "resolved", text="Đã thay bóng", photos=[PICTURE])
    await page.goto(f"{stack.url}/reports/{report_id}")
    await words.button(page, "Fixed").click()
    await sent(page)
    assert await officer.state_of(report_id) == "closed"

    nosy = await (await new_phone("nosy", language="vi")).open("/track")
    field = nosy.get_by_label(words("Tracking code"))
    await field.fill("0000 0000 0000")
    await words.button(nosy, "See how it goes on").click()
    wrong = words("No report has this code. Please compare it letter by letter.")
    await expect(nosy.get_by_text(wrong)).to_be_visible()
    await officer.client.aclose()


async def test_a_ward_that_stops_taking_them_loses_nothing_who_joins_sends_it(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    home = await neighbourhood_of("vn-mai")
    demo_ward = await db.fetch_value("SELECT path[2] FROM area WHERE id = $1", home.id)
    assert isinstance(demo_ward, uuid.UUID)
    phone = await stranger(new_phone, "late")
    page = await phone.open("/")
    await ready_for_no_signal(page, words)
    await phone.offline()
    await report_without_account(page, words, [])
    report_id = uuid.UUID(await the_report_of(page))
    await guests.set_limit(demo_ward, None)
    try:
        await phone.offline(False)
        refusal = words(guests.GuestsNotTaken.message)
        await expect(page.get_by_text(refusal).first).to_be_visible()
        paper = await write_invitation_unchecked(
            uuid.uuid4(), area_id=home.id, role="resident", scope_id=home.id
        )
        await page.goto(f"{stack.url}/join#{paper.url.partition('#')[2]}")
        await page.get_by_label(words("Your name")).fill("Chị Hoa")
        taken = page.get_by_label(words("Take along what I reported without an account"))
        await expect(taken).to_be_checked()
        await words.button(page, "Agree and join").click()
        await page.wait_for_url(lambda url: "/join" not in url)
        await sent(page)
        name = await db.fetch_value(
            "SELECT a.name FROM report r JOIN account a ON a.id = r.account_id WHERE r.id = $1",
            report_id,
        )
        assert name == "Chị Hoa"
    finally:
        await guests.set_limit(demo_ward, 60)
