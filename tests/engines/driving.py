"""Other browsers as phones: WebKit by WebDriver, Firefox by WebDriver BiDi.

Both are W3C protocols spoken here directly: Selenium would need geckodriver, which nobody packages,
and Playwright drives only browsers it has patched itself. What both offer is little: go there, run
this, press that, type, choose a file, and be closed or killed.
"""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.stack import free_port

SECONDS: Final = 30.0
ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's reference (WebDriver §11)."""

WRAP: Final = """
const named = (error) => ({ error: error?.name ?? 'Error', text: String(error?.message ?? error) });
"""


class Gone(Exception):
    """The browser went away under the call."""


class Failed(Exception):
    """What ran in the page threw an error of this name."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        super().__init__(f"{name}: {text}")


@dataclass
class Browser(ABC):
    """One browser process with a profile on disk, and one tab in front."""

    profile: Path
    language: str = "vi"
    latitude: float = 0.0
    longitude: float = 0.0

    name = ""

    @abstractmethod
    async def start(self) -> None:
        """Cold start; the profile is as the last one left it."""

    @abstractmethod
    async def goto(self, url: str) -> None:
        """Back once the page has loaded. Raises Failed when there is no line and no worker."""

    @abstractmethod
    async def run(self, script: str, *arguments: object) -> Any:
        """The body of an async function run in the page; its JSON comes back."""

    @abstractmethod
    async def element(self, script: str, *arguments: object) -> Any | None:
        """The same for one element, as a reference for the methods below."""

    @abstractmethod
    async def press(self, element: Any) -> None:
        """A real click in its middle."""

    @abstractmethod
    async def write(self, element: Any, text: str) -> None:
        """Key by key."""

    @abstractmethod
    async def choose(self, element: Any, files: Sequence[Path]) -> None:
        """As if picked in the system's dialog."""

    @abstractmethod
    async def close(self) -> None:
        """The person leaves the app; the process ends in order."""

    @abstractmethod
    async def kill(self) -> None:
        """`kill -9` of the browser and all below it."""


