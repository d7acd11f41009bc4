"""Every screen of every role: who sees it, and how one gets there.

The tour is data for whoever looks at screens: the pictures of `screens.py`, the checks of
`test_accessible.py`. A new screen is one more function of this folder with `@screen` above it.
Nobody on the tour changes anything on the server: what is sent is sent without a connection, by
phones thrown away afterwards.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Locator, Page, Playwright

from backend import db
from backend.demo.data import Drawing, demo_id
from backend.demo.drawings import draw
from tests.e2e.stack import Phone, Stack
from tests.e2e.walking import button, holds, installed, sign_in

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
        microphone="allowed",
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
