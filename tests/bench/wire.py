"""The line between a phone and the server: it counts what passes, and it can be cut."""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.e2e.stack import Stack, free_port

PIECE = 16 * 1024


@dataclass
class SeenRequest:
    """One request as it passed. `body_bytes` counts what really passed, `began` is monotonic."""

    method: str
    path: str
    headers: dict[str, str]
    began: float
    body_bytes: int = 0


@dataclass
class Wire:
    """A TCP proxy on loopback in front of `server_port`. Bytes are counted with all their headers.

    `on_sent` is called after every piece that goes up, and may cut the line.
    """

    server_port: int
    port: int = field(default_factory=free_port)
    sent_bytes: int = 0
    received_bytes: int = 0
    requests: list[SeenRequest] = field(default_factory=list)
    on_sent: Callable[[SeenRequest], None] | None = None
    _server: asyncio.Server | None = None
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def connect(self) -> None:
        """Let the phone reach the server (again)."""
        self._server = await asyncio.start_server(
            self._carry, "127.0.0.1", self.port, limit=PIECE, reuse_address=True
        )

    def cut(self) -> None:
        """From now on nothing passes, open connections included, until `connect`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in self._ends:
            end.transport.abort()

    def forget(self) -> None:
        """Count from nothing."""
        self.sent_bytes = self.received_bytes = 0
        self.requests.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection(
                "127.0.0.1", self.server_port, limit=PIECE
            )
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, up_writer}
        for end in ends:
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ends |= ends
        try:
            await asyncio.gather(self._up(reader, up_writer), self._down(up_reader, writer))
        except (ConnectionError, asyncio.CancelledError):
            for end in ends:
                end.transport.abort()
        finally:
            self._ends -= ends

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = _RequestParser(self.requests)
        while piece := await reader.read(PIECE):
            self.sent_bytes += len(piece)
            parser.feed(piece)
            writer.write(piece)
            await writer.drain()
            if self.on_sent is not None and parser.current is not None:
                self.on_sent(parser.current)
        with suppress(OSError):
            writer.write_eof()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            self.received_bytes += len(piece)
            writer.write(piece)
            await writer.drain()
        writer.close()


class _RequestParser:
    """HTTP/1.1 as Chromium sends it: requests one after the other, bodies with Content-Length."""

    def __init__(self, into: list[SeenRequest]) -> None:
        self.into = into
        self.current: SeenRequest | None = None
        self.head = b""
        self.missing = 0

    def feed(self, piece: bytes) -> None:
        while piece:
            if self.missing:
                assert self.current is not None
                taken = min(self.missing, len(piece))
                self.current.body_bytes += taken
                self.missing -= taken
                piece = piece[taken:]
                continue
            self.head += piece
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            lines = self.head[:end].decode("latin-1").split("\r\n")
            piece, self.head = self.head[end + 4 :], b""
            method, path, _ = lines[0].split(" ", 2)
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines[1:])
            }
            self.missing = int(headers.get("content-length", 0))
            self.current = SeenRequest(method, path, headers, time.monotonic())
            self.into.append(self.current)


@dataclass
class WiredStack(Stack):
    """The product, reached over a `Wire` only. Call `wire.connect()` before `answering`."""

    wire: Wire = field(init=False)

    def __post_init__(self) -> None:
        self.wire = Wire(self.port)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.wire.port}"

    async def prepare(self) -> None:
        await super().prepare()
        await self.wire.connect()

    def stop(self) -> None:
        self.wire.cut()
        super().stop()
