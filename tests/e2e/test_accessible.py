"""Every screen of the tour, for people who see little, touch broadly or read large (WCAG 2.2)."""

from pathlib import Path

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright

from tests.e2e.axe import axe_violations, complaints, cut_text, sideways
from tests.e2e.stack import Stack
from tests.e2e.tour import LANGUAGES, Role, Visit, guests, screens_of, still, visiting

pytestmark = pytest.mark.e2e

WIDTH = 320
# The app's own letters are 18 px, 112.5 % of a browser's.
TWICE = "225%"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("role", "person"), guests())
async def test_everybody_can_use_every_screen(
    stack: Stack,
    playwright: Playwright,
    tmp_path: Path,
    role: Role,
    person: str | None,
    language: str,
) -> None:
    """At 320 px, light and dark, nothing is found; with letters twice as large, nothing is cut."""
    found: list[str] = []
    async with visiting(playwright, stack, tmp_path, person, language, WIDTH) as visit:
        for screen in screens_of(role, person):
            try:
                await screen.reach(visit)
                await still(visit.page)
            except (PlaywrightError, TimeoutError) as error:
                found.append(f"{screen.name}: not reached: {str(error).splitlines()[:2]}")
                continue
            found += [f"{screen.name}: {one}" for one in await complaints_about(visit)]
        found += visit.phone.browser_errors
    assert not found, "\n".join(["", *found])


async def complaints_about(visit: Visit) -> list[str]:
    """All of it in light; dark differs from that by its colours, large letters by their sizes."""
    page = visit.page
    found = await complaints(page)
    await page.emulate_media(color_scheme="dark")
    await still(page)
    found += [f"dark: {one}" for one in await axe_violations(page, "color-contrast")]
    await page.emulate_media(color_scheme="light")
    await page.evaluate(f"document.documentElement.style.fontSize = '{TWICE}'")
    await still(page)
    found += [f"large letters: cut off: {one}" for one in await cut_text(page)]
    if wider := await sideways(page):
        found.append(f"large letters: it scrolls sideways by {wider} px")
    await page.evaluate("document.documentElement.style.fontSize = ''")
    return found
