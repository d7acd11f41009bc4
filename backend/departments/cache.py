"""What every report needs and a ward changes a few times a year, kept for seconds in each process.

A change made in another process is seen here after `LIFETIME_S` at the latest.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar
from uuid import UUID

T = TypeVar("T")

LIFETIME_S: Final = 5.0
MOST: Final = 10_000
"""A city has about 2,000 categories; ids that people make up are not kept."""


class BriefCache(Generic[T]):
    """Things by id. Loads through `load`; `clock` gives seconds and never goes back."""

    def __init__(
        self,
        load: Callable[[UUID], Awaitable[T | None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._clock = clock
        self._kept: dict[UUID, tuple[float, T]] = {}

    async def get(self, thing_id: UUID) -> T | None:
        kept = self._kept.get(thing_id)
        if kept is not None and self._clock() - kept[0] < LIFETIME_S:
            return kept[1]
        asked_at = self._clock()  # what was read cannot be newer than this
        thing = await self._load(thing_id)
        if thing is None:
            self._kept.pop(thing_id, None)
            return None
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[thing_id] = (asked_at, thing)
        return thing

    def forget(self) -> None:
        self._kept.clear()
