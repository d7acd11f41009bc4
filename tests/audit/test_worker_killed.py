"""Real workers, killed as by `kill -9` around their commits: one chain, nothing left out."""

import asyncio
import uuid

from backend import db
from backend.audit.service import verify
from tests.conftest import World
from tests.reports.steps import say, send
from tests.reports.test_worker_killed import start_worker


async def test_the_chain_survives_workers_that_are_killed(world: World) -> None:
    report_id = uuid.UUID(str((await send(world.alice, world))["id"]))
    for failpoint in ("before_commit=kill@2", "after_commit=kill@2"):
        await say(world.alice, report_id)
        killed = await start_worker(failpoint)
        assert await asyncio.wait_for(killed.wait(), 120) == -9
    alive = [await start_worker(), await start_worker()]
    try:
        for _ in range(10):
            await say(world.alice, report_id)
        async with asyncio.timeout(120):
            while await db.fetch_value(
                """SELECT count(*) FROM audit_entry e
                   WHERE NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.entry_id = e.id)"""
            ):
                await asyncio.sleep(0.05)
    finally:
        for worker in alive:
            worker.terminate()
        for worker in alive:
            await asyncio.wait_for(worker.wait(), 60)
    verdict = await verify()
    assert verdict.intact, verdict
    rows = await db.fetch(
        """SELECT e.id FROM audit_chain c JOIN audit_entry e ON e.id = c.entry_id
           WHERE e.subject_id = $1 ORDER BY c.seq""",
        report_id,
    )
    ids = [row["id"] for row in rows]
    assert len(ids) == 13
    assert ids == sorted(ids)
