"""The inbox: exactly what committed changes told, only one's own, read once."""

import asyncio
import uuid

import asyncpg
import pytest

from backend import db
from backend.db import write_tx
from backend.notifications import service
from tests.conftest import Person, World
from tests.fixtures.push_service import PushService
from tests.notifications.phones import actor_of, jobs_about, phone_of, tell, wish


class ChangedMindError(Exception):
    """The change that would have been told of fails after all."""


async def read(person: Person, *ids: object) -> int:
    answer = await person.put(
        "/api/notifications/read", {"ids": [str(thing_id) for thing_id in ids]}
    )
    return answer.status_code


async def test_what_happened_is_in_the_inbox(world: World) -> None:
    report_id = uuid.uuid4()
    (told,) = await tell(world.alice, kind="state", report_id=report_id, detail="accepted")
    (line,) = await service.load_notifications(await actor_of(world.alice), [told])
    assert (line.kind, line.report_id, line.detail, line.urgent, line.read_at) == (
        "state",
        report_id,
        "accepted",
        False,
        None,
    )
    assert line.created_at.utcoffset() is not None


async def test_nobody_sees_a_neighbours_inbox(world: World) -> None:
    (told,) = await tell(world.alice)
    for person in (world.bang, world.chi, world.dariush, world.emine, world.farid, world.gita):
        assert await service.load_notifications(await actor_of(person), [told]) == []


async def test_a_new_line_reaches_the_phones_copy(world: World) -> None:
    (told,) = await tell(world.alice)
    assert await _feed(world.alice) == {told}
    assert await _feed(world.bang) == set()


async def _feed(person: Person) -> set[uuid.UUID]:
    rows = await db.fetch(
        "SELECT id FROM change WHERE scope = $1 AND kind = 'notification'", person.account_id
    )
    return {row["id"] for row in rows}


async def test_a_change_that_fails_leaves_no_notification_and_no_job(
    world: World, push_service: PushService
) -> None:
    await phone_of(world.alice, push_service)
    report_id = uuid.uuid4()
    written: list[uuid.UUID] = []

    async def change() -> None:
        async with write_tx():
            await service.notify([world.alice.account_id], "message", report_id)
            written.extend(await _lines_about(report_id))
            assert await jobs_about(written)
            raise ChangedMindError

    with pytest.raises(ChangedMindError):
        await change()
    assert len(written) == 1
    assert await _lines_about(report_id) == []
    assert await jobs_about(written) == []
    assert await _feed(world.alice) == set()


async def _lines_about(report_id: uuid.UUID) -> list[uuid.UUID]:
    rows = await db.fetch("SELECT id FROM notification WHERE report_id = $1", report_id)
    return [row["id"] for row in rows]


async def test_one_job_tells_everybody(world: World, push_service: PushService) -> None:
    people = (world.alice, world.bang, world.chi)
    for person in people:
        await phone_of(person, push_service)
    told = await tell(*people, world.dariush, kind="report_new")
    (job,) = await jobs_about(told)
    assert sorted(job["notifications"]) == sorted(str(thing_id) for thing_id in told[:3])


async def test_without_a_phone_there_is_a_line_and_no_job(world: World) -> None:
    told = await tell(world.alice)
    assert await jobs_about(told) == []


async def test_a_person_named_twice_is_told_once(world: World) -> None:
    report_id = uuid.uuid4()
    async with write_tx():
        await service.notify([world.alice.account_id] * 2, "message", report_id)
    assert len(await _lines_about(report_id)) == 1


async def test_accounts_that_are_closed_or_gone_are_not_told(world: World) -> None:
    await db.execute("UPDATE account SET disabled_at = now() WHERE id = $1", world.bang.account_id)
    report_id = uuid.uuid4()
    async with write_tx():
        await service.notify(
            [world.alice.account_id, world.bang.account_id, uuid.uuid4()], "message", report_id
        )
    rows = await db.fetch("SELECT account_id FROM notification WHERE report_id = $1", report_id)
    assert [row["account_id"] for row in rows] == [world.alice.account_id]


