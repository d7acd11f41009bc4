"""A flood from its declaration to its summary: a dispatcher, a resident without signal, and
somebody of another ward who hears nothing of it."""

import uuid

import pytest
from playwright.async_api import Locator, Page, expect

from backend import db
from tests.e2e.conftest import NewPhone
from tests.e2e.stack import Phone, Stack
from tests.e2e.test_desk import put
from tests.e2e.walking import button, installed, sent, sign_in, word

pytestmark = pytest.mark.e2e

MAI = (10.848, 106.7855)


def words(msgid: str, **params: object) -> str:
    return word("vi", msgid, **params)


async def homes() -> tuple[str, str]:
    """The names of Mai's neighbourhood and of another one of her ward."""
    rows = await db.fetch(
        """SELECT n.name, n.id = a.neighbourhood_id AS own FROM account a
           JOIN area h ON h.id = a.neighbourhood_id
           JOIN area n ON n.parent_id = h.parent_id WHERE a.name = 'Nguyễn Thị Mai'
           ORDER BY own DESC, n.code LIMIT 2"""
    )
    return rows[0]["name"], rows[1]["name"]


async def notified(stack: Stack, phone: Phone, page: Page) -> None:
    await page.goto(f"{stack.url}/me")
    await button(page, "vi", "Turn on").click()
    await expect(button(page, "vi", "Turn off")).to_be_visible()
    await sent(page)
    # What is granted takes the place of all that was.
    assert phone.context is not None
    await phone.context.grant_permissions(["notifications", "geolocation"], origin=stack.url)


async def declared(ha: Page, own: str, other: str) -> str:
    """By hand, from the desk; the crisis's id."""
    await ha.get_by_role("link", name=words("Crises"), exact=True).click()
    await ha.get_by_role("link", name=words("Declare a crisis"), exact=True).click()
    await ha.get_by_label(words("Flooding"), exact=True).check()
    for name in (own, other):
        await ha.get_by_label(name, exact=True).check()
    await ha.locator("textarea").first.fill("Nước đang dâng nhanh. Hãy lên chỗ cao.")
    await button(ha, "vi", "See whom it reaches").click()
    alert = ha.get_by_role("alertdialog")
    await expect(alert.get_by_text("2 khu phố")).to_be_visible()
    await button(alert, "vi", "Declare a crisis").click()
    await ha.wait_for_url(lambda url: len(url.rsplit("/", 1)[-1]) == 36)
    await expect(button(ha, "vi", "Tell everybody there")).to_be_visible()
    return ha.url.rsplit("/", 1)[-1]


def banner(page: Page) -> Locator:
    return page.locator("section.crisis")


