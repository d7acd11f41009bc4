"""Somebody nobody knows yet, and residents."""

import contextlib
import re
import uuid
from datetime import timedelta

from playwright.async_api import Error as PlaywrightError

from backend import db
from backend.accounts.service import write_invitation_unchecked
from backend.demo.data import demo_id
from tests.e2e.tour.visits import PEOPLE, Visit, screen
from tests.e2e.walking import LAMP, add_photos, choose_category, holds, word

RECORDING = "/[1-9۱-۹]$/.test(document.querySelector('[role=timer]')?.textContent ?? '')"
"""Something was said already."""

# --- nobody knows them yet


@screen("stranger", None, "welcome")
async def _(visit: Visit) -> None:
    await visit.goto("/")


@screen("stranger", None, "join")
async def _(visit: Visit) -> None:
    await visit.goto("/join")


@screen("stranger", None, "join-mistyped")
async def _(visit: Visit) -> None:
    await visit.goto("/join")
    await visit.page.locator("form input").fill("12-34")
    await visit.page.locator("form button[type=submit]").click()
    await visit.page.locator("[aria-invalid=true]").wait_for()


@screen("stranger", None, "join-refused")
async def _(visit: Visit) -> None:
    await visit.goto("/me")  # a fragment alone would not load the screen anew
    await visit.goto("/join#ABCD-EFGH-JKMN-PQRS")
    await visit.page.locator("main h2").first.wait_for()


@screen("stranger", None, "join-invited")
async def _(visit: Visit) -> None:
    await visit.goto("/me")
    await visit.goto(f"/join#{await _invitation(visit)}")
    await visit.page.locator("form input[autocomplete=name]").wait_for()


async def _invitation(visit: Visit) -> str:
    row = await db.fetch_one(
        "SELECT id, neighbourhood_id FROM account WHERE id = $1",
        demo_id("account", PEOPLE[visit.country]["head"]),
    )
    assert row is not None
    invitation = await write_invitation_unchecked(
        uuid.uuid4(),
        area_id=row["neighbourhood_id"],
        role="resident",
        scope_id=row["neighbourhood_id"],
        lifetime=timedelta(days=30),
    )
    await db.execute(
        "UPDATE invitation SET created_by = $2 WHERE id = $1", invitation.id, row["id"]
    )
    return invitation.url.partition("#")[2]


@screen("stranger", None, "join-on-a-second-device")
async def _(visit: Visit) -> None:
    link = await visit.stack.join_link(PEOPLE[visit.country]["mai"])
    await visit.goto("/me")
    await visit.goto(f"/join#{link.partition('#')[2]}")
    await visit.page.locator("form button[type=submit]").wait_for()


@screen("stranger", None, "me")
async def _(visit: Visit) -> None:
    await visit.goto("/me")


@screen("stranger", None, "not-found")
async def _(visit: Visit) -> None:
    await visit.goto("/there/is/no/such/screen")


@screen("stranger", None, "track")
async def _(visit: Visit) -> None:
    await visit.goto("/track")


@screen("stranger", None, "track-mistyped")
async def _(visit: Visit) -> None:
    await visit.page.locator("form input").fill("12-34")
    await visit.page.locator("form button[type=submit]").click()
    await visit.page.locator("form [role=alert]").wait_for()


@screen("stranger", None, "guest-terms")
async def _(visit: Visit) -> None:
    await visit.goto("/")
    await visit.button("Report a problem").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("stranger", None, "guest-home")
async def _(visit: Visit) -> None:
    """The server hears of them with their first report only, and they send none."""
    await visit.button("Agree and go on").click()
    await visit.page.wait_for_url("**/report**")
    await visit.goto("/")
    await visit.page.locator("main a[href='/join']").wait_for()


@screen("stranger", None, "guest-me")
async def _(visit: Visit) -> None:
    await visit.goto("/me")
    await visit.page.locator(".code").wait_for()


