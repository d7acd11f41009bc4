"""What can be checked by machine of whether everybody can use a screen.

axe-core with the rules of WCAG 2.0 to 2.2, levels A and AA; and what it does not look at: scrolling
sideways (1.4.10), the size of what is touched (2.5.8, and our own 48 px), text that is cut when it
is twice as large (1.4.4).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

AXE: Final = Path(__file__).parents[2] / "pwa" / "node_modules" / "axe-core" / "axe.min.js"
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

# The design's own number is 48 px; 44 is what two borders and rounding may leave of it.
TARGET_PX: Final = 44

# axe's own target-size takes what a sticky bar happens to cover for too small; ours is stricter.
_RUN: Final = """([tags, rules]) => axe.run(document, {
  runOnly: rules.length ? { type: 'rule', values: rules } : { type: 'tag', values: tags },
  resultTypes: ['violations'], rules: { 'target-size': { enabled: false } }
}).then(({ violations }) => violations.map(({ id, help, nodes }) => ({
  id, help, nodes: nodes.map((node) => [node.target.flat().join(' '), node.failureSummary])
})))"""

# What may be touched: its own box, or that of the label which is touched in its place. Links within
# a line of text and what is hidden from everybody or behind an open dialog do not count.
_SMALL: Final = """(least) => {
  const dialog = document.querySelector('dialog[open]');
  const found = [];
  const chosen = 'a[href], button, input, select, textarea, summary, [role=button], [tabindex="0"]';
  for (const one of (dialog ?? document).querySelectorAll(chosen)) {
    if (!one.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(one);
    if (one.tagName === 'A' && style.display === 'inline') continue;
    const ticked = one.matches('input[type=radio], input[type=checkbox]');
    const sizes = [one, ...(ticked ? one.labels : [])].map((box) => box.getBoundingClientRect());
    const height = Math.max(...sizes.map((box) => box.height));
    const width = Math.max(...sizes.map((box) => box.width));
    if (width <= 1 || height <= 1) continue;  // for screen readers, or until it has the focus
    if (Math.min(width, height) < least)
      found.push(`${Math.round(width)}×${Math.round(height)} ${one.outerHTML.slice(0, 120)}`);
  }
  return found;
}"""

# Text whose box cannot show all of it and does not scroll.
_CUT: Final = """() => {
  const found = [];
  for (const one of document.querySelectorAll('body *')) {
    const style = getComputedStyle(one);
    const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !one.checkVisibility() || one.closest('.visually-hidden, [hidden]')) continue;
    if (one.clientWidth <= 1) continue;
    const clips = ['hidden', 'clip'];
    const wide = clips.includes(style.overflowX) && one.scrollWidth > one.clientWidth + 1;
    const high = clips.includes(style.overflowY) && one.scrollHeight > one.clientHeight + 1;
    const dots = style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none';
    const box = one.getBoundingClientRect();
    let outside = box.left < -1 || box.right > innerWidth + 1;
    // A map, a row that scrolls by itself: there, lying outside is meant.
    let frame = one;
    while (outside && (frame = frame.parentElement) !== document.body)
      if (getComputedStyle(frame).overflowX !== 'visible') outside = false;
    if (((wide || high) && !dots) || outside)
      found.push(`${one.tagName} ${one.className} «${one.textContent.trim().slice(0, 60)}»`);
  }
  return found;
}"""


async def axe_violations(page: Page, *rules: str) -> list[str]:
    """One readable line for each thing axe complains of, whatever the page's policy of scripts.

    Of all rules, or of those named (e.g. `color-contrast`).
    """
    if not await page.evaluate("'axe' in window"):
        devtools = await page.context.new_cdp_session(page)
        # Through DevTools, so that the page's own policy stays as it is.
        await devtools.send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
        await devtools.detach()
    violations: list[Mapping[str, Any]] = await page.evaluate(_RUN, [list(RULES), list(rules)])
    return [
        f"{one['id']} ({one['help']}): {target} {' '.join(why.split())}"
        for one in violations
        for target, why in one["nodes"]
    ]


async def assert_accessible(page: Page) -> None:
    """Fails with all that axe, a ruler and a look sideways find."""
    found = await complaints(page)
    assert not found, "\n".join(["", *found])


async def complaints(page: Page) -> list[str]:
    """All that axe, a ruler and a look sideways find."""
    found = await axe_violations(page)
    found += [f"too small to touch: {one}" for one in await small_targets(page)]
    if wider := await sideways(page):
        found.append(f"it scrolls sideways by {wider} px")
    return found


async def small_targets(page: Page) -> list[str]:
    """Buttons, links and fields smaller than `TARGET_PX` in either direction."""
    found: list[str] = await page.evaluate(_SMALL, TARGET_PX)
    return found


async def sideways(page: Page) -> int:
    """How many pixels the page is wider than the screen."""
    pixels: int = await page.evaluate(
        "Math.max(0, document.documentElement.scrollWidth - innerWidth)"
    )
    return pixels


async def cut_text(page: Page) -> list[str]:
    """Text that its box cuts off, or that lies outside of the screen."""
    found: list[str] = await page.evaluate(_CUT)
    return found
