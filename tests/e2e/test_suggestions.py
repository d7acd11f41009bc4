"""Kinds of problems suggested from words (`R5`): without a line, and never chosen for anybody."""

import re

import pytest
from playwright.async_api import expect

from backend import db
from tests.e2e.conftest import NewPhone
from tests.e2e.stack import Stack
from tests.e2e.test_journey import Words, neighbourhood_of, until
from tests.e2e.walking import LAMP, from_store, installed, sign_in

pytestmark = pytest.mark.e2e


async def test_words_suggest_a_kind_after_a_reload_without_a_line(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    home = await neighbourhood_of("vn-mai")

    async def learned() -> object:
        return await db.fetch_value("SELECT count(*) FROM suggestion_model WHERE version <> ''")

    await until(learned, "the wards have learned", 60)
    phone = await new_phone("mai", language="vi", latitude=home.lat, longitude=home.lon)
    page = await sign_in(phone, await stack.join_link("vn-mai"))
    await installed(page)
    await page.goto(f"{stack.url}/report?step=3")
    search = page.get_by_label(words("Search"))
    await expect(search).to_be_visible()

    async def kept() -> object:
        return await from_store(page, "meta", "get('suggestions')")

    await until(kept, "what the ward has learned is on the phone")
    await phone.offline()
    await page.reload()
    suggested = page.get_by_role("region", name=words("Suggested from your words"))
    await expect(search).to_be_visible()
    await expect(suggested).to_have_count(0)
    await search.fill("cột đèn đầu hẻm không lên, tối thui")
    tile = suggested.get_by_role("button", name=re.compile(LAMP["vi"]))
    await expect(tile).to_be_visible()
    await expect(tile).to_have_attribute("aria-pressed", "false")
    await expect(page.get_by_role("button", name=words("Next"), exact=True)).to_have_count(0)
    await search.fill("zzz qqq")
    await expect(suggested).to_have_count(0)
    await search.fill("đèn đường không sáng")
    await tile.click()
    await page.wait_for_url(re.compile("step=4"))
