"""The database: one pool, one way to open a transaction, one way to run SQL.

Transactions are opened in services only, with `write_tx()`. Piccolo keeps the current one in a
ContextVar, so never open one in a `yield` dependency (Litestar may run those in another task), and
never start tasks inside one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextvars import Context, ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar, cast

import asyncpg
import msgspec
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from backend.failpoints import failpoint
from backend.settings import Settings

if TYPE_CHECKING:
    from asyncpg import Connection, Pool, Record

T = TypeVar("T")


class Transaction(PostgresTransaction):
    """Piccolo's, but over also when its own beginning or end fails.

    Piccolo's keeps its connection, and stays the current one for ever, when BEGIN, COMMIT or
    ROLLBACK raises: a lock timeout while notifying, a lost server, a request cancelled just then.
    """

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        self.connection = await pool().acquire()
        try:
            self.transaction = self.connection.transaction()
            await self.transaction.start()
        except BaseException:
            await pool().release(self.connection)
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if self._parent is not None:
            return False
        try:
            if exception is None:
                await self.transaction.commit()
            else:
                # Of a connection that is gone nothing needs to be taken back.
                with contextlib.suppress(OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
                    await self.transaction.rollback()
        finally:
            self.engine.current_transaction.reset(self.context)
            await pool().release(self.connection)
        return False


class LateEngine(PostgresEngine):
    """Piccolo's engine, without the connection it makes when merely constructed."""

    async def check_version(self) -> None:
        """Nothing at import; `open_pool` refuses a server older than 14."""

    def transaction(self, allow_nested: bool = True) -> Transaction:
        return Transaction(self, allow_nested=allow_nested)


ENGINE = LateEngine(config={}, extensions=())
"""Configured by `open_pool`; tables and migrations share it."""

OLDEST_SERVER = 140000

encode_json = msgspec.json.Encoder().encode


class DatabaseAddressMissing(Exception):
    """No `database_url`, and nobody started the embedded server for us."""


class DatabaseTooOld(Exception):
    """The server lacks what sync cursors need (xid8 arrived with 13, we test from 14 on)."""


async def open_pool(settings: Settings, *, size: int | None = None) -> None:
    """Connect. `settings.database_url` must be set (see `backend.embedded`)."""
    if settings.database_url is None:
        raise DatabaseAddressMissing
    ENGINE.config = {"dsn": settings.database_url}
    await ENGINE.start_connection_pool(
        min_size=1,
        max_size=size or settings.database_pool,
        command_timeout=30,
        reset=_keep_as_it_is,
        server_settings={"application_name": "khupho", "jit": "off", "timezone": "UTC"},
    )
    version = await fetch_value("SELECT current_setting('server_version_num')::int")
    if not isinstance(version, int) or version < OLDEST_SERVER:
        raise DatabaseTooOld(f"PostgreSQL {version} is too old")


async def _keep_as_it_is(_connection: object) -> None:
    """We change no session settings and keep no session locks, so there is nothing to reset.

    asyncpg's own reset is a round trip more after every query.
    """


async def close_pool() -> None:
    if ENGINE.pool is not None:
        await _afterwards.finish()
        await ENGINE.close_connection_pool()


def pool() -> "Pool[Record]":
    if ENGINE.pool is None:
        raise DatabaseAddressMissing
    return ENGINE.pool


@contextlib.asynccontextmanager
async def write_tx() -> AsyncIterator["Connection[Record]"]:
    """One transaction for one use case. Refuses to nest: an inner one would be a silent no-op."""
    async with ENGINE.transaction(allow_nested=False) as transaction:
        ending = _Ending({}, {})
        token = _ending.set(ending)
        try:
            yield cast("Connection[Record]", transaction.connection)
            for rows, write in ending.before.values():
                await write(rows)
            await failpoint("before_commit")
        finally:
            _ending.reset(token)
    _afterwards.take(ending.after)
    await failpoint("after_commit")


Rows = set[tuple[object, ...]]
Work = dict[str, tuple[Rows, Callable[[Rows], Awaitable[None]]]]


@dataclass
class _Ending:
    """What a transaction still has to do: as its last statements, and once it is committed."""

    before: Work
    after: Work


_ending: ContextVar[_Ending | None] = ContextVar("ending", default=None)


def write_before_commit(
    name: str, rows: Iterable[tuple[object, ...]], write: Callable[[Rows], Awaitable[None]]
) -> None:
    """Collect rows under `name`; the open `write_tx()` hands all of them to `write` as its end.

    Raises:
        RuntimeError: outside `write_tx()`.
    """
    _collect(_open_ending().before, name, rows, write)


