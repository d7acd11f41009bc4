"""Every screen of every role: who sees it, and how one gets there.

The tour is data for whoever looks at screens: the pictures of `screens.py`, the checks of
`test_accessible.py`. A new screen is one more function with `@screen` above it. Nobody on the tour
changes anything on the server: what is sent is sent without a connection, by phones thrown away
afterwards.
"""

import contextlib
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Locator, Page, Playwright

from backend import db
from backend.accounts.service import write_invitation_unchecked
from backend.demo.data import Drawing, demo_id
from backend.demo.drawings import draw
from tests.e2e.stack import Phone, Stack
from tests.e2e.walking import (
    LAMP,
    add_photos,
    button,
    choose_category,
    holds,
    installed,
    sign_in,
    word,
)

LANGUAGES: Final = ("vi", "en", "fa")

DRAWINGS: Final[tuple[Drawing, ...]] = ("lamp_dark", "branch_broken")

Role = Literal[
    "stranger", "resident", "head", "officer", "dispatcher", "leader", "admin", "inspector"
]

# The same part in both demo wards.
PEOPLE: Final[dict[str, dict[str, str]]] = {
    "vn": {
        "mai": "vn-mai",
        "asked": "vn-khoi",
        "confirming": "vn-viet",
        "disputing": "vn-lan",
        "finished": "vn-emma",
        "head": "vn-head-1",
        "lighting": "vn-officer-lighting",
        "roads": "vn-officer-roads",
        "dispatcher": "vn-dispatcher",
        "leader": "vn-leader",
        "admin": "vn-admin",
        "inspector": "vn-inspector",
    },
    "ir": {
        "mai": "ir-zahra",
        "asked": "ir-leila",
        "confirming": "ir-mehdi",
        "disputing": "ir-sara",
        "finished": "ir-yusef",
        "head": "ir-head-1",
        "lighting": "ir-officer-lighting",
        "roads": "ir-officer-roads",
        "dispatcher": "ir-dispatcher",
        "leader": "ir-leader",
        "admin": "ir-admin",
        "inspector": "ir-inspector",
    },
}


@dataclass
class Visit:
    """Somebody's phone on the tour. The wards are the Iranian one in Persian, else the other."""

    phone: Phone
    stack: Stack
    language: str
    photos: list[Path]

    @property
    def page(self) -> Page:
        return self.phone.page

    @property
    def country(self) -> str:
        return "ir" if self.language == "fa" else "vn"

    def button(self, msgid: str, within: Page | Locator | None = None) -> Locator:
        return button(within or self.page, self.language, msgid)

    async def goto(self, path: str) -> None:
        await self.page.goto(self.stack.url + path)
        await self.page.locator("h1").first.wait_for()

    async def goto_report(self, key: str, *, desk: bool = False) -> None:
        """A report of the demo, e.g. `lamp`, with its conversation on the screen."""
        report_id = demo_id("report", f"{self.country}-{key}")
        await self.goto(f"/{'desk' if desk else 'reports'}/{report_id}")
        await self.page.get_by_role("log").wait_for()


@dataclass(frozen=True)
class Screen:
    """`person` is a key of `PEOPLE`; None for somebody nobody knows."""

    role: Role
    person: str | None
    name: str
    reach: Callable[[Visit], Awaitable[None]]


TOUR: Final[list[Screen]] = []


def screen(
    role: Role, person: str | None, name: str
) -> Callable[[Callable[[Visit], Awaitable[None]]], Callable[[Visit], Awaitable[None]]]:
    """Puts a way to a screen on the tour. Screens of one person are reached in this order."""

    def add(reach: Callable[[Visit], Awaitable[None]]) -> Callable[[Visit], Awaitable[None]]:
        TOUR.append(Screen(role, person, name, reach))
        return reach

    return add


def guests() -> list[tuple[Role, str | None]]:
    """Everybody who walks, in the order of the tour."""
    return list(dict.fromkeys((one.role, one.person) for one in TOUR))