# --- a resident with a report just sent


@screen("resident", "mai", "home")
async def _(visit: Visit) -> None:
    await visit.goto("/")


@screen("resident", "mai", "mine")
async def _(visit: Visit) -> None:
    await visit.goto("/mine")


@screen("resident", "mai", "report-page-submitted")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp")


@screen("resident", "mai", "report-page-photo")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp")
    await visit.page.locator("main button:has(img)").first.click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("resident", "mai", "report-page-withdraw")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp")
    await visit.button("Withdraw the report").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("resident", "mai", "report-edit")
async def _(visit: Visit) -> None:
    await visit.goto(f"/reports/{demo_id('report', f'{visit.country}-lamp')}/edit")
    await visit.page.locator("textarea").wait_for()


@screen("resident", "mai", "report-page-of-nobody")
async def _(visit: Visit) -> None:
    await visit.goto(f"/reports/{uuid.UUID(int=7)}")
    await visit.page.get_by_role("link", name=word(visit.language, "Go to the start")).wait_for()


@screen("resident", "mai", "updates")
async def _(visit: Visit) -> None:
    await visit.goto("/notifications")


@screen("resident", "mai", "me")
async def _(visit: Visit) -> None:
    await visit.goto("/me")


@screen("resident", "mai", "not-found")
async def _(visit: Visit) -> None:
    await visit.goto("/there/is/no/such/screen")


@screen("resident", "mai", "report-1-photo")
async def _(visit: Visit) -> None:
    await visit.goto("/report")
    await visit.button("Go on without a photo").wait_for()


@screen("resident", "mai", "report-1-photos-taken")
async def _(visit: Visit) -> None:
    await visit.goto("/report")
    await add_photos(visit.page, visit.language, visit.photos)


@screen("resident", "mai", "report-2-where")
async def _(visit: Visit) -> None:
    await visit.button("Next").click()
    await holds(visit.page, "location.search.includes('step=2')")
    await visit.page.locator(".leaflet-container, [role=application]").first.wait_for()


@screen("resident", "mai", "report-2-which-neighbourhood")
async def _(visit: Visit) -> None:
    await visit.button("Change").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("resident", "mai", "report-3-what")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("Next").click()
    await holds(visit.page, "location.search.includes('step=3')")
    await visit.page.locator("main button[aria-pressed]").first.wait_for()


@screen("resident", "mai", "report-3-suggested")
async def _(visit: Visit) -> None:
    said = {"vi": "cột đèn không lên", "fa": "لامپ تیر چراغ روشن نمی‌شود", "en": "lamp post is dark"}
    search = visit.page.locator("main input[type=search]")
    await search.fill(said[visit.language])
    await visit.page.locator("section[aria-labelledby=suggested]").wait_for()


@screen("resident", "mai", "report-3-urgent")
async def _(visit: Visit) -> None:
    await visit.page.locator("main input[type=search]").fill("")
    urgent = visit.page.locator("main button[aria-pressed].urgent")
    await urgent.first.click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("resident", "mai", "report-nearby")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    lamp = re.compile(re.escape(LAMP[visit.language]))
    await visit.page.get_by_role("button", name=lamp).click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("resident", "mai", "report-4-send")
async def _(visit: Visit) -> None:
    await visit.page.locator("dialog[open]").get_by_role("button").last.click()
    await visit.button("Send").wait_for()


@screen("resident", "mai", "report-4-recording")
async def _(visit: Visit) -> None:
    await visit.button("Say it instead").click()
    await holds(visit.page, RECORDING)


async def _stop(visit: Visit) -> None:
    """After a minute it has stopped by itself."""
    with contextlib.suppress(PlaywrightError):
        await visit.button("Stop recording").click(timeout=2000)


@screen("resident", "mai", "report-4-spoken")
async def _(visit: Visit) -> None:
    await _stop(visit)
    await visit.button("Delete the voice note").wait_for()