async def test_a_flood_from_its_declaration_to_its_summary(
    stack: Stack, new_phone: NewPhone
) -> None:
    own, other = await homes()
    phone = await new_phone("mai", latitude=MAI[0], longitude=MAI[1])
    mai = await sign_in(phone, await stack.join_link("vn-mai"))
    await installed(mai)
    await notified(stack, phone, mai)
    zahra = await sign_in(
        await new_phone("zahra", language="fa"), await stack.join_link("ir-zahra")
    )
    ha = await sign_in(
        await new_phone("ha", width=1280, height=900), await stack.join_link("vn-dispatcher")
    )
    await ha.goto(f"{stack.url}/desk")
    crisis_id = await declared(ha, own, other)

    # Her phone hears of it, and shows it without a signal, too.
    await mai.goto(f"{stack.url}/")
    await expect(banner(mai)).to_contain_text("Nước đang dâng nhanh.")
    first = (await stack.push.messages_for(phone.subscriptions[-1], 1))[-1]
    assert b'"crisis"' in first.payload
    assert "dâng".encode() not in first.payload
    assert first.urgency == "high"
    await phone.offline()
    await mai.reload()
    await expect(banner(mai)).to_contain_text("Nước đang dâng nhanh.")
    await button(mai, "vi", "Report flooding here").click()
    await button(mai, "vi", "Deep water: nobody gets through").click()
    await expect(
        mai.get_by_text(words("Saved on this phone. It will send by itself.")).first
    ).to_be_visible()
    await phone.offline(False)
    await zahra.goto(f"{stack.url}/")
    await zahra.locator("main section").first.wait_for()
    await expect(banner(zahra)).to_have_count(0)

    # The board puts it together with what names the street.
    category = await db.fetch_value(
        "SELECT category_id FROM crisis WHERE id = $1", uuid.UUID(crisis_id)
    )
    street = ha.locator("article").first
    await expect(street).to_contain_text(words("Blocked"))
    named = {
        "category_id": str(category),
        "severity": "hard",
        "address": "12 đường Hoa Phượng",
        "lat": MAI[0] + 0.0003,
        "lon": MAI[1],
        "accuracy_m": 9,
        "located_by": "gps",
    }
    await put(mai, f"/api/reports/{uuid.uuid4()}", named)
    await expect(street.locator("h3")).to_have_text("đường Hoa Phượng")
    await expect(street).to_contain_text(words("{n} open").replace("{n}", "2"))

    # A pump is made, sent by three keys, and is done; everybody who reported is told.
    await button(ha, "vi", "Add a crew or machine").click()
    sheet = ha.locator("dialog[open]")
    await sheet.get_by_label(words("Name"), exact=True).fill("Xe bơm số 1")
    await sheet.locator("select").select_option("pump")
    await button(sheet, "vi", "Save").click()
    await expect(ha.get_by_text("Xe bơm số 1").first).to_be_visible()
    await ha.keyboard.press("j")
    await ha.keyboard.press("a")
    await ha.locator("dialog[open]").get_by_role("button", name="Xe bơm số 1").press("Enter")
    await expect(street).to_contain_text("Xe bơm số 1")
    await street.get_by_role("button", name=f"Xe bơm số 1: {words('It is there')}").click()
    await expect(street).to_contain_text(words("there since {time}").split("{")[0].strip())
    await street.get_by_role("button", name=f"Xe bơm số 1: {words('Done')}").click()
    await button(ha.locator("dialog[open]"), "vi", "Done").click()
    await expect(ha.locator("article h3")).to_have_count(1)
    await sent(ha)
    await mai.goto(f"{stack.url}/")
    await expect(mai.get_by_text(words("Done. Is it fixed?")).first).to_be_visible(timeout=30_000)
    states = await db.fetch("SELECT state FROM report WHERE crisis_id = $1", uuid.UUID(crisis_id))
    assert [row["state"] for row in states] == ["resolved", "resolved"]

    # A word to everybody, then the end.
    await button(ha, "vi", "Tell everybody there").click()
    telling = ha.locator("dialog[open]")
    await telling.locator("textarea").first.fill("Nước đang rút. Cảm ơn bà con.")
    await telling.locator(".actions button").first.click()
    await expect(banner(mai)).to_contain_text("Nước đang rút.", timeout=30_000)
    await button(ha, "vi", "End the crisis").click()
    await button(ha.get_by_role("alertdialog"), "vi", "End the crisis").click()
    await expect(ha.get_by_text(words("It lasted"))).to_be_visible()
    await expect(ha.locator("article")).to_contain_text("Hoa Phượng")
    await expect(ha.locator("article")).to_contain_text("Xe bơm số 1")
    await expect(ha.locator("article")).to_contain_text(
        words("Nothing. Everything was dealt with.")
    )
    await expect(banner(mai)).to_have_count(0, timeout=30_000)
    async with ha.expect_download() as loading:
        await ha.get_by_role("link", name=words("Table of all reports (CSV)")).click()
    assert (await loading.value).suggested_filename == f"crisis-{crisis_id}.csv"
    await ha.goto(f"{stack.url}/desk/crisis")
    await expect(ha.locator(f"a[href='/desk/crisis/{crisis_id}']")).to_be_visible()


async def test_two_dispatchers_send_one_pump_and_the_slower_one_is_told(
    stack: Stack, new_phone: NewPhone
) -> None:
    ha = await sign_in(
        await new_phone("ha", width=1280, height=900), await stack.join_link("vn-dispatcher")
    )
    mai = await sign_in(await new_phone("mai"), await stack.join_link("vn-mai"))
    ward, home = await db.fetch_value(
        """SELECT ARRAY[a.parent_id, a.id] FROM account p JOIN area a ON a.id = p.neighbourhood_id
           WHERE p.name = 'Nguyễn Thị Mai'"""
    )  # type: ignore[misc]
    crisis_id, unit_id = uuid.uuid4(), uuid.uuid4()
    texts = {"vi": "Gió mạnh.", "fa": "", "en": ""}
    body = {
        "ward_id": str(ward),
        "kind": "storm",
        "area_ids": [str(home)],
        "texts": texts,
        "times": {"accept_minutes": 15, "solve_minutes": 120},
    }
    await put(ha, f"/api/crises/{crisis_id}", body)
    unit = {"revision": 0, "kind": "crew", "name": "Đội cưa cây"}
    await put(ha, f"/api/wards/{ward}/units/{unit_id}", unit)
    category = await db.fetch_value("SELECT category_id FROM crisis WHERE id = $1", crisis_id)
    reports = []
    for address in ("Trần Phú", "Lê Lợi"):
        reports.append(str(uuid.uuid4()))
        report = {"category_id": str(category), "located_by": "none", "address": address}
        await put(mai, f"/api/reports/{reports[-1]}", report)
    await ha.goto(f"{stack.url}/desk/crisis/{crisis_id}")
    card = ha.locator("article", has_text="Trần Phú")
    await button(card, "vi", "Send a crew or machine").click()
    choice = ha.locator("dialog[open]").get_by_role("button", name=str(unit["name"]))
    await choice.wait_for()
    # While she looks at the list, which stands still, somebody else sends it.
    await ha.route("**/api/crises/*/board", lambda route: route.abort())
    meanwhile = {"unit_id": str(unit_id), "report_ids": reports[1:], "label": "Lê Lợi"}
    await put(ha, f"/api/crises/{crisis_id}/assignments/{uuid.uuid4()}", meanwhile)
    await choice.click()
    await expect(ha.get_by_text(words("A step in the crisis was not possible"))).to_be_visible()
    await expect(ha.locator(".refused").first).to_contain_text("Lê Lợi")
    await ha.evaluate("id => fetch(`/api/crises/${id}/end`, {method: 'PUT'})", str(crisis_id))