@dataclass
class WebKit(Browser):
    """WebKitGTK, the engine of Safari, in a window of ours (`webkit_phone.py`)."""

    name = "WebKit"
    port: int = 0
    driver: subprocess.Popen[bytes] | None = None
    display: subprocess.Popen[bytes] | None = None
    _http: httpx.AsyncClient | None = None
    _session: str = ""

    async def start(self) -> None:
        self.profile.mkdir(parents=True, exist_ok=True)
        environment = {k: v for k, v in os.environ.items() if k != "DISPLAY"}
        if self.display is None:
            self.display, number = _start_display()
            self._environment = environment | {
                "DISPLAY": f":{number}",
                "LIBGL_ALWAYS_SOFTWARE": "1",
                "WEBKIT_DISABLE_DMABUF_RENDERER": "1",
                "NO_AT_BRIDGE": "1",
                "GIO_USE_PORTALS": "0",
            }
        self.port = free_port()
        self.driver = subprocess.Popen(
            ["WebKitWebDriver", f"--port={self.port}"],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=(self.profile / "driver.log").open("ab"),
            start_new_session=True,
        )
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}", timeout=2 * SECONDS
        )
        phone = Path(__file__).with_name("webkit_phone.py")
        options = {
            "binary": "/usr/bin/python3",
            "args": [
                str(phone),
                str(self.profile),
                self.language,
                str(self.latitude),
                str(self.longitude),
            ],
        }
        wish = {
            "browserName": "KhuPhoPhone",
            "webkitgtk:browserOptions": options,
            "timeouts": {"script": int(SECONDS * 1000), "pageLoad": int(SECONDS * 1000)},
        }
        for _ in range(100):
            try:
                answer = await self._http.post(
                    "/session", json={"capabilities": {"alwaysMatch": wish}}
                )
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
        else:
            raise Gone("WebKitWebDriver does not listen")
        self._session = _value(answer)["sessionId"]

    async def _post(self, path: str, body: Mapping[str, object]) -> Any:
        if self._http is None:
            raise Gone("it is not open")
        try:
            return _value(await self._http.post(f"/session/{self._session}{path}", json=dict(body)))
        except httpx.TransportError as error:
            raise Gone(str(error)) from error

    async def goto(self, url: str) -> None:
        await self._post("/url", {"url": url})

    async def run(self, script: str, *arguments: object) -> Any:
        wrapped = f"""{WRAP}
            const done = arguments[arguments.length - 1];
            (async (...given) => {{ {script} }})(...[...arguments].slice(0, -1)).then(
                (value) => done({{ value: value ?? null }}),
                (error) => done(named(error)));"""
        return _settled(await self._post("/execute/async", {"script": wrapped, "args": arguments}))

    async def element(self, script: str, *arguments: object) -> Any | None:
        wrapped = f"return ((...given) => {{ {script} }})(...arguments) ?? null;"
        return await self._post("/execute/sync", {"script": wrapped, "args": arguments})

    async def press(self, element: Any) -> None:
        await self._post(f"/element/{element[ELEMENT]}/click", {})

    async def write(self, element: Any, text: str) -> None:
        await self._post(f"/element/{element[ELEMENT]}/value", {"text": text})

    async def choose(self, element: Any, files: Sequence[Path]) -> None:
        names = "\n".join(str(file) for file in files)
        await self._post(f"/element/{element[ELEMENT]}/value", {"text": names})

    async def close(self) -> None:
        if self._http is not None:
            # It says "no such window" when the window goes with the session.
            with contextlib.suppress(httpx.TransportError):
                await self._http.delete(f"/session/{self._session}")
            await self._http.aclose()
            self._http = None
        await self._end_driver()

    async def kill(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None
        await self._end_driver()

    async def _end_driver(self) -> None:
        if self.driver is not None:
            _kill_tree(self.driver)
            self.driver = None
        await _until_nobody_has(self.profile)

    def end_display(self) -> None:
        """After the last `close`."""
        if self.display is not None:
            _kill_tree(self.display)
            self.display = None


PREFERENCES: Final[Mapping[str, object]] = {
    # Nothing of its own on the line, no questions, no first-run pages.
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "messaging-system.rsexperimentloader.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.unified": False,
    # The person says yes, and always stands at the same place.
    "geo.prompt.testing": True,
    "geo.prompt.testing.allow": True,
    "permissions.default.desktop-notification": 2,
    # A tone stands for somebody who speaks.
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
}


@dataclass
class Firefox(Browser):
    """Firefox ESR, without a window."""

    name = "Firefox"
    process: subprocess.Popen[bytes] | None = None
    _socket: ClientConnection | None = None
    _listener: asyncio.Task[None] | None = None
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _waiting: dict[int, "asyncio.Future[Any]"] = field(default_factory=dict)
    _tab: str = ""

    async def start(self) -> None:
        self.profile.mkdir(parents=True, exist_ok=True)
        place = {"lat": self.latitude, "lng": self.longitude}
        found = json.dumps({"location": place, "accuracy": 14})
        wishes = {
            **PREFERENCES,
            "intl.accept_languages": self.language,
            "geo.provider.network.url": f"data:application/json,{found}",
        }
        (self.profile / "user.js").write_text(
            "".join(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in wishes.items())
        )
        said = self.profile / "WebDriverBiDiServer.json"
        said.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [
                "firefox-esr",
                "--headless",
                "--no-remote",
                "--profile",
                str(self.profile),
                "--remote-debugging-port=0",
                "about:blank",
            ],
            env={k: v for k, v in os.environ.items() if k != "DISPLAY"} | {"MOZ_HEADLESS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=(self.profile / "firefox.log").open("ab"),
            start_new_session=True,
        )
        async with asyncio.timeout(2 * SECONDS):
            while True:
                with contextlib.suppress(OSError, ValueError):
                    where = json.loads(said.read_text())
                    break
                await asyncio.sleep(0.05)
            address = f"ws://127.0.0.1:{where['ws_port']}/session"
            self._socket = await connect(address, max_size=None, ping_interval=None)
        self._listener = asyncio.create_task(self._listen(self._socket))
        await self._send("session.new", {"capabilities": {}})
        tabs = await self._send("browsingContext.getTree", {})
        self._tab = tabs["contexts"][0]["context"]
        size = {"width": 400, "height": 740}
        await self._send("browsingContext.setViewport", {"context": self._tab, "viewport": size})

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                said = json.loads(text)
                future = self._waiting.pop(said.get("id", -1), None)
                if future is not None and not future.done():
                    future.set_result(said)
        except Exception as error:
            self._give_up(error)
        else:
            self._give_up(ConnectionError("closed"))

    def _give_up(self, error: Exception) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Gone(str(error)))
        self._waiting.clear()

    async def _send(self, method: str, parameters: Mapping[str, object]) -> Any:
        if self._socket is None:
            raise Gone("it is not open")
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send(
                json.dumps({"id": number, "method": method, "params": dict(parameters)})
            )
            said = await asyncio.wait_for(future, SECONDS)
        except (OSError, TimeoutError) as error:
            raise Gone(f"{method}: {error!r}") from error
        if said["type"] == "error":
            raise Failed(said["error"], f"{method}: {said['message']}")
        return said["result"]

    async def goto(self, url: str) -> None:
        await self._send(
            "browsingContext.navigate", {"context": self._tab, "url": url, "wait": "complete"}
        )

    async def _call(self, function: str, arguments: Sequence[object]) -> Any:
        said = await self._send(
            "script.callFunction",
            {
                "functionDeclaration": function,
                "awaitPromise": True,
                "target": {"context": self._tab},
                # Our own JSON on both ways: BiDi's has another shape.
                "arguments": [{"type": "string", "value": json.dumps(list(arguments))}],
                "resultOwnership": "none",
            },
        )
        if said["type"] == "exception":
            raise Failed("Error", said["exceptionDetails"]["text"])
        return said["result"]

    async def run(self, script: str, *arguments: object) -> Any:
        function = f"""async (text) => {{ {WRAP}
            try {{
                const value = await (async (...given) => {{ {script} }})(...JSON.parse(text));
                return JSON.stringify({{ value: value ?? null }});
            }} catch (error) {{ return JSON.stringify(named(error)); }}
        }}"""
        result = await self._call(function, arguments)
        return _settled(json.loads(result["value"]))

    async def element(self, script: str, *arguments: object) -> Any | None:
        function = f"(text) => ((...given) => {{ {script} }})(...JSON.parse(text)) ?? null"
        result = await self._call(function, arguments)
        return {"sharedId": result["sharedId"]} if result["type"] == "node" else None

    async def press(self, element: Any) -> None:
        await self._send(
            "script.callFunction",
            {
                "functionDeclaration": "(e) => e.scrollIntoView({ block: 'center' })",
                "awaitPromise": False,
                "target": {"context": self._tab},
                "arguments": [element],
            },
        )
        here = {"type": "element", "element": element}
        await self._act(
            {
                "type": "pointer",
                "id": "finger",
                "parameters": {"pointerType": "touch"},
                "actions": [
                    {"type": "pointerMove", "x": 0, "y": 0, "origin": here},
                    {"type": "pointerDown", "button": 0},
                    {"type": "pointerUp", "button": 0},
                ],
            }
        )

    async def write(self, element: Any, text: str) -> None:
        await self.press(element)
        keys = [{"type": kind, "value": letter} for letter in text for kind in ("keyDown", "keyUp")]
        await self._act({"type": "key", "id": "keys", "actions": keys})

    async def _act(self, source: Mapping[str, object]) -> None:
        await self._send("input.performActions", {"context": self._tab, "actions": [source]})

    async def choose(self, element: Any, files: Sequence[Path]) -> None:
        names = [str(file) for file in files]
        await self._send(
            "input.setFiles", {"context": self._tab, "element": element, "files": names}
        )

    async def close(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(Gone, Failed):
                await self._send("browser.close", {})
            with contextlib.suppress(Exception):
                await self._socket.close()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self.process.wait, 15)
        await self._end()

    async def kill(self) -> None:
        await self._end()

    async def _end(self) -> None:
        if self.process is not None:
            _kill_tree(self.process)
            self.process = None
        if self._listener is not None:
            self._listener.cancel()
            self._listener = None
        self._socket = None
        await _until_nobody_has(self.profile)


