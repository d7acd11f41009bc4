"""Inside one case: asked after, handed over, split, answered by a template, looked at by two."""

import re
import uuid

import pytest
from playwright.async_api import Page, expect

from backend import db
from backend.demo.data import demo_id
from tests.e2e.conftest import NewPhone
from tests.e2e.stack import Stack
from tests.e2e.test_desk import put, words
from tests.e2e.walking import installed, sent, sign_in, synced

pytestmark = pytest.mark.e2e

WIDE = {"width": 1280, "height": 900}


async def report_in(resident: Page, category: str, text: str, **changes: object) -> str:
    """A report sent past the screens; its id."""
    report_id = str(uuid.uuid4())
    body = {
        "category_id": str(demo_id("category", "VN", category)),
        "description": text,
        "lat": 10.848,
        "lon": 106.7855,
        "accuracy_m": 12,
        "located_by": "gps",
        "photos": [],
        **changes,
    }
    await put(resident, f"/api/reports/{report_id}", body)
    return report_id


async def person(new_phone: NewPhone, stack: Stack, key: str, **options: object) -> Page:
    return await sign_in(await new_phone(key, **options), await stack.join_link(key))


async def name_of(key: str) -> str:
    return str(
        await db.fetch_value("SELECT name FROM account WHERE id = $1", demo_id("account", key))
    )


async def department(code: str) -> str:
    return str(
        await db.fetch_value(
            "SELECT names->>'vi' FROM department WHERE id = $1", demo_id("department", "VN", code)
        )
    )


async def more_steps(page: Page, step: str) -> None:
    await page.get_by_role("button", name=words("More steps"), exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name=words(step), exact=True).click()


async def test_who_waits_too_long_asks_without_a_line_and_the_desk_hears(
    stack: Stack, new_phone: NewPhone
) -> None:
    phone = await new_phone("vn-mai")
    mai = await sign_in(phone, await stack.join_link("vn-mai"))
    report_id = await report_in(mai, "street_light", "Đèn hẻm tắt cả tuần")
    await db.execute(
        """UPDATE report SET accept_due_at = now() - interval '1 hour', alarm_at = NULL,
               solve_due_at = now() + interval '3 days' WHERE id = $1""",
        uuid.UUID(report_id),
    )
    await db.execute(
        "UPDATE change SET version = pg_current_xact_id() WHERE id = $1", uuid.UUID(report_id)
    )
    await installed(mai)
    await mai.goto(f"{stack.url}/reports/{report_id}")
    ask = mai.get_by_role("button", name=words("Ask where it stands"), exact=True)
    await ask.wait_for()
    await phone.offline()
    await ask.click()
    await expect(ask).to_have_count(0)
    await expect(mai.get_by_text(words("You asked where it stands."))).to_be_visible()
    await phone.offline(False)
    await sent(mai)
    chi = await person(new_phone, stack, "vn-officer-lighting", **WIDE)
    await chi.goto(f"{stack.url}/desk/{report_id}")
    await expect(chi.get_by_text(words("The reporter asks where it stands."))).to_be_visible()


