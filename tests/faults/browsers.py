"""Phones in Chromium: a device is a host name, with its own cookies, database and worker."""

import asyncio
import contextlib
import os
import shutil
import signal
from pathlib import Path
from typing import Any, Final

import psutil
from playwright.async_api import BrowserContext, CDPSession, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from tests.e2e.stack import CHROMIUM, FLAGS

CALL_SECONDS: Final = 30.0
MORE_FLAGS: Final = (
    # Devices are sites; a process for each would cost more than what they do.
    "--disable-features=IsolateOrigins,site-per-process",
    "--disable-site-isolation-trials",
    "--renderer-process-limit=4",
)


class Gone(Exception):
    """The page or browser went away under the call: whether it did anything is not known."""


class Refused(Exception):
    """The app said no, by an error of this name."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        super().__init__(text)


class Browser:
    """One Chromium with a profile on disk; its pages are lent out and come back blank."""

    def __init__(self, playwright: Playwright, profile: Path) -> None:
        self.playwright = playwright
        self.profile = profile
        self.context: BrowserContext | None = None
        self._idle: list[Page] = []
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        self.context = await self.playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=CHROMIUM,
            args=[*FLAGS, *MORE_FLAGS],
            headless=True,
            viewport={"width": 360, "height": 640},
        )
        self.context.set_default_timeout(CALL_SECONDS * 1000)

    async def take(self) -> Page:
        """A blank page."""
        if self._idle:
            return self._idle.pop()
        assert self.context is not None
        return await self.context.new_page()

    async def give(self, page: Page, *, ended: bool) -> None:
        """Back with it; `ended`: what runs in it ends now, not when the next one takes it."""
        with contextlib.suppress(PlaywrightError):
            if ended:
                await page.goto("about:blank")
            self._idle.append(page)

    def kill(self) -> None:
        """`kill -9` of the browser and everything below it."""
        for process in psutil.process_iter(["cmdline"]):
            line = process.info["cmdline"] or []
            if any(str(self.profile) in word for word in line):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)

    async def restart(self) -> None:
        """After `kill`: the same profile again."""
        context, self.context = self.context, None
        self._idle.clear()
        if context is not None:
            with contextlib.suppress(PlaywrightError):
                await context.close()
        for name in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
            (self.profile / name).unlink(missing_ok=True)
        await self.start()

    async def stop(self) -> None:
        if self.context is not None:
            with contextlib.suppress(PlaywrightError):
                await self.context.close()
        shutil.rmtree(self.profile, ignore_errors=True)


class Phone:
    """One device in a browser: its tabs, and calls into `window.phone`."""

    def __init__(self, browser: Browser, origin: str, label: str) -> None:
        self.browser = browser
        self.origin = origin
        self.label = label
        self.tabs: dict[int, Page] = {}
        self.errors: list[str] = []
        self.is_full = False
        self.is_updated = False
        self._cut: list[CDPSession] = []

    async def open(self, tab: int = 0) -> None:
        """Opens the app in a tab; or loads it anew."""
        page = self.tabs.get(tab)
        if page is None:
            page = self.tabs[tab] = await self.browser.take()
            page.on("pageerror", self._note_error)
        try:
            await page.goto(f"{self.origin}/")
        except PlaywrightError as error:
            raise Gone(str(error)) from error

    def _note_error(self, error: object) -> None:
        self.errors.append(str(error))

    async def close(self, tab: int = 0, *, ended: bool = True) -> None:
        """The tab is closed; unless `ended`, it may go on a little."""
        page = self.tabs.pop(tab, None)
        if page is not None:
            page.remove_listener("pageerror", self._note_error)
            await self.browser.give(page, ended=ended)

    def forget_tabs(self) -> None:
        """The browser is dead, and with it the pages."""
        self.tabs.clear()

    async def call(self, name: str, *arguments: object, tab: int = 0) -> Any:
        """`phone.<name>(…)` in the page. Raises Gone, Refused."""
        page = self.tabs.get(tab) or next(iter(self.tabs.values()), None)
        if page is None:
            raise Gone("no tab is open")
        script = """async ([name, given]) => {
            try { return { value: await window.phone[name](...given) }; }
            catch (error) { return { error: error?.name ?? 'Error', text: String(error) }; }
        }"""
        try:
            answer = await asyncio.wait_for(
                page.evaluate(script, [name, list(arguments)]), CALL_SECONDS
            )
        except (PlaywrightError, TimeoutError) as error:
            raise Gone(f"{name}: {error}") from error
        if "error" in answer:
            raise Refused(answer["error"], answer["text"])
        return answer.get("value")

    async def sign_in(self, token: str) -> None:
        """The cookie, as the server sets it when somebody joins."""
        assert self.browser.context is not None
        await self.browser.context.add_cookies(
            [{"name": "khupho", "value": token, "url": self.origin}]
        )

    async def limit_storage(self, size: int | None) -> None:
        """Room for so many bytes; None: as much as there is."""
        self.is_full = size is not None
        devtools = await self._devtools()
        wish = {"origin": self.origin} | ({} if size is None else {"quotaSize": size})
        with contextlib.suppress(PlaywrightError):
            await devtools.send("Storage.overrideQuotaForOrigin", wish)

    async def set_offline(self, *, offline: bool) -> None:
        """As the browser notices it by itself; only for pages, a worker's line is not touched."""
        if not offline:
            for devtools in self._cut:
                await devtools.detach()
            self._cut.clear()
            return
        devtools = await self._devtools()
        await devtools.send("Network.enable")
        wish = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        await devtools.send("Network.emulateNetworkConditions", wish)
        self._cut.append(devtools)

    async def stop_worker(self) -> None:
        """The system reclaims the service worker's memory."""
        devtools = await self._devtools()
        with contextlib.suppress(PlaywrightError):
            await devtools.send("ServiceWorker.enable")
            await devtools.send("ServiceWorker.stopAllWorkers")
            await devtools.detach()

    async def _devtools(self) -> CDPSession:
        page = next(iter(self.tabs.values()), None)
        if page is None:
            raise Gone("no tab is open")
        return await page.context.new_cdp_session(page)