def _value(answer: httpx.Response) -> Any:
    value = answer.json()["value"]
    if answer.status_code != 200:
        raise Failed(value["error"], value["message"])
    return value


def _settled(told: Any) -> Any:
    if "error" in told:
        raise Failed(told["error"], told["text"])
    return told["value"]


def _start_display() -> tuple[subprocess.Popen[bytes], int]:
    """A screen that nobody sees; GTK wants one."""
    read, write = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x900x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    if not number:
        raise Gone("Xvfb does not start")
    return process, int(number)


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


async def _until_nobody_has(profile: Path) -> None:
    """Engines start processes of their own that hold the profile; all of them must be gone."""
    import psutil

    for _ in range(200):
        left = []
        for process in psutil.process_iter(["cmdline"]):
            if any(str(profile) in word for word in process.info["cmdline"] or []):
                left.append(process)
        if not left:
            return
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        await asyncio.sleep(0.05)
    raise Gone(f"something still holds {profile}")


NEEDS: Final[Mapping[type[Browser], tuple[str, ...]]] = {
    WebKit: ("WebKitWebDriver", "Xvfb"),
    Firefox: ("firefox-esr",),
}


def missing(engine: type[Browser]) -> str | None:
    """Why this engine cannot be started here; None when it can."""
    if sys.platform != "linux":
        return f"{engine.name}: only Linux packages it with a driver"
    lacks = [program for program in NEEDS[engine] if shutil.which(program) is None]
    if engine is WebKit and not lacks:
        asked = "import gi; gi.require_version('WebKit2', '4.1')"
        tried = subprocess.run(
            ["/usr/bin/python3", "-c", asked], check=False, stderr=subprocess.DEVNULL
        )
        if tried.returncode:
            lacks.append("gir1.2-webkit2-4.1")
    return f"{engine.name}: scripts/system installs {', '.join(lacks)}" if lacks else None
