"""The ward's administrator and its inspector."""

import uuid

from playwright.async_api import Locator

from backend import db
from backend.demo.data import demo_id
from tests.e2e.tour.visits import Visit, screen


@screen("admin", "admin", "inbox")
async def _(visit: Visit) -> None:
    await visit.goto("/desk")
    await visit.page.locator("a[href='/ward/settings']").wait_for()


@screen("admin", "admin", "settings")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/settings")
    await visit.page.locator("main h2").first.wait_for()


@screen("admin", "admin", "settings-departments")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/settings/departments")
    await visit.page.locator("main li").first.wait_for()


@screen("admin", "admin", "settings-department")
async def _(visit: Visit) -> None:
    await _first_change(visit)


@screen("admin", "admin", "settings-kinds")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/settings/categories")
    await visit.page.locator("main li").first.wait_for()


@screen("admin", "admin", "settings-kind")
async def _(visit: Visit) -> None:
    await visit.page.locator(f"a[href$='/{await _category(visit, 'water')}']").click()
    await visit.page.locator(".question").first.wait_for()


@screen("admin", "admin", "settings-routing")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/settings/routing")
    await visit.page.locator("main li").first.wait_for()


@screen("admin", "admin", "settings-routing-preview")
async def _(visit: Visit) -> None:
    sheet = await _first_change(visit)
    await sheet.locator("select").nth(1).select_option(index=2)
    await sheet.locator(".preview p").first.wait_for()


@screen("admin", "admin", "settings-promises")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/settings/clocks")
    await visit.page.locator("main li").first.wait_for()


@screen("admin", "admin", "settings-promise-refused")
async def _(visit: Visit) -> None:
    sheet = await _first_change(visit)
    await sheet.locator(".example dd").first.wait_for()
    await sheet.locator("input[inputmode=decimal]").first.fill("0")
    await sheet.locator(".error").first.wait_for()


@screen("admin", "admin", "settings-hours")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/settings/hours")
    await visit.page.locator("main li").first.wait_for()


@screen("admin", "admin", "settings-hours-change")
async def _(visit: Visit) -> None:
    sheet = await _first_change(visit)
    await sheet.locator(".example dd").first.wait_for()


@screen("admin", "admin", "settings-days-off")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/settings/days-off")
    await visit.page.locator("main li").first.wait_for()


@screen("admin", "admin", "settings-closure")
async def _(visit: Visit) -> None:
    await visit.button("Declare a closure").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("admin", "admin", "settings-guests")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/settings/guests")
    await visit.page.locator("main input[type=checkbox]").check()


@screen("admin", "admin", "settings-ready-made-replies")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/settings")
    await visit.page.locator("a[href^='/ward/templates']").click()
    await visit.page.locator("main h2").first.wait_for()


@screen("admin", "admin", "settings-history")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/settings/history")
    await visit.page.locator("main ol li").first.wait_for()


async def _first_change(visit: Visit) -> Locator:
    await visit.page.locator("main li button").first.click()
    sheet = visit.page.locator("dialog[open]")
    await sheet.wait_for()
    return sheet


async def _category(visit: Visit, code: str) -> uuid.UUID:
    found = await db.fetch_value(
        "SELECT c.id FROM category c JOIN area a ON a.id = c.area_id "
        "WHERE a.country = $1 AND c.code = $2",
        visit.country.upper(),
        code,
    )
    assert isinstance(found, uuid.UUID)
    return found


@screen("inspector", "inspector", "lives")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/audit")
    await visit.page.locator("main ol li").first.wait_for()


@screen("inspector", "inspector", "life")
async def _(visit: Visit) -> None:
    await visit.goto(f"/ward/audit/{demo_id('report', f'{visit.country}-lamp')}")
    await visit.page.locator("main ol li").first.wait_for()
