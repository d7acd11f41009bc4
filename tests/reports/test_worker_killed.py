"""A real worker, killed as by `kill -9` around its commits: all is said once all the same."""

import asyncio
import os
import sys
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.conftest import World
from tests.reports.steps import messages_of, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


async def start_worker(failpoints: str | None = None) -> asyncio.subprocess.Process:
    """In a process group of its own, which is what a failpoint kills."""
    environment = dict(os.environ)
    if failpoints:
        environment["KHUPHO_FAILPOINTS"] = failpoints
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "backend",
        "worker",
        env=environment,
        start_new_session=True,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def test_warnings_survive_workers_that_are_killed(
    world: World, connection: "Connection"
) -> None:
    reports = [uuid.UUID(str((await send(world.alice, world, "fire"))["id"])) for _ in range(3)]
    await connection.execute(
        """UPDATE report SET created_at = created_at - $2::interval,
               accept_due_at = accept_due_at - $2::interval, alarm_at = alarm_at - $2::interval,
               clocks = jsonb_set(clocks, '{since}',
                                  to_jsonb((clocks->>'since')::timestamptz - $2::interval))
           WHERE id = ANY($1)""",
        reports,
        timedelta(hours=9),
    )
    for failpoints in ("before_commit=kill@1", "after_commit=kill@1", "before_commit=kill@2"):
        killed = await start_worker(failpoints)
        assert await asyncio.wait_for(killed.wait(), 120) == -9
    alive = await start_worker()
    try:
        async with asyncio.timeout(120):
            while await connection.fetchval(
                "SELECT count(*) FROM report WHERE id = ANY($1) AND alarm_at <= now()", reports
            ):
                await asyncio.sleep(0.05)
    finally:
        alive.terminate()
        await asyncio.wait_for(alive.wait(), 60)
    for report_id in reports:
        events = [message["event"] for message in await messages_of(world.farid, report_id)]
        assert [event["type"] for event in events] == [  # type: ignore[index]
            "created",
            "warned",
            "breached",
        ]
        told = await connection.fetch(
            """SELECT a.name, n.detail FROM notification n JOIN account a ON a.id = n.account_id
               WHERE n.report_id = $1 AND n.kind = 'deadline' ORDER BY a.name, n.detail""",
            report_id,
        )
        assert [tuple(row) for row in told] == [
            ("Chi", "accept_breach"),
            ("Chi", "accept_warning"),
            ("Farid", "accept_breach"),
        ]
