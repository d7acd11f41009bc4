"""The line between phones and server, with everything lines do wrong.

A TCP proxy: whose line it is, the host name tells: each phone talks to `<label>.localhost`. A
phone's `Weather` says what happens to its next request; a phone without one has a fine day.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.faults.weather import HARMLESS, Fault, Resent, Weather
from tests.faults.wire import (
    ERROR_PAGE,
    Answer,
    Asked,
    early_answer,
    page_answer,
    parse_request,
    read_answer,
    with_length,
)

PIECE: Final = 16 * 1024
SERVER_ERROR: Final = 500
TYPES: Final = {".html": "text/html; charset=utf-8", ".js": "text/javascript"}


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
            asked = parse_request(await reader.readuntil(b"\r\n\r\n"))
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
            answer = await read_answer(up_reader, asked)
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
        early = early_answer(kind)
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
            writer.write(page_answer("504 Gateway Timeout", ERROR_PAGE))
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
                return await read_answer(up_reader, asked)
            finally:
                up_writer.close()
        except (OSError, asyncio.IncompleteReadError) as error:
            raise _LineBroken from error


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


async def _spoil_answer(fault: Fault, answer: Answer, writer: asyncio.StreamWriter) -> None:
    """The server has done it; what it says about it arrives damaged. The connection ends."""
    whole = answer.raw + answer.body
    match fault.kind:
        case "truncate":
            writer.write(whole[: max(1, int(len(whole) * fault.share))])
        case "too_short" | "too_long":
            change = -1 - int(len(answer.body) * fault.share) if fault.kind == "too_short" else 7
            writer.write(with_length(answer, max(0, len(answer.body) + change)) + answer.body)
        case "slow_drip":
            step = max(1, len(whole) // 6)
            for start in range(0, len(whole), step):
                writer.write(whole[start : start + step])
                await writer.drain()
                await asyncio.sleep(fault.seconds / 6)
    await writer.drain()
