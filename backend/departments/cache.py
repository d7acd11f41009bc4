"""Categories with their routes, kept for a few seconds in each process.

Every report needs its category; categories change a few times a year. A change made in another
process is seen here after `LIFETIME_S` at the latest.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from backend.departments.schemas import RoutedCategory

LIFETIME_S: Final = 5.0
MOST: Final = 10_000
"""A city has about 2,000 categories; ids that people make up are not kept."""


class CategoryCache:
    """Loads through `load`; `clock` gives seconds and never goes back."""

    def __init__(
        self,
        load: Callable[[UUID], Awaitable[RoutedCategory | None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._clock = clock
        self._kept: dict[UUID, tuple[float, RoutedCategory]] = {}

    async def get(self, category_id: UUID) -> RoutedCategory | None:
        kept = self._kept.get(category_id)
        if kept is not None and self._clock() - kept[0] < LIFETIME_S:
            return kept[1]
        asked_at = self._clock()  # what was read cannot be newer than this
        category = await self._load(category_id)
        if category is None:
            self._kept.pop(category_id, None)
            return None
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[category_id] = (asked_at, category)
        return category

    def forget(self) -> None:
        self._kept.clear()
