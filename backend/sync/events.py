"""Who listens, and the one database connection that hears of changes.

The stream says only "changed"; the phone then pulls. A word lost here costs freshness, not data.
"""

import asyncio
import contextlib
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Final

import asyncpg

from backend import metrics
from backend.changes import CHANNEL
from backend.logs import get_logger
from backend.settings import get_settings

KEEP_ALIVE_SECONDS: Final = 25.0
RECONNECT_SECONDS: Final = 1.0


class ChangeHub:
    """Hands each change to the open streams of its scope, within this process."""

    def __init__(self) -> None:
        self._waiting: dict[uuid.UUID, set[asyncio.Event]] = defaultdict(set)
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._closing.clear()
        self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Ends all streams, so that the server can stop."""
        self._closing.set()
        for events in self._waiting.values():
            for event in events:
                event.set()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_until_lost()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                get_logger().warning("event_listener_lost", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_until_lost(self) -> None:
        lost = asyncio.Event()
        connection = await asyncpg.connect(get_settings().database_url)
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._heard)
            self._wake_everyone()  # whatever happened while nobody listened
            await lost.wait()
        finally:
            if not connection.is_closed():
                await connection.close(timeout=2)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for event in self._waiting.get(uuid.UUID(str(payload)), ()):
            event.set()

    def _wake_everyone(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()

    async def listen(self, scopes: Sequence[uuid.UUID]) -> AsyncIterator[bool]:
        """True: something changed in `scopes`. False: nothing did for a while. Ends at shutdown."""
        event = asyncio.Event()
        event.set()  # at once: the phone may have missed something while it was away
        for scope in scopes:
            self._waiting[scope].add(event)
        metrics.LISTENERS.inc()
        try:
            while not self._closing.is_set():
                try:
                    await asyncio.wait_for(event.wait(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    yield False
                    continue
                event.clear()
                if not self._closing.is_set():
                    yield True
        finally:
            metrics.LISTENERS.dec()
            for scope in scopes:
                self._waiting[scope].discard(event)
                if not self._waiting[scope]:
                    del self._waiting[scope]
