"""Several people, one problem: joined instead of sent and told how it ends; merged and taken
apart."""

import re
import uuid

import pytest
from playwright.async_api import expect

from backend import db
from tests.e2e.conftest import NewPhone
from tests.e2e.others import somebody
from tests.e2e.stack import Stack
from tests.e2e.test_desk import put
from tests.e2e.test_journey import Words, neighbourhood_of, sign_in, state_is, until
from tests.e2e.walking import installed, sent

pytestmark = pytest.mark.e2e


async def followers_of(report_id: str) -> object:
    return await db.fetch_value("SELECT followers FROM report WHERE id = $1", uuid.UUID(report_id))


async def test_a_second_resident_joins_instead_of_sending_and_is_told_how_it_ends(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    home = await neighbourhood_of("vn-mai")
    assert home.lat is not None
    assert home.lon is not None
    # A corner of its own, away from what the demo tells.
    lat, lon = home.lat + 0.0004, home.lon + 0.0004
    mai = await somebody(stack, "vn-mai")
    first = await mai.report("noise", lat, lon, description="Loa kéo ồn cả đêm")

    phone = await new_phone("khoi", language="vi", latitude=lat, longitude=lon, accuracy=10)
    page = await sign_in(phone, words, await stack.join_link("vn-khoi"))
    await installed(page)
    await page.goto(f"{stack.url}/report")
    await words.button(page, "Go on without a photo").click()
    await expect(page.get_by_text(re.compile("Chính xác khoảng")).first).to_be_visible()
    await words.button(page, "Next").click()
    noise = await db.fetch_value("SELECT names->>'vi' FROM category WHERE code = 'noise' LIMIT 1")
    await page.get_by_role("button", name=re.compile(re.escape(str(noise)))).click()
    sheet = page.get_by_role("dialog")
    await expect(sheet.get_by_text(words("Is it one of these?"))).to_be_visible()
    # Nobody has approved it: of what kind, where and how old, and not a word of hers.
    await expect(sheet.get_by_text("Loa kéo ồn cả đêm")).to_have_count(0)
    await words.button(sheet, "That is it, I see it too").first.click()
    await page.wait_for_url(re.compile("/reports/"))
    await sent(page)
    assert await followers_of(first) == 1

    order = await somebody(stack, "vn-officer-order")
    picture = {"sha256": "c" * 64, "bytes": 1000, "type": "image/jpeg"}
    for to in ("accepted", "in_progress", "resolved"):
        await order.move(first, to, text="Đã nhắc nhở hộ này.", photos=[picture])
    await mai.move(first, "closed")
    await page.goto(f"{stack.url}/notifications")
    await page.get_by_text(words("What you see, too: it is closed.")).first.click()
    await page.wait_for_url(re.compile(first))
    await expect(page.get_by_text(words("Closed"), exact=True).first).to_be_visible()
    await expect(page.get_by_text("Đã nhắc nhở hộ này.")).to_have_count(0)
    for other in (mai, order):
        await other.client.aclose()


async def test_who_joined_stops_following_without_a_connection(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    home = await neighbourhood_of("vn-mai")
    assert home.lat is not None
    assert home.lon is not None
    mai = await somebody(stack, "vn-mai")
    report_id = await mai.report("noise", home.lat, home.lon, description="Khoan cắt buổi trưa")
    phone = await new_phone("an", language="vi")
    page = await sign_in(phone, words, await stack.join_link("vn-an"))
    await installed(page)
    await put(page, f"/api/reports/{report_id}/joins/{uuid.uuid4()}", {})
    assert await followers_of(report_id) == 1
    await page.goto(f"{stack.url}/reports/{report_id}")
    stop = words.button(page, "Stop following")
    await stop.wait_for()
    await phone.offline()
    await stop.click()
    await words.button(page.get_by_role("alertdialog"), "Stop following").click()
    await page.wait_for_url("**/mine")
    await page.goto(f"{stack.url}/reports/{report_id}")
    gone = (
        "You no longer follow this report. "
        "It goes from this phone as soon as there is a connection."
    )
    await expect(page.get_by_text(words(gone))).to_be_visible()
    assert await followers_of(report_id) == 1
    await phone.offline(False)
    await sent(page)
    assert await followers_of(report_id) == 0
    # The open screen says so by itself.
    await expect(page.get_by_text(words("There is no such report for you"))).to_be_visible()
    await mai.client.aclose()


async def test_two_reports_are_merged_at_the_desk_and_taken_apart_again(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    home = await neighbourhood_of("vn-mai")
    assert home.lat is not None
    assert home.lon is not None
    mai, khoi = await somebody(stack, "vn-mai"), await somebody(stack, "vn-khoi")
    first = await mai.report("noise", home.lat, home.lon, description="Karaoke quá khuya")
    second = await khoi.report("noise", home.lat, home.lon, description="Hát karaoke ầm ĩ")
    order = await somebody(stack, "vn-officer-order")
    await order.move(second, "merged", merged_into=first)
    assert await followers_of(first) == 1
    seen = (await khoi.get(f"/api/reports/{first}"))["report"]
    assert seen["followed"] is True  # type: ignore[index]

    phone = await new_phone("officer", language="vi", width=1280, height=800)
    desk = await sign_in(phone, words, await stack.join_link("vn-officer-order"))
    await desk.goto(f"{stack.url}/desk/{second}")
    await words.button(desk, "Take apart again").click()
    sheet = desk.get_by_role("dialog").or_(desk.get_by_role("alertdialog"))
    await sheet.get_by_label(words("Reason, as the reporter will read it")).fill(
        "Hai quán khác nhau."
    )
    await words.button(sheet, "Take apart again").click()
    await until(lambda: state_is(second, "submitted"), "on its own again")
    assert await followers_of(first) == 0
    for other in (mai, khoi, order):
        await other.client.aclose()
