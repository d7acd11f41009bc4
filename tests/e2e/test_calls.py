"""The telephone in a real browser: a headset, a keyboard, a caller who has the app or has not."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from backend import db
from tests.e2e.conftest import NewPhone
from tests.e2e.stack import Stack
from tests.e2e.walking import LAMP, holds, installed, sign_in, synced, word

pytestmark = pytest.mark.e2e

SEND = """
async ([method, path, body]) => {
  const answer = await fetch(path, {
    method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body)
  });
  return answer.status;
}
"""
FOCUSED = (
    "() => document.activeElement?.labels?.[0]?.innerText ?? document.activeElement?.innerText"
)


def words(msgid: str, **params: object) -> str:
    return word("vi", msgid, **params)


@pytest.fixture
async def daytime(stack: Stack) -> AsyncIterator[None]:
    """Callers are told at once: it is about noon in the demo's ward, whenever this runs."""
    rows = await db.fetch("SELECT id, time_zone FROM area WHERE country = 'VN'")
    ahead = 12 - datetime.now(UTC).hour
    zone = f"Etc/GMT{-ahead:+d}" if ahead else "UTC"  # POSIX counts the other way round
    await db.execute("UPDATE area SET time_zone = $1 WHERE country = 'VN'", zone)
    yield
    for row in rows:
        await db.execute(
            "UPDATE area SET time_zone = $1 WHERE id = $2", row["time_zone"], row["id"]
        )


async def tab_to(page: Page, label: str) -> None:
    """By keyboard alone, from wherever one is."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(FOCUSED)
        if focused and str(focused).startswith(label):
            return
    raise AssertionError(f"the keyboard does not reach {label}")


async def take_call(page: Page, stack: Stack) -> None:
    """From the inbox to an empty call, by one key."""
    await page.goto(f"{stack.url}/desk")
    await page.locator("ol a").first.wait_for()
    await page.keyboard.press("c")
    await page.wait_for_url("**/call")
    await page.locator("input[type=tel]").wait_for()
    await holds(page, "document.activeElement?.type === 'tel'")


async def say_what_and_where(page: Page, place: str | None) -> None:
    await tab_to(page, words("What is it about?"))
    await page.keyboard.type("den duong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox").first).to_have_value(LAMP["vi"])
    await tab_to(page, words("Neighbourhood"))
    if place is not None:
        await page.keyboard.type(place)
        await page.keyboard.press("Enter")
    await tab_to(page, words("The place in words"))
    await page.keyboard.type("Trước số 14, hẻm 5")
    await tab_to(page, words("What was said"))
    await page.keyboard.type("Đèn tắt từ hôm kia, tối không thấy đường")
    await page.keyboard.press("Control+Enter")


async def read_code(page: Page) -> tuple[str, str]:
    """The report's number as it stands there to be read out, and its id."""
    signs = page.locator(".code .sign > bdi")
    await expect(signs).to_have_count(7, timeout=30_000)
    letters = "".join(await signs.all_inner_texts())
    call_id = page.url.split("call=")[1]
    return f"{letters[:3]}-{letters[3:6]}-{letters[6:]}", call_id


async def texts_to(stack: Stack, number: str, count: int) -> list[str]:
    """What the worker has written for this number, once there are so many."""
    async with asyncio.timeout(60):
        while True:
            files = sorted((stack.var / "sms").glob("*.jsonl"))
            lines = [json.loads(one) for file in files for one in file.read_text().splitlines()]
            found = [str(line["text"]) for line in lines if line["to"] == number]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.1)


