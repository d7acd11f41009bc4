"""Blocking calls (disk, S3 SDK) off the event loop, in a bounded pool of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

BATCH = 500


class CallThreads:
    """At most `limit` blocking calls at once; more wait their turn."""

    def __init__(self, limit: int) -> None:
        self._executor = ThreadPoolExecutor(limit, thread_name_prefix="media-store")

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one call in the pool. A cancelled task stops waiting; the call runs to its end."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: call(*args, **kwargs))

    async def iterate(self, items: Iterator[T]) -> AsyncIterator[T]:
        """Pull a blocking iterator in batches: one hop between threads for `BATCH` items."""
        while batch := await self.run(lambda: list(islice(items, BATCH))):
            for item in batch:
                yield item

    def close(self) -> None:
        """Refuse new calls; those under way end by themselves."""
        self._executor.shutdown(wait=False)
