"""What people do on their phones, for tests, screens and figures alike.

Buttons are found by what they are, or by the word the app shows in the phone's language.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from backend.i18n import Language, gettext
from tests.e2e.stack import Phone

NEARBY_MS = 4000
"""Longer than the app waits for an answer about what lies nearby."""

LAMP = {"vi": "Đèn đường", "fa": "چراغ خیابان", "en": "Street lighting"}


def word(page_language: str, msgid: str, **params: object) -> str:
    """What the app shows for an English msgid."""
    language: Language = {"vi": "vi", "fa": "fa", "en": "en"}[page_language]  # type: ignore[assignment]
    return gettext(language, msgid, **params)


def button(page: Page | Locator, language: str, msgid: str) -> Locator:
    return page.get_by_role("button", name=word(language, msgid), exact=True)


async def sign_in(phone: Phone, link: str) -> Page:
    """A demo person's device link: one button, and the first screen stands."""
    page = await phone.open(link)
    await page.locator("form button[type=submit]").click()
    await page.wait_for_url(lambda url: "/join" not in url)
    await page.locator("h1").first.wait_for()
    await synced(page)
    return page


async def holds(page: Page, expression: str, seconds: float = 30) -> None:
    """Waits until `expression` is true in the page, whatever the page's policy of scripts."""
    try:
        async with asyncio.timeout(seconds):
            while not await page.evaluate(expression):
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise TimeoutError(f"not within {seconds} s on {page.url}: {expression}") from error


async def from_store(page: Page, store: str, question: str) -> object:
    """Asks the phone's database, e.g. store `outbox`, question `count()`."""
    return await page.evaluate(
        f"""() => new Promise((resolve, reject) => {{
             const opening = indexedDB.open('khupho');
             opening.onerror = () => reject(opening.error);
             opening.onsuccess = () => {{
               const db = opening.result;
               const asked = db.transaction('{store}').objectStore('{store}').{question};
               asked.onsuccess = () => {{ db.close(); resolve(asked.result ?? null); }};
               asked.onerror = () => {{ db.close(); reject(asked.error); }};
             }};
           }})"""
    )


async def synced(page: Page, seconds: float = 30) -> None:
    """Everything of the person's is on the phone."""
    async with asyncio.timeout(seconds):
        while await from_store(page, "meta", "get('syncedAt')") is None:
            await asyncio.sleep(0.05)


async def sent(page: Page, seconds: float = 30) -> None:
    """Nothing waits on the phone to be sent."""
    async with asyncio.timeout(seconds):
        while await from_store(page, "outbox", "count()") != 0:
            await asyncio.sleep(0.05)


async def installed(page: Page) -> None:
    """The service worker holds the whole app and watches over the page."""
    await holds(page, "navigator.serviceWorker.controller?.state === 'activated'")


async def add_photos(page: Page, language: str, photos: Sequence[Path]) -> None:
    """On the first screen of a report."""
    await page.locator("input[type=file][multiple]").set_input_files(list(photos))
    total = len(photos)
    last = word(language, "Photo {number} of {total}", number=total, total=total)
    await page.get_by_role("img", name=last).wait_for()
    await button(page, language, "Next").wait_for()


async def choose_category(page: Page, name: str) -> None:
    """It is none of the similar reports nearby."""
    await page.get_by_role("button", name=re.compile(re.escape(name))).click()
    await holds(page, "location.search.includes('step=4')")
    await none_of_those_nearby(page)


async def none_of_those_nearby(page: Page) -> None:
    """Similar reports may slide in before sending."""
    sheet = page.locator("dialog[open]")
    with suppress(PlaywrightTimeout):
        await sheet.wait_for(timeout=NEARBY_MS)
        await sheet.get_by_role("button").last.click()
