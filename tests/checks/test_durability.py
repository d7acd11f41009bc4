"""A database that may forget what it has confirmed is named, at every start and by the check."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from backend import db
from backend.checks import run_checks
from backend.durability import WANTED, read_durability, warn_unless_durable
from backend.logs import configure_logs
from backend.settings import get_settings
from tests.checks.conftest import Source

LOCAL = pytest.mark.parametrize("source", ["local"], indirect=True)


@asynccontextmanager
async def weakened(setting: str, value: str) -> AsyncIterator[None]:
    """The whole server is set so, as an administrator in a hurry would do it."""
    connection = await asyncpg.connect(get_settings().database_url)
    try:
        await connection.execute(f"ALTER SYSTEM SET {setting} = {value}")
        await _reload(connection, setting, value)
        yield
    finally:
        await connection.execute(f"ALTER SYSTEM RESET {setting}")
        await _reload(connection, setting, "on")
        await connection.close()


async def _reload(
    connection: "asyncpg.Connection[asyncpg.Record]", setting: str, value: str
) -> None:
    await connection.execute("SELECT pg_reload_conf()")
    for watched in (connection, None):
        while True:
            ask = "SELECT setting FROM pg_settings WHERE name = $1"
            seen = (
                await db.fetch_value(ask, setting)
                if watched is None
                else await watched.fetchval(ask, setting)
            )
            if seen == value:
                break


async def test_the_database_we_bring_keeps_what_it_confirms(api: object) -> None:
    assert {wanted.setting for wanted in WANTED} >= {
        "synchronous_commit",
        "fsync",
        "data_checksums",
    }
    for wanted, value in await read_durability():
        assert value in wanted.values, wanted.setting


@LOCAL
@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
async def test_a_database_in_a_hurry_is_named_in_the_log_and_by_the_check(
    source: Source, setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await run_checks(get_settings())
    assert setting not in capsys.readouterr().out
    async with weakened(setting, "off"):
        assert await run_checks(get_settings()) == 1
        said = capsys.readouterr().out
        assert f"set {setting} = on (is off)" in said
        assert "BAD" in said
        configure_logs("warning")
        try:
            await warn_unless_durable()
        finally:
            configure_logs(get_settings().log_level)
        (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert line["event"] == "database_not_durable"
        assert (line["setting"], line["value"]) == (setting, "off")
        assert line["level"] == "warning"
    await warn_unless_durable()
    assert capsys.readouterr().out == ""


@LOCAL
async def test_a_server_that_waits_for_its_standby_too_is_as_good(source: Source) -> None:
    async with weakened("synchronous_commit", "remote_apply"):
        assert all(value in wanted.values for wanted, value in await read_durability())