async def test_a_call_of_somebody_with_the_app_is_among_their_reports(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    await mai.goto(f"{stack.url}/me")
    await mai.get_by_role("button", name=words("Add my number")).click()
    sheet = mai.locator("dialog[open]")
    await sheet.locator("input").fill("12")
    await sheet.get_by_role("button", name=words("Save")).click()
    await expect(sheet.locator(".error")).to_be_visible()
    await sheet.locator("input").fill("0908 111 222")
    await sheet.get_by_role("button", name=words("Save")).click()
    await expect(mai.get_by_text("+84908111222")).to_be_visible()

    desk = await new_phone("ha", width=1280, height=800)
    ha = await sign_in(desk, await stack.join_link("vn-dispatcher"))
    await take_call(ha, stack)
    await ha.keyboard.type("+84 908 111 222")
    known = ha.get_by_role("radio", checked=True)
    await expect(known).to_be_visible()
    await say_what_and_where(ha, None)
    code, call_id = await read_code(ha)
    await expect(ha.get_by_text(words("No text: this person has the app and sees it there."))
                 ).to_be_visible()  # fmt: skip
    await expect(ha.get_by_role("button", name=words("Next call"))).to_be_focused()

    await mai.goto(f"{stack.url}/reports/{call_id}")
    await mai.locator("details summary").first.click()
    await expect(mai.get_by_text(code).first).to_be_visible()
    await mai.goto(f"{stack.url}/mine")
    await mai.locator(f"a[href='/reports/{call_id}']").first.wait_for()


async def test_a_caller_without_the_app_is_told_by_text(
    stack: Stack, new_phone: NewPhone, daytime: None
) -> None:
    desk = await new_phone("ha", width=1280, height=800)
    ha = await sign_in(desk, await stack.join_link("vn-dispatcher"))
    await take_call(ha, stack)
    await ha.keyboard.type("0977 222 333")
    await expect(ha.get_by_text(words("Nobody is known by this number yet."))).to_be_visible()
    await say_what_and_where(ha, "khu pho 2")
    code, call_id = await read_code(ha)
    (first,) = await texts_to(stack, "+84977222333", 1)
    assert code in first
    sent = ha.locator(".sms")
    await expect(sent).to_contain_text("0977 222 333", timeout=30_000)

    chi = await sign_in(await new_phone("chi"), await stack.join_link("vn-officer-lighting"))
    moved = f"/api/reports/{call_id}/moves/{uuid.uuid4()}"
    assert await chi.evaluate(SEND, ["PUT", moved, {"to": "accepted"}]) == 201
    _, second = await texts_to(stack, "+84977222333", 2)
    assert code in second
    assert "Đèn tắt" not in first + second

    # The same person calls again: "what about my report?"
    await ha.keyboard.press("Enter")
    await holds(ha, "document.activeElement?.type === 'tel'")
    await ha.keyboard.type("0977 222 333")
    await expect(ha.locator("article")).to_contain_text(words("Accepted"))
    await tab_to(ha, words("Add what is said"))
    await ha.keyboard.press("Enter")
    await tab_to(ha, words("What the caller says about it"))
    await ha.keyboard.type("Trụ số 7")
    await tab_to(ha, words("Add it"))
    await ha.keyboard.press("Enter")
    await expect(ha.get_by_text(words("Noted. The department will read it."))).to_be_visible()
    await chi.goto(f"{stack.url}/desk/{call_id}")
    await expect(chi.get_by_text("☎ Trụ số 7")).to_be_visible()
    await chi.goto(f"{stack.url}/desk")
    await chi.locator("input[type=search]").fill("222 333")
    await chi.locator(f"a[href='/desk/{call_id}']").wait_for()


async def test_a_call_waits_for_the_line_and_a_closed_one_is_there_again(
    stack: Stack, new_phone: NewPhone
) -> None:
    desk = await new_phone("ha", width=1280, height=800)
    ha = await sign_in(desk, await stack.join_link("vn-dispatcher"))
    await installed(ha)
    await synced(ha)
    await take_call(ha, stack)
    await ha.keyboard.type("0966 333 444")
    await expect(ha.get_by_text(words("Nobody is known by this number yet."))).to_be_visible()
    await ha.goto(f"{stack.url}/me")
    await ha.goto(f"{stack.url}/call")
    await expect(ha.locator("input[type=tel]")).to_have_value("0966 333 444")
    await holds(ha, "document.activeElement?.type === 'tel'")
    await desk.offline()
    await say_what_and_where(ha, "khu pho 1")
    waits = words("Saved on this device. It is sent as soon as there is a connection.")
    await expect(ha.get_by_text(waits)).to_be_visible()
    await desk.offline(False)
    code, call_id = await read_code(ha)
    stored = await db.fetch_value("SELECT code FROM report WHERE id = $1", uuid.UUID(call_id))
    assert stored == code
