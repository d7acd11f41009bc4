"""Promises that run out: said once, in order, to the right people, whatever happens meanwhile."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from backend.departments.service import forget_cached_rules
from backend.reports import deadlines, worker
from backend.reports.deadlines import fire_alarms, recount_wards
from tests.conftest import World
from tests.reports.steps import messages_of, move, report_of, say, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

HOUR = timedelta(hours=1)
NOW = timedelta(0)


async def an_hour_passes(connection: "Connection", report_id: object, hours: float) -> None:
    """As if the report, and all that happened to it, were so much older."""
    await connection.execute(
        """UPDATE report SET created_at = created_at - $2::interval,
               accept_due_at = accept_due_at - $2::interval,
               solve_due_at = solve_due_at - $2::interval, alarm_at = alarm_at - $2::interval,
               accepted_at = accepted_at - $2::interval, resolved_at = resolved_at - $2::interval,
               awaiting_since = awaiting_since - $2::interval,
               clocks = jsonb_set(clocks, '{since}',
                                  to_jsonb((clocks->>'since')::timestamptz - $2::interval))
           WHERE id = $1""",
        uuid.UUID(str(report_id)),
        hours * HOUR,
    )


async def said(world: World, report_id: object) -> list[str]:
    """What the system said about promises, in the order of the thread."""
    return [
        f"{message['event']['clock']} {message['event']['type']}"  # type: ignore[index]
        for message in await messages_of(world.farid, report_id)
        if message["event"] and "clock" in message["event"]  # type: ignore[operator]
    ]


async def told(connection: "Connection", report_id: object) -> set[tuple[str, str]]:
    """(who, of what) since the last time."""
    rows = await connection.fetch(
        """UPDATE notification n SET kind = 'seen' FROM account a
           WHERE a.id = n.account_id AND n.report_id = $1 AND n.kind IN ('deadline', 'nudge')
           RETURNING a.name, n.detail, n.kind""",
        uuid.UUID(str(report_id)),
    )
    return {(row["name"], row["detail"]) for row in rows}


@pytest.fixture
async def urgent(world: World) -> object:
    """Accept within 8 hours, solve within 48, day and night; escalated 8 hours later."""
    return (await send(world.alice, world, "fire"))["id"]


async def test_the_officer_is_warned_the_dispatcher_hears_of_the_breach_then_the_leader(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 6.3)
    await fire_alarms()
    assert await said(world, urgent) == []
    for hours, line, who in (
        (0.2, "accept warned", {("Chi", "accept_warning")}),
        (1.6, "accept breached", {("Chi", "accept_breach"), ("Farid", "accept_breach")}),
        (8, "accept escalated", {("Gita", "accept_escalation")}),
    ):
        await an_hour_passes(connection, urgent, hours)
        before = await said(world, urgent)
        await fire_alarms()
        await fire_alarms()
        assert await said(world, urgent) == [*before, line]
        assert await told(connection, urgent) == who


async def test_after_a_long_absence_of_the_worker_all_is_said_once_and_in_order(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 100)
    await fire_alarms()
    await fire_alarms()
    assert await said(world, urgent) == [
        "accept warned",
        "accept breached",
        "accept escalated",
        "solve warned",
        "solve breached",
        "solve escalated",
    ]
    rows = await connection.fetch(
        "SELECT kind, at FROM deadline WHERE report_id = $1 ORDER BY at", uuid.UUID(str(urgent))
    )
    assert [row["kind"] for row in rows] == ["warning", "breach", "escalation"] * 2
    alarm = await connection.fetchval(
        "SELECT alarm_at FROM report WHERE id = $1", uuid.UUID(str(urgent))
    )
    assert alarm is None, "nothing more to say"


async def test_two_workers_say_everything_once(world: World, connection: "Connection") -> None:
    reports = [(await send(world.alice, world, "fire"))["id"] for _ in range(4)]
    for report_id in reports:
        await an_hour_passes(connection, report_id, 9)
    await asyncio.gather(fire_alarms(), fire_alarms())
    for report_id in reports:
        assert await said(world, report_id) == ["accept warned", "accept breached"]


async def test_a_worker_killed_half_way_leaves_nothing_and_the_next_one_says_it(
    world: World, connection: "Connection", urgent: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_hour_passes(connection, urgent, 9)

    class Killed(Exception):
        pass

    async def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(deadlines.telling, "tell_deadline", die)
        with pytest.raises(Killed):
            await fire_alarms()
    assert await said(world, urgent) == []
    assert await told(connection, urgent) == set()
    await fire_alarms()
    assert await said(world, urgent) == ["accept warned", "accept breached"]
    assert len(await told(connection, urgent)) == 3


async def test_a_clock_on_the_wall_that_jumps_back_repeats_nothing(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 9)
    await fire_alarms()
    await an_hour_passes(connection, urgent, -5)
    await fire_alarms()
    await an_hour_passes(connection, urgent, 5)
    # Whatever the alarm was left at.
    await connection.execute(
        "UPDATE report SET alarm_at = now() WHERE id = $1", uuid.UUID(str(urgent))
    )
    await fire_alarms()
    assert await said(world, urgent) == ["accept warned", "accept breached"]


async def test_what_was_accepted_in_time_is_not_complained_about(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 5)
    await move(world.chi, urgent, "accepted")
    await an_hour_passes(connection, urgent, 30)
    await fire_alarms()
    assert await said(world, urgent) == []
    await an_hour_passes(connection, urgent, 5)
    await fire_alarms()
    assert await said(world, urgent) == ["solve warned"]


async def test_a_promise_broken_while_the_worker_was_away_is_told_even_if_accepted_since(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 9)
    await move(world.chi, urgent, "accepted")
    await fire_alarms()
    assert await said(world, urgent) == ["accept warned", "accept breached"]
    await an_hour_passes(connection, urgent, 10)
    await fire_alarms()
    assert await said(world, urgent) == ["accept warned", "accept breached"], "not escalated"


async def test_while_the_reporter_is_asked_nobody_is_late(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 5)
    await say(world.chi, urgent, "Ở đâu?", question=True)
    assert (await report_of(world.alice, urgent))["clock_paused"] is True
    await an_hour_passes(connection, urgent, 50)
    await fire_alarms()
    assert await said(world, urgent) == []
    await say(world.alice, urgent, "Số 12")
    assert (await report_of(world.alice, urgent))["clock_paused"] is False
    await an_hour_passes(connection, urgent, 1.5)
    await fire_alarms()
    assert await said(world, urgent) == ["accept warned"], "three hours were left, not fewer"


async def test_what_ran_out_before_the_question_is_still_said_and_nothing_since(
    world: World, connection: "Connection", urgent: object
) -> None:
    """The worker was away when the warning was due, and comes back long after the question."""
    await an_hour_passes(connection, urgent, 6.5)
    await say(world.chi, urgent, "Ở đâu?", question=True)
    await an_hour_passes(connection, urgent, 50)
    await fire_alarms()
    assert await said(world, urgent) == ["accept warned"]


async def test_a_result_that_waits_for_the_reporter_is_not_late_and_a_dispute_begins_anew(
    world: World, connection: "Connection", urgent: object
) -> None:
    await move(world.chi, urgent, "accepted")
    await move(world.chi, urgent, "in_progress")
    await an_hour_passes(connection, urgent, 40)
    await fire_alarms()
    await move(world.chi, urgent, "resolved", text="Xong")
    await an_hour_passes(connection, urgent, 100)
    await fire_alarms()
    assert await said(world, urgent) == ["solve warned"]
    await move(world.alice, urgent, "disputed", text="Chưa")
    await an_hour_passes(connection, urgent, 38)
    await fire_alarms()
    assert await said(world, urgent) == ["solve warned"]
    await an_hour_passes(connection, urgent, 1)
    await fire_alarms()
    assert await said(world, urgent) == ["solve warned", "solve warned"]
    await an_hour_passes(connection, urgent, 10)
    await fire_alarms()
    assert await said(world, urgent) == ["solve warned", "solve warned", "solve breached"]


async def test_what_is_over_is_not_late(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 9)
    await move(world.alice, urgent, "withdrawn")
    await fire_alarms()
    assert await said(world, urgent) == []


async def test_an_appeal_begins_with_warnings_of_its_own(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 9)
    await fire_alarms()
    await move(world.bang, urgent, "rejected", reason="Không thấy")
    await move(world.alice, urgent, "submitted", reason="Có mà")
    await fire_alarms()
    await an_hour_passes(connection, urgent, 9)
    await fire_alarms()
    assert await said(world, urgent) == ["accept warned", "accept breached"] * 2


async def test_of_an_unrouted_report_the_dispatcher_is_warned(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world, "orphan"))["id"]
    await connection.execute(
        """UPDATE report SET clocks = NULL, alarm_at = now(), accept_due_at = now(),
               created_at = now() - interval '9 hours', solve_due_at = now() + interval '9 days'
           WHERE id = $1""",
        uuid.UUID(str(report_id)),
    )
    await fire_alarms()
    assert ("Farid", "accept_warning") in await told(connection, report_id)


async def test_a_report_from_before_there_were_clocks_counts_day_and_night(
    world: World, connection: "Connection", urgent: object
) -> None:
    await connection.execute(
        """UPDATE report SET clocks = NULL, created_at = now() - interval '9 hours',
               accept_due_at = now() - interval '1 hour', alarm_at = now() - interval '1 hour'
           WHERE id = $1""",
        uuid.UUID(str(urgent)),
    )
    await fire_alarms()
    assert await said(world, urgent) == ["accept warned", "accept breached"]


async def test_the_worker_looks_by_itself(
    world: World, connection: "Connection", urgent: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after a pass that failed."""
    monkeypatch.setattr(worker, "WATCH_SECONDS", 0.05)
    passes = 0

    async def fail_at_first(*, at_most: int) -> int:
        nonlocal passes
        passes += 1
        if passes == 1:
            raise OSError("the database is away")
        return await fire_alarms(at_most=at_most)

    monkeypatch.setattr(worker, "fire_alarms", fail_at_first)
    await an_hour_passes(connection, urgent, 9)
    stopping = asyncio.Event()
    watch = asyncio.create_task(worker.watch_deadlines(stopping))
    async with asyncio.timeout(20):
        while not await said(world, urgent):
            await asyncio.sleep(0.01)
    stopping.set()
    await watch
    assert await said(world, urgent) == ["accept warned", "accept breached"]
    assert passes >= 2


