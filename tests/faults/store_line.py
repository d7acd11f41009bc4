"""The line between server and S3 store: it can be cut, or so slow that one wonders."""

import asyncio
import contextlib
from typing import Final, Literal

PIECE: Final = 64 * 1024
SLOW_SECONDS: Final = 0.15
"""For each piece of at most 64 KB, either way."""

State = Literal["up", "down", "slow"]


class StoreLine:
    """Listens on 127.0.0.1 and passes on to `upstream_port`, byte by byte, as its state allows."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.port = 0
        self.state: State = "up"
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def set(self, state: State) -> None:
        """`down` also cuts what is on its way."""
        self.state = state
        if state == "down":
            for writer in list(self._open):
                writer.transport.abort()

    async def stop(self) -> None:
        self.set("down")
        if self._server is not None:
            self._server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.state == "down":
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, up_writer}
        self._open |= ends
        try:
            await asyncio.gather(self._pump(reader, up_writer), self._pump(up_reader, writer))
        except OSError:
            for end in ends:
                end.transport.abort()
        finally:
            self._open -= ends

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while piece := await source.read(PIECE):
                if self.state == "slow":
                    await asyncio.sleep(SLOW_SECONDS)
                if sink.is_closing():
                    return
                sink.write(piece)
                await sink.drain()
        finally:
            with contextlib.suppress(OSError):
                sink.close()
