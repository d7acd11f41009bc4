"""The line between phones and server, with everything lines do wrong.

A TCP proxy that understands just enough HTTP/1.1 to know where a request and its answer end. Whose
line it is, the host name tells: each phone talks to `<label>.localhost`. A phone's `Weather` says
what happens to its next request; a phone without one has a fine day.
"""

import asyncio
import contextlib
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PIECE: Final = 16 * 1024
SERVER_ERROR: Final = 500
TYPES: Final = {".html": "text/html; charset=utf-8", ".js": "text/javascript"}

CAPTIVE_PAGE: Final = (
    b"<!doctype html><title>Wi-Fi</title><h1>Welcome! Please accept our terms.</h1>"
)
ERROR_PAGE: Final = (
    b"<html><head><title>Error</title></head><body><center>nginx</center></body></html>"
)

BEFORE_IT_ARRIVES: Final = (
    "drop_before",
    "captive_portal",
    "bad_gateway",
    "busy",
    "too_many",
    "half_open_before",
)
ON_THE_WAY: Final = ("drop_mid_body", "delay", "late")
AFTER_IT_COUNTED: Final = (
    "drop_after",
    "gateway_timeout",
    "truncate",
    "too_short",
    "too_long",
    "slow_drip",
    "half_open_after",
    "duplicate",
)
HARMLESS: Final = frozenset({"delay", "duplicate", "slow_drip"})
"""The phone gets its answer all the same."""

KINDS: Final = (*BEFORE_IT_ARRIVES, *ON_THE_WAY, *AFTER_IT_COUNTED)


@dataclass
class Asked:
    """The head of one request."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))

    @property
    def label(self) -> str:
        return self.headers.get("host", "").partition(".")[0]

    @property
    def is_stream(self) -> bool:
        return self.path.startswith("/api/events")


@dataclass
class Answer:
    """The head of one answer, and its body when it was read whole."""

    status: int
    headers: dict[str, str]
    raw: bytes
    body: bytes = b""


@dataclass(frozen=True)
class Fault:
    """What happens to one request. `share` (0 to 1) says where in it; `seconds` how long."""

    kind: str
    share: float = 0.5
    seconds: float = 0.2


@dataclass
class Weather:
    """The state of one phone's line: at most one fault a request, drawn in the order they come."""

    dice: random.Random
    chance: float
    kinds: tuple[str, ...]
    stormy: bool = True
    injected: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    bytes_up: int = 0
    bytes_down: int = 0

    def next_fault(self, asked: Asked) -> Fault | None:
        """Draws four times for every request, whatever comes of it."""
        self.requests += 1
        hit, which, share, seconds = (self.dice.random() for _ in range(4))
        if not self.stormy or hit >= self.chance or not self.kinds:
            return None
        kind = self.kinds[int(which * len(self.kinds))]
        if asked.is_stream and kind not in {"drop_before", "bad_gateway", "captive_portal"}:
            kind = "drop_after"
        if kind == "drop_mid_body" and asked.length == 0:
            kind = "drop_before"
        self.injected[kind] += 1
        return Fault(kind, share, 0.05 + seconds * (2.0 if kind == "late" else 0.6))


@dataclass
class Resent:
    """What of uploads was sent again: bytes below the furthest ever sent, and how many breaks."""

    furthest: dict[str, int] = field(default_factory=dict)
    breaks: dict[str, int] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def saw(self, upload: str, offset: int, received: int, *, broken: bool) -> None:
        reached = self.furthest.get(upload, 0)
        self.again[upload] += max(0, min(reached, offset + received) - offset)
        self.furthest[upload] = max(reached, offset + received)
        if broken:
            self.breaks[upload] = self.breaks.get(upload, 0) + 1

    def worst_per_break(self) -> float:
        """Bytes sent again for each break, of the upload that fared worst."""
        return max(
            (self.again[upload] / count for upload, count in self.breaks.items()), default=0.0
        )


class _LineBroken(Exception):
    """This side or the other is gone."""


LOST: Final = (
    _LineBroken,
    OSError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
    RuntimeError,  # uvloop's, when what was aborted is written to
)


