"""Who is let in while the server is busy, and what the others are told."""

import asyncio
import json
from typing import Any

import pytest

from backend.errors import Busy
from backend.gate import Gate
from backend.i18n import gettext


class Inside:
    """Stands for the API: each request stays until it is let go."""

    def __init__(self) -> None:
        self.entered: list[str] = []
        self.go: dict[str, asyncio.Event] = {}
        self.bodies: dict[str, bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        self.entered.append(path)
        self.go[path] = asyncio.Event()
        if scope["method"] == "PUT":
            self.bodies[path] = (await receive())["body"]
        if path == "/api/events":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await self.go[path].wait()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await self.go[path].wait()
        if path == "/api/broken":
            raise RuntimeError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Asking:
    """One request on its way through the gate."""

    def __init__(self, gate: Gate, method: str, path: str, language: str | None = None) -> None:
        self.heard: list[dict[str, Any]] = []
        self.body = asyncio.Event()
        headers = [(b"accept-language", language.encode())] if language else []
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        self.task = asyncio.create_task(gate(scope, self._receive, self._send))  # type: ignore[arg-type]

    async def _receive(self) -> Any:
        await self.body.wait()
        return {"type": "http.request", "body": b"words", "more_body": False}

    async def _send(self, message: Any) -> None:
        self.heard.append(message)

    @property
    def status(self) -> int | None:
        return self.heard[0]["status"] if self.heard else None

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.heard[0]["headers"]}


async def until_entered(inside: Inside, path: str) -> None:
    async with asyncio.timeout(5):
        while path not in inside.entered:
            await asyncio.sleep(0)


@pytest.mark.parametrize("language", ["vi", "fa", "en"])
async def test_one_too_many_is_asked_to_come_back_in_their_language(language: str) -> None:
    inside = Inside()
    gate = Gate(inside, limit=1, retry_after_seconds=5)
    first = Asking(gate, "GET", "/api/me")
    await until_entered(inside, "/api/me")
    second = Asking(gate, "GET", "/api/sync", language)
    await second.task
    assert inside.entered == ["/api/me"]
    assert second.status == 503
    assert second.headers["content-type"] == "application/problem+json"
    assert 5 <= int(second.headers["retry-after"]) <= 10
    problem = json.loads(second.heard[1]["body"])
    assert problem["code"] == "busy"
    assert problem["detail"] == gettext(language, Busy.message)  # type: ignore[arg-type]
    inside.go["/api/me"].set()
    await first.task
    third = Asking(gate, "GET", "/api/config")
    await until_entered(inside, "/api/config")
    inside.go["/api/config"].set()
    await third.task
    assert third.status == 200
    assert gate.taken == 0


async def test_not_all_are_asked_to_come_back_at_the_same_time() -> None:
    gate = Gate(Inside(), limit=0, retry_after_seconds=5)
    waits = set()
    for _ in range(100):
        refused = Asking(gate, "GET", "/api/sync")
        await refused.task
        waits.add(refused.headers["retry-after"])
    assert len(waits) == 6


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
async def test_who_looks_after_the_server_is_always_let_in(path: str) -> None:
    inside = Inside()
    asking = Asking(Gate(inside, limit=0, retry_after_seconds=5), "GET", path)
    await until_entered(inside, path)
    inside.go[path].set()
    await asking.task
    assert asking.status == 200


async def test_phones_that_listen_for_changes_take_no_place() -> None:
    inside = Inside()
    gate = Gate(inside, limit=1, retry_after_seconds=5)
    listening = Asking(gate, "GET", "/api/events")
    await until_entered(inside, "/api/events")
    assert (listening.status, gate.taken) == (200, 0)
    asking = Asking(gate, "GET", "/api/me")
    await until_entered(inside, "/api/me")
    for path in ("/api/events", "/api/me"):
        inside.go[path].set()
    await asyncio.gather(listening.task, asking.task)
    assert gate.taken == 0


async def test_a_photo_on_a_slow_line_does_not_keep_others_out() -> None:
    inside = Inside()
    gate = Gate(inside, limit=1, retry_after_seconds=5)
    slow = Asking(gate, "PUT", "/api/slow")
    await until_entered(inside, "/api/slow")
    assert gate.taken == 0
    asking = Asking(gate, "GET", "/api/me")
    await until_entered(inside, "/api/me")
    slow.body.set()
    async with asyncio.timeout(5):
        while "/api/slow" not in inside.bodies:
            await asyncio.sleep(0)
    assert gate.taken == 2  # it was let in before: it is not sent away with its bytes here
    for path in ("/api/slow", "/api/me"):
        inside.go[path].set()
    await asyncio.gather(slow.task, asking.task)
    assert (slow.status, gate.taken) == (200, 0)


async def test_a_request_that_fails_or_is_given_up_gives_its_place_back() -> None:
    inside = Inside()
    gate = Gate(inside, limit=2, retry_after_seconds=5)
    broken = Asking(gate, "GET", "/api/broken")
    given_up = Asking(gate, "GET", "/api/given-up")
    await until_entered(inside, "/api/given-up")
    inside.go["/api/broken"].set()
    with pytest.raises(RuntimeError):
        await broken.task
    given_up.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up.task
    assert gate.taken == 0
