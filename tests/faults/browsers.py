"""Phones in Chromium: a device is a host name, with its own cookies, database and worker."""

import asyncio
import contextlib
import shutil
from pathlib import Path
from typing import Any, Final

from tests.faults.devtools import Chromium, DevToolsError, Page

CALL_SECONDS: Final = 60.0
WORKER_SECONDS: Final = 1.0
PROBE_SECONDS: Final = 15.0


class Gone(Exception):
    """The page or browser went away under the call: whether it did anything is not known."""


class Refused(Exception):
    """The app said no, by an error of this name."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        super().__init__(text)


class Browser:
    """One Chromium with a profile on disk; its pages are lent out and come back."""

    def __init__(self, profile: Path) -> None:
        self.profile = profile
        self._chromium = Chromium(profile)
        self._idle: list[Page] = []

    async def start(self) -> None:
        await self._chromium.start()

    async def take(self) -> Page:
        """A page with nothing of the taker's in it."""
        return self._idle.pop() if self._idle else await Page.create(self._chromium)

    async def give(self, page: Page, *, ended: bool) -> None:
        """Back with it; `ended`: what runs in it ends now, not when the next one takes it."""
        if page.chromium is not self._chromium:
            return
        with contextlib.suppress(DevToolsError, TimeoutError):
            if ended:
                await page.load("about:blank")
            self._idle.append(page)

    async def set_cookie(self, name: str, value: str, url: str) -> None:
        cookie = {"name": name, "value": value, "url": url, "httpOnly": True}
        await self._chromium.send("Storage.setCookies", cookies=[cookie])

    def kill(self) -> None:
        """`kill -9`: nothing is written down any more."""
        self._chromium.kill()

    async def restart(self) -> None:
        """After `kill`: the same profile again."""
        self._idle.clear()
        for name in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
            (self.profile / name).unlink(missing_ok=True)
        self._chromium = Chromium(self.profile)
        await self._chromium.start()

    async def stop(self) -> None:
        self._chromium.kill()
        await asyncio.to_thread(shutil.rmtree, self.profile, ignore_errors=True)


class Phone:
    """One device in a browser: its tabs, and calls into `window.phone`."""

    def __init__(self, browser: Browser, origin: str, label: str) -> None:
        self.browser = browser
        self.origin = origin
        self.label = label
        self.tabs: dict[int, Page] = {}
        self.is_full = False
        self.is_updated = False

    async def open(self, tab: int = 0) -> None:
        """Opens the app in a tab; or loads it anew."""
        try:
            page = self.tabs.get(tab)
            if page is None:
                page = self.tabs[tab] = await self.browser.take()
            await page.load(f"{self.origin}/")
        except (DevToolsError, TimeoutError) as error:
            raise Gone(f"opening: {error}") from error

    async def close(self, tab: int = 0, *, ended: bool = True) -> None:
        """The tab is closed; unless `ended`, it may go on a little."""
        page = self.tabs.pop(tab, None)
        if page is not None:
            await self.browser.give(page, ended=ended)

    def forget_tabs(self) -> None:
        """The browser is dead, and with it the pages."""
        self.tabs.clear()

    async def call(self, name: str, *arguments: object, tab: int = 0) -> Any:
        """`phone.<name>(…)` in the page. Raises Gone, Refused."""
        script = """async (name, given) => {
            try { return { value: await window.phone[name](...given) }; }
            catch (error) { return { error: error?.name ?? 'Error', text: String(error) }; }
        }"""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self._page(tab).run(script, name, list(arguments))
        except TimeoutError as error:
            stands = await self._where_it_stands(tab)
            raise Gone(f"{name}: no end after {CALL_SECONDS:.0f} s; {stands}") from error
        except DevToolsError as error:
            raise Gone(f"{name}: {error}") from error
        if "error" in answer:
            raise Refused(answer["error"], answer["text"])
        return answer.get("value")

    async def _where_it_stands(self, tab: int) -> str:
        """What a call that did not end may have waited for."""
        script = """async () => {
            const within = (promise) => Promise.race([
                promise.then(() => 'answers', String),
                new Promise((end) => setTimeout(() => end('does not answer'), 2000)),
            ]);
            const { held, pending } = await navigator.locks.query();
            const database = new Promise((end, fail) => {
                const opening = indexedDB.open(`probe ${Math.random()}`);
                opening.onsuccess = end;
                opening.onerror = fail;
            });
            return JSON.stringify({
                held: held.map((lock) => `${lock.name} ${lock.clientId}`),
                pending: pending.map((lock) => `${lock.name} ${lock.clientId}`),
                storage: await within(database),
                app: await within(window.phone.outbox()),
                line: await within(fetch('/api/config', { cache: 'no-store' })),
            });
        }"""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return str(await self._page(tab).run(script))
        except (DevToolsError, TimeoutError, Gone) as error:
            return f"the page says nothing at all: {error!r}"

    def _page(self, tab: int = 0) -> Page:
        page = self.tabs.get(tab) or next(iter(self.tabs.values()), None)
        if page is None:
            raise Gone("no tab is open")
        return page

    async def sign_in(self, token: str) -> None:
        """The cookie, as the server sets it when somebody joins."""
        await self.browser.set_cookie("khupho", token, self.origin)

    async def limit_storage(self, size: int | None) -> None:
        """Room for so many bytes; None: as much as there is."""
        self.is_full = size is not None
        wish = {"origin": self.origin} | ({} if size is None else {"quotaSize": size})
        with contextlib.suppress(DevToolsError):
            for page in self.tabs.values():
                await page.send("Storage.overrideQuotaForOrigin", **wish)

    async def set_offline(self, *, offline: bool) -> None:
        """As the browser notices it by itself; only for pages, a worker's line is not touched."""
        page = self._page()
        await page.send("Network.enable")
        wish = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        await page.send("Network.emulateNetworkConditions", **wish)

    async def stop_worker(self) -> None:
        """The system reclaims the memory of this phone's service worker."""
        page = self._page()
        try:
            told = page.expect("ServiceWorker.workerVersionUpdated")
            await page.send("ServiceWorker.enable")
            async with asyncio.timeout(WORKER_SECONDS):
                versions = (await told)["versions"]
            for version in versions:
                if version["scriptURL"].startswith(self.origin):
                    await page.send("ServiceWorker.stopWorker", versionId=version["versionId"])
            await page.send("ServiceWorker.disable")
        except (DevToolsError, TimeoutError) as error:
            raise Gone(f"stopping the worker: {error}") from error