def say_after_commit(
    name: str, rows: Iterable[tuple[object, ...]], say: Callable[[Rows], Awaitable[None]]
) -> None:
    """Hand rows to `say` soon after the open `write_tx()` is committed; never if it is not.

    A hint only: it is lost with the process, and when the database is away. What other transactions
    left meanwhile under the same `name` is said together with it.

    Raises:
        RuntimeError: outside `write_tx()`.
    """
    _collect(_open_ending().after, name, rows, say)


def _open_ending() -> _Ending:
    ending = _ending.get()
    if ending is None:
        raise RuntimeError("this must run inside write_tx()")
    return ending


def _collect(
    work: Work,
    name: str,
    rows: Iterable[tuple[object, ...]],
    act: Callable[[Rows], Awaitable[None]],
) -> None:
    work.setdefault(name, (set(), act))[0].update(rows)


class _Afterwards:
    """One at a time: what comes in while something is being said waits, and is said together."""

    def __init__(self) -> None:
        self._work: Work = {}
        self._task: asyncio.Task[None] | None = None

    def take(self, work: Work) -> None:
        for name, (rows, say) in work.items():
            _collect(self._work, name, rows, say)
        loop = asyncio.get_running_loop()
        if self._work and (self._task is None or self._task.get_loop() is not loop):
            # In a context of its own: it belongs to no request and to no transaction.
            self._task = loop.create_task(self._say(), context=Context())

    async def _say(self) -> None:
        while self._work:
            work, self._work = self._work, {}
            for rows, say in work.values():
                # A database that is away wakes every listener when it is back.
                with contextlib.suppress(
                    OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseAddressMissing
                ):
                    await say(rows)
        self._task = None

    async def finish(self) -> None:
        if self._task is not None and self._task.get_loop() is asyncio.get_running_loop():
            await self._task


_afterwards = _Afterwards()


async def is_answering() -> bool:
    """Whether the database answers a question now."""
    try:
        return await fetch_value("SELECT 1") == 1
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


def in_transaction() -> bool:
    return ENGINE.current_transaction.get() is not None


def transaction_connection() -> "Connection[Record]":
    """The connection of the open `write_tx()`; for libraries that enqueue on it."""
    transaction = ENGINE.current_transaction.get()
    if transaction is None:
        raise RuntimeError("this must run inside write_tx()")
    return cast("Connection[Record]", transaction.connection)


@contextlib.asynccontextmanager
async def _connection() -> AsyncIterator["Connection[Record]"]:
    transaction = ENGINE.current_transaction.get()
    if transaction is not None:
        yield cast("Connection[Record]", transaction.connection)
    else:
        async with pool().acquire() as connection:
            yield cast("Connection[Record]", connection)


async def fetch(sql: str, *arguments: object) -> "list[Record]":
    async with _connection() as connection:
        return await connection.fetch(sql, *arguments)


async def fetch_planned(sql: str, *arguments: object) -> "list[Record]":
    """As `fetch`, planned for these very arguments each time.

    For where the best way depends on them: a word that is rare, or stands in every third row.
    PostgreSQL would settle for one plan after five times.
    """
    async with _connection() as connection, connection.transaction():
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        return await connection.fetch(sql, *arguments)


async def fetch_one(sql: str, *arguments: object) -> "Record | None":
    async with _connection() as connection:
        return await connection.fetchrow(sql, *arguments)


async def fetch_value(sql: str, *arguments: object) -> object:
    async with _connection() as connection:
        return cast("object", await connection.fetchval(sql, *arguments))


async def execute(sql: str, *arguments: object) -> str:
    """Run a command; returns its tag, e.g. `UPDATE 1` (see `rows_of`)."""
    async with _connection() as connection:
        return await connection.execute(sql, *arguments)


async def execute_many(sql: str, rows: Sequence[Sequence[object]]) -> None:
    if rows:
        async with _connection() as connection:
            await connection.executemany(sql, rows)


def rows_of(tag: str) -> int:
    """How many rows a command touched: `UPDATE 3` is 3."""
    return int(tag.rsplit(" ", 1)[-1])


def json_text(value: object) -> str:
    """For a jsonb argument; asyncpg takes it as text."""
    return encode_json(value).decode()


def from_json(text: str | None, kind: type[T]) -> T:
    """A jsonb value as it comes back (text) into `kind`; SQL NULL is refused."""
    return msgspec.json.decode(text or "null", type=kind)


UniqueViolation = asyncpg.UniqueViolationError
ForeignKeyViolation = asyncpg.ForeignKeyViolationError
