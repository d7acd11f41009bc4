"""What lies nearby is found by the index on the place, not by reading the ward."""

import uuid
from typing import TYPE_CHECKING

import pytest

from backend import db
from backend.actor import Actor
from backend.reports import nearby_queries
from tests.conftest import World
from tests.reports.test_plans import rows_read

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

REPORTS = 40_000


async def test_nearby_reads_what_is_near(
    world: World, connection: "Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    await connection.execute(
        """
        INSERT INTO report (id, code, account_id, neighbourhood_id, ward_id, city_id, category_id,
                            state, located_by, urgent, private, content_hash, lat, lon,
                            accept_due_at, solve_due_at, description)
        SELECT gen_random_uuid(), $2::uuid || '-' || n, $1, $3, $4, $5, $6,
               CASE WHEN n % 2 = 0 THEN 'submitted' ELSE 'closed' END, 'map', false, false, '',
               $7 + (n % 200 - 100) * 0.00005, $8 + (n / 200 - 100) * 0.00005, now(), now(),
               'Đèn đường số ' || n
        FROM generate_series(1, $9) n
        """,
        world.alice.account_id,
        uuid.uuid4(),
        world.neighbourhood_id,
        world.ward_id,
        world.city_id,
        world.categories["lamp"],
        world.lat,
        world.lon,
        REPORTS,
    )
    await connection.execute("ANALYZE report")
    sent: list[tuple[str, tuple[object, ...]]] = []

    async def noting(sql: str, *arguments: object) -> "list[asyncpg.Record]":
        sent.append((sql, arguments))
        return await db.fetch(sql, *arguments)

    monkeypatch.setattr(nearby_queries, "fetch", noting)
    actor = Actor(
        account_id=world.dariush.account_id,
        session_id=world.dariush.session_id,
        name="Dariush",
        language="vi",
        neighbourhood_id=world.other_neighbourhood_id,
        ward_id=world.ward_id,
        grants=(),
    )
    found = await nearby_queries.list_near(
        actor, [world.ward_id], world.lat, world.lon, 50, "den duong"
    )
    assert len(found) == nearby_queries.LOOKED_AT
    sql, arguments = sent[0]
    rows = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {sql}", *arguments)
    plan = "\n".join(row[0] for row in rows)
    assert "report_point" in plan, plan
    assert "Seq Scan on report" not in plan, plan
    assert rows_read(plan) <= nearby_queries.LOOKED_AT * 6, plan
