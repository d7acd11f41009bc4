"""What a process asked of the kernel, in order: read from strace's own words."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CALLS = "fsync,fdatasync,rename,renameat,renameat2,sendto,sendmsg,write,writev"
# -y names files, -ttt the moment a call began, -T how long it took.
OPTIONS = ("-f", "-y", "-ttt", "-T", "-s", "400", "-e", f"trace={CALLS}")
ATTACH_SECONDS = 20

_LINE = re.compile(r"(\d+) +(\d+\.\d+) (.*)")
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+).*<(\d+\.\d+)>$")
_BEGUN = re.compile(r"(\w+)\((.*) <unfinished \.\.\.>$")
_ENDED = re.compile(r"<\.\.\. (\w+) resumed>(.*)\) += (-?\d+).*<(\d+\.\d+)>$")


@dataclass(frozen=True)
class Call:
    """One call of one thread. Times in seconds since 1970."""

    thread: int
    name: str
    arguments: str
    result: int
    begun: float
    ended: float


def strace() -> str:
    """The program. In CI it must be there (scripts/system installs it) and be allowed to look."""
    program = shutil.which("strace")
    reason = "there is no strace" if program is None else _refusal(program)
    if reason:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    assert program is not None
    return program


def _refusal(program: str) -> str:
    tried = subprocess.run(
        [program, "-f", "-o", "/dev/null", "true"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if tried.returncode == 0 else f"strace may not look here: {tried.stderr[-300:]}"


@contextmanager
def watched(process: int, output: Path) -> Iterator[None]:
    """Watches a running process, and those it starts from now on."""
    watcher = subprocess.Popen(
        [strace(), *OPTIONS, "-o", str(output), "-p", str(process)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + ATTACH_SECONDS
        while f"TracerPid:\t{watcher.pid}" not in Path(f"/proc/{process}/status").read_text():
            assert watcher.poll() is None, watcher.stderr and watcher.stderr.read()
            assert time.monotonic() < deadline
        yield
    finally:
        watcher.terminate()
        watcher.communicate(timeout=30)


def read_calls(output: Path) -> list[Call]:
    """In the order in which they ended."""
    begun: dict[int, tuple[str, str, float]] = {}
    calls = []
    for line in output.read_text(errors="replace").splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        thread, moment, words = int(found[1]), float(found[2]), found[3]
        if whole := _CALL.fullmatch(words):
            name, arguments, result, took = whole.groups()
            calls.append(Call(thread, name, arguments, int(result), moment, moment + float(took)))
        elif start := _BEGUN.fullmatch(words):
            begun[thread] = (start[1], start[2], moment)
        elif (end := _ENDED.fullmatch(words)) and thread in begun:
            name, arguments, since = begun.pop(thread)
            calls.append(
                Call(thread, name, arguments + end[2], int(end[3]), since, since + float(end[4]))
            )
    return sorted(calls, key=lambda call: call.ended)
