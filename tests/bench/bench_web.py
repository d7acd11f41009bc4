"""What a phone has to fetch and wait for before somebody can report something.

A first load is what the page itself asks for until its screen can be used and nothing is under
way; the copy for offline use, which the service worker fetches afterwards, is counted apart. A
load's bytes are those on the wire, brotli as the server sends it, with the answers' headers; those
of scripts and fonts are the files alone, "needed" those before the screen can be used. "Slow" is
1.6 Mbit/s, 150 ms for each answer and a sixth of this machine's processor, by Chromium's own
emulation.
"""

import asyncio
import contextlib
import os
import signal
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import (
    CDPSession,
    Page,
    Playwright,
    async_playwright,
)
from playwright.async_api import (
    Error as PlaywrightError,
)

from tests.bench.processes import descendants
from tests.bench.wire import WiredStack
from tests.e2e.stack import Phone
from tests.e2e.standalone import standalone_stack
from tests.e2e.walking import holds, installed, sign_in

ROUNDS: Final = 3
QUIET_SECONDS: Final = 0.7
PEOPLE: Final = {"vi": "vn-mai", "en": "vn-mai", "fa": "ir-zahra"}

# When the heading reads something and the way to a report (or, for a stranger, to joining) can be
# touched: nothing lies over it. Also adds up layout shifts and notes the longest interaction.
_WATCH: Final = """
(() => {
  if (window !== top) return;
  const seen = window.__seen = { usable: null, cls: 0, interaction: 0 };
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) seen.cls += shift.value;
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    for (const event of list.getEntries())
      if (event.interactionId) seen.interaction = Math.max(seen.interaction, event.duration);
  }).observe({ type: 'event', durationThreshold: 16, buffered: true });
  const touchable = (link) => {
    const box = link.getBoundingClientRect();
    const on = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return box.width > 0 && on !== null && link.contains(on);
  };
  const look = () => {
    const heading = document.querySelector('h1')?.textContent.trim();
    const ways = [...document.querySelectorAll('a[href="/report"], a[href="/join"]')];
    if (heading && ways.some(touchable)) seen.usable = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""

# Scripts that were asked for before the screen could be used.
_NEEDED: Final = """performance.getEntriesByType('resource')
  .filter((one) => one.name.endsWith('.js') && one.startTime < window.__seen.usable)
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""


@dataclass
class Load:
    """What one load took. Bodies by kind: `Script`, `Font`, `api` and others."""

    body_bytes: dict[str, float] = field(default_factory=dict)
    header_bytes: float = 0
    requests: int = 0
    needed_js_bytes: float = 0
    usable_s: float = 0
    cls: float = 0

    @property
    def kb(self) -> float:
        return (sum(self.body_bytes.values()) + self.header_bytes) / 1000

    def kind_kb(self, kind: str) -> float:
        return self.body_bytes.get(kind, 0) / 1000