class FaultProxy:
    """Listens on 127.0.0.1 and passes on to `upstream_port`; serves the harness page itself."""

    def __init__(self, upstream_port: int, pages: Path) -> None:
        self.upstream_port = upstream_port
        self.pages = pages
        self.weather: dict[str, Weather] = {}
        self.updated: set[str] = set()
        """Phones to which the next version of the app is served: the pages below `next`."""
        self.resent = Resent()
        self.port = 0
        self.on_request: Callable[[Asked], None] | None = None
        self._server: asyncio.Server | None = None
        self._late: dict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._hanging: dict[str, set[asyncio.StreamWriter]] = defaultdict(set)
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=256 * 1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        for tasks in self._late.values():
            for task in list(tasks):
                task.cancel()

    def origin(self, label: str) -> str:
        return f"http://{label}.localhost:{self.port}"

    def calm(self, label: str) -> None:
        """The storm over this phone is over: what hung is cut, what comes late may still come."""
        if label in self.weather:
            self.weather[label].stormy = False
        for writer in self._hanging.pop(label, set()):
            writer.transport.abort()

    async def late_arrivals(self, label: str) -> None:
        """Waits until the last request that was held up has reached the server."""
        while tasks := self._late.get(label):
            await asyncio.wait(set(tasks))

    def forget(self, label: str) -> None:
        self.weather.pop(label, None)
        self._late.pop(label, None)
        self.updated.discard(label)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except LOST:
            writer.transport.abort()
        finally:
            self._open.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False ends the connection."""
        try:
            asked = _parse_request(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.IncompleteReadError:
            return False
        if not asked.path.startswith("/api/"):
            return await self._serve_page(asked, writer)
        if self.on_request is not None:
            self.on_request(asked)
        weather = self.weather.get(asked.label)
        fault = weather.next_fault(asked) if weather else None
        if weather:
            weather.bytes_up += len(asked.raw) + asked.length
        if fault is None:
            return await self._pass(asked, reader, writer, weather)
        return await self._spoil(fault, asked, reader, writer)

    async def _serve_page(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        name = asked.path.partition("?")[0].lstrip("/")
        name += "index.html" if name == "" or name.endswith("/") else ""
        file = self.pages / "next" / name
        if asked.label not in self.updated or not file.is_file():
            file = self.pages / name
        found = file.is_file() and ".." not in name
        body = file.read_bytes() if found else b""
        kind = TYPES.get(file.suffix, "application/octet-stream")
        kept = "max-age=3600" if name.startswith("assets/") else "no-cache"
        head = (
            f"HTTP/1.1 {'200 OK' if found else '404 Not Found'}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\nCache-Control: {kept}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        return True

    # a fine day ---------------------------------------------------------------------------------

    async def _pass(
        self,
        asked: Asked,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        weather: Weather | None,
    ) -> bool:
        try:
            up_reader, up_writer = await self._connect()
        except OSError:
            # Nobody listens there: as the phone would see it without us.
            raise _LineBroken from None
        received = 0
        answered = False
        try:
            up_writer.write(asked.raw)
            while received < asked.length:
                piece = await reader.read(min(PIECE, asked.length - received))
                if not piece:
                    raise _LineBroken
                received += len(piece)
                up_writer.write(piece)
                await up_writer.drain()
            if asked.is_stream:
                await _pump(up_reader, writer, reader)
                return False
            answer = await _read_answer(up_reader, asked)
            answered = answer.status < SERVER_ERROR
            if weather:
                weather.bytes_down += len(answer.raw) + len(answer.body)
            writer.write(answer.raw + answer.body)
            await writer.drain()
            return answer.headers.get("connection") != "close"
        except (OSError, asyncio.IncompleteReadError) as error:
            raise _LineBroken from error
        finally:
            # A server that dies or fails is a break, too.
            self._count_upload(asked, received, broken=not answered)
            if received < asked.length:
                up_writer.transport.abort()
            else:
                up_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.upstream_port, limit=256 * 1024)

    def _count_upload(self, asked: Asked, received: int, *, broken: bool) -> None:
        if asked.method == "PATCH" and asked.path.startswith("/api/uploads/"):
            offset = int(asked.headers.get("upload-offset", "0"))
            self.resent.saw(asked.path, offset, received, broken=broken)

    # bad weather --------------------------------------------------------------------------------

    async def _spoil(
        self,
        fault: Fault,
        asked: Asked,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        kind = fault.kind
        if kind == "drop_before":
            raise _LineBroken
        if kind == "drop_mid_body":
            await self._break_body(fault, asked, reader)
            raise _LineBroken
        body = await reader.readexactly(asked.length)
        early = _early_answer(kind)
        self._count_upload(asked, len(body), broken=kind not in HARMLESS)
        if early is not None:
            writer.write(early)
            await writer.drain()
            return True
        if kind == "half_open_before":
            return await self._hang(asked, reader, writer)
        if kind == "late":
            self._send_late(asked, body, fault.seconds)
            raise _LineBroken
        if kind == "delay":
            await asyncio.sleep(fault.seconds)
        answer = await self._ask(asked, body)
        if kind == "duplicate":
            self._send_late(asked, body, fault.seconds)
        if kind == "drop_after":
            raise _LineBroken
        if kind == "half_open_after":
            return await self._hang(asked, reader, writer)
        if kind == "gateway_timeout":
            writer.write(_page("504 Gateway Timeout", ERROR_PAGE))
            await writer.drain()
            return True
        if kind in {"delay", "duplicate"}:
            writer.write(answer.raw + answer.body)
            await writer.drain()
            return True
        await _spoil_answer(fault, answer, writer)
        return False

    async def _break_body(self, fault: Fault, asked: Asked, reader: asyncio.StreamReader) -> None:
        """Some of the body reaches the server, then both sides are cut."""
        wanted = int(asked.length * fault.share)
        up_reader, up_writer = await self._connect()
        try:
            up_writer.write(asked.raw)
            sent = 0
            while sent < wanted:
                piece = await reader.read(min(PIECE, wanted - sent))
                if not piece:
                    break
                up_writer.write(piece)
                await up_writer.drain()
                sent += len(piece)
            self._count_upload(asked, sent, broken=True)
            # Let it arrive before the line goes, or there was no body to break.
            await asyncio.sleep(0.01)
        finally:
            up_writer.transport.abort()
            del up_reader

    def _send_late(self, asked: Asked, body: bytes, seconds: float) -> None:
        """The request reaches the server once (more) after `seconds`; nobody hears the answer."""

        async def send() -> None:
            await asyncio.sleep(seconds)
            with contextlib.suppress(_LineBroken):
                await self._ask(asked, body)

        task = asyncio.create_task(send())
        self._late[asked.label].add(task)
        task.add_done_callback(self._late[asked.label].discard)

    async def _hang(
        self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Nothing comes any more, and nobody says so, until the phone loses patience."""
        self._hanging[asked.label].add(writer)
        try:
            await reader.read(1)
        finally:
            self._hanging[asked.label].discard(writer)
        raise _LineBroken

    async def _ask(self, asked: Asked, body: bytes) -> Answer:
        """The whole request to the server, its whole answer back."""
        try:
            up_reader, up_writer = await self._connect()
            try:
                up_writer.write(asked.raw + body)
                await up_writer.drain()
                if asked.is_stream:
                    raise _LineBroken
                return await _read_answer(up_reader, asked)
            finally:
                up_writer.close()
        except (OSError, asyncio.IncompleteReadError) as error:
            raise _LineBroken from error


