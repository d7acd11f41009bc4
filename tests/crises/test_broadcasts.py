"""Messages to everybody where a crisis is: each person once, whoever is killed when."""

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest

from backend import db
from backend.crises import broadcasts
from backend.crises.broadcasts import finish_broadcasts, tell_some
from tests.conftest import Person, World
from tests.crises.steps import WORDS, declare, end, field, problem
from tests.reports.test_worker_killed import start_worker

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


async def inbox(person: Person) -> list[tuple[object, object, object, object]]:
    found = (await person.get("/api/sync")).json()["upserts"].get("notification", [])
    return [(one["kind"], one["detail"], one["message_id"], one["urgent"]) for one in found]


async def told_of(broadcast_id: object) -> list[uuid.UUID]:
    rows = await db.fetch(
        "SELECT account_id FROM notification WHERE message_id = $1 ORDER BY account_id",
        uuid.UUID(str(broadcast_id)),
    )
    return [row["account_id"] for row in rows]


async def tell(
    person: Person, crisis: dict[str, object], texts: object = WORDS, broadcast_id: object = None
) -> tuple[object, object]:
    """Sends a message; returns its answer and its id."""
    chosen = broadcast_id or uuid.uuid4()
    answer = await person.put(f"/api/crises/{crisis['id']}/broadcasts/{chosen}", {"texts": texts})
    return answer, chosen


async def settle(person: World, neighbourhood_id: uuid.UUID, count: int) -> None:
    await db.execute(
        """INSERT INTO account (id, name, language, neighbourhood_id, consent_version, consented_at)
           SELECT gen_random_uuid(), 'x', 'vi', $1, 1, now() FROM generate_series(1, $2)""",
        neighbourhood_id,
        count,
    )


async def test_everybody_there_has_it_urgently_and_nobody_else(world: World) -> None:
    crisis = await declare(world)
    await finish_broadcasts()
    declared = ("crisis", "flood", crisis["id"], True)
    assert await inbox(world.alice) == [declared]
    assert await inbox(world.bang) == [declared]
    for person in (world.dariush, world.farid, world.chi, world.gita):
        assert await inbox(person) == []
    answer, broadcast_id = await tell(world.farid, crisis)
    assert answer.status_code == 201  # type: ignore[attr-defined]
    await finish_broadcasts()
    assert len(await inbox(world.alice)) == 2
    (kept,) = (await world.alice.get("/api/sync")).json()["upserts"]["crisis"]
    assert [one["id"] for one in kept["updates"]] == [str(broadcast_id), crisis["id"]]
    shown = (await world.farid.get(f"/api/crises/{crisis['id']}")).json()["broadcasts"]
    assert [(one["told"], one["finished"], one["author_name"]) for one in shown] == [
        (2, True, "Farid"),
        (2, True, "Farid"),
    ]


async def test_the_same_message_again_is_sent_once(world: World) -> None:
    crisis = await declare(world)
    _, broadcast_id = await tell(world.farid, crisis)
    again, _ = await tell(world.farid, crisis, broadcast_id=broadcast_id)
    assert again.status_code == 200  # type: ignore[attr-defined]
    other, _ = await tell(world.farid, crisis, {**WORDS, "en": "Other"}, broadcast_id=broadcast_id)
    assert problem(other) == (422, "id_reused")  # type: ignore[arg-type]
    for _ in range(3):
        await asyncio.gather(*(tell_some(uuid.UUID(str(broadcast_id))) for _ in range(2)))
    await finish_broadcasts()
    assert await told_of(broadcast_id) == sorted([world.alice.account_id, world.bang.account_id])


async def test_what_cannot_be_told(world: World) -> None:
    crisis = await declare(world)
    for texts, wrong in (
        ({**WORDS, "vi": "x" * 10_000}, ("texts.vi", "too_long")),
        ({**WORDS, "en": "x" * 10_000}, ("texts.en", "too_long")),
        ({**WORDS, "vi": "\u200c"}, ("texts.vi", "own_language_needed")),
    ):
        answer, _ = await tell(world.farid, crisis, texts)
        assert field(answer) == wrong  # type: ignore[arg-type]
    script, _ = await tell(world.farid, crisis, {**WORDS, "vi": "<img onerror=x>"})
    assert script.json()["texts"]["vi"] == "<img onerror=x>"  # type: ignore[attr-defined]
    await end(world.farid, crisis)
    over, _ = await tell(world.farid, crisis)
    assert problem(over) == (409, "crisis_over")  # type: ignore[arg-type]


async def test_a_whole_neighbourhood_is_told_in_portions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasts, "TOLD_AT_ONCE", 5)
    await settle(world, world.neighbourhood_id, 13)
    crisis = await declare(world)
    broadcast_id = uuid.UUID(str(crisis["id"]))
    steps = 0
    while await tell_some(broadcast_id):
        steps += 1
        told = await db.fetch_value("SELECT told FROM crisis_broadcast WHERE id = $1", broadcast_id)
        assert told == 5 * steps
    assert steps == 3, "15 people and then nobody"
    people = await told_of(broadcast_id)
    assert (len(people), len(set(people))) == (15, 15)
    jobs = await db.fetch_value(
        """SELECT count(*) FROM pgqueuer WHERE entrypoint = 'tell_crisis'
           AND payload LIKE ('%' || $1 || '%')::bytea""",
        str(broadcast_id),
    )
    assert jobs == 4, "one with the message, one with each full portion"


async def test_killed_workers_tell_everybody_once(world: World, connection: "Connection") -> None:
    await settle(world, world.neighbourhood_id, 1200)
    crisis = await declare(world)
    broadcast_id = uuid.UUID(str(crisis["id"]))
    for failpoints in ("before_commit=kill@1", "after_commit=kill@1", "before_commit=kill@2"):
        killed = await start_worker(failpoints)
        assert await asyncio.wait_for(killed.wait(), 120) == -9
    alive = await start_worker()
    try:
        async with asyncio.timeout(120):
            while await connection.fetchval(
                "SELECT count(*) FROM crisis_broadcast WHERE finished_at IS NULL AND id = $1",
                broadcast_id,
            ):
                await asyncio.sleep(0.05)
    finally:
        alive.terminate()
        await asyncio.wait_for(alive.wait(), 60)
    people = await told_of(broadcast_id)
    assert (len(people), len(set(people))) == (1202, 1202)
    told = await connection.fetchval(
        "SELECT told FROM crisis_broadcast WHERE id = $1", broadcast_id
    )
    assert told == 1202