class _Traffic:
    """Follows the requests of one page. An event stream never ends, and is not waited for."""

    def __init__(self, devtools: CDPSession) -> None:
        self.load = Load()
        self.kinds: dict[str, str] = {}
        self.headers: dict[str, float] = {}
        self.under_way: set[str] = set()
        devtools.on("Network.requestWillBeSent", self._sent)
        devtools.on("Network.responseReceived", self._answered)
        devtools.on("Network.loadingFinished", self._finished)
        devtools.on("Network.loadingFailed", self._over)

    def _sent(self, event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        if not url.startswith("http") or url.endswith("/service-worker.js"):
            return
        self.kinds[event["requestId"]] = "api" if "/api/" in url else event.get("type", "Other")
        self.load.requests += 1
        if not url.endswith("/api/events"):
            self.under_way.add(event["requestId"])

    def _answered(self, event: dict[str, Any]) -> None:
        self.headers[event["requestId"]] = event["response"]["encodedDataLength"]

    def _finished(self, event: dict[str, Any]) -> None:
        if kind := self.kinds.get(event["requestId"]):
            whole = event["encodedDataLength"]
            headers = min(whole, self.headers.get(event["requestId"], 0))
            before = self.load.body_bytes.get(kind, 0)
            self.load.body_bytes[kind] = before + whole - headers
            self.load.header_bytes += headers
        self._over(event)

    def _over(self, event: dict[str, Any]) -> None:
        self.under_way.discard(event["requestId"])


async def run() -> dict[str, float]:
    """Kilobytes, requests, seconds, milliseconds; medians of three where time is measured."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with standalone_stack(WiredStack) as stack, async_playwright() as playwright:
            figures |= await _stranger(stack, playwright, Path(folder) / "stranger")
            for language in PEOPLE:
                profile = Path(folder) / language
                figures |= await _resident(stack, playwright, profile, language)
    return figures


async def _stranger(stack: WiredStack, playwright: Playwright, profile: Path) -> dict[str, float]:
    """Somebody opens the address for the first time; then the app is copied for offline use."""
    phone = Phone(playwright, stack, profile)
    stack.wire.forget()
    page = await phone.open("about:blank")
    load = await _load(page, f"{stack.url}/")
    await installed(page)
    whole = stack.wire.received_bytes / 1000
    await phone.close()
    return {
        "stranger_vi_kb": load.kb,
        "stranger_vi_js_kb": load.kind_kb("Script"),
        "stranger_vi_requests": load.requests,
        "offline_copy_kb": whole - load.kb,
    }


async def _resident(
    stack: WiredStack, playwright: Playwright, profile: Path, language: str
) -> dict[str, float]:
    phone = Phone(playwright, stack, profile, language=language)
    page = await sign_in(phone, await stack.join_link(PEOPLE[language]))
    await installed(page)
    home = f"{stack.url}/"
    first = []
    for _ in range(ROUNDS if language == "vi" else 1):
        page = await _emptied(phone, page)
        first.append(await _load(page, home, slow=language == "vi"))
    load = first[0]
    figures = {
        f"home_{language}_kb": load.kb,
        f"home_{language}_js_kb": load.kind_kb("Script"),
        f"home_{language}_font_kb": load.kind_kb("Font"),
    }
    if language == "vi":
        figures |= {
            "home_vi_js_needed_kb": load.needed_js_bytes / 1000,
            "home_vi_api_kb": load.kind_kb("api"),
            "home_vi_headers_kb": load.header_bytes / 1000,
            "home_vi_requests": load.requests,
            "usable_slow_s": statistics.median(one.usable_s for one in first),
            "cls": max(one.cls for one in first),
        }
        await installed(page)
        cached = [await _load(page, home, slow=True) for _ in range(ROUNDS)]
        figures["cached_slow_s"] = statistics.median(one.usable_s for one in cached)
        figures["open_report_ms"] = await _open_report(page, home)
        figures["offline_cold_s"] = await _offline_cold(phone, stack, home)
    await phone.close()
    return figures


async def _emptied(phone: Phone, page: Page) -> Page:
    """A new page of a browser that knows who it is, and has none of the app's files."""
    assert phone.context is not None
    await page.evaluate(
        """async () => {
             for (const one of await navigator.serviceWorker.getRegistrations())
               await one.unregister();
             for (const name of await caches.keys()) await caches.delete(name);
           }"""
    )
    fresh = await phone.context.new_page()
    await page.close()
    devtools = await phone.context.new_cdp_session(fresh)
    await devtools.send("Network.clearBrowserCache")
    await devtools.detach()
    return fresh


async def _load(page: Page, address: str, *, slow: bool = False) -> Load:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    if slow:
        await _slow_down(devtools)
    traffic = _Traffic(devtools)
    await page.add_init_script(_WATCH)
    await page.goto(address, wait_until="commit")
    await holds(page, "window.__seen?.usable > 0")
    quiet = 0.0
    while quiet < QUIET_SECONDS:
        await asyncio.sleep(0.1)
        quiet = 0 if traffic.under_way else quiet + 0.1
    seen = await page.evaluate("window.__seen")
    traffic.load.usable_s = seen["usable"] / 1000
    traffic.load.cls = seen["cls"]
    traffic.load.needed_js_bytes = await page.evaluate(_NEEDED)
    await devtools.detach()
    return traffic.load


async def _slow_down(devtools: CDPSession) -> None:
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    await devtools.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 150,
            "downloadThroughput": 1_600_000 / 8,
            "uploadThroughput": 750_000 / 8,
        },
    )


async def _open_report(page: Page, home: str) -> float:
    """Milliseconds from the touch to the next picture, on a slow processor; median of three."""
    found: list[float] = []
    for _ in range(ROUNDS):
        await _load(page, home)
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
        await page.locator('a[href="/report"]').first.tap()
        await page.locator("input[type=file]").first.wait_for(state="attached")
        # Entries come after the picture they tell of.
        await holds(page, "window.__seen.interaction > 0")
        found.append(await page.evaluate("window.__seen.interaction"))
        await devtools.detach()
    return statistics.median(found)


async def _offline_cold(phone: Phone, stack: WiredStack, home: str) -> float:
    """Seconds to a usable screen in a new browser process, after the last one was killed, without
    a server; median of three."""
    found = []
    stack.wire.cut()
    try:
        for _ in range(ROUNDS):
            await _kill(phone)
            page = await phone.open("about:blank")
            devtools = await page.context.new_cdp_session(page)
            await devtools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
            found.append((await _load(page, home)).usable_s)
    finally:
        await stack.wire.connect()
    return statistics.median(found)


async def _kill(phone: Phone) -> None:
    """As the system does when it needs the memory: no warning, nothing is tidied up."""
    profile = f"--user-data-dir={phone.profile}"
    for pid in descendants(os.getpid()):
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        if profile in arguments and not any(one.startswith("--type=") for one in arguments):
            os.kill(pid, signal.SIGKILL)
            break
    else:
        raise LookupError("no browser to kill")
    with contextlib.suppress(PlaywrightError):  # it may have noticed by itself
        await phone.close()
    phone.context = None
