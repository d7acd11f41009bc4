"""Chromium driven over a pipe, by the few DevTools commands that phones without screens need.

Not through Playwright, which follows every request and frame of every page: two fifths of the
processor time of a run went there.
"""

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from tests.e2e.stack import CHROMIUM, FLAGS

READ_FD: Final = 3
WRITE_FD: Final = 4
"""Where Chromium reads commands and writes answers, each ended by a NUL."""
START_SECONDS: Final = 30
STEP_SECONDS: Final = 60.0
PIPE_BYTES: Final = 64 * 1024 * 1024

MORE_FLAGS: Final = (
    "--remote-debugging-pipe",
    # Devices are sites; a process for each would cost more than what they do.
    "--disable-features=IsolateOrigins,site-per-process,Translate,MediaRouter,OptimizationHints",
    "--disable-site-isolation-trials",
    "--renderer-process-limit=4",
    "--enable-features=NetworkServiceInProcess2",
    "--in-process-gpu",
    # A phone's page is in the foreground, whichever of the many it is.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-hang-monitor",
    "--disable-ipc-flooding-protection",
    "--disable-breakpad",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-component-extensions-with-background-pages",
    "--no-default-browser-check",
    "--password-store=basic",
    "--mute-audio",
    "--window-size=360,640",
)


class DevToolsError(Exception):
    """The browser refused, or it or the page has gone."""


class Chromium:
    """One browser process with its profile. Dies with `kill`; never restarts itself."""

    def __init__(self, profile: Path) -> None:
        self.profile = profile
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[str, asyncio.Future[dict[str, Any]]]] = {}
        self._events: dict[tuple[str, str], set[asyncio.Future[dict[str, Any]]]] = defaultdict(set)

    async def start(self) -> None:
        to_read, self._to_write = os.pipe()
        self._to_listen, to_say = os.pipe()

        def hand_over() -> None:
            # Via higher numbers: one of the two may be 3 or 4 itself.
            high_read, high_say = os.dup(to_read), os.dup(to_say)
            os.dup2(high_read, READ_FD)
            os.dup2(high_say, WRITE_FD)

        self.process = subprocess.Popen(
            [CHROMIUM, *FLAGS, *MORE_FLAGS, f"--user-data-dir={self.profile}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=hand_over,  # noqa: PLW1509 - nothing but dup
            pass_fds=(READ_FD, WRITE_FD),
            start_new_session=True,
        )
        os.close(to_read)
        os.close(to_say)
        os.set_blocking(self._to_write, True)
        self._reader = asyncio.StreamReader(limit=PIPE_BYTES)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._reader), os.fdopen(self._to_listen, "rb", 0)
        )
        self._listener = asyncio.create_task(self._listen())
        await asyncio.wait_for(self.send("Browser.getVersion"), START_SECONDS)

    async def send(self, method: str, session: str = "", **wish: object) -> dict[str, Any]:
        """One command and its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": wish}
        if session:
            message["sessionId"] = session
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = session, answer
        try:
            os.write(self._to_write, json.dumps(message).encode() + b"\0")
            return await answer
        except OSError as error:
            raise DevToolsError(f"{method}: {error}") from error
        finally:
            self._waiting.pop(number, None)

    def expect(self, session: str, event: str) -> "asyncio.Future[dict[str, Any]]":
        """Resolves to the parameters of the next such event; ask before what causes it."""
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._events[session, event].add(future)
        return future

    def kill(self) -> None:
        """`kill -9` of the browser and everything below it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        self.process.wait()
        self._listener.cancel()
        self._lose("", "the browser is gone")
        with contextlib.suppress(OSError):
            os.close(self._to_write)

    async def _listen(self) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                raw = await self._reader.readuntil(b"\0")
                self._take(json.loads(raw[:-1]))
        self._lose("", "the browser is gone")

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            _, answer = self._waiting.get(message["id"], ("", None))
            if answer is None or answer.done():
                return
            if "error" in message:
                answer.set_exception(DevToolsError(message["error"]["message"]))
            else:
                answer.set_result(message["result"])
            return
        session, event = message.get("sessionId", ""), message["method"]
        if event == "Target.detachedFromTarget":
            self._lose(message["params"]["sessionId"], "the page is gone")
        elif event == "Inspector.targetCrashed":
            self._lose(session, "the page crashed")
        for future in self._events.pop((session, event), ()):
            if not future.done():
                future.set_result(message["params"])

    def _lose(self, session: str, why: str) -> None:
        """Nobody will answer for this session any more; without one: for none."""
        for owner, answer in self._waiting.values():
            if session in {"", owner} and not answer.done():
                answer.set_exception(DevToolsError(why))
        for (owner, _), futures in self._events.items():
            for future in futures:
                if session in {"", owner} and not future.done():
                    future.set_exception(DevToolsError(why))
                    future.exception()


class Page:
    """One tab."""

    def __init__(self, chromium: Chromium, session: str) -> None:
        self.chromium = chromium
        self.session = session

    @classmethod
    async def create(cls, chromium: Chromium) -> "Page":
        target = await chromium.send("Target.createTarget", url="about:blank")
        attached = await chromium.send(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        page = cls(chromium, attached["sessionId"])
        await page.send("Page.enable")
        await page.send("Inspector.enable")
        await page.send("Emulation.setFocusEmulationEnabled", enabled=True)
        return page

    async def send(self, method: str, **wish: object) -> dict[str, Any]:
        return await self.chromium.send(method, self.session, **wish)

    def expect(self, event: str) -> "asyncio.Future[dict[str, Any]]":
        return self.chromium.expect(self.session, event)

    async def load(self, url: str) -> None:
        """Until its `load` event. Raises DevToolsError, TimeoutError."""
        async with asyncio.timeout(STEP_SECONDS):
            loaded = self.expect("Page.loadEventFired")
            answer = await self.send("Page.navigate", url=url)
            if answer.get("errorText"):
                raise DevToolsError(answer["errorText"])
            await loaded

    async def run(self, script: str, *arguments: object) -> Any:
        """What the function expression `script` resolves to. Raises DevToolsError."""
        given = ", ".join(json.dumps(argument) for argument in arguments)
        answer = await self.send(
            "Runtime.evaluate",
            expression=f"({script})({given})",
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            raise DevToolsError(str(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")