def _parse_request(raw: bytes) -> Asked:
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    return Asked(method, path, _parse_headers(lines), raw)


def _parse_headers(lines: list[str]) -> dict[str, str]:
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers


async def _read_answer(reader: asyncio.StreamReader, asked: Asked) -> Answer:
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    answer = Answer(int(first.split(" ")[1]), _parse_headers(lines), raw)
    if asked.method == "HEAD" or answer.status in {204, 304}:
        return answer
    if "content-length" in answer.headers:
        answer.body = await reader.readexactly(int(answer.headers["content-length"]))
    elif answer.headers.get("transfer-encoding") == "chunked":
        answer.body = await _read_chunks(reader)
    return answer


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    """All chunks as they came, framing included (RFC 9112 §7.1)."""
    whole = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        whole += line + await reader.readexactly(size + 2)
        if size == 0:
            return whole


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, other: asyncio.StreamReader
) -> None:
    """Hands on an endless answer until either side goes."""
    gone = asyncio.create_task(other.read(1))
    try:
        while True:
            coming = asyncio.create_task(source.read(PIECE))
            await asyncio.wait({coming, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                return
            piece = coming.result()
            if not piece or sink.is_closing():
                return
            sink.write(piece)
            await sink.drain()
    finally:
        gone.cancel()


def _page(status: str, body: bytes, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _problem(status: int, title: str, code: str, retry_after: int) -> bytes:
    body = json.dumps(
        {"type": "about:blank", "title": title, "status": status, "detail": title, "code": code}
    ).encode()
    return (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\n"
        f"Retry-After: {retry_after}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _early_answer(kind: str) -> bytes | None:
    """What somebody on the way answers in the server's place."""
    match kind:
        case "captive_portal":
            return _page("200 OK", CAPTIVE_PAGE)
        case "bad_gateway":
            return _page("502 Bad Gateway", ERROR_PAGE)
        case "busy":
            return _problem(503, "Service Unavailable", "unavailable", 1)
        case "too_many":
            return _problem(429, "Too Many Requests", "quota_exceeded", 1)
    return None


async def _spoil_answer(fault: Fault, answer: Answer, writer: asyncio.StreamWriter) -> None:
    """The server has done it; what it says about it arrives damaged. The connection ends."""
    whole = answer.raw + answer.body
    match fault.kind:
        case "truncate":
            writer.write(whole[: max(1, int(len(whole) * fault.share))])
        case "too_short" | "too_long":
            change = -1 - int(len(answer.body) * fault.share) if fault.kind == "too_short" else 7
            writer.write(_with_length(answer, max(0, len(answer.body) + change)) + answer.body)
        case "slow_drip":
            step = max(1, len(whole) // 6)
            for start in range(0, len(whole), step):
                writer.write(whole[start : start + step])
                await writer.drain()
                await asyncio.sleep(fault.seconds / 6)
    await writer.drain()


def _with_length(answer: Answer, length: int) -> bytes:
    raw = re.sub(rb"(?i)\r\ntransfer-encoding:[^\r]*", b"", answer.raw)
    if b"content-length" in raw.lower():
        return re.sub(rb"(?i)(\r\ncontent-length:)[^\r]*", rb"\g<1> %d" % length, raw)
    return raw.removesuffix(b"\r\n") + b"Content-Length: %d\r\n\r\n" % length
