"""The ward's administrator at work: rules, hours, days off, kinds of problems, questions."""

import asyncio
import re
import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, expect

from backend import db
from backend.departments.service import forget_cached_rules
from tests.e2e.conftest import NewPhone
from tests.e2e.stack import Phone, Stack
from tests.e2e.walking import button, choose_category, installed, sent, sign_in, synced, word

pytestmark = pytest.mark.e2e

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def words(msgid: str, **params: object) -> str:
    return word("vi", msgid, **params)


async def open_settings(phone: Phone, stack: Stack, who: str) -> Page:
    """From the home screen of whoever keeps the rules."""
    page = await sign_in(phone, await stack.join_link(who))
    await page.goto(f"{stack.url}/")
    await page.wait_for_url("**/desk")
    await page.get_by_role("link", name=words("Ward settings")).click()
    await page.get_by_role("heading", name=words("Departments")).wait_for()
    return page


async def go(page: Page, msgid: str) -> None:
    """To one of the settings, and back to all of them first if need be."""
    if not page.url.endswith("/ward/settings"):
        await page.get_by_role("link", name=words("Back")).click()
        await page.wait_for_url("**/ward/settings")
    await page.get_by_role("heading", name=words(msgid), exact=True).click()
    await page.get_by_role("heading", level=1, name=words(msgid), exact=True).wait_for()


def sheet(page: Page) -> Locator:
    return page.locator("dialog[open]")


async def save(page: Page) -> None:
    await button(page, "vi", "Save").click()


async def saved(page: Page) -> None:
    await expect(sheet(page)).to_have_count(0)


async def category_id(code: str) -> uuid.UUID:
    found = await db.fetch_value(
        "SELECT c.id FROM category c JOIN area a ON a.id = c.area_id "
        "WHERE a.country = 'VN' AND c.code = $1",
        code,
    )
    assert isinstance(found, uuid.UUID)
    return found


async def test_a_rule_is_tried_on_past_reports_saved_and_found_in_the_history(
    stack: Stack, new_phone: NewPhone
) -> None:
    resident = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    await expect(resident.get_by_role("link", name=words("Ward settings"))).to_have_count(0)
    await resident.goto(f"{stack.url}/ward/settings")
    await expect(resident.locator(".trouble")).to_be_visible()
    page = await open_settings(await new_phone("dat"), stack, "vn-admin")
    await go(page, "Who gets what")
    name = words("Change who gets {name}", name="Đèn đường")
    await page.get_by_role("button", name=name).click()
    where, who = (
        sheet(page).get_by_label(words("Where")),
        sheet(page).get_by_label(words("Department")),
    )
    await where.select_option(label="Khu phố 3")
    await who.select_option(label="Tổ cây xanh và công viên")
    moved = sheet(page).locator(".preview strong")
    await expect(moved).to_have_text(re.compile(words("This would have moved {n} report", n=0)[:8]))
    await where.select_option(label="Khu phố 1")
    await who.select_option(label="Tổ cây xanh và công viên")
    # The demo's lamp of Khu phố 1, and whatever other tests have reported there.
    await expect(sheet(page).locator(".preview")).to_contain_text("Tổ cây xanh và công viên")
    await where.select_option(label="Khu phố 3")
    await who.select_option(label="Tổ cây xanh và công viên")
    await save(page)
    await saved(page)
    await expect(page.get_by_text("Khu phố 3:")).to_be_visible()
    await go(page, "History")
    newest = page.locator("main ol > li").first
    await expect(newest).to_contain_text("Trần Quốc Đạt")
    await expect(newest).to_contain_text("Tổ cây xanh và công viên")
    await expect(newest).to_contain_text("Đèn đường")


