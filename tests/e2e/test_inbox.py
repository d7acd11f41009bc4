"""The officer's inbox in a real browser: many cases at once, by keyboard, by thumb, undone."""

import asyncio
import uuid
from collections.abc import Sequence

import pytest
from playwright.async_api import Locator, Page, expect

from backend import db
from backend.demo.data import demo_id
from tests.e2e.conftest import NewPhone
from tests.e2e.stack import Stack
from tests.e2e.test_desk import put, report_lamp, state_of, words
from tests.e2e.walking import button, sent, sign_in, synced

pytestmark = pytest.mark.e2e


def held(page: Page) -> Locator:
    """The button that takes a step back, with the seconds left."""
    return page.get_by_role("button", name=words("Undo ({seconds})").split("(")[0])


async def reported(
    resident: Page, texts: Sequence[str], category: str = "street_light"
) -> list[str]:
    return [await report_lamp(resident, text, category) for text in texts]


async def states(ids: Sequence[str]) -> set[str]:
    return {await state_of(one) for one in ids}


async def become(ids: Sequence[str], state: str, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while await states(ids) != {state}:
            await asyncio.sleep(0.1)


async def find(page: Page, text: str, count: int) -> None:
    """By the keyboard: search, and back to the list."""
    await page.keyboard.press("/")
    await page.keyboard.type(text)
    await expect(page.locator("[data-report]")).to_have_count(count)
    await page.evaluate("document.activeElement.blur()")


async def test_an_officer_with_many_cases_clears_ten_with_the_keyboard_only(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    ten = await reported(mai, [f"Dây điện ngõ Bằng Lăng số {n}" for n in range(10)], "live_wire")
    await reported(mai, [f"Đèn chỗ khác {n}" for n in range(15)])
    desk = await new_phone("chi", width=1280, height=800)
    chi = await sign_in(desk, await stack.join_link("vn-officer-lighting"))
    await chi.goto(f"{stack.url}/desk")
    await chi.locator("[data-report]").first.wait_for()
    await find(chi, "ngo bang lang", 10)
    await chi.keyboard.press("j")
    await chi.keyboard.press("x")
    for _ in range(9):
        await chi.keyboard.press("Shift+J")
    await expect(chi.get_by_role("checkbox", checked=True)).to_have_count(10)
    await chi.keyboard.press("a")
    await expect(held(chi)).to_be_visible()
    assert await states(ten) == {"submitted"}
    await become(ten, "accepted")
    await sent(chi)
    await expect(chi.locator("[data-report] .badge").first).to_have_text(words("Accepted"))
    # Begun and solved in one go, with the same words for each.
    await chi.keyboard.press("Shift+X")
    await expect(chi.get_by_role("checkbox", checked=True)).to_have_count(10)
    await chi.keyboard.press("s")
    await expect(chi.get_by_role("dialog")).to_be_visible()
    await expect(chi.get_by_role("dialog").locator("textarea")).to_be_focused()
    await chi.keyboard.type("Đã thay bóng cả ngõ.")
    await chi.keyboard.press("Control+Enter")
    await become(ten, "resolved")
    told = await db.fetch_value(
        "SELECT count(*) FROM message WHERE thread_id = ANY($1) AND body = 'Đã thay bóng cả ngõ.'",
        [uuid.UUID(one) for one in ten],
    )
    assert told == 10
    await sent(chi)


async def test_many_accepted_by_mistake_are_taken_back(stack: Stack, new_phone: NewPhone) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    three = await reported(mai, [f"Đèn phố Hoa Sữa {n}" for n in range(3)])
    desk = await new_phone("chi", width=1280, height=800)
    chi = await sign_in(desk, await stack.join_link("vn-officer-lighting"))
    await chi.goto(f"{stack.url}/desk")
    await chi.locator("[data-report]").first.wait_for()
    await find(chi, "hoa sua", 3)
    boxes = chi.locator("[data-report] input[type=checkbox]")
    await boxes.first.click()
    await boxes.last.click(modifiers=["Shift"])
    await button(chi.locator(".bar"), "vi", "Accept").click()
    await expect(held(chi)).to_be_visible()
    await chi.keyboard.press("u")
    await expect(chi.get_by_text(words("Taken back. Nothing was sent."))).to_be_visible()
    await sent(chi)
    assert await states(three) == {"submitted"}
    # The list shows them as they are, and they can be accepted after all.
    await boxes.first.click()
    await chi.keyboard.press("a")
    await expect(held(chi)).to_be_visible()
    async with asyncio.timeout(60):
        while await states(three) == {"submitted"}:
            await asyncio.sleep(0.1)
    await chi.keyboard.press("u")
    late = words("{n} report had been sent already; the others were taken back.")
    await expect(chi.get_by_text(late.replace("{n}", "1"))).to_be_visible()
    assert sorted([await state_of(one) for one in three]) == ["accepted", "submitted", "submitted"]


async def test_several_are_handed_over_with_one_reason_and_what_cannot_be_is_named(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    three = await reported(mai, [f"Hố ga bờ kè Phong Lan {n}" for n in range(3)])
    ha = await sign_in(
        await new_phone("ha", width=360, height=740), await stack.join_link("vn-dispatcher")
    )
    roads = str(demo_id("department", "VN", "roads"))
    part = {"parts": [{"department_id": roads, "task": "Xem nắp hố ga"}]}
    await put(ha, f"/api/reports/{three[0]}/splits/{uuid.uuid4()}", part)
    await ha.goto(f"{stack.url}/desk")
    await ha.locator("[data-report]").first.wait_for()
    await ha.locator("#desk-search").fill("phong lan")
    await expect(ha.locator("[data-report]")).to_have_count(3)
    await button(ha, "vi", "Choose").click()
    for box in await ha.locator("[data-report] input[type=checkbox]").all():
        await box.click()
    await button(ha.locator(".bar"), "vi", "Hand over").click()
    sheet = ha.get_by_role("dialog")
    names = await db.fetch_value(
        "SELECT names->>'vi' FROM department WHERE id = $1", uuid.UUID(roads)
    )
    await sheet.get_by_label(str(names), exact=True).check()
    await expect(sheet.get_by_text(words("this department has a part of it"))).to_be_visible()
    hand = sheet.get_by_role("button", name=words("Hand over"), exact=True)
    await hand.click()
    await expect(sheet.get_by_text(words("Please give a reason."))).to_be_visible()
    await sheet.get_by_role("textbox").fill("Việc của tổ thoát nước.")
    assert await ha.evaluate("document.documentElement.scrollWidth") <= 360
    await hand.click()
    await held(ha).click()
    await expect(ha.get_by_text(words("Taken back. Nothing was sent."))).to_be_visible()

    await button(ha, "vi", "Choose").click()
    for box in await ha.locator("[data-report] input[type=checkbox]").all():
        await box.click()
    await button(ha.locator(".bar"), "vi", "Hand over").click()
    await sheet.get_by_label(str(names), exact=True).check()
    await sheet.get_by_role("textbox").fill("Việc của tổ thoát nước.")
    await hand.click()
    await expect(held(ha)).to_be_visible()
    await sent(ha, seconds=60)
    moved = await db.fetch(
        """SELECT m.thread_id FROM message m WHERE m.thread_id = ANY($1)
           AND m.event->>'type' = 'handed' AND m.event->>'reason' = 'Việc của tổ thoát nước.'""",
        [uuid.UUID(one) for one in three],
    )
    assert {str(row["thread_id"]) for row in moved} == set(three[1:])


async def test_two_at_the_same_cases_at_once_and_the_slower_one_is_told(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    both = await reported(mai, [f"Đèn ngách Sao Đen {n}" for n in range(2)])
    desks = []
    for name, person in (("chi", "vn-officer-lighting"), ("ha", "vn-dispatcher")):
        page = await sign_in(
            await new_phone(name, width=1280, height=800), await stack.join_link(person)
        )
        await page.goto(f"{stack.url}/desk")
        await page.locator("[data-report]").first.wait_for()
        await find(page, "sao den", 2)
        for _ in both:
            await page.keyboard.press("j")
            await page.keyboard.press("x")
        desks.append(page)
    chi, ha = desks
    # Both hold it back at the same time, so neither sees the other's step before taking it.
    await asyncio.gather(chi.keyboard.press("a"), ha.keyboard.press("a"))
    await become(both, "accepted")
    async with asyncio.timeout(60):
        while await refused(chi) + await refused(ha) < len(both):
            await asyncio.sleep(0.1)
    told = chi if await refused(chi) else ha
    faster = words("Somebody was faster: it is “{state}” now.")
    await expect(
        told.get_by_text(faster.replace("{state}", words("Accepted"))).first
    ).to_be_visible()
    await button(told.locator(".refused"), "vi", "Understood").click()
    await sent(told)
    moves = await db.fetch_value(
        "SELECT count(*) FROM message WHERE thread_id = ANY($1) AND event->>'to' = 'accepted'",
        [uuid.UUID(one) for one in both],
    )
    assert moves == 2


async def refused(page: Page) -> int:
    return await page.locator(".strip.refused li").count()


async def test_an_officer_on_a_phone_chooses_several_with_the_thumb(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    three = await reported(mai, [f"Đèn bờ kè Lục Bình {n}" for n in range(3)])
    phone = await new_phone("chi", width=360, height=740)
    chi = await sign_in(phone, await stack.join_link("vn-officer-lighting"))
    await chi.goto(f"{stack.url}/desk")
    await chi.locator("[data-report]").first.wait_for()
    await chi.locator("button.lists").click()
    await chi.get_by_role("dialog").get_by_role("button", name=words("New")).first.click()
    await expect(chi.get_by_role("dialog")).to_have_count(0)
    await expect(chi.locator("button.lists")).to_contain_text(words("New"))
    await chi.locator("#desk-search").fill("luc binh")
    await expect(chi.locator("[data-report]")).to_have_count(3)
    await button(chi, "vi", "Choose").click()
    boxes = chi.locator("[data-report] input[type=checkbox]")
    await boxes.nth(0).click()
    await boxes.nth(1).click()
    bar = chi.locator(".bar")
    await expect(bar).to_contain_text("2")
    assert await chi.evaluate("document.documentElement.scrollWidth") <= 360
    await button(bar, "vi", "Accept").click()
    await expect(held(chi)).to_be_visible()
    await sent(chi, seconds=60)
    # They have left the list of new ones by themselves.
    await expect(chi.locator("[data-report]")).to_have_count(1)
    assert sorted([await state_of(one) for one in three]) == ["accepted", "accepted", "submitted"]


async def test_a_list_is_kept_under_a_name_and_found_on_another_device(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    (one,) = await reported(mai, ["Đèn quảng trường Phượng Vĩ"])
    first = await new_phone("chi", width=1280, height=800)
    chi = await sign_in(first, await stack.join_link("vn-officer-lighting"))
    await chi.goto(f"{stack.url}/desk")
    await chi.locator("[data-report]").first.wait_for()
    await find(chi, "phuong vi", 1)
    await chi.keyboard.press("f")
    sheet = chi.get_by_role("dialog")
    await sheet.get_by_label(words("Mine to answer")).check()
    await sheet.get_by_text(words("Keep as a list"), exact=True).click()
    await sheet.get_by_label(words("Name of the list")).fill("Phượng Vĩ của tôi")
    await button(sheet, "vi", "Keep this list").click()
    await expect(sheet).to_have_count(0)
    await sent(chi)
    second = await new_phone("chi again", width=1280, height=800)
    again = await sign_in(second, await stack.join_link("vn-officer-lighting"))
    await again.goto(f"{stack.url}/desk")
    await again.get_by_role("button", name="Phượng Vĩ của tôi", exact=True).click()
    await expect(again.locator("[data-report]")).to_have_count(1)
    await expect(again.locator("#desk-search")).to_have_value("phuong vi")
    await expect(again.locator(f"[data-report='{one}']")).to_be_visible()
    remove = words("Remove the list “{name}”").replace("{name}", "Phượng Vĩ của tôi")
    await again.get_by_role("button", name=remove).click()
    await button(again.get_by_role("alertdialog"), "vi", "Remove").click()
    await sent(again)
    await chi.reload()
    await chi.locator("[data-report]").first.wait_for()
    await synced(chi)
    await expect(chi.get_by_role("button", name="Phượng Vĩ của tôi", exact=True)).to_have_count(0)


async def test_the_map_stands_beside_the_list_and_either_chooses_in_both(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    (one,) = await reported(mai, ["Đèn công viên Ngọc Lan"])
    desk = await new_phone("chi", width=1280, height=800)
    chi = await sign_in(desk, await stack.join_link("vn-officer-lighting"))
    await chi.goto(f"{stack.url}/desk")
    await chi.locator("[data-report]").first.wait_for()
    await find(chi, "ngoc lan", 1)
    await chi.keyboard.press("m")
    board = chi.get_by_role("application", name=words("Map: the reports of this list"))
    pin = board.locator(".map-pin")
    await expect(pin).to_have_count(1)
    await chi.keyboard.press("j")
    await expect(board.locator(".map-pin.chosen")).to_have_count(1)
    await chi.keyboard.press("m")
    await expect(pin).to_have_count(0)
    await chi.reload()
    await chi.locator("[data-report]").first.wait_for()
    await find(chi, "ngoc lan", 1)
    await chi.keyboard.press("m")
    await pin.dispatch_event("click")
    here = "document.activeElement.getAttribute('href')"
    assert await chi.evaluate(here) == f"/desk/{one}"
    await chi.keyboard.press("Enter")
    await chi.locator(".view .badge").wait_for()
    await expect(pin).to_have_count(1)


async def test_what_comes_in_does_not_move_what_is_being_read(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    await reported(mai, [f"Đèn dốc Tùng Bách {n}" for n in range(8)])
    desk = await new_phone("chi", width=1280, height=800)
    chi = await sign_in(desk, await stack.join_link("vn-officer-lighting"))
    await chi.goto(f"{stack.url}/desk")
    await chi.locator("[data-report]").first.wait_for()
    await find(chi, "tung bach", 8)
    await synced(chi)
    for _ in range(3):
        await chi.keyboard.press("j")
    top = "document.activeElement.getBoundingClientRect().top"
    href = "document.activeElement.getAttribute('href')"
    before, reading = await chi.evaluate(top), await chi.evaluate(href)
    urgent = await report_lamp(mai, "Đèn dốc Tùng Bách gãy cột")
    await db.execute(
        """UPDATE report SET accept_due_at = now() - interval '1 day',
               solve_due_at = now() - interval '1 day' WHERE id = $1""",
        uuid.UUID(urgent),
    )
    await report_lamp(mai, "Đèn dốc Tùng Bách thêm một")
    await expect(chi.locator("[data-report]")).to_have_count(10)
    await expect(chi.locator("[data-report]").first).to_have_attribute("data-report", urgent)
    assert await chi.evaluate(href) == reading
    assert abs(await chi.evaluate(top) - before) < 2