@screen("resident", "mai", "home-with-a-draft")
async def _(visit: Visit) -> None:
    await visit.goto("/")


@screen("resident", "mai", "saved-without-connection")
async def _(visit: Visit) -> None:
    await visit.goto("/report")
    await visit.phone.offline()
    await add_photos(visit.page, visit.language, visit.photos)
    await visit.button("Next").click()
    await holds(visit.page, "location.search.includes('step=2')")
    await visit.button("Next").click()
    await choose_category(visit.page, LAMP[visit.language])
    await visit.button("Send").click()
    await holds(visit.page, "location.search.includes('sent=')")


@screen("resident", "mai", "report-page-queued")
async def _(visit: Visit) -> None:
    await visit.page.locator("main a[href^='/reports/']").click()
    await holds(visit.page, "location.pathname.startsWith('/reports/')")


@screen("resident", "mai", "mine-without-connection")
async def _(visit: Visit) -> None:
    await visit.goto("/mine")


@screen("resident", "mai", "home-without-connection")
async def _(visit: Visit) -> None:
    await visit.goto("/")


@screen("resident", "mai", "report-page-not-on-this-phone")
async def _(visit: Visit) -> None:
    await visit.goto(f"/reports/{uuid.UUID(int=7)}")
    await visit.button("Try again").wait_for()


@screen("resident", "mai", "me-without-connection")
async def _(visit: Visit) -> None:
    await visit.goto("/me")


# --- residents whose reports have come further


@screen("resident", "asked", "home-asked")
async def _(visit: Visit) -> None:
    await visit.goto("/")


@screen("resident", "asked", "updates-some")
async def _(visit: Visit) -> None:
    await visit.goto("/notifications")


@screen("resident", "asked", "report-page-awaiting-reporter")
async def _(visit: Visit) -> None:
    await visit.goto_report("waste")


@screen("resident", "asked", "report-page-answer-queued")
async def _(visit: Visit) -> None:
    await visit.phone.offline()
    await visit.page.locator("textarea").fill(
        {"vi": "Bên trái cổng trường ạ.", "fa": "سمت درِ دبستان.", "en": "Left of the gate."}[
            visit.language
        ]
    )
    await visit.page.locator("form button[type=submit]").click()
    await visit.page.locator("textarea").fill("")


@screen("resident", "asked", "report-page-recording")
async def _(visit: Visit) -> None:
    await visit.button("Record a voice note").click()
    await holds(visit.page, RECORDING)


@screen("resident", "asked", "report-page-spoken")
async def _(visit: Visit) -> None:
    await _stop(visit)
    await visit.button("Delete the voice note").wait_for()
    await visit.page.locator("form button[type=submit]").click()
    await visit.button("Play the voice note").wait_for()


@screen("resident", "asked", "report-page-overdue")
async def _(visit: Visit) -> None:
    await visit.phone.offline(False)
    await visit.goto_report({"vn": "noise", "ir": "snow"}[visit.country])
    await visit.button("Ask where it stands").wait_for()


@screen("resident", "confirming", "report-page-resolved")
async def _(visit: Visit) -> None:
    await visit.goto_report("drain")


@screen("resident", "confirming", "report-page-not-fixed")
async def _(visit: Visit) -> None:
    await visit.phone.offline()
    await visit.button("Not fixed").click()
    await visit.page.locator("dialog[open], .toast, [role=status]").first.wait_for()


@screen("resident", "confirming", "report-page-rejected")
async def _(visit: Visit) -> None:
    await visit.goto_report("building")


@screen("resident", "disputing", "report-page-disputed")
async def _(visit: Visit) -> None:
    await visit.goto_report("tree")


@screen("resident", "finished", "mine-finished")
async def _(visit: Visit) -> None:
    await visit.goto("/mine")


@screen("resident", "finished", "report-page-closed")
async def _(visit: Visit) -> None:
    await visit.goto_report("stall")
