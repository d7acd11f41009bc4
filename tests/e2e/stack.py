"""The product as it runs: server and worker as processes, killable; browsers as phones.

Chromium's own push service is out of reach, so `pushManager.subscribe` is answered by the local
push service, which speaks the same protocol and really decrypts; what it received is handed to
the phone's service worker through the DevTools protocol.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx
from playwright.async_api import BrowserContext, CDPSession, ConsoleMessage, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from backend import db, migrate
from backend.accounts.service import write_invitation_unchecked
from backend.demo.data import demo_id
from backend.demo.load import DemoPerson, load_demo
from backend.settings import get_settings
from tests.fixtures.push_service import BrowserSubscription, PushService, ReceivedPush

CHROMIUM = os.environ.get("KHUPHO_TEST_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# A tone that beeps once a second stands for somebody who speaks.
MICROPHONE = ["--use-fake-device-for-media-stream"]
ALLOWED = ["--use-fake-ui-for-media-stream"]
START_SECONDS = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """One server and one worker on loopback, over the test run's own database and folder."""

    database_url: str
    var: Path
    push: PushService
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    people: dict[str, DemoPerson] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    async def prepare(self) -> None:
        """Migrate and load the demo, from within the test's own process."""
        await db.open_pool(get_settings(), size=3)
        await migrate.migrate()
        for person in await load_demo(force=True):
            self.people[str(person.account_id)] = person

    def start(self, *names: str) -> None:
        for name in names or ("serve", "worker"):
            environment = {
                **os.environ,
                "DATABASE_URL": self.database_url,
                "KHUPHO_VAR_DIR": str(self.var),
                "KHUPHO_PORT": str(self.port),
                "KHUPHO_PUBLIC_URL": self.url,
                "KHUPHO_PUSH_TEST_ORIGIN": self.push.origin,
                "KHUPHO_CONTACT": "mailto:ward@khupho.example",
                "KHUPHO_LOG_LEVEL": "warning",
            }
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "backend", name],
                env=environment,
                stdout=(self.var / f"{name}.log").open("ab"),
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def answering(self) -> None:
        async with httpx.AsyncClient() as client:
            for _ in range(START_SECONDS * 10):
                with suppress(httpx.TransportError):
                    if (await client.get(f"{self.url}/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.1)
        raise TimeoutError((self.var / "serve.log").read_text()[-4000:])

    def kill(self, name: str) -> None:
        """As a power cut would: no signal handler runs."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
        self.processes.clear()

    async def join_link(self, key: str) -> str:
        """A fresh link for a demo person, e.g. `vn-mai`; as `khupho demo` prints it."""
        account_id = demo_id("account", key)
        person = self.people.get(str(account_id))
        row = await db.fetch_one(
            "SELECT coalesce(neighbourhood_id, (SELECT id FROM area LIMIT 1)) AS area FROM account "
            "WHERE id = $1",
            account_id,
        )
        if row is None:
            raise LookupError(key)
        invitation = await write_invitation_unchecked(
            uuid.uuid4(),
            area_id=row["area"],
            role="resident",
            scope_id=row["area"],
            account_id=account_id,
            name=person.name if person else key,
            lifetime=timedelta(days=1),
        )
        return f"{self.url}/join#{invitation.url.partition('#')[2]}"


_SUBSCRIBE = """
(() => {
  const subscribe = async function (options) {
    const key = btoa(String.fromCharCode(...new Uint8Array(options.applicationServerKey)))
      .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const made = JSON.parse(await window.__subscribe(key));
    const bytes = (text) => Uint8Array.from(
      atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)).buffer;
    return window.__subscription = {
      endpoint: made.endpoint, expirationTime: null, options,
      getKey: (name) => bytes(made.keys[name]), toJSON: () => made, unsubscribe: async () => {
        window.__subscription = null; return true;
      }
    };
  };
  // Headless Chromium answers the browser's own question with "denied" without asking anybody.
  let told = window.__told;
  Object.defineProperty(Notification, 'permission', { get: () => (told ? 'granted' : 'default') });
  Notification.requestPermission = async () => {
    await window.__allow();
    told = true;
    return 'granted';
  };
  PushManager.prototype.subscribe = subscribe;
  PushManager.prototype.getSubscription = async () => window.__subscription ?? null;
})();
"""


AnyStack = TypeVar("AnyStack", bound=Stack)


@asynccontextmanager
async def running_stack(
    kind: type[AnyStack], database_url: str, var: Path
) -> AsyncIterator[AnyStack]:
    """Server and worker with the demo wards, beside a push service of their own.

    Raises:
        FileNotFoundError: the app is not built.
    """
    if not (get_settings().pwa_dir / "index.html").exists():
        raise FileNotFoundError("the app is not built: just build")
    async with PushService() as push:
        stack = kind(database_url, var, push)
        try:
            await stack.prepare()
            stack.start()
            await stack.answering()
            yield stack
        finally:
            stack.stop()
            await db.close_pool()


@dataclass
class Phone:
    """A person's browser with a profile on disk: it can be killed and started again."""

    playwright: Playwright
    stack: Stack
    profile: Path
    language: str = "vi"
    width: int = 360
    height: int = 720
    dark: bool = False
    latitude: float | None = None
    longitude: float | None = None
    accuracy: float = 12
    microphone: Literal["none", "allowed", "denied"] = "none"
    told: bool = False
    """The person has allowed notifications."""
    subscriptions: list[BrowserSubscription] = field(default_factory=list)
    context: BrowserContext | None = None
    cell: CDPSession | None = None
    """What makes the page's line slow, while it is."""
    browser_errors: list[str] = field(default_factory=list)

    async def open(self, path: str = "/", *, offline: bool = False) -> Page:
        """Start the browser (cold) and go to `path` (or a whole address, e.g. `about:blank`)."""
        geolocation: Any = None
        if self.latitude is not None and self.longitude is not None:
            geolocation = {
                "latitude": self.latitude,
                "longitude": self.longitude,
                "accuracy": self.accuracy,
            }
        self.context = await self.playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=CHROMIUM,
            args=[
                *FLAGS,
                *(MICROPHONE if self.microphone != "none" else []),
                *(ALLOWED if self.microphone == "allowed" else []),
            ],
            headless=True,
            viewport={"width": self.width, "height": self.height},
            device_scale_factor=2 if self.width < 600 else 1,
            has_touch=self.width < 600,
            locale={"vi": "vi-VN", "fa": "fa-IR", "en": "en-GB"}[self.language],
            timezone_id="Asia/Tehran" if self.language == "fa" else "Asia/Ho_Chi_Minh",
            color_scheme="dark" if self.dark else "light",
            permissions=[
                *(["notifications"] if self.told else []),
                *(["geolocation"] if geolocation else []),
            ],
            geolocation=geolocation,
            reduced_motion="reduce",
            offline=offline,
        )
        self.context.set_default_timeout(30_000)

        async def subscribe(key: str) -> str:
            subscription = self.stack.push.subscribe(key)
            self.subscriptions.append(subscription)
            return json.dumps(subscription.to_json())

        await self.context.expose_function("__subscribe", subscribe)

        async def allow() -> None:
            assert self.context is not None
            self.told = True
            await self.context.grant_permissions(["notifications"], origin=self.stack.url)

        await self.context.expose_function("__allow", allow)
        await self.context.add_init_script(f"window.__told = {json.dumps(self.told)};{_SUBSCRIBE}")
        page = self.context.pages[0] if self.context.pages else await self.context.new_page()
        page.on("pageerror", lambda error: self.browser_errors.append(str(error)))
        page.on("console", self._note_refusal)
        await page.goto(path if ":" in path else f"{self.stack.url}{path}")
        if offline:
            assert not await page.evaluate("navigator.onLine")
        return page

    def _note_refusal(self, message: ConsoleMessage) -> None:
        """What the page's own policy forbids it, it must not try."""
        if "Content Security Policy" in message.text:
            self.browser_errors.append(message.text)

    @property
    def page(self) -> Page:
        assert self.context is not None
        return self.context.pages[-1]

    async def offline(self, value: bool = True) -> None:
        assert self.context is not None
        await self.context.set_offline(value)

    async def slow(self, *, up_bytes_per_s: int) -> None:
        """There is signal, but little room upwards, as at the edge of a cell."""
        await self.offline(False)
        self.cell = await self._devtools()
        await self.cell.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 150,
                "downloadThroughput": 200_000,
                "uploadThroughput": up_bytes_per_s,
            },
        )

    async def lose_signal(self) -> None:
        await self.offline()

    async def regain_signal(self) -> None:
        """All of it: nothing is slow any more."""
        if self.cell is not None:
            await self.cell.detach()
            self.cell = None
        await self.offline(False)

    async def close(self) -> None:
        """The person swipes the app away; the browser process ends."""
        if self.context is not None:
            await self.context.close()
            self.context = self.cell = None

    async def last_look(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        if self.context is not None and self.context.pages:
            with suppress(PlaywrightError):
                await self.page.screenshot(path=str(file))

    async def stop_worker(self) -> None:
        """The system reclaims the service worker's memory; back when it has really stopped."""
        devtools = await self._devtools()
        stopped = asyncio.Event()

        def seen(event: dict[str, Any]) -> None:
            running = {version["runningStatus"] for version in event["versions"]}
            if running <= {"stopped"}:
                stopped.set()

        devtools.on("ServiceWorker.workerVersionUpdated", seen)
        await devtools.send("ServiceWorker.enable")
        await devtools.send("ServiceWorker.stopAllWorkers")
        await asyncio.wait_for(stopped.wait(), 10)
        await devtools.detach()

    async def _devtools(self) -> CDPSession:
        assert self.context is not None
        return await self.context.new_cdp_session(self.page)

    async def receive_push(self, push: ReceivedPush) -> None:
        """What the push service decrypted reaches the service worker, running or not."""
        devtools = await self._devtools()
        registrations: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def seen(event: dict[str, Any]) -> None:
            for registration in event["registrations"]:
                ours = registration["scopeURL"].startswith(self.stack.url)
                if ours and not registration["isDeleted"] and not registrations.done():
                    registrations.set_result(registration["registrationId"])

        devtools.on("ServiceWorker.workerRegistrationUpdated", seen)
        await devtools.send("ServiceWorker.enable")
        registration = await asyncio.wait_for(registrations, 10)
        await devtools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self.stack.url,
                "registrationId": registration,
                "data": push.payload.decode(),
            },
        )
        await devtools.detach()

    async def notifications(self) -> list[dict[str, Any]]:
        """What stands in the phone's notification shade."""
        shown: list[dict[str, Any]] = await self.page.evaluate(
            """async () => (await (await navigator.serviceWorker.ready).getNotifications())
                 .map(({title, body, lang, dir, data}) => ({title, body, lang, dir, data}))"""
        )
        return shown
