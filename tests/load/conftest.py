"""One server process as it runs, and neighbourhoods full of people with phones."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from backend import db, migrate
from backend.accounts.codes import hash_token
from backend.settings import get_settings
from tests.e2e.stack import free_port
from tests.faults.world import Ward, build_wards, id_of

START_SECONDS = 60
AWAY = (9000, 9001)
CROWD = tuple(range(9010, 9020))
"""Seeds of `tests.faults.world`."""


@dataclass
class Server:
    """A server process on loopback; killed at the end."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
async def wards(database_url: str) -> AsyncIterator[dict[int, Ward]]:
    """Twelve wards, before the server reads its map: two for who was away, ten for the crowd."""
    await db.open_pool(get_settings(), size=4)
    await migrate.migrate()
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        built = await build_wards(connection, [*AWAY, *CROWD])
    await connection.close()
    yield built
    await db.close_pool()


@pytest.fixture(scope="session")
async def server(database_url: str, wards: dict[int, Ward]) -> AsyncIterator[Server]:
    """With the settings one gets by setting none."""
    port = free_port()
    log = Path(os.environ["KHUPHO_VAR_DIR"]) / "load.log"
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "KHUPHO_PORT": str(port),
        "KHUPHO_PUBLIC_URL": f"http://localhost:{port}",
        "KHUPHO_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "backend", "serve"],
        env=environment,
        stdout=log.open("ab"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    running = Server(port, process, log)
    try:
        await _answering(running)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)


async def _answering(server: Server) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(START_SECONDS * 20):
            with suppress(httpx.TransportError):
                if (await client.get(f"{server.url}/healthz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)
    raise TimeoutError(server.log.read_text()[-4000:])


async def settle_residents(wards: Sequence[Ward], count: int) -> list[tuple[Ward, str, str]]:
    """`count` residents with a session each: their ward, token and language."""
    now = datetime.now(UTC)
    accounts, grants, sessions, changes, people = [], [], [], [], []
    for number in range(count):
        ward = wards[number % len(wards)]
        account_id = id_of(ward.seed, "crowd", number)
        language = ("vi", "fa", "en")[number % 3]
        token = f"crowd-{number}"
        home = ward.id("here")
        accounts.append((account_id, f"Người {number}", language, home, now))
        grants.append((uuid.uuid4(), account_id, home))
        sessions.append((uuid.uuid4(), account_id, hash_token(token), now + timedelta(days=1)))
        changes.append((account_id, account_id))
        people.append((ward, token, language))
    async with db.pool().acquire() as connection:
        await connection.executemany(
            """INSERT INTO account (id, name, language, neighbourhood_id, consent_version,
                                    consented_at) VALUES ($1, $2, $3, $4, 1, $5)""",
            accounts,
        )
        await connection.executemany(
            """INSERT INTO account_grant (id, account_id, role, scope_id)
               VALUES ($1, $2, 'resident', $3)""",
            grants,
        )
        await connection.executemany(
            """INSERT INTO session (id, account_id, token_hash, label, expires_at)
               VALUES ($1, $2, $3, 'crowd', $4)""",
            sessions,
        )
        await connection.executemany(
            """INSERT INTO change (scope, kind, id, version)
               VALUES ($1, 'me', $2, pg_current_xact_id())""",
            changes,
        )
        await connection.execute("ANALYZE")
    return people
