"""`python -m tests.e2e.screens [filter…]`: a picture of every screen, into `var/screens`.

Every screen of every role, in three languages, 360 and 1280 px wide, light and dark:
`var/screens/{role}/{screen}-{language}-{width}-{light|dark}.png`, and `var/screens/index.html` to
look through them. With filters, only screens whose `role/screen-language` contains one of them. A
screen that cannot be reached is named at the end, and the rest goes on.
"""

import argparse
import asyncio
import contextlib
import html
import itertools
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, async_playwright

from backend.settings import REPOSITORY
from tests.e2e.stack import Stack
from tests.e2e.standalone import standalone_stack
from tests.e2e.tour import LANGUAGES, Screen, Visit, guests, screens_of, still, visiting

FOLDER: Final = REPOSITORY / "var" / "screens"
WIDTHS: Final = {360: 740, 1280: 800}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
LONGEST: Final = 4000
PATIENCE_MS: Final = 10_000

# What lies behind a dialog is not what is looked at.
_LENGTH: Final = """document.querySelector('dialog[open]') ? 0
                     : document.documentElement.scrollHeight"""


async def take(filters: Sequence[str]) -> list[str]:
    """Takes the pictures; returns what could not be reached, with the reason."""
    missed: list[str] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        async with standalone_stack(Stack) as stack, async_playwright() as playwright:
            for language, (role, person) in itertools.product(LANGUAGES, guests()):
                walk = screens_of(role, person)
                if not any(_wanted(one, language, filters) for one in walk):
                    continue
                print(f"{role} {person or ''} {language}", file=sys.stderr)
                try:
                    async with visiting(
                        playwright, stack, Path(name), person, language, min(WIDTHS)
                    ) as visit:
                        missed += await _walk(visit, walk, filters)
                except (PlaywrightError, TimeoutError) as error:
                    missed.append(f"{role} {person or ''} {language}: {_reason(error)}")
    _write_index()
    return missed


def _wanted(screen: Screen, language: str, filters: Sequence[str]) -> bool:
    name = f"{screen.role}/{screen.name}-{language}"
    return not filters or any(one in name for one in filters)


async def _walk(visit: Visit, walk: Sequence[Screen], filters: Sequence[str]) -> list[str]:
    """All screens are reached, since later ones may begin where earlier ones end."""
    missed = []
    assert visit.phone.context is not None
    visit.phone.context.set_default_timeout(PATIENCE_MS)
    for screen in walk:
        try:
            await screen.reach(visit)
            await still(visit.page)
            if _wanted(screen, visit.language, filters):
                await _picture(visit.page, screen, visit.language)
        except (PlaywrightError, TimeoutError) as error:
            missed.append(f"{screen.role}/{screen.name}-{visit.language}: {_reason(error)}")
            with contextlib.suppress(PlaywrightError):
                await visit.page.screenshot(path=_path(screen, visit.language, "missed"))
    missed += [f"{visit.language}: {error}" for error in visit.phone.browser_errors]
    return missed


def _reason(error: Exception) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__


async def _picture(page: Page, screen: Screen, language: str) -> None:
    for width, height in WIDTHS.items():
        await page.set_viewport_size({"width": width, "height": height})
        # A phone as long as its screen: bars that stick to an edge stay at the edge.
        whole = await page.evaluate(_LENGTH)
        await page.set_viewport_size({"width": width, "height": min(max(height, whole), LONGEST)})
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            await still(page)
            path = _path(screen, language, f"{width}-{scheme}")
            await page.screenshot(path=path, animations="disabled")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": min(WIDTHS), "height": WIDTHS[min(WIDTHS)]})


def _path(screen: Screen, language: str, kind: str) -> Path:
    folder = FOLDER / screen.role
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{screen.name}-{language}-{kind}.png"


def _write_index() -> None:
    """One page with all pictures there are, side by side for each screen and language."""
    names = sorted(FOLDER.glob("*/*-360-light.png"))
    rows = []
    for first in names:
        stem = first.name.removesuffix("-360-light.png")
        shown = [
            f'<a href="{first.parent.name}/{html.escape(path.name)}">'
            f'<img loading="lazy" alt="" src="{first.parent.name}/{html.escape(path.name)}"></a>'
            for width in WIDTHS
            for scheme in SCHEMES
            if (path := first.parent / f"{stem}-{width}-{scheme}.png").exists()
        ]
        rows.append(f"<h2>{first.parent.name} / {html.escape(stem)}</h2><p>{''.join(shown)}</p>")
    (FOLDER / "index.html").write_text(
        "<!doctype html><meta charset=utf-8><title>Screens</title><style>"
        "body{font:16px system-ui;margin:1rem;background:#888}"
        "p{display:flex;gap:1rem;align-items:start;overflow-x:auto}"
        "img{max-height:32rem;display:block}</style>" + "\n".join(rows)
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.screens", description=__doc__)
    parser.add_argument("filters", nargs="*", metavar="filter")
    missed = asyncio.run(take(parser.parse_args().filters))
    for line in missed:
        print(f"not reached: {line}", file=sys.stderr)
    print(f"pictures are in {FOLDER}/index.html")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
