"""Processes and what they hold, as Linux tells it."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

LEAVE_SECONDS = 30


def descendants(pid: int) -> list[int]:
    """The process ids that `pid` started, and that those started, and so on; itself first."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def resident_bytes(pid: int) -> int:
    """Memory resident for `pid` and all it started; what two share is counted twice."""
    total = 0
    for one in descendants(pid):
        with suppress(OSError):
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            total += pages * os.sysconf("SC_PAGE_SIZE")
    return total


def proportional_bytes(pid: int) -> int:
    """The same, with each page divided by the number of processes that share it."""
    total = 0
    for one in descendants(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Ask `process` to clean up and leave; if it does not, end it, all it started and any
    PostgreSQL whose data lies in `folder`."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in reversed(descendants(process.pid)):
                _kill(pid, signal.SIGKILL)
            process.wait()
    for pid_file in folder.rglob("postmaster.pid"):
        with suppress(OSError, ValueError):
            _kill_and_wait(int(pid_file.read_text().split("\n", 1)[0]))


def _kill(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _kill_and_wait(pid: int) -> None:
    _kill(pid, signal.SIGQUIT)  # PostgreSQL's immediate shutdown
    deadline = time.monotonic() + LEAVE_SECONDS
    while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
        time.sleep(0.1)