async def test_hours_with_a_break_and_a_closure_change_what_a_resident_is_promised(
    stack: Stack, new_phone: NewPhone
) -> None:
    phone = await new_phone("viet")
    resident = await sign_in(phone, await stack.join_link("vn-viet"))
    page = await open_settings(await new_phone("dat"), stack, "vn-admin")
    await go(page, "Working hours")
    department = "Đội cấp nước"
    await page.get_by_role(
        "button", name=words("Change the hours of {name}", name=department)
    ).click()
    form = sheet(page)
    await form.get_by_role("checkbox", name=words("Other hours than the ward")).check()
    # A week in which nobody ever works is refused at its field, and stays as it was typed.
    for day in ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu"):
        remove = form.get_by_role("button", name=words("{day}: remove these hours", day=day))
        while await remove.count():
            await remove.first.click()
    await save(page)
    await expect(form.locator("p.error")).to_be_visible()
    more = re.compile(f"^Thứ Hai: ({words('Open')}|{words('After a break')})$")
    add = form.get_by_role("button", name=more)
    for number, (begin, end) in enumerate((("08:00", "11:00"), ("13:30", "16:30"))):
        await add.click()
        await form.get_by_label(words("{day}, opens", day="Thứ Hai")).nth(number).fill(begin)
        await form.get_by_label(words("{day}, closes", day="Thứ Hai")).nth(number).fill(end)
    await expect(form.get_by_text(words("For example"))).to_be_visible()
    await save(page)
    await saved(page)
    await expect(
        page.get_by_text(words("{first} to {last}", first="08:00", last="11:00"))
    ).to_be_visible()

    await go(page, "Days off")
    await button(page, "vi", "Declare a closure").click()
    today = datetime.now(HANOI).date()
    await form.get_by_label(words("Reason")).fill("Sửa trụ sở")
    await form.get_by_label(words("First day")).fill((today - timedelta(days=60)).isoformat())
    await save(page)
    await expect(form.locator(".error")).to_be_visible()  # long past
    await expect(form.get_by_label(words("Reason"))).to_have_value("Sửa trụ sở")
    monday = today + timedelta(days=7 - today.weekday())
    await form.get_by_label(words("First day")).fill(monday.isoformat())
    await save(page)
    await saved(page)
    await expect(page.get_by_text("Sửa trụ sở")).to_be_visible()

    # Eight working hours: six on the Monday after the closure, two on the Monday after that.
    forget_cached_rules()
    report_id = str(uuid.uuid4())
    body = {"category_id": str(await category_id("water")), "located_by": "none"}
    answer = await resident.evaluate(
        """async ([path, body]) => (await fetch(path, {method: 'PUT',
             headers: {'content-type': 'application/json'}, body: JSON.stringify(body)})).status""",
        [f"/api/reports/{report_id}", body],
    )
    assert answer == 201
    due = await db.fetch_value(
        "SELECT accept_due_at FROM report WHERE id = $1", uuid.UUID(report_id)
    )
    assert isinstance(due, datetime)
    local = due.astimezone(HANOI)
    assert local.date() in _mondays_after(monday), local
    assert local.weekday() == 0
    await synced(resident)
    await resident.goto(f"{stack.url}/reports/{report_id}")
    shown = f"{local.day}/{local.month}/{local.year}"
    await resident.locator("details summary").first.click()
    await expect(resident.locator("details dl")).to_contain_text(shown)


def _mondays_after(closed: date) -> set[date]:
    """The first two Mondays with work; one more where a public holiday falls on one of them."""
    return {closed + timedelta(weeks=number) for number in (1, 2, 3)}


