"""A result nobody answers is taken as confirmed after seven days."""

import asyncio
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.reports.conversation import close_silent_reports
from tests.conftest import World
from tests.reports.steps import messages_of, move, report_of, say, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


async def resolved(world: World, connection: "Connection", ago: timedelta) -> object:
    report_id = (await send(world.alice, world))["id"]
    await move(world.chi, report_id, "accepted")
    await move(world.chi, report_id, "in_progress")
    await move(world.chi, report_id, "resolved", text="Đã thay bóng")
    await connection.execute(
        "UPDATE report SET resolved_at = now() - $2::interval WHERE id = $1",
        uuid.UUID(str(report_id)),
        ago,
    )
    return report_id


async def test_after_seven_days_of_silence_a_result_counts_as_confirmed(
    world: World, connection: "Connection"
) -> None:
    silent = await resolved(world, connection, timedelta(days=7, minutes=1))
    recent = await resolved(world, connection, timedelta(days=6, hours=23))
    await close_silent_reports()
    assert (await report_of(world.alice, silent))["state"] == "closed"
    assert (await report_of(world.alice, silent))["closed_at"]
    assert (await report_of(world.alice, recent))["state"] == "resolved"
    last = (await messages_of(world.alice, silent))[-1]
    assert (last["side"], last["author_name"], last["mine"]) == ("system", None, False)
    assert last["event"]["to"] == "closed"  # type: ignore[index]
    kinds = await connection.fetch(
        "SELECT kind, detail FROM notification WHERE message_id = $1", uuid.UUID(str(last["id"]))
    )
    assert [tuple(row) for row in kinds] == [("state", "closed")]
    assert (await say(world.alice, silent)).json()["code"] == "thread_closed"


async def test_two_workers_close_each_report_once(world: World, connection: "Connection") -> None:
    reports = [await resolved(world, connection, timedelta(days=8)) for _ in range(4)]
    counts = await asyncio.gather(close_silent_reports(), close_silent_reports())
    assert sum(counts) >= 4
    for report_id in reports:
        closings = [
            message
            for message in await messages_of(world.alice, report_id)
            if message["event"] and message["event"].get("to") == "closed"  # type: ignore[attr-defined]
        ]
        assert len(closings) == 1


async def test_a_dispute_within_the_seven_days_keeps_it_open(
    world: World, connection: "Connection"
) -> None:
    report_id = await resolved(world, connection, timedelta(days=6))
    before = await report_of(world.alice, report_id)
    await move(world.alice, report_id, "disputed", text="Vẫn tối")
    await connection.execute(
        "UPDATE report SET resolved_at = now() - interval '30 days' WHERE id = $1",
        uuid.UUID(str(report_id)),
    )
    await close_silent_reports()
    after = await report_of(world.chi, report_id)
    assert after["state"] == "disputed"
    # The six days it waited for Alice are not the department's: the promise begins anew.
    assert str(after["solve_due_at"]) >= str(before["solve_due_at"])
