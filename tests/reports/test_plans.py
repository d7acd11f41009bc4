"""Which indexes the lists use when a city has been reporting for a while."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from backend import db
from backend.actor import Actor, Grant, Role
from backend.reports import desk_queries, queries
from backend.reports.desk_queries import COUNTED, DeskPage
from backend.reports.desk_schemas import DeskFilters
from tests.conftest import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

REPORTS = 40_000
DEPARTMENTS = 20
LONG_AGO = (datetime(2020, 1, 1, tzinfo=UTC), uuid.UUID(int=0))


@pytest.fixture
async def busy_city(world: World, connection: "Connection") -> World:
    """Forty thousand reports in twenty departments; one in ten is still open."""
    await connection.execute(
        """
        INSERT INTO department (id, area_id, code, names)
        SELECT gen_random_uuid(), $1, 'd' || n, '{"vi": "", "fa": "", "en": ""}'
        FROM generate_series(1, $2) n
        """,
        world.ward_id,
        DEPARTMENTS,
    )
    # Forty thousand times no trigger: what it would write stands in the statement.
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(
        """
        WITH d AS (SELECT array_agg(id) AS ids FROM department WHERE area_id = $4)
        INSERT INTO report (id, code, account_id, neighbourhood_id, ward_id, city_id, category_id,
                            department_id, state, located_by, urgent, private, content_hash,
                            last_seq, created_at, accept_due_at, solve_due_at, description,
                            search)
        SELECT gen_random_uuid(), $3::uuid || '-' || n, $1, $2, $4, $5, $6,
               CASE WHEN n % 100 = 0 THEN $7::uuid ELSE d.ids[1 + n % array_length(d.ids, 1)] END,
               CASE WHEN n % 1000 < 100 THEN 'submitted' ELSE 'closed' END, 'none', false, false,
               '', 1, now() - n * interval '1 minute', now(), now() - n * interval '1 minute',
               'Đèn đường số ' || n, ' den duong so ' || n
        FROM generate_series(1, $8) n, d
        """,
        world.alice.account_id,
        world.neighbourhood_id,
        uuid.uuid4(),
        world.ward_id,
        world.city_id,
        world.categories["lamp"],
        world.lighting_id,
        REPORTS,
    )
    await connection.execute("SET session_replication_role = origin")
    await connection.execute("ANALYZE report")
    return world


def officer(world: World) -> Actor:
    return with_grant(world, "officer", world.lighting_id)


def with_grant(world: World, role: Role, scope_id: uuid.UUID) -> Actor:
    return Actor(
        account_id=world.chi.account_id,
        session_id=world.chi.session_id,
        name="Chi",
        language="vi",
        neighbourhood_id=None,
        ward_id=None,
        grants=(Grant(role, scope_id),),
    )


async def plan_of(
    monkeypatch: pytest.MonkeyPatch,
    connection: "Connection",
    ask: "Callable[[], Awaitable[object]]",
) -> str:
    """The plan of the first statement that `ask` sends, with what it really read."""
    sent: list[tuple[str, tuple[object, ...]]] = []

    def noting(real: "Callable[..., Awaitable[object]]") -> "Callable[..., Awaitable[object]]":
        async def note(sql: str, *arguments: object) -> object:
            sent.append((sql, arguments))
            return await real(sql, *arguments)

        return note

    monkeypatch.setattr(queries, "fetch", noting(db.fetch))
    monkeypatch.setattr(queries, "fetch_planned", noting(db.fetch_planned))
    monkeypatch.setattr(queries, "fetch_one", noting(db.fetch_one))
    monkeypatch.setattr(desk_queries, "fetch_one", noting(db.fetch_one))
    await ask()
    sql, arguments = sent[0]
    rows = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {sql}", *arguments)
    return "\n".join(row[0] for row in rows)


def rows_read(plan: str, table: str = "report r") -> int:
    """Rows that scans of `table` gave or threw away."""
    read = 0
    lines = plan.splitlines()
    for number, line in enumerate(lines):
        if re.search(rf"Scan.* on {table}(_\d+)?\b", line):
            found = re.search(r"rows=([\d.]+) loops=(\d+)", line)
            loops = int(found[2]) if found else 0
            read += int(float(found[1]) * loops) if found else 0
            for below in lines[number + 1 : number + 5]:
                if removed := re.search(r"Rows Removed by (?:Filter|Index Recheck): (\d+)", below):
                    read += int(removed[1]) * loops
    return read


A_PAGE = 51
# Once to choose them, once to show them.
TWICE = 2 * A_PAGE


async def test_a_desk_of_many_thousands_reads_a_page_not_the_table(
    busy_city: World, connection: "Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    """An officer's, a dispatcher's, and that of a leader, whose scope may be a ward or a city."""
    open_tray, all_tray = DeskFilters(), DeskFilters(tray="all")
    for actor, kind in (
        (officer(busy_city), "department"),
        (with_grant(busy_city, "dispatcher", busy_city.ward_id), "ward"),
        (with_grant(busy_city, "leader", busy_city.ward_id), "ward"),
        (with_grant(busy_city, "leader", busy_city.city_id), "city"),
    ):
        by_deadline = "report_desk" if kind == "department" else f"report_{kind}_desk"
        for page, index in (
            (DeskPage(open_tray, 50), by_deadline),
            (DeskPage(open_tray, 50, LONG_AGO), by_deadline),
            (DeskPage(all_tray, 50), f"report_{kind}"),
        ):
            plan = await plan_of(
                monkeypatch, connection, partial(desk_queries.list_desk, actor, page)
            )
            assert re.search(rf"\b{index}\b", plan), plan
            assert rows_read(plan) <= TWICE, plan


async def test_counting_reads_the_open_reports_of_the_department_only(
    busy_city: World, connection: "Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = officer(busy_city)
    plan = await plan_of(
        monkeypatch, connection, partial(desk_queries.count_desk, actor, None, LONG_AGO[0])
    )
    open_reports = await connection.fetchval(
        "SELECT count(*) FROM report WHERE department_id = $1 AND state = 'submitted'",
        busy_city.lighting_id,
    )
    assert rows_read(plan) <= 2 * open_reports, plan


async def test_counting_a_citys_desk_stops_at_a_thousand(
    busy_city: World, connection: "Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = with_grant(busy_city, "leader", busy_city.city_id)
    plan = await plan_of(
        monkeypatch, connection, partial(desk_queries.count_desk, actor, None, LONG_AGO[0])
    )
    assert rows_read(plan) <= 2 * (COUNTED + 1), plan
    counts = await desk_queries.count_desk(actor, None, LONG_AGO[0])
    assert (counts.open, counts.more) == (COUNTED, True)


async def test_rare_words_are_found_by_their_index_and_frequent_ones_on_the_way(
    busy_city: World, connection: "Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    await connection.execute("VACUUM ANALYZE report")
    for actor in (
        officer(busy_city),
        with_grant(busy_city, "leader", busy_city.city_id),
    ):
        for tray in ("open", "all"):
            for words, most in (("số 12345", 500), ("ĐÈN đường", 1000), ("zzz", 10)):
                page = DeskPage(DeskFilters(tray=tray, q=words), 50)  # type: ignore[arg-type]
                plan = await plan_of(
                    monkeypatch, connection, partial(desk_queries.list_desk, actor, page)
                )
                assert rows_read(plan) <= most, (words, plan)


async def test_closing_what_nobody_answered_reads_results_only(
    busy_city: World, connection: "Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await plan_of(monkeypatch, connection, partial(queries.claim_silent_report, LONG_AGO[0]))
    assert "report_silence" in plan, plan


async def test_looking_for_alarms_reads_those_that_ring(
    busy_city: World, connection: "Connection"
) -> None:
    """A report in a hundred waits for its alarm, most of them later."""
    await connection.execute(
        """UPDATE report SET alarm_at = now() + (substring(code, 38)::int - 200)
                                                * interval '1 minute'
           WHERE ward_id = $1 AND substring(code, 38)::int % 100 = 0""",
        busy_city.ward_id,
    )
    await connection.execute("ANALYZE report")
    rows = await connection.fetch(
        """EXPLAIN (ANALYZE, COSTS OFF) SELECT r.id FROM report r WHERE r.alarm_at <= now()
           ORDER BY r.alarm_at LIMIT 1 FOR UPDATE SKIP LOCKED"""
    )
    plan = "\n".join(row[0] for row in rows)
    assert "report_alarm" in plan, plan
    assert rows_read(plan) <= 1, plan


async def test_trying_rules_reads_the_last_months_of_the_ward(
    busy_city: World, connection: "Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    since = datetime.now(UTC) - timedelta(days=2)
    lamp = [busy_city.categories["lamp"]]
    plan = await plan_of(
        monkeypatch, connection, partial(queries.count_places, busy_city.ward_id, lamp, since)
    )
    assert "Seq Scan" not in plan, plan
    assert rows_read(plan, "report") <= 3000, plan
