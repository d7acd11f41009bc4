"""A server of the bench's own, a ward with people in it, and a client that costs little."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backend import db, migrate
from backend.accounts.codes import hash_token, new_token
from backend.demo.data import demo_id
from backend.demo.load import load_demo
from backend.embedded import start_embedded, stop_embedded
from backend.settings import Settings, get_settings
from tests.e2e.stack import free_port

CONNECTIONS = 8


@dataclass
class Answers:
    """What a run of requests gave: a second's worth, the slow end, and the last body."""

    per_second: float
    p95_ms: float
    body: bytes


@dataclass
class Bench:
    settings: Settings
    port: int
    database_url: str
    processes: list[subprocess.Popen[bytes]]

    async def session(self, account_id: uuid.UUID) -> str:
        """A cookie of that person."""
        token = new_token()
        await db.execute(
            """INSERT INTO session (id, account_id, token_hash, label, expires_at)
               VALUES ($1, $2, $3, 'bench', $4)""",
            uuid.uuid4(),
            account_id,
            hash_token(token),
            datetime.now(UTC) + timedelta(days=1),
        )
        return token

    async def hammer(
        self,
        cookie: str,
        count: int,
        make: Callable[[int], tuple[str, str, bytes]],
        *,
        connections: int = CONNECTIONS,
        headers: str = "",
    ) -> Answers:
        """`count` requests over kept-alive connections; `make(i)` gives method, path and body."""
        numbers = iter(range(count))
        times: list[float] = []
        last = b""

        async def one() -> None:
            nonlocal last
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            for number in numbers:
                method, path, body = make(number)
                start = time.perf_counter()
                writer.write(
                    f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nCookie: khupho={cookie}\r\n"
                    f"Content-Type: application/json\r\n{headers}"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                status = int(head.split(" ", 2)[1])
                length = int(head.partition("content-length:")[2].split("\r\n")[0] or 0)
                last = await reader.readexactly(length)
                times.append(time.perf_counter() - start)
                if status >= 300:
                    raise RuntimeError(f"{method} {path}: {status} {last[:500]!r}")
            writer.close()

        start = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(connections)))
        seconds = time.perf_counter() - start
        return Answers(count / seconds, sorted(times)[int(len(times) * 0.95)] * 1000, last)


@contextlib.asynccontextmanager
async def running_bench() -> AsyncIterator[Bench]:
    """Database, demo ward and one server process; everything gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="khupho-bench-") as folder:
        port = free_port()
        os.environ.update(
            {
                "KHUPHO_VAR_DIR": folder,
                "KHUPHO_PORT": str(port),
                "KHUPHO_PUBLIC_URL": f"http://localhost:{port}",
                "KHUPHO_LOG_LEVEL": "error",
            }
        )
        os.environ["DATABASE_URL"] = start_embedded(Path(folder) / "postgres")
        get_settings.cache_clear()
        settings = get_settings()
        await db.open_pool(settings, size=4)
        await migrate.migrate()
        await load_demo()
        process = subprocess.Popen(
            [sys.executable, "-m", "backend", "serve"], start_new_session=True
        )
        try:
            await _answering(port)
            yield Bench(settings, port, os.environ["DATABASE_URL"], [process])
        finally:
            process.terminate()
            process.wait(30)
            await db.close_pool()
            stop_embedded()


async def _answering(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("the server does not answer")


def report_body(category_id: uuid.UUID, lat: float, lon: float) -> bytes:
    """A report of about 600 bytes, as a phone sends it."""
    return json.dumps(
        {
            "category_id": str(category_id),
            "description": "Đèn đường trước số nhà 12 bị hỏng từ tối qua, cả đoạn hẻm tối om. " * 5,
            "lat": lat,
            "lon": lon,
            "accuracy_m": 14.0,
            "located_by": "gps",
            "photos": [],
        },
        ensure_ascii=False,
    ).encode()


def always(method: str, path: str, body: bytes = b"") -> Callable[[int], tuple[str, str, bytes]]:
    """The same request every time, for `Bench.hammer`."""
    return lambda _: (method, path, body)


def demo_account(key: str) -> uuid.UUID:
    return demo_id("account", key)