async def test_a_case_is_handed_over_with_a_reason_that_all_three_read(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await person(new_phone, stack, "vn-mai")
    report_id = await report_in(mai, "street_light", "Nắp hố ga dưới cột đèn bị kênh")
    chi = await person(new_phone, stack, "vn-officer-lighting", **WIDE)
    await chi.goto(f"{stack.url}/desk/{report_id}")
    await chi.get_by_role("button", name=words("Accept"), exact=True).wait_for()
    await more_steps(chi, "Hand over")
    sheet = chi.get_by_role("dialog")
    await sheet.get_by_role("button", name=words("Hand over"), exact=True).click()
    await expect(sheet.get_by_text(words("Please choose a department."))).to_be_visible()
    roads = await department("roads")
    await sheet.get_by_label(roads, exact=True).check()
    await sheet.get_by_role("textbox").fill("Hố ga thuộc tổ thoát nước, đèn vẫn sáng.")
    await sheet.get_by_role("button", name=words("Hand over"), exact=True).click()
    handed = words("Handed over to: {department}", department=roads)
    await sent(chi)
    tam = await person(new_phone, stack, "vn-officer-roads", **WIDE)
    await tam.goto(f"{stack.url}/desk")
    await tam.locator(f"a[href='/desk/{report_id}']").click()
    await mai.goto(f"{stack.url}/reports/{report_id}")
    for page in (tam, mai):
        await expect(page.get_by_text(handed)).to_be_visible()
        await expect(page.get_by_text("Hố ga thuộc tổ thoát nước")).to_be_visible()
    gone = words(
        "This report is with another department now. You see it as it was when you last had it."
    )
    elsewhere = words("Another department has this report now, or it is not yours to see.")
    await expect(chi.get_by_text(gone).or_(chi.get_by_text(elsewhere))).to_be_visible()
    await tam.get_by_role("button", name=words("Accept"), exact=True).wait_for()


async def test_a_case_of_two_departments_is_solved_when_both_are_done(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await person(new_phone, stack, "vn-mai")
    report_id = await report_in(mai, "water", "Vỡ ống nước, xói lở cả gốc cây")
    nam = await person(new_phone, stack, "vn-officer-water", **WIDE)
    for step in ("accepted", "in_progress"):
        await put(nam, f"/api/reports/{report_id}/moves/{uuid.uuid4()}", {"to": step})
    await nam.goto(f"{stack.url}/desk/{report_id}")
    solved = nam.get_by_role("button", name=words("Solved"), exact=True)
    await solved.wait_for()
    await more_steps(nam, "Give others a part")
    sheet = nam.get_by_role("dialog")
    await sheet.get_by_label(await department("green"), exact=True).check()
    await sheet.get_by_role("textbox").fill("Chống lại gốc cây bị xói")
    await sheet.get_by_role("button", name=words("Give others a part"), exact=True).click()
    await expect(solved).to_have_count(0)
    await sent(nam)
    await mai.goto(f"{stack.url}/reports/{report_id}")
    done = words("{done} of {all} departments are done", done=0, all=2)
    await expect(mai.get_by_text(done)).to_be_visible()

    la = await person(new_phone, stack, "vn-officer-green", width=360, height=720)
    await la.goto(f"{stack.url}/desk")
    await la.locator(f"a[href='/desk/{report_id}']").click()
    await expect(la.get_by_text("Chống lại gốc cây bị xói")).to_be_visible()
    await la.get_by_role("button", name=words("Part done"), exact=True).click()
    closing = la.get_by_role("dialog")
    await closing.get_by_role("textbox").fill("Đã chống xong, cây đứng vững.")
    await closing.get_by_role("button", name=words("Part done"), exact=True).click()
    await sent(la)

    await solved.click()
    await sheet.get_by_role("textbox").fill("Đã thay đoạn ống vỡ.")
    await sheet.get_by_role("button", name=words("Solved"), exact=True).click()
    await sent(nam)
    await expect(mai.get_by_text("Đã chống xong, cây đứng vững.")).to_be_visible()
    await expect(
        mai.get_by_text(words("{done} of {all} departments are done", done=2, all=2))
    ).to_be_visible()


async def test_a_ready_made_reply_speaks_the_reporters_language(
    stack: Stack, new_phone: NewPhone
) -> None:
    emma = await person(new_phone, stack, "vn-emma", language="en")
    report_id = await report_in(emma, "water", "No water since the morning", lon=106.7896)
    code = await db.fetch_value("SELECT code FROM report WHERE id = $1", uuid.UUID(report_id))
    nam = await person(new_phone, stack, "vn-officer-water", **WIDE)
    water = demo_id("department", "VN", "water")

    await nam.goto(f"{stack.url}/ward/templates?department={water}")
    await nam.get_by_role("button", name=words("Write a new reply"), exact=True).click()
    await nam.get_by_label(words("Name"), exact=True).fill("Kiểm tra van")
    await nam.get_by_role("textbox", name=re.compile("English")).fill("Hello {naem}, {code}.")
    await nam.get_by_role("button", name=words("Save"), exact=True).click()
    await expect(nam.get_by_text(re.compile("naem")).first).to_be_visible()
    await nam.get_by_role("textbox", name=re.compile("English")).fill(
        "Hello {name}, we check the valve for {code} now."
    )
    await nam.get_by_role("button", name=words("Save"), exact=True).click()
    await expect(nam.get_by_role("heading", name="Kiểm tra van")).to_be_visible()
    # Who keeps the ward's rules gets there from its settings, and reads them all.
    dat = await person(new_phone, stack, "vn-admin", width=360, height=720)
    await dat.goto(f"{stack.url}/ward/settings")
    await dat.get_by_role("link", name=words("Ready-made replies")).click()
    await dat.get_by_label(await department("water"), exact=True).check()
    await expect(dat.get_by_role("heading", name="Kiểm tra van")).to_be_visible()
    only_vietnamese = {"name": "Hẹn giờ", "texts": {"vi": "Chào {name}."}, "version": 0}
    await put(nam, f"/api/departments/{water}/templates/{uuid.uuid4()}", only_vietnamese)

    await nam.goto(f"{stack.url}/desk/{report_id}")
    await nam.get_by_role("button", name=words("Accept"), exact=True).wait_for()
    await nam.keyboard.press("t")
    fallback = words("Not there in the reporter’s language; this is {language}.")
    fallback = fallback.replace("{language}", "Tiếng Việt")
    await expect(nam.get_by_role("button", name=re.compile("Hẹn giờ"))).to_contain_text(fallback)
    await nam.get_by_role("button", name=re.compile("Kiểm tra van")).click()
    text = f"Hello {await name_of('vn-emma')}, we check the valve for {code} now."
    await expect(nam.locator(".composer textarea")).to_have_value(text)
    await nam.keyboard.press("Control+Enter")
    await sent(nam)
    await emma.goto(f"{stack.url}/reports/{report_id}")
    await expect(emma.get_by_text(text)).to_be_visible()


async def test_two_officers_see_that_both_look_at_the_case_and_the_reporter_does_not(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await person(new_phone, stack, "vn-mai")
    report_id = await report_in(mai, "street_light", "Đèn nhấp nháy cả đêm")
    chi = await person(new_phone, stack, "vn-officer-lighting", **WIDE)
    ha = await person(new_phone, stack, "vn-dispatcher", **WIDE)
    await chi.goto(f"{stack.url}/desk/{report_id}")
    await chi.get_by_role("button", name=words("Accept"), exact=True).wait_for()
    await ha.goto(f"{stack.url}/desk/{report_id}")
    both = [(chi, await name_of("vn-dispatcher")), (ha, await name_of("vn-officer-lighting"))]
    for page, other in both:
        await expect(page.locator(".others")).to_contain_text(other)
    await mai.goto(f"{stack.url}/reports/{report_id}")
    await synced(mai)
    await expect(mai.locator(".others")).to_have_count(0)
    await ha.goto(f"{stack.url}/desk")
    await expect(chi.locator(".others")).to_have_count(0)


async def test_what_was_written_for_a_case_that_has_gone_elsewhere_is_not_lost(
    stack: Stack, new_phone: NewPhone
) -> None:
    mai = await person(new_phone, stack, "vn-mai")
    report_id = await report_in(mai, "street_light", "Cột đèn nghiêng")
    ha = await person(new_phone, stack, "vn-dispatcher", **WIDE)
    desk = await new_phone("chi", **WIDE)
    chi = await sign_in(desk, await stack.join_link("vn-officer-lighting"))
    await installed(chi)
    await chi.goto(f"{stack.url}/desk/{report_id}")
    await chi.get_by_role("button", name=words("Accept"), exact=True).wait_for()
    await desk.offline()
    await chi.locator(".composer textarea").fill("Chiều nay tôi ra xem.")
    await chi.keyboard.press("Control+Enter")
    await expect(chi.locator(".bubble").last).to_contain_text("Chiều nay tôi ra xem.")
    handover = {
        "department_id": str(demo_id("department", "VN", "roads")),
        "reason": "Cột của tuyến đường",
    }
    await put(ha, f"/api/reports/{report_id}/handovers/{uuid.uuid4()}", handover)
    await desk.offline(False)
    refused = chi.locator(".refused")
    await expect(refused).to_contain_text("Chiều nay tôi ra xem.", timeout=30_000)
    gone = words(
        "This report is with another department now. You see it as it was when you last had it."
    )
    await expect(chi.get_by_text(gone)).to_be_visible()
    await refused.get_by_role("button", name=words("Let it go")).click()
    await expect(refused).to_have_count(0)
