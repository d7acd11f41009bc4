"""Two thousand phones that cost little: sockets, and the words a phone says."""

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import brotli
import msgspec

PATIENCE_SECONDS = 20.0
"""As the app's own client: then it takes the line for dead."""


class LineLost(Exception):
    """No line, or no answer in time."""


@dataclass
class Answer:
    """One answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


@dataclass
class Seen:
    """What all phones together saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """Of requests that were served."""
    refusals: list[tuple[str, Answer]] = field(default_factory=list)
    """Language asked for, and the 503."""


@dataclass
class Phone:
    """One person's phone: asks, and waits as long as it is told to (`lib/data/backoff.ts`)."""

    port: int
    token: str
    language: str
    seen: Seen
    dice: random.Random
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def until_served(self, method: str, path: str, body: bytes = b"") -> Answer:
        """The same request again until somebody has done it."""
        for attempt in range(1, 100):
            try:
                answer = await asyncio.wait_for(self._ask(method, path, body), PATIENCE_SECONDS)
            except (LineLost, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                self.seen.lost[type(error).__name__] += 1
                self.hang_up()
                await asyncio.sleep(self._own(attempt))
                continue
            self.seen.statuses[answer.status] += 1
            if answer.status != 503:
                self.seen.seconds.append(answer.seconds)
                return answer
            self.seen.refusals.append((self.language, answer))
            asked = float(answer.headers["retry-after"])
            await asyncio.sleep(max(self._own(attempt), asked * (1 + self.dice.random() / 2)))
        raise LineLost("never served")

    def _own(self, attempt: int) -> float:
        top = min(300.0, 2.0 * 2 ** (attempt - 1))
        return top / 2 + top / 2 * self.dice.random()

    async def _ask(self, method: str, path: str, body: bytes) -> Answer:
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self.reader is not None
        begun = time.monotonic()
        self.writer.write(self._head(method, path, len(body)) + body)
        await self.writer.drain()
        first = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, colon, value in (line.partition(":") for line in first[1:])
            if colon
        }
        content = await self.reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("content-encoding") == "br":
            content = brotli.decompress(content)
        status = int(first[0].split(" ")[1])
        return Answer(status, headers, content, time.monotonic() - begun)

    def _head(self, method: str, path: str, length: int) -> bytes:
        return (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nCookie: khupho={self.token}\r\n"
            f"Accept-Language: {self.language}\r\nAccept-Encoding: br\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        ).encode()

    async def listen(self) -> bool:
        """Opens the event stream on a line of its own; True once the first word has come."""
        self.hang_up()
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(self._head("GET", "/api/events", 0))
        await self.writer.drain()
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE_SECONDS)
        if b" 503 " in head.partition(b"\r\n")[0]:
            self.hang_up()
            return False
        word = await asyncio.wait_for(self.reader.readuntil(b"changed"), PATIENCE_SECONDS)
        return b"changed" in word

    def hang_up(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def come_back(phone: Phone, report_id: uuid.UUID, body: dict[str, object]) -> None:
    """What a phone does when it is back on line: looks, sends what waits, looks again."""
    first = await phone.until_served("GET", "/api/sync")
    assert first.status == 200, first.body
    cursor = msgspec.json.decode(first.body)["cursor"]
    sent = await phone.until_served("PUT", f"/api/reports/{report_id}", json.dumps(body).encode())
    assert sent.status in {200, 201}, sent.body
    then = await phone.until_served("GET", f"/api/sync?cursor={cursor}")
    assert then.status == 200, then.body
    while not await phone.listen():
        await asyncio.sleep(1 + phone.dice.random())