@pytest.mark.parametrize("detail", ["Đèn hỏng trước nhà số 5", "Cô Ba", "x" * 41, "", "a\n"])
async def test_what_people_write_cannot_become_a_notification(world: World, detail: str) -> None:
    async with write_tx():
        with pytest.raises(ValueError, match="name of a state"):
            await service.notify([world.alice.account_id], "state", uuid.uuid4(), None, detail)


async def test_telling_outside_a_change_is_refused(world: World) -> None:
    report_id = uuid.uuid4()
    with pytest.raises(RuntimeError, match="write_tx"):
        await service.notify([world.alice.account_id], "message", report_id)
    assert await _lines_about(report_id) == []


async def test_a_phone_that_leaves_at_this_moment_does_not_break_the_change(
    world: World, push_service: PushService, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await phone_of(world.alice, push_service)
    leaving = connection.transaction()
    await leaving.start()
    await connection.execute(
        "DELETE FROM push_subscription WHERE account_id = $1", world.alice.account_id
    )
    telling = asyncio.create_task(tell(world.alice))
    await _somebody_waits_for(connection)
    await leaving.commit()
    (told,) = await telling
    assert await jobs_about([told]) == []


async def _somebody_waits_for(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    async with asyncio.timeout(10):
        while not await db.fetch_value(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE $1 = ANY(pg_blocking_pids(pid)))",
            connection.get_server_pid(),
        ):
            await asyncio.sleep(0.005)


async def test_reading_marks_the_line_on_all_of_ones_devices(world: World) -> None:
    first, second = [(await tell(world.alice))[0] for _ in range(2)]
    version = "SELECT version::text FROM change WHERE id = $1"
    before = {line: await db.fetch_value(version, line) for line in (first, second)}
    assert await read(world.alice, first) == 204
    (one, other) = await service.load_notifications(await actor_of(world.alice), [first, second])
    assert (one.id, one.read_at is None) == (first, False)
    assert (other.id, other.read_at) == (second, None)
    assert await db.fetch_value(version, first) != before[first]
    assert await db.fetch_value(version, second) == before[second]


async def test_reading_again_changes_nothing(world: World) -> None:
    (told,) = await tell(world.alice)
    actor = await actor_of(world.alice)
    await read(world.alice, told)
    (once,) = await service.load_notifications(actor, [told])
    assert await read(world.alice, told, told) == 204
    assert await service.load_notifications(actor, [told]) == [once]


async def test_foreign_and_missing_lines_are_left_alone_without_a_hint(world: World) -> None:
    (told,) = await tell(world.alice)
    for person in (world.bang, world.chi, world.dariush, world.farid):
        answers = [
            await person.put("/api/notifications/read", {"ids": [str(thing_id)]})
            for thing_id in (told, uuid.uuid4())
        ]
        assert [answer.status_code for answer in answers] == [204, 204]
        assert [answer.content for answer in answers] == [b"", b""]
    (line,) = await service.load_notifications(await actor_of(world.alice), [told])
    assert line.read_at is None


async def test_nobody_must_sign_in_first(world: World, push_service: PushService) -> None:
    body = wish(push_service.subscribe())
    address = f"/api/push/subscriptions/{uuid.uuid4()}"
    for answer in (
        await world.nobody.put("/api/notifications/read", {"ids": []}),
        await world.nobody.put(address, body),
        await world.nobody.delete(address),
    ):
        assert answer.status_code == 401
        assert answer.json()["code"] == "signed_out"


@pytest.mark.parametrize("ids", [["not-an-id"], [1], "x", None, [str(uuid.UUID(int=7))] * 1001])
async def test_a_list_that_cannot_be_read_is_refused_by_name(world: World, ids: object) -> None:
    answer = await world.alice.put("/api/notifications/read", {"ids": ids})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("ids")
