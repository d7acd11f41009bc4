"""The bad line does what it says: what the phone sees, and whether the server heard of it."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.faults.proxy import FaultProxy
from tests.faults.weather import AFTER_IT_COUNTED, BEFORE_IT_ARRIVES, KINDS, Weather

BODY = b"x" * 1000


class Heard:
    """A server that only counts what reached it whole."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(len(BODY))
        except asyncio.IncompleteReadError:
            writer.close()
            return
        self.count += 1
        answer = b'{"stored": true}'
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % len(answer)
        )
        writer.write(answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def heard() -> Heard:
    return Heard()


@pytest.fixture
async def line(heard: Heard, tmp_path: Path) -> AsyncIterator[FaultProxy]:
    server = await asyncio.start_server(heard, "127.0.0.1", 0)
    proxy = FaultProxy(server.sockets[0].getsockname()[1], tmp_path)
    await proxy.start()
    yield proxy
    await proxy.stop()
    server.close()


async def ask(line: FaultProxy, kind: str | None) -> httpx.Response | None:
    """One PUT under that fault; None when no whole answer came."""
    line.weather["phone"] = Weather(random.Random(1), 1.0, (kind,) if kind else ())
    headers = {"host": "phone.localhost"}
    async with httpx.AsyncClient(timeout=1.5) as client:
        try:
            return await client.put(
                f"http://127.0.0.1:{line.port}/api/reports/1", content=BODY, headers=headers
            )
        except httpx.TransportError:
            return None


async def test_on_a_fine_day_everything_passes(line: FaultProxy, heard: Heard) -> None:
    answer = await ask(line, None)
    assert answer is not None
    assert answer.json() == {"stored": True}
    assert heard.count == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_each_fault_is_what_its_name_says(line: FaultProxy, heard: Heard, kind: str) -> None:
    answer = await ask(line, kind)
    await line.late_arrivals("phone")
    line.calm("phone")
    good = answer is not None and answer.status_code == 200 and b"stored" in answer.content
    reached = {"duplicate": 2, "drop_mid_body": 0}
    reached |= dict.fromkeys(BEFORE_IT_ARRIVES, 0)
    assert heard.count == reached.get(kind, 1)
    assert line.weather["phone"].injected[kind] == 1
    damaged = set(BEFORE_IT_ARRIVES) | set(AFTER_IT_COUNTED) - {"slow_drip", "duplicate"}
    if kind in {"slow_drip", "duplicate", "delay"}:
        assert good
    elif kind in damaged | {"late", "drop_mid_body"} and kind != "too_short":
        assert not good
    else:
        assert answer is not None
        assert answer.content != b'{"stored": true}'


async def test_once_it_is_calm_nothing_happens(line: FaultProxy, heard: Heard) -> None:
    line.weather["phone"] = Weather(random.Random(1), 1.0, KINDS)
    line.calm("phone")
    async with httpx.AsyncClient() as client:
        answer = await client.put(
            f"http://127.0.0.1:{line.port}/api/reports/1",
            content=BODY,
            headers={"host": "phone.localhost"},
        )
    assert answer.json() == {"stored": True}
    assert heard.count == 1
