"""What a person does with a screen, in an engine that Playwright does not know.

Things are found by what they are and by their name, as a screen reader would say it.
"""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.engines.driving import Browser

PATIENCE: Final = 30.0

FIND: Final = r"""
const [role, name, whole] = given;
const kinds = {
  button: 'button, [role=button], input[type=submit]',
  link: 'a[href]',
  heading: 'h1, h2, h3',
  picture: 'img, [role=img]',
  field: 'input, textarea',
};
const clean = (text) => (text ?? '').replace(/\s+/g, ' ').trim();
const ids = (element) => (element.getAttribute('aria-labelledby') ?? '').split(' ').filter(Boolean);
const nameOf = (element) =>
  clean(ids(element).map((id) => document.getElementById(id)?.innerText).join(' ')) ||
  clean(element.getAttribute('aria-label')) ||
  clean(element.alt) ||
  clean([...(element.labels ?? [])].map((label) => label.innerText).join(' ')) ||
  clean(element.innerText);
const fits = (text) => (whole ? text === name : text.includes(name));
return [...document.querySelectorAll(kinds[role])].find(
  (element) =>
    element.checkVisibility({ visibilityProperty: true }) &&
    element.getAttribute('aria-busy') !== 'true' && !element.disabled && fits(nameOf(element)));
"""


class Screen:
    """The page in front."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    async def find(self, role: str, name: str, *, whole: bool = True) -> Any:
        """The visible, usable thing of that name, as soon as it is there."""
        return await self._until(
            lambda: self.browser.element(FIND, role, name, whole), f"{role} {name!r}"
        )

    async def press(self, role: str, name: str, *, whole: bool = True) -> None:
        await self.browser.press(await self.find(role, name, whole=whole))

    async def fill(self, name: str, text: str) -> None:
        await self.browser.write(await self.find("field", name), text)

    async def choose(self, selector: str, files: Sequence[Path]) -> None:
        """In the last such field; it may be hidden behind a button."""
        field = await self._until(
            lambda: self.browser.element(
                "return [...document.querySelectorAll(given[0])].at(-1);", selector
            ),
            selector,
        )
        await self.browser.choose(field, files)

    async def reads(self, pattern: str | re.Pattern[str]) -> None:
        """Waits until such words stand on the screen."""

        async def stand() -> bool:
            text = str(await self.browser.run("return document.body.innerText;"))
            return bool(
                re.search(pattern if isinstance(pattern, re.Pattern) else re.escape(pattern), text)
            )

        await self._until(stand, f"words {pattern}")

    async def holds(self, script: str, what: str, *arguments: object) -> Any:
        """Waits until the script's answer is true, and gives it."""
        return await self._until(lambda: self.browser.run(script, *arguments), what)

    async def _until(self, ask: Any, what: str) -> Any:
        end = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < end:
            value = await ask()
            if value:
                return value
            await asyncio.sleep(0.05)
        text = await self.browser.run("return [location.href, document.body.innerText];")
        raise AssertionError(f"{self.browser.name}: not within {PATIENCE:.0f} s: {what}\n{text}")


STORE: Final = """
const [store, question] = given;
const db = await new Promise((resolve, reject) => {
  const opening = indexedDB.open('khupho');
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});
try {
  const asked = db.transaction(store).objectStore(store)[question]();
  return await new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
} finally { db.close(); }
"""
"""Asks the phone's own database, e.g. `photos` for `count`."""
