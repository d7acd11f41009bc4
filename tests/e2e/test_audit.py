"""An inspector looks into a case's whole life, at a desk and on a phone, and changes nothing."""

import uuid

import pytest
from playwright.async_api import Page, expect

from backend import db
from backend.audit.service import chain_entries
from tests.e2e.conftest import NewPhone
from tests.e2e.stack import Stack
from tests.e2e.test_desk import put, report_lamp
from tests.e2e.walking import holds, sign_in, word

pytestmark = pytest.mark.e2e

STATUS = """
async ([path, body]) => (await fetch(path, {
  method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body)
})).status
"""


def words(msgid: str, **params: object) -> str:
    return word("vi", msgid, **params)


async def chained(report_id: str) -> None:
    """The stack's own worker does this too; whoever comes first."""
    async with db.pool().acquire() as connection:
        while await connection.fetchval(
            """SELECT count(*) FROM audit_entry e WHERE subject_id = $1
               AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.entry_id = e.id)""",
            uuid.UUID(report_id),
        ):
            await chain_entries()


async def fits(page: Page) -> None:
    await holds(page, "document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [1280, 360])
async def test_an_inspector_reads_a_cases_whole_life(
    stack: Stack, new_phone: NewPhone, width: int
) -> None:
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    chi = await sign_in(await new_phone("chi"), await stack.join_link("vn-officer-lighting"))
    report_id = await report_lamp(mai, "Đèn cổng chợ tắt")
    await put(chi, f"/api/reports/{report_id}/moves/{uuid.uuid4()}", {"to": "accepted"})
    code = str(await db.fetch_value("SELECT code FROM report WHERE id = $1", uuid.UUID(report_id)))
    await chained(report_id)

    phone = await new_phone("minh", width=width, height=800)
    minh = await sign_in(phone, await stack.join_link("vn-inspector"))
    await minh.get_by_role("link", name=words("Life of the cases")).click()
    await minh.get_by_role("searchbox", name=words("Number of the report")).fill(code)
    await minh.get_by_role("button", name=words("Search"), exact=True).click()
    row = minh.locator("main ol a")
    await expect(row).to_have_count(1)
    await fits(minh)
    await row.click()
    entries = minh.locator("main ol > li")
    await expect(entries).to_have_count(2)
    await expect(entries.nth(0)).to_contain_text(words("The report has been received."))
    await expect(entries.nth(0)).to_contain_text(words("Reporter"))
    await expect(entries.nth(1)).to_contain_text("Võ Tấn Chi")
    await expect(entries.nth(1)).to_contain_text(words("Accepted"))
    await expect(minh.locator("main [role=status]")).to_have_text(
        words("Everything stands here as it was recorded.")
    )
    await expect(minh.locator("main li.intact")).to_have_count(2)
    await fits(minh)
    assert "Mai" not in await minh.locator("main").inner_text()
    body = {"to": "in_progress"}
    path = f"/api/reports/{report_id}/moves/{uuid.uuid4()}"
    assert await minh.evaluate(STATUS, [path, body]) == 403
