"""`khupho start`: everything on one machine in one terminal."""

import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from types import FrameType
from typing import Final

from backend.embedded import revive_embedded
from backend.settings import Settings

STARTUP_SECONDS: Final = 60.0
STOP_SECONDS: Final = 25.0
RESTART_SECONDS: Final = 2.0


def supervise(settings: Settings, *, demo: bool) -> int:
    """Migrate, fill an empty database with the demo, run server and worker, print join links.

    A process that dies is started again, the embedded database too. Ctrl-C stops both processes,
    and the database last.
    """
    if _run("migrate") != 0:
        return 1
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    children = {name: _spawn(name) for name in ("serve", "worker")}
    try:
        if not _wait_until_answering(settings, stopping):
            return 0 if stopping.is_set() else 1
        if demo:
            _run("demo", "--unless-real")
        print(f"\nKhu Phố is at {settings.public_url}   (Ctrl-C stops it)", flush=True)
        while not stopping.wait(RESTART_SECONDS):
            _look_after_database()
            for name, child in children.items():
                if child.poll() is not None:
                    print(
                        f"khupho: {name} stopped ({child.returncode}); starting it again",
                        flush=True,
                    )
                    children[name] = _spawn(name)
        return 0
    finally:
        _stop(list(children.values()))


def _look_after_database() -> None:
    """The embedded one: nobody else would start it again. The others wait for it meanwhile."""
    if not revive_embedded():
        print("khupho: the database does not start; see its log, and the disk", flush=True)


def _run(*command: str) -> int:
    """A command to its end. A process of its own: this one stays small."""
    return subprocess.run([sys.executable, "-m", "backend", *command], check=False).returncode  # noqa: S603


def _spawn(command: str) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches us alone, and we stop both in order.
    return subprocess.Popen([sys.executable, "-m", "backend", command], start_new_session=True)  # noqa: S603


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_until_answering(settings: Settings, stopping: threading.Event) -> bool:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and not stopping.wait(0.2):
        try:
            with urllib.request.urlopen(
                f"http://{settings.host}:{settings.port}/healthz", timeout=2
            ):
                return True
        except (urllib.error.URLError, OSError):
            continue
    print("khupho: the server does not answer; see its messages above", file=sys.stderr)
    return False