async def test_a_ward_asks_two_questions_and_reads_the_answers_in_its_own_language(
    stack: Stack, new_phone: NewPhone
) -> None:
    page = await open_settings(await new_phone("dat"), stack, "vn-admin")
    await go(page, "Kinds of problems")
    await page.get_by_role("link", name=words("New kind of problem")).click()
    await save(page)  # without a name: refused at the name, nothing typed is lost
    await expect(page.locator(".trouble")).to_be_visible()
    name = page.get_by_role("group", name=words("Name"), exact=True)
    await name.get_by_label("Tiếng Việt").fill("Biển quảng cáo")
    await name.get_by_label("English").fill("Advertising sign")
    await page.get_by_label(words("Department")).select_option(label="Tổ trật tự đô thị")
    add = button(page, "vi", "Add a question")
    await add.click()
    await add.click()
    asked = page.locator(".question")
    texts = asked.get_by_role("group", name=words("What is asked"))
    await texts.nth(0).get_by_label("Tiếng Việt").fill("Biển cao mấy mét?")
    await texts.nth(0).get_by_label("English").fill("How high is it?")
    await asked.nth(0).get_by_label(words("Kind of answer")).select_option("number")
    unit = asked.nth(0).get_by_role("group", name=words("Unit (if there is one)"))
    await unit.get_by_label("Tiếng Việt").fill("mét")
    await unit.get_by_label("English").fill("metres")
    await asked.nth(0).get_by_label(words("Largest number")).fill("30")
    await asked.nth(0).get_by_label(words("It has to be answered")).check()
    await texts.nth(1).get_by_label("Tiếng Việt").fill("Có dây điện không?")
    near = page.get_by_label(words("How near a similar report counts (metres)"))
    await near.fill("5")
    await save(page)
    await expect(near).to_have_attribute("aria-invalid", "true")
    await near.fill("150")
    await save(page)
    await page.wait_for_url("**/ward/settings/categories")
    await expect(page.get_by_text("Biển quảng cáo")).to_be_visible()
    stored = await db.fetch_value(
        "SELECT near_m FROM category WHERE names->>'vi' = 'Biển quảng cáo'"
    )
    assert stored == 150

    forget_cached_rules()
    phone = await new_phone("mai", latitude=10.848, longitude=106.7855)
    mai = await sign_in(phone, await stack.join_link("vn-mai"))
    await installed(mai)
    await phone.offline()
    await mai.get_by_role("link", name=re.compile(words("Report"))).first.click()
    await button(mai, "vi", "Go on without a photo").click()
    await button(mai, "vi", "Next").click()
    await choose_category(mai, "Biển quảng cáo")
    await mai.get_by_role("heading", name=words("A few questions")).wait_for()
    await button(mai, "vi", "Next").click()
    await expect(mai.get_by_text(words("Please answer this question."))).to_be_visible()
    high = mai.get_by_label(re.compile("Biển cao mấy mét"))
    await high.fill("31")
    await expect(mai.get_by_text(words("At most {most}, please.", most=30))).to_be_visible()
    await high.fill("4,5")
    await mai.get_by_role("radio", name=words("Yes"), exact=True).check()
    await button(mai, "vi", "Next").click()
    await button(mai, "vi", "Send").click()
    await mai.wait_for_url("**/report?sent=*")
    report_id = mai.url.split("sent=")[1]
    await phone.offline(False)
    await sent(mai)
    await mai.goto(f"{stack.url}/reports/{report_id}")
    await mai.locator("details summary").first.click()
    await expect(mai.locator("details dl")).to_contain_text("4,5 mét")

    desk = await new_phone("order", language="en", width=1280, height=800)
    order = await sign_in(desk, await stack.join_link("vn-officer-order"))
    await order.goto(f"{stack.url}/desk/{report_id}")
    facts = order.locator("details dl")
    await expect(facts).to_contain_text("How high is it?")
    await expect(facts).to_contain_text("4.5 metres")
    await expect(facts).to_contain_text("Có dây điện không?")  # in what language there is
    await expect(facts).to_contain_text(word("en", "Yes"))


async def test_two_administrators_do_not_overwrite_each_other(
    stack: Stack, new_phone: NewPhone
) -> None:
    dat = await open_settings(await new_phone("dat"), stack, "vn-admin")
    ha = await open_settings(await new_phone("ha", width=1280, height=800), stack, "vn-dispatcher")
    change = words("Change {name}", name="Tổ môi trường và rác thải")

    async def begin(page: Page, name: str) -> None:
        await go(page, "Departments")
        await page.get_by_role("button", name=change).click()
        await sheet(page).get_by_label("English").fill(name)

    await asyncio.gather(begin(dat, "Waste"), begin(ha, "Environment and cleaning"))
    await save(dat)
    await saved(dat)
    await save(ha)
    trouble = sheet(ha).locator(".trouble")
    await expect(trouble).to_contain_text("Trần Quốc Đạt")
    await expect(sheet(ha).get_by_label("English")).to_have_value("Environment and cleaning")
    await button(ha, "vi", "Save mine all the same").click()
    await saved(ha)
    names = await db.fetch_value(
        "SELECT d.names->>'en' FROM department d JOIN area a ON a.id = d.area_id "
        "WHERE a.country = 'VN' AND d.code = 'environment'"
    )
    assert names == "Environment and cleaning"
    await go(ha, "History")
    await expect(ha.locator("main ol > li").first).to_contain_text("Lê Thị Thu Hà")


async def test_a_clock_of_nothing_is_refused_at_its_field(
    stack: Stack, new_phone: NewPhone
) -> None:
    page = await open_settings(await new_phone("dat"), stack, "vn-admin")
    await go(page, "Promised times")
    await page.get_by_role(
        "button", name=words("Change the promise for {name}", name="Tiếng ồn")
    ).click()
    form = sheet(page)
    await expect(form.get_by_text(words("For example"))).to_be_visible()
    accept = form.get_by_label(words("Accepted within (hours)"))
    await accept.fill("0")
    await expect(form.locator(".field .error")).to_be_visible()
    await expect(accept).to_have_value("0")
    await accept.fill("2")
    await form.get_by_label(words("Solved within (hours)")).fill("10")
    await expect(form.locator(".example dd")).to_have_count(3)
    await save(page)
    await saved(page)
    await expect(page.get_by_text(words("{n} working hour", n=2)).first).to_be_visible()
