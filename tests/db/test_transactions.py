"""`write_tx()`: whatever ends a transaction, the next one can begin, and no connection is lost."""

import asyncio
import contextlib

import asyncpg
import pytest

from backend import db
from backend.settings import get_settings

MORE_THAN_THE_POOL = get_settings().database_pool + 2


async def _fail_at_commit() -> None:
    async with db.write_tx():
        await db.execute(
            """CREATE TEMP TABLE twice (x integer UNIQUE DEFERRABLE INITIALLY DEFERRED)
               ON COMMIT DROP"""
        )
        await db.execute("INSERT INTO twice VALUES (1), (1)")


async def _lose_the_connection() -> None:
    async with db.write_tx():
        with contextlib.suppress(asyncpg.PostgresError):
            await db.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        await db.execute("SELECT 1")


async def _be_cancelled_within() -> None:
    async with asyncio.timeout(0.01):
        async with db.write_tx():
            await db.execute("SELECT pg_sleep(5)")


@pytest.mark.parametrize(
    ("work", "error"),
    [
        (_fail_at_commit, asyncpg.UniqueViolationError),
        (_lose_the_connection, (asyncpg.InterfaceError, asyncpg.PostgresError)),
        (_be_cancelled_within, TimeoutError),
    ],
)
async def test_a_transaction_that_ends_badly_is_over(
    api: object, work: "object", error: type[Exception]
) -> None:
    """Found by the fault harness (seed 89): COMMIT met a lock timeout, the retry found it open."""
    for _ in range(MORE_THAN_THE_POOL):
        with pytest.raises(error):
            await work()  # type: ignore[operator]
        assert not db.in_transaction()
    async with asyncio.timeout(10), db.write_tx():
        assert await db.fetch_value("SELECT 1") == 1
