"""The product as processes to be killed: PostgreSQL, servers with a bad line each, a worker."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import psutil

from backend import embedded
from tests.e2e.stack import free_port
from tests.faults.proxy import FaultProxy

ROOT: Final = Path(__file__).resolve().parents[2]
COMPILED: Final = Path(tempfile.gettempdir()) / f"khupho-faults-compiled-{os.getuid()}"
START_SECONDS: Final = 60
SLOW_COMMITS: Final = "before_commit=wait:150%12"
"""Every twelfth transaction hangs a little before it commits, as on a busy disk: so transactions
overlap, and what is committed becomes visible in another order than it was begun."""


def build_client(folder: Path, mutant: str | None = None) -> Path:
    """The harness page around the app's own data layer, built into `folder`."""
    node = Path(sys.executable).parent / "node"
    vite = ROOT / "pwa" / "node_modules" / "vite" / "bin" / "vite.js"
    config = ROOT / "tests" / "faults" / "client" / "vite.config.mts"
    subprocess.run(
        [node, vite, "build", "--config", config, "--outDir", folder],
        cwd=ROOT / "pwa",
        env={**os.environ, **({"FAULTS_MUTANT": mutant} if mutant else {})},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder


@dataclass
class Line:
    """One server process and the line to it."""

    database_url: str
    var: Path
    pages: Path
    name: str
    mutant: str | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    proxy: FaultProxy = field(init=False)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    _watcher: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.proxy = FaultProxy(self.port, self.pages)

    @property
    def url(self) -> str:
        """The server itself, past the line."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {**environment_of(self.database_url, self.var), **self.more}

    async def start(self, failpoints: str | None = SLOW_COMMITS) -> None:
        if self.proxy.port == 0:
            await self.proxy.start()
        self._spawn(failpoints)
        await self.answering()

    def _spawn(self, failpoints: str | None) -> None:
        module = "tests.faults.mutants.server" if self.mutant else "backend"
        environment = {
            **self.environment,
            "KHUPHO_PORT": str(self.port),
            "KHUPHO_PUBLIC_URL": f"http://localhost:{self.proxy.port}",
            "KHUPHO_DATABASE_POOL": "12",
        }
        if failpoints:
            environment["KHUPHO_FAILPOINTS"] = failpoints
        if self.mutant:
            environment["KHUPHO_TEST_MUTANT"] = self.mutant
        self.process = _popen([module, "serve"], environment, self.var / f"{self.name}.log")

    async def answering(self) -> None:
        async with httpx.AsyncClient() as client:
            for _ in range(START_SECONDS * 20):
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"{self.url}/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise TimeoutError((self.var / f"{self.name}.log").read_text()[-4000:])

    def kill(self) -> None:
        """As a power cut: no handler runs."""
        if self.process is not None:
            _kill_group(self.process)

    def watch(self, downtime: float, failpoints: str | None) -> None:
        """From now on, whenever the server dies it is started again after `downtime` seconds."""
        self._watcher = asyncio.create_task(self._restart_when_dead(downtime, failpoints))

    async def _restart_when_dead(self, downtime: float, failpoints: str | None) -> None:
        while True:
            await asyncio.sleep(0.03)
            if self.process is not None and self.process.poll() is not None:
                self.deaths += 1
                _kill_group(self.process)
                await asyncio.sleep(downtime)
                self._spawn(failpoints)
                failpoints = None

    async def unwatch(self) -> None:
        """The last restart is waited for."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
            self._watcher = None
        if self.process is None or self.process.poll() is not None:
            self._spawn(None)
        await self.answering()

    async def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        await self.proxy.stop()
        if self.process is not None:
            _kill_group(self.process)


@dataclass
class Worker:
    """The worker process, as unimportant as a process can be: phones must not wait for it."""

    database_url: str
    var: Path
    more: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**environment_of(self.database_url, self.var), **self.more}
        self.process = _popen(["tests.faults.worker"], environment, self.var / "worker.log")
        os.setpriority(os.PRIO_PROCESS, self.process.pid, 15)

    def kill(self) -> None:
        if self.process is not None:
            _kill_group(self.process)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Database:
    """An embedded PostgreSQL. All its methods block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = embedded.start_embedded(folder)
        assert embedded._server is not None
        self._server = embedded._server

    def kill(self) -> None:
        """Postmaster and all its children at once, as a power cut would."""
        pid = self._server.get_pid()
        assert pid is not None
        postmaster = psutil.Process(pid)
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=10)

    def cpu_seconds(self) -> float:
        """Of the postmaster and all it ever started."""
        postmaster = psutil.Process(self._server.get_pid())
        own = postmaster.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for process in postmaster.children(recursive=True):
            used = process.cpu_times()
            total += used.user + used.system
        return total

    def start(self) -> None:
        """After `kill`, or when it gave up: crash recovery, then it is back at the same address."""
        embedded._server = self._server
        for _ in range(5):
            if embedded.revive_embedded():
                return
        raise RuntimeError(self._server.log.read_text()[-2000:])

    def stop(self) -> None:
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            self._server.cleanup()


def run_product(arguments: list[str], environment: dict[str, str], log: Path) -> bool:
    """One command of the product to its end; whether it ended well. Blocks."""
    process = _popen(["backend", *arguments], environment, log)
    return process.wait() == 0


def environment_of(database_url: str, var: Path) -> dict[str, str]:
    """What server and worker share."""
    left_out = ("KHUPHO_", "PYTHONDONTWRITEBYTECODE")
    mine = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    return {
        **mine,
        # Killed and started again and again: compiling everything anew takes two seconds.
        "PYTHONPYCACHEPREFIX": str(COMPILED),
        "DATABASE_URL": database_url,
        "KHUPHO_VAR_DIR": str(var),
        "KHUPHO_LOG_LEVEL": "warning",
        "KHUPHO_SECRET_KEY": "0" * 64,
        "KHUPHO_CONTACT": "mailto:ward@khupho.example",
    }


def _popen(arguments: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()