# nudges --------------------------------------------------------------------------------------


async def test_the_reporter_asks_once_after_each_broken_promise(
    world: World, connection: "Connection", urgent: object
) -> None:
    path = f"/api/reports/{urgent}/nudges"
    early = await world.alice.put(f"{path}/{uuid.uuid4()}", {})
    assert (early.status_code, early.json()["code"]) == (409, "not_overdue")
    assert early.json()["detail"]
    assert (await report_of(world.alice, urgent))["nudge"] is None
    await an_hour_passes(connection, urgent, 9)
    assert (await report_of(world.alice, urgent))["nudge"] == "accept"
    for person in (world.chi, world.bang, world.farid):
        assert (await report_of(person, urgent))["nudge"] is None
    nudge_id = uuid.uuid4()
    first = await world.alice.put(f"{path}/{nudge_id}", {})
    again = await world.alice.put(
        f"{path}/{nudge_id}", {"device_created_at": "2020-01-01T00:00:00Z"}
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert await told(connection, urgent) == {("Chi", "accept"), ("Farid", "accept")}
    assert await said(world, urgent) == ["accept nudged"]
    last = (await messages_of(world.alice, urgent))[-1]
    assert (last["id"], last["side"], last["mine"]) == (str(nudge_id), "reporter", True)
    assert (await report_of(world.alice, urgent))["nudge"] is None
    twice = await world.alice.put(f"{path}/{uuid.uuid4()}", {})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_nudged")
    await an_hour_passes(connection, urgent, 40)
    assert (await report_of(world.alice, urgent))["nudge"] == "solve"
    assert (await world.alice.put(f"{path}/{uuid.uuid4()}", {})).status_code == 201
    assert await said(world, urgent) == ["accept nudged", "solve nudged"]


async def test_two_taps_at_once_ask_once(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 9)
    path = f"/api/reports/{urgent}/nudges"
    answers = await asyncio.gather(
        *(world.alice.put(f"{path}/{uuid.uuid4()}", {}) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert await said(world, urgent) == ["accept nudged"]


async def test_only_the_author_may_ask(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 9)
    path = f"/api/reports/{urgent}/nudges/{uuid.uuid4()}"
    for person, status in (
        (world.nobody, 401),
        (world.dariush, 404),
        (world.emine, 404),
        (world.bang, 403),
        (world.chi, 403),
        (world.farid, 403),
        (world.gita, 403),
    ):
        assert (await person.put(path, {})).status_code == status, person.name
    assert await said(world, urgent) == []


async def test_who_is_asked_something_answers_first(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 9)
    await say(world.chi, urgent, "Ở đâu?", question=True)
    answer = await world.alice.put(f"/api/reports/{urgent}/nudges/{uuid.uuid4()}", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "waits_for_you")
    assert (await report_of(world.alice, urgent))["nudge"] is None


async def test_an_id_of_something_else_is_no_nudge(
    world: World, connection: "Connection", urgent: object
) -> None:
    await an_hour_passes(connection, urgent, 9)
    spoken = uuid.uuid4()
    await world.alice.put(f"/api/reports/{urgent}/messages/{spoken}", {"text": "Xin chào"})
    answer = await world.alice.put(f"/api/reports/{urgent}/nudges/{spoken}", {})
    assert (answer.status_code, answer.json()["code"]) == (422, "id_reused")


# counting anew -------------------------------------------------------------------------------


async def close(connection: "Connection", world: World, first: datetime, last: datetime) -> None:
    """A closure of the ward, as its own API writes it."""
    await connection.execute(
        """INSERT INTO closure (id, area_id, first_day, last_day, reason, account_id, content_hash)
           VALUES (gen_random_uuid(), $1, $2, $3, 'Lụt', $4, '')""",
        world.ward_id,
        first.date(),
        last.date(),
        world.farid.account_id,
    )
    await connection.execute("INSERT INTO recount (ward_id) VALUES ($1)", world.ward_id)
    forget_cached_rules()


def at(report: dict[str, object], key: str) -> datetime:
    return datetime.fromisoformat(str(report[key]))


async def test_a_closure_moves_open_promises_in_working_hours_only(
    world: World, connection: "Connection", urgent: object
) -> None:
    lamp = (await send(world.alice, world))["id"]
    before = {one: await report_of(world.alice, one) for one in (lamp, urgent)}
    today = datetime.now(UTC)
    await close(connection, world, today - timedelta(days=1), today + timedelta(days=60))
    assert await recount_wards(settled=NOW) == 1
    assert await recount_wards(settled=NOW) == 0, "done once"
    after = {one: await report_of(world.alice, one) for one in (lamp, urgent)}
    for key in ("accept_due_at", "solve_due_at"):
        assert at(after[lamp], key) > today + timedelta(days=60)
        assert after[urgent][key] == before[urgent][key]
    await connection.execute("DELETE FROM closure")
    await connection.execute("INSERT INTO recount (ward_id) VALUES ($1)", world.ward_id)
    assert await recount_wards(settled=NOW) == 1
    assert await report_of(world.alice, lamp) | {"updated_at": ""} == before[lamp] | {
        "updated_at": ""
    }, "counting anew gives the same as counting at first"


async def test_a_holiday_declared_afterwards_gives_time_back_but_mends_no_broken_promise(
    world: World, connection: "Connection"
) -> None:
    """Sent thirty days ago: the promise to accept is long broken, the one to solve is not."""
    lamp = (await send(world.alice, world))["id"]
    await an_hour_passes(connection, lamp, 30 * 24)
    await connection.execute(
        """UPDATE report SET solve_due_at = now() + interval '1 minute',
               clocks = jsonb_set(clocks, '{solve,0}', to_jsonb(400::bigint * 3600 * 1000000))
           WHERE id = $1""",
        uuid.UUID(str(lamp)),
    )
    await fire_alarms()
    heard = await said(world, lamp)
    assert heard[:2] == ["accept warned", "accept breached"]
    before = await report_of(world.alice, lamp)
    today = datetime.now(UTC)
    await close(connection, world, today - timedelta(days=31), today + timedelta(days=1))
    await recount_wards(settled=NOW)
    after = await report_of(world.alice, lamp)
    assert after["accept_due_at"] == before["accept_due_at"]
    assert at(after, "solve_due_at") > at(before, "solve_due_at")
    await fire_alarms()
    assert await said(world, lamp) == heard, "what was said stays said, once"


async def test_changed_hours_wait_until_every_process_knows_them(
    world: World, connection: "Connection"
) -> None:
    await send(world.alice, world)
    await connection.execute("INSERT INTO recount (ward_id) VALUES ($1)", world.ward_id)
    await recount_wards()
    left = "SELECT count(*) FROM recount WHERE ward_id = $1"
    assert await connection.fetchval(left, world.ward_id) == 1
    await recount_wards(settled=NOW)
    assert await connection.fetchval(left, world.ward_id) == 0
