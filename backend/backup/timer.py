"""A backup every hour, or however often, until told to stop."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from backend.backup.errors import BackupError
from media_store import MediaStoreError

RETRY: Final = timedelta(minutes=5)
FAILURES: Final = (
    BackupError,
    MediaStoreError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)
"""What may be over the next time: a full disk, a store or a database that is away."""
_INTERVAL: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def read_interval(text: str) -> timedelta:
    """`30m`, `1h`, `1d`. Raises ValueError."""
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time such as 30m, 1h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


async def keep_taking(
    every: timedelta,
    last: datetime | None,
    take: Callable[[], Awaitable[None]],
    failed: Callable[[Exception], None],
    stopping: asyncio.Event,
) -> None:
    """Call `take` whenever `every` has passed since the last one; at once if that is over.

    What fails is said and tried again soon: a backup must not end with the first bad night.
    """
    due = datetime.now(UTC) if last is None else last + every
    while not stopping.is_set():
        wait = (due - datetime.now(UTC)).total_seconds()
        if wait > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), wait)
            continue
        due = datetime.now(UTC) + every
        try:
            await take()
        except FAILURES as error:
            failed(error)
            due = datetime.now(UTC) + min(every, RETRY)
