"""How many requests are worked on at a time; the rest are asked to come back, before any work.

A whole ward that is back on line knocks in the same minute. Taken all at once, every request would
wait behind every other until the phones lose patience, and ask again: nobody would be served.
"""

import random
import time
from typing import Final

from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)

from backend import metrics
from backend.errors import PROBLEM_JSON, Busy, encode_problem
from backend.i18n import negotiate
from backend.logs import get_logger

ALWAYS_OPEN: Final = ("/healthz", "/metrics")
"""Who looks after the server must see it while it is busy."""

QUIET_SECONDS: Final = 10.0
"""After that long without a refusal, the next one is said in the log again."""


class Gate:
    """ASGI middleware around the API. One for each server process.

    A request counts while we work on it: not while its body is still on its way from a slow phone,
    and not once its answer has begun, so that open event streams cost no place. `limit` is exceeded
    only by requests that were let in before and whose bodies have arrived since.
    """

    def __init__(self, app: ASGIApp, limit: int, retry_after_seconds: int) -> None:
        self.app = app
        self.limit = limit
        self.retry_after_seconds = retry_after_seconds
        self.taken = 0
        self._refused_at = -QUIET_SECONDS
        metrics.WORKED_ON.set_function(lambda: self.taken)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"] in ALWAYS_OPEN:
            await self.app(scope, receive, send)
        elif self.taken >= self.limit:
            await self._refuse(scope, send)
        else:
            place = _Place(self)
            try:
                await self.app(scope, place.while_away(receive), place.until_answered(send))
            finally:
                place.leave()

    async def _refuse(self, scope: HTTPScope, send: Send) -> None:
        metrics.REFUSED.inc()
        now = time.monotonic()
        if now - self._refused_at >= QUIET_SECONDS:
            get_logger().warning("busy", limit=self.limit)
        self._refused_at = now
        # Each is given a time of its own: those refused together must not come back together.
        wait = random.randint(self.retry_after_seconds, 2 * self.retry_after_seconds)  # noqa: S311
        error = Busy(wait)
        body = encode_problem(error.problem(negotiate(_accept_language(scope))))
        headers = {
            "content-type": PROBLEM_JSON,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            **error.headers(),
        }
        await send(
            {
                "type": "http.response.start",
                "status": error.status,
                "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": body, "more_body": False})


class _Place:
    """One request's place among those worked on."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._held = False
        self._answered = False
        self._take()

    def _take(self) -> None:
        if not self._held and not self._answered:
            self._held = True
            self._gate.taken += 1

    def leave(self) -> None:
        if self._held:
            self._held = False
            self._gate.taken -= 1

    def while_away(self, receive: Receive) -> Receive:
        async def receive_elsewhere() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            self.leave()
            try:
                return await receive()
            finally:
                self._take()

        return receive_elsewhere

    def until_answered(self, send: Send) -> Send:
        async def send_and_leave(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answered = True
                self.leave()
            await send(message)

        return send_and_leave


def _accept_language(scope: HTTPScope) -> str | None:
    for name, value in scope["headers"]:
        if name.lower() == b"accept-language":
            return bytes(value).decode("latin-1")
    return None
