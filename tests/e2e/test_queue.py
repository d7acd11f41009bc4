"""A head clears the day's queue with one thumb; the author hears why, and the ward has the last
word (`W5`)."""

import re
import uuid

import pytest
from playwright.async_api import Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from backend import db
from tests.e2e.conftest import NewPhone
from tests.e2e.others import somebody
from tests.e2e.stack import Phone, Stack
from tests.e2e.test_journey import Words, neighbourhood_of, sign_in, until
from tests.e2e.walking import installed, sent

pytestmark = pytest.mark.e2e

PLATE = "Xe 59A đậu chắn cột đèn"


async def moderation_of(report_id: str) -> object:
    return await db.fetch_value("SELECT moderation FROM report WHERE id = $1", uuid.UUID(report_id))


async def has_cleared_the_queue(neighbourhood_id: uuid.UUID) -> None:
    """What others have reported there so far was looked at yesterday."""
    await db.execute(
        """UPDATE report SET moderation = 'approved'
           WHERE neighbourhood_id = $1 AND moderation = 'new' AND NOT private""",
        neighbourhood_id,
    )


async def until_it_is(report_id: str, moderation: str) -> None:
    async def is_so() -> bool:
        return await moderation_of(report_id) == moderation

    await until(is_so, moderation)


async def decide_one(phone: Phone, page: Page, words: Words) -> bool:
    """One card: what shows a number plate is hidden, without a connection; all else is shown."""
    card = page.locator("main article")
    try:
        text = await card.inner_text(timeout=3000)
    except PlaywrightTimeout:  # the last one had just been decided
        return False
    if PLATE in text:
        await phone.lose_signal()
        await words.button(page, "Do not show").click()
        sheet = page.get_by_role("dialog")
        await words.button(sheet, "A face or a number plate can be seen.").click()
        await words.button(sheet, "Do not show").click()
        await expect(card.get_by_text(PLATE)).to_be_hidden()
        await phone.regain_signal()
        return True
    before = await page.get_by_text(re.compile(r"Còn \d+ phản ánh cần xem")).inner_text()
    await words.button(page, "Show").click()
    await expect(page.get_by_text(before, exact=True)).to_be_hidden()
    return False


async def test_a_head_clears_the_queue_one_action_offline_and_the_author_appeals(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    home = await neighbourhood_of("vn-head-1")
    assert home.lat is not None
    assert home.lon is not None
    await has_cleared_the_queue(home.id)
    mai = await somebody(stack, "vn-mai")
    plain = await mai.report("street_light", home.lat, home.lon, description="Đèn nhấp nháy")
    plate = await mai.report("street_light", home.lat, home.lon, description=PLATE)
    secret = await mai.report("security", home.lat, home.lon, description="Trộm rình nhà")

    phone = await new_phone("head", language="vi", width=360)
    page = await sign_in(phone, words, await stack.join_link("vn-head-1"))
    await installed(page)
    await page.goto(f"{stack.url}/head")
    done = words("All looked at")
    hidden = 0
    await expect(page.locator("main article").or_(page.get_by_text(done))).to_be_visible()
    for _ in range(100):
        await expect(page.locator("main article").or_(page.get_by_text(done))).to_be_visible()
        if await page.get_by_text(done).is_visible():
            break
        hidden += await decide_one(phone, page, words)
    await expect(page.get_by_text(done)).to_be_visible()
    assert hidden == 1
    await sent(page)
    await until_it_is(plain, "approved")
    await until_it_is(plate, "hidden")
    assert await moderation_of(secret) == "new", "a private kind is nobody's to show"

    # Mai hears of it, reads why, and asks the ward.
    author_phone = await new_phone("mai", language="vi", width=360)
    author = await sign_in(author_phone, words, await stack.join_link("vn-mai"))
    await author.goto(f"{stack.url}/notifications")
    told = words("Your report is not shown to the neighbours. Read why.")
    await author.get_by_text(told).first.click()
    await author.wait_for_url(re.compile(plate))
    why = words("A face or a number plate can be seen.")
    await expect(author.get_by_text(why, exact=True)).to_be_visible()
    await words.button(author, "Ask the ward to look again").click()
    sheet = author.get_by_role("dialog")
    await sheet.get_by_label(words("Why should it be shown?")).fill("Biển số đã che rồi.")
    await words.button(sheet, "Ask the ward to look again").click()
    await sent(author)

    # The dispatcher decides.
    desk_phone = await new_phone("dispatcher", language="vi", width=1280, height=800)
    desk = await sign_in(desk_phone, words, await stack.join_link("vn-dispatcher"))
    await desk.goto(f"{stack.url}/desk/{plate}")
    asked = words(
        "The reporter asks the ward to look again: {reason}", reason="Biển số đã che rồi."
    )
    await expect(desk.get_by_text(asked)).to_be_visible()
    await words.button(desk, "Show to neighbours").click()
    await until_it_is(plate, "approved")
    await mai.client.aclose()


async def test_a_head_reports_for_a_neighbour_and_only_who_works_on_it_reads_the_name(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    home = await neighbourhood_of("vn-head-1")
    phone = await new_phone(
        "head", language="vi", width=360, latitude=home.lat, longitude=home.lon, accuracy=10
    )
    page = await sign_in(phone, words, await stack.join_link("vn-head-1"))
    await installed(page)
    await page.goto(f"{stack.url}/report")
    await page.get_by_role("button", name=words("Go on without a photo")).click()
    await words.button(page, "Next").click()
    await page.get_by_role("button", name=re.compile("Đèn đường")).click()
    await words.button(page, "No, mine is another one").click()
    await page.get_by_text(words("I report this for a neighbour")).click()
    await page.get_by_label(words("Name of the neighbour")).fill("Cụ Tám")
    await page.get_by_label(re.compile(words("Phone"))).fill("0909 123 456")
    await page.get_by_label(words("The neighbour agrees to be named here.")).check()
    await words.button(page, "Send").click()
    await page.wait_for_url(re.compile("sent="))
    report_id = page.url.partition("sent=")[2]
    await sent(page)
    desk_phone = await new_phone("officer", language="vi", width=1280, height=800)
    desk = await sign_in(desk_phone, words, await stack.join_link("vn-officer-lighting"))
    await desk.goto(f"{stack.url}/desk/{report_id}")
    await expect(desk.get_by_text("Cụ Tám")).to_be_visible()
