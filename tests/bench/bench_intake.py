"""Reports taken, read and synced a second, beside bare asyncpg doing the same statements.

`Y2` is asyncpg inserting one 600-byte row with three indexes, eight connections at once.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Sequence

import asyncpg
import msgspec
from asyncpg.connection import LoggedQuery
from asyncpg.pool import PoolConnectionProxy

from backend import db
from backend.accounts.codes import hash_token
from backend.accounts.queries import get_actor
from backend.actor import Actor
from backend.reports.intake import submit_report
from backend.reports.schemas import ReportIn
from tests.bench.server import CONNECTIONS, Bench, always, demo_account, report_body, running_bench

REPORTS = 2000
READS = 2000


async def run() -> dict[str, float]:
    """Rates per second, p95 in milliseconds, sizes in bytes, and the ratios DESIGN §6 asks for."""
    async with running_bench() as bench:
        return await _measure(bench)


async def _measure(bench: Bench) -> dict[str, float]:
    mai = await bench.session(demo_account("vn-mai"))
    officer = await bench.session(demo_account("vn-officer-lighting"))
    found = await get_actor(hash_token(mai))
    assert found is not None
    row = await db.fetch_one(
        """SELECT a.lat, a.lon, c.id AS category_id FROM area a
           JOIN category c ON c.area_id = a.path[2] AND c.code = 'street_light'
           WHERE a.id = $1""",
        found[0].neighbourhood_id,
    )
    assert row is not None
    body = report_body(row["category_id"], row["lat"], row["lon"])
    statements = await _record(found[0], json.loads(body))
    pool = await asyncpg.create_pool(bench.database_url, min_size=CONNECTIONS, max_size=CONNECTIONS)
    rates: dict[str, list[float]] = {"y2": [], "bare": [], "intake": []}
    p95 = []
    await _make_y2(pool)
    for _ in range(3):  # in turn, so that a slow minute of the machine hits all alike
        rates["y2"].append(await _y2(pool))
        rates["bare"].append(await _replay(pool, statements))
        taken = await bench.hammer(
            mai, REPORTS // 3, lambda _: ("PUT", f"/api/reports/{uuid.uuid4()}", body)
        )
        rates["intake"].append(taken.per_second)
        p95.append(taken.p95_ms)
    await pool.close()
    y2, bare, intake = (sorted(rates[name])[1] for name in ("y2", "bare", "intake"))

    report_id = str(uuid.uuid4())
    await bench.hammer(mai, 1, always("PUT", f"/api/reports/{report_id}", body), connections=1)
    for number in range(10):
        text = json.dumps({"text": f"Tin nhắn {number}"}).encode()
        path = f"/api/reports/{report_id}/messages/{uuid.uuid4()}"
        await bench.hammer(mai, 1, always("PUT", path, text), connections=1)
    case = await bench.hammer(officer, READS, always("GET", f"/api/reports/{report_id}"))
    desk = await bench.hammer(
        officer, READS // 4, always("GET", "/api/desk/reports?tray=open&limit=50")
    )
    idle, busy = await _sync(bench, body)
    return {
        "y2_per_s": y2,
        "bare_per_s": bare,
        "intake_per_s": intake,
        "intake_p95_ms": sorted(p95)[1],
        "intake_of_bare": intake / bare,
        "y2_over_intake": y2 / intake,
        "case_per_s": case.per_second,
        "y2_over_case": y2 / case.per_second,
        "desk_per_s": desk.per_second,
        "y2_over_desk": y2 / desk.per_second,
        **idle,
        **busy,
    }


async def _sync(bench: Bench, body: bytes) -> tuple[dict[str, float], dict[str, float]]:
    """Somebody with nothing new; then with twenty threads that have a new message."""
    cookie = await bench.session(demo_account("vn-phuc"))
    cursor = ""
    more = True
    while more:
        page = await bench.hammer(
            cookie, 1, always("GET", f"/api/sync?cursor={cursor}"), connections=1
        )
        answer = json.loads(page.body)
        cursor, more = answer["cursor"], answer["more"]
    idle = await bench.hammer(cookie, READS, always("GET", f"/api/sync?cursor={cursor}"))
    ids = [str(uuid.uuid4()) for _ in range(20)]
    officer = await bench.session(demo_account("vn-officer-lighting"))
    for report_id in ids:
        await bench.hammer(
            cookie, 1, always("PUT", f"/api/reports/{report_id}", body), connections=1
        )
        path = f"/api/reports/{report_id}/messages/{uuid.uuid4()}"
        text = json.dumps({"text": "Chúng tôi đã xem, ngày mai sẽ thay bóng."}).encode()
        await bench.hammer(officer, 1, always("PUT", path, text), connections=1)
    busy = await bench.hammer(
        cookie,
        READS // 10,
        always("GET", f"/api/sync?cursor={cursor}"),
        headers="Accept-Encoding: br\r\n",
    )
    return (
        {"sync_idle_bytes": len(idle.body), "sync_idle_per_s": idle.per_second},
        {"sync_busy_bytes": len(busy.body), "sync_busy_per_s": busy.per_second},
    )


async def _make_y2(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    await pool.execute(
        """CREATE TABLE y2 (id uuid PRIMARY KEY, a uuid, b timestamptz DEFAULT now(), body text);
           CREATE INDEX ON y2 (a); CREATE INDEX ON y2 (b)"""
    )


async def _y2(pool: "asyncpg.Pool[asyncpg.Record]") -> float:
    text = "x" * 600

    async def insert(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await connection.execute(
            "INSERT INTO y2 (id, a, body) VALUES ($1, $2, $3)", uuid.uuid4(), uuid.uuid4(), text
        )

    return await _rate(pool, insert, REPORTS)


async def _rate(pool, work, count: int) -> float:  # type: ignore[no-untyped-def]
    numbers = iter(range(count))

    async def one() -> None:
        async with pool.acquire() as connection:
            for _ in numbers:
                await work(connection)

    start = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return count / (time.perf_counter() - start)


Statement = tuple[str, tuple[object, ...]]


async def _record(actor: Actor, wish: dict[str, object]) -> list[Statement]:
    """The statements one report takes, as PostgreSQL gets them; what is fresh each time is marked.

    The first reports fill the caches of each connection, and are not compared.
    """
    taken = [await _recorded(actor, wish) for _ in range(12)]
    before, after = taken[-2:]
    if [sql for sql, _ in before] != [sql for sql, _ in after]:
        raise RuntimeError("two equal reports took different statements")
    return [
        (sql, tuple(_mark(a, b) for a, b in zip(old, new, strict=True)))
        for (sql, old), (_, new) in zip(before, after, strict=True)
    ]


async def _recorded(actor: Actor, wish: dict[str, object]) -> list[Statement]:
    seen: list[Statement] = []

    def note(query: LoggedQuery) -> None:
        seen.append((query.query, tuple(query.args)))

    await _each_connection(lambda connection: connection.add_query_logger(note))
    await submit_report(actor, uuid.uuid4(), msgspec.convert(wish, ReportIn))
    await _each_connection(lambda connection: connection.remove_query_logger(note))
    # The word to listeners is said after the commit, for many reports at once.
    return [(sql, arguments) for sql, arguments in seen if arguments and "pg_notify" not in sql]


async def _each_connection(act: Callable[[PoolConnectionProxy], None]) -> None:
    pool = db.pool()
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    for connection in connections:
        act(connection)
        await pool.release(connection)


_FRESH = object()


def _mark(first: object, second: object) -> object:
    """`second`, or a mark where the two recordings differ."""
    if isinstance(first, list) and isinstance(second, list):
        return [_mark(a, b) for a, b in zip(first, second, strict=True)]
    if first != second and isinstance(second, uuid.UUID):
        return (_FRESH, second)
    if first != second and isinstance(second, str):
        return (_FRESH, second)
    return second


def _fill(argument: object, fresh: dict[object, object]) -> object:
    if isinstance(argument, list):
        return [_fill(item, fresh) for item in argument]
    if isinstance(argument, tuple) and argument and argument[0] is _FRESH:
        original = argument[1]
        if original not in fresh:
            made = uuid.uuid4()
            if isinstance(original, uuid.UUID):
                fresh[original] = made
            elif original.startswith(("{", "[")):
                fresh[original] = original
            else:
                fresh[original] = made.hex[: max(12, len(original))]
        return fresh[original]
    return argument


async def _replay(pool: "asyncpg.Pool[asyncpg.Record]", statements: Sequence[Statement]) -> float:
    """The same statements in one transaction each, and nothing else."""

    async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        fresh: dict[object, object] = {}
        async with connection.transaction():
            for sql, arguments in statements:
                await connection.fetch(sql, *(_fill(argument, fresh) for argument in arguments))

    return await _rate(pool, work, REPORTS // 3)
