"""The desk in a real browser: news at once, keys for everything, two officers at the same case."""

import asyncio
import uuid
from collections.abc import Mapping

import pytest
from playwright.async_api import Page, expect

from backend import db
from tests.e2e.conftest import NewPhone
from tests.e2e.stack import Stack
from tests.e2e.walking import installed, sign_in, synced, word

pytestmark = pytest.mark.e2e

PUT = """
async ([path, body]) => {
  const answer = await fetch(path, {
    method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body)
  });
  return answer.status;
}
"""


def words(msgid: str, **params: object) -> str:
    return word("vi", msgid, **params)


async def put(page: Page, path: str, body: Mapping[str, object]) -> None:
    assert await page.evaluate(PUT, [path, body]) == 201


async def report_lamp(resident: Page, text: str, code: str = "street_light") -> str:
    """A report of a dark lamp in the resident's street, sent past the screens; its id."""
    report_id = str(uuid.uuid4())
    category = await db.fetch_value(
        "SELECT c.id FROM category c JOIN area a ON a.id = c.area_id "
        "WHERE a.country = 'VN' AND c.code = $1",
        code,
    )
    body = {
        "category_id": str(category),
        "description": text,
        "lat": 10.848,
        "lon": 106.7855,
        "accuracy_m": 12,
        "located_by": "gps",
        "photos": [],
    }
    await put(resident, f"/api/reports/{report_id}", body)
    return report_id


async def state_of(report_id: str) -> str:
    return str(await db.fetch_value("SELECT state FROM report WHERE id = $1", uuid.UUID(report_id)))


async def test_a_new_report_comes_into_the_open_inbox_by_itself(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    desk = await new_phone("chi", width=1280, height=800)
    chi = await sign_in(desk, await stack.join_link("vn-officer-lighting"))
    await chi.goto(f"{stack.url}/desk")
    await chi.locator("ol a").first.wait_for()
    await synced(chi)
    report_id = await report_lamp(mai, "Đèn đầu hẻm không sáng")
    row = chi.locator(f"a[href='/desk/{report_id}']")
    await row.wait_for()  # within a second: the bench says how soon
    await expect(row.get_by_text(words("New"), exact=True)).to_be_visible()


async def test_a_report_is_worked_through_by_keyboard_alone(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    report_id = await report_lamp(mai, "Bóng đèn chớp liên tục")
    desk = await new_phone("chi", width=1280, height=800)
    chi = await sign_in(desk, await stack.join_link("vn-officer-lighting"))
    await chi.goto(f"{stack.url}/desk")
    await chi.locator(f"a[href='/desk/{report_id}']").wait_for()
    here = "document.activeElement.getAttribute('href')"
    for _ in range(50):
        await chi.keyboard.press("j")
        if await chi.evaluate(here) == f"/desk/{report_id}":
            break
    await chi.keyboard.press("Enter")
    await chi.get_by_role("button", name=words("Accept"), exact=True).wait_for()
    await chi.keyboard.press("a")
    await chi.get_by_role("alertdialog").wait_for()
    await chi.keyboard.press("Enter")
    badge = chi.locator(".view .badge")
    await expect(badge).to_have_text(words("Accepted"))
    await chi.keyboard.press("n")
    await chi.keyboard.type("Gọi nhà thầu sáng mai.")
    await chi.keyboard.press("Control+Enter")
    await expect(chi.locator(".bubble.note")).to_contain_text("Gọi nhà thầu sáng mai.")
    # The reporter's phone never hears of it.
    messages = await mai.evaluate(
        "id => fetch(`/api/reports/${id}`).then((answer) => answer.json())", report_id
    )
    assert [one["kind"] for one in messages["messages"]] == ["event"] * len(messages["messages"])
    assert await state_of(report_id) == "accepted"


async def test_an_officer_without_a_line_learns_that_somebody_was_faster(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    ha = await sign_in(await new_phone("ha"), await stack.join_link("vn-dispatcher"))
    desk = await new_phone("chi", width=1280, height=800)
    chi = await sign_in(desk, await stack.join_link("vn-officer-lighting"))
    refused = await report_lamp(mai, "Đèn trước trường học tắt")
    agreed = await report_lamp(mai, "Đèn ngã ba tắt")
    await installed(chi)

    async def accept_offline(report_id: str) -> None:
        await desk.offline(False)
        await chi.goto(f"{stack.url}/desk/{report_id}")
        button = chi.get_by_role("button", name=words("Accept"), exact=True)
        await button.wait_for()
        await desk.offline()
        await button.click()
        await chi.get_by_role("alertdialog").get_by_role("button").first.click()
        queued = words("Saved on this phone. It will send by itself.")
        await expect(chi.get_by_text(queued).first).to_be_visible()

    await accept_offline(refused)
    move = {"to": "rejected", "reason": "Đèn của trường, nhà trường tự lo."}
    await put(ha, f"/api/reports/{refused}/moves/{uuid.uuid4()}", move)
    await desk.offline(False)
    await expect(chi.get_by_text(words("Somebody was faster"))).to_be_visible(timeout=30_000)
    await expect(chi.locator(".view .badge").first).to_have_text(words("Not taken on"))
    await chi.get_by_role("button", name=words("Understood")).click()
    await expect(chi.locator(".refused")).to_have_count(0)
    assert await state_of(refused) == "rejected"

    await accept_offline(agreed)
    await put(ha, f"/api/reports/{agreed}/moves/{uuid.uuid4()}", {"to": "accepted"})
    await desk.offline(False)
    already = words("Somebody else was faster: it is already so.")
    await expect(chi.get_by_text(already)).to_be_visible(timeout=30_000)
    await expect(chi.locator(".refused")).to_have_count(0)
    await asyncio.gather(synced(chi), synced(ha))
    assert await state_of(agreed) == "accepted"
