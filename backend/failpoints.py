"""Named places at which the server may be made to die or to wait: for the fault tests only.

`KHUPHO_FAILPOINTS="after_commit=kill@7,before_commit=wait:300%10"`: at the seventh passage of
`after_commit` this process and its group are killed as by `kill -9`, and at every tenth passage of
`before_commit` 300 ms pass. Without the setting a passage costs a comparison.
"""

import asyncio
import os
import signal
from functools import lru_cache
from typing import Final

import msgspec

from backend.settings import PREFIX, SettingsError, get_settings

NAMES: Final = frozenset(
    {
        "before_commit",
        "after_commit",
        "part_written",
        "part_synced",
        "file_stored",
        "upload_recorded",
    }
)


class Failpoint(msgspec.Struct):
    """`wait_ms` None: die at passage `every`; otherwise wait that long at each multiple of it."""

    every: int
    wait_ms: int | None = None
    passages: int = 0


async def failpoint(name: str) -> None:
    """Pass the place `name`; returns, unless the setting says otherwise."""
    wish = get_settings().failpoints
    if wish is not None:
        await _pass(parse_failpoints(wish).get(name))


async def _pass(point: Failpoint | None) -> None:
    if point is None:
        return
    point.passages += 1
    if point.wait_ms is not None:
        if point.passages % point.every == 0:
            await asyncio.sleep(point.wait_ms / 1000)
    elif point.passages == point.every:
        os.killpg(os.getpgrp(), signal.SIGKILL)


@lru_cache(maxsize=1)
def parse_failpoints(wish: str) -> dict[str, Failpoint]:
    """What the setting asks for, by name; the passages are counted in it.

    Raises:
        SettingsError: naming what is wrong.
    """
    points = {}
    for part in wish.split(","):
        name, _, action = part.partition("=")
        verb, at, number = action.partition("@" if "@" in action else "%")
        wait_ms = verb.removeprefix("wait:") if at == "%" else None
        known = verb == "kill" if at == "@" else verb.startswith("wait:")
        digits = number.isdigit() and int(number) > 0 and (wait_ms is None or wait_ms.isdigit())
        if name not in NAMES or not known or not digits:
            raise SettingsError(f"{PREFIX}FAILPOINTS: {part!r} is no failpoint")
        points[name] = Failpoint(int(number), None if wait_ms is None else int(wait_ms))
    return points