def screens_of(role: Role, person: str | None) -> list[Screen]:
    return [one for one in TOUR if (one.role, one.person) == (role, person)]


@contextlib.asynccontextmanager
async def visiting(
    playwright: Playwright,
    stack: Stack,
    folder: Path,
    person: str | None,
    language: str,
    width: int,
) -> AsyncIterator[Visit]:
    """Somebody's phone, signed in, with the whole app on it; closed without a connection."""
    country = "ir" if language == "fa" else "vn"
    lat, lon = await _home(country)
    phone = Phone(
        playwright,
        stack,
        folder / f"{person or 'nobody'}-{language}",
        language=language,
        width=width,
        height=740,
        latitude=lat,
        longitude=lon,
    )
    visit = Visit(phone, stack, language, _photos(folder))
    if person is None:
        await phone.open("/")
    else:
        page = await sign_in(phone, await stack.join_link(PEOPLE[country][person]))
        await installed(page)
    try:
        yield visit
    finally:
        await phone.offline()
        await phone.close()


async def _home(country: str) -> tuple[float, float]:
    row = await db.fetch_one(
        "SELECT lat, lon FROM report WHERE id = $1", demo_id("report", f"{country}-lamp")
    )
    assert row is not None
    return row["lat"], row["lon"]


def _photos(folder: Path) -> list[Path]:
    paths = []
    for drawing in DRAWINGS:
        path = folder / f"{drawing}.jpg"
        path.write_bytes(draw(drawing))
        paths.append(path)
    return paths


async def still(page: Page) -> None:
    """Letters and pictures are there, and nothing says that it is busy."""
    await page.evaluate("document.fonts.ready.then(() => true)")
    await holds(
        page,
        """[...document.images].every((one) => one.complete || one.loading === 'lazy')
           && document.querySelector('[aria-busy=true]') === null""",
    )
    await page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


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


@screen("resident", "mai", "report-3-urgent")
async def _(visit: Visit) -> None:
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


# --- the head of the neighbourhood


@screen("head", "head", "home")
async def _(visit: Visit) -> None:
    await visit.goto("/")


@screen("head", "head", "queue")
async def _(visit: Visit) -> None:
    await visit.goto("/head")
    await visit.page.locator("main article").wait_for()


@screen("head", "head", "queue-hide")
async def _(visit: Visit) -> None:
    await visit.button("Do not show").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("head", "head", "queue-more")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("More").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("head", "head", "report-page-correct")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp")
    await visit.button("Correct kind or place").click()
    await visit.page.locator("dialog[open] textarea").wait_for()


@screen("head", "head", "reports")
async def _(visit: Visit) -> None:
    await visit.goto("/head")
    await visit.page.locator("main [role=group] button").nth(2).click()
    await visit.page.locator("main ol li").first.wait_for()


@screen("head", "head", "report-page")
async def _(visit: Visit) -> None:
    await visit.goto_report("pothole")


@screen("head", "head", "report-page-do-not-take-on")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp")
    await visit.button("Do not take on").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("head", "head", "report-page-join")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp")
    await visit.button("Join with another report").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("head", "head", "invitations")
async def _(visit: Visit) -> None:
    await visit.goto("/head/invitations")
    await holds(visit.page, "document.querySelector('main h2') !== null")


@screen("head", "head", "invitation-new")
async def _(visit: Visit) -> None:
    await visit.button("New invitation").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("head", "head", "invitation-paper")
async def _(visit: Visit) -> None:
    await visit.button("Make the invitation", visit.page.get_by_role("dialog")).click()
    await visit.page.locator(".invitation-paper").wait_for()


@screen("head", "head", "me")
async def _(visit: Visit) -> None:
    await visit.goto("/me")


# --- the department


