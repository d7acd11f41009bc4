"""Runs `decode_child.py`: whatever a stranger's file does to its decoder, it does it there.

Every file gets a new process, which is confined in memory, time and open files, and may be killed.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, Literal

import msgspec

DECODERS_AT_ONCE: Final = 2
DECODERS: Final = asyncio.Semaphore(DECODERS_AT_ONCE)

_CHILD: Final = Path(__file__).with_name("decode_child.py")
_REPLY_BYTES: Final = 8 * 1024
# Where a Python that is not the system's finds its own libraries. Nothing else is handed down.
_PASSED_ON: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class ChildLimits(msgspec.Struct, frozen=True):
    """What one file may cost. Seconds are whole: the kernel counts them so."""

    # Address space, not resident memory: threads and libraries reserve more than they use.
    memory_bytes: int = 1024 * 1024 * 1024
    cpu_seconds: int = 10
    wall_seconds: int = 20


class Refusal(msgspec.Struct, frozen=True, tag_field="type", tag="refused"):
    """What the child says of a file that cannot be used."""

    code: str
    detail: str


class ChildTookTooLong(Exception):
    """It was stopped after its time."""


class ChildFell(Exception):
    """The decoder crashed over the file."""


class ChildFailed(Exception):
    """It ended without an answer: our fault or the machine's."""


async def run_child(
    kind: Literal["photo", "voice"], source: BinaryIO, out_dir: Path, limits: ChildLimits
) -> bytes:
    """Its answer, one line of JSON. However this ends, no process is left.

    Raises:
        ChildTookTooLong, ChildFell, ChildFailed
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",  # no environment, no working directory, no user folder on the import path
        "-B",
        _CHILD,
        kind,
        msgspec.json.encode(limits).decode(),
        stdin=source,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=out_dir,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        | {"MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8"},
        limit=_REPLY_BYTES,
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(limits.wall_seconds):
            line = await child.stdout.readline()
            code = await child.wait()
    except TimeoutError as error:
        raise ChildTookTooLong(f"more than {limits.wall_seconds} s") from error
    except ValueError as error:
        raise ChildFailed("its answer has no end") from error
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            # Also empties its pipe: with bytes left there asyncio would wait for ever.
            await child.communicate()
    if not line:
        raise _died(code)
    return line


def _died(code: int) -> ChildTookTooLong | ChildFell | ChildFailed:
    """What an end without an answer means; `code` is negative for a signal."""
    if -code in {signal.SIGXCPU, signal.SIGALRM}:
        return ChildTookTooLong("processor time used up")
    if -code in {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE}:
        return ChildFell(f"the decoder fell over it (signal {-code})")
    return ChildFailed(f"ended with {code}")