@screen("officer", "lighting", "inbox")
async def _(visit: Visit) -> None:
    await visit.goto("/desk")
    await visit.page.locator("main ol li").first.wait_for()


@screen("officer", "lighting", "inbox-lists")
async def _(visit: Visit) -> None:
    await visit.page.locator("button.lists").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("officer", "lighting", "inbox-filter")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("Filter").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("officer", "lighting", "inbox-chosen")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("Choose").click()
    for box in await visit.page.locator("[data-report] input[type=checkbox]").all():
        await box.check()


@screen("officer", "lighting", "inbox-map")
async def _(visit: Visit) -> None:
    await visit.button("Choose none").click()
    await visit.button("Map").click()
    await visit.page.locator(".map-pin").first.wait_for()


@screen("officer", "lighting", "inbox-keys")
async def _(visit: Visit) -> None:
    await visit.button("Map").click()
    await visit.page.keyboard.press("?")
    await visit.page.locator("dialog[open]").wait_for()


@screen("officer", "lighting", "case-submitted")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp", desk=True)


@screen("officer", "lighting", "case-accept")
async def _(visit: Visit) -> None:
    await visit.button("Accept").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("officer", "lighting", "case-question")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("Question").click()
    await visit.page.locator("button[aria-pressed=true].question").wait_for()


@screen("officer", "lighting", "case-note")
async def _(visit: Visit) -> None:
    await visit.button("Note").click()
    await visit.page.locator("button[aria-pressed=true].note").wait_for()


@screen("officer", "lighting", "case-more-steps")
async def _(visit: Visit) -> None:
    await visit.button("More steps").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("officer", "lighting", "case-do-not-take-on")
async def _(visit: Visit) -> None:
    await visit.button("Do not take on", visit.page.locator("dialog[open]")).click()
    await visit.page.locator("dialog[open] textarea").wait_for()


@screen("officer", "roads", "inbox")
async def _(visit: Visit) -> None:
    await visit.goto("/desk")
    await visit.page.locator("main ol li").first.wait_for()


@screen("officer", "roads", "case-in-progress")
async def _(visit: Visit) -> None:
    await visit.goto_report("pothole", desk=True)


@screen("officer", "roads", "case-solved")
async def _(visit: Visit) -> None:
    await visit.button("Solved").click()
    await visit.page.locator("dialog[open] textarea").wait_for()


@screen("officer", "roads", "case-solved-too-little")
async def _(visit: Visit) -> None:
    await visit.button("Solved", visit.page.locator("dialog[open]")).click()
    await visit.page.locator("dialog[open] [aria-invalid=true]").first.wait_for()


@screen("officer", "roads", "me")
async def _(visit: Visit) -> None:
    await visit.goto("/me")


@screen("officer", "roads", "updates")
async def _(visit: Visit) -> None:
    await visit.goto("/notifications")


@screen("officer", "roads", "inbox-without-connection")
async def _(visit: Visit) -> None:
    await visit.phone.offline()
    await visit.goto("/desk")
    await visit.page.locator("main ol li").first.wait_for()


@screen("dispatcher", "dispatcher", "inbox")
async def _(visit: Visit) -> None:
    await visit.goto("/desk")
    await visit.page.locator("main ol li").first.wait_for()


@screen("dispatcher", "dispatcher", "case")
async def _(visit: Visit) -> None:
    await visit.goto_report("waste", desk=True)


@screen("dispatcher", "dispatcher", "case-join")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp", desk=True)
    await visit.button("More steps").click()
    await visit.button("Join with another report", visit.page.locator("dialog[open]")).click()
    await visit.page.locator("dialog[open] input[type=search]").wait_for()


@screen("leader", "leader", "inbox")
async def _(visit: Visit) -> None:
    await visit.goto("/desk")
    await visit.page.locator("main ol li").first.wait_for()


@screen("leader", "leader", "case")
async def _(visit: Visit) -> None:
    await visit.goto_report("tree", desk=True)


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
