"""After "done": confirmed or not, a promise made anew, and how it went (`C8`, `C9`)."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import httpx

from backend.reports.deadlines import fire_alarms
from tests.conftest import Person, World
from tests.reports.steps import case, messages_of, move, report_of, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


async def solved(world: World, category: str = "lamp") -> object:
    report_id = (await send(world.alice, world, category))["id"]
    for to in ("accepted", "in_progress", "resolved"):
        assert (await move(world.chi, report_id, to, text="Đã thay bóng")).status_code == 201
    return report_id


async def closed(world: World) -> object:
    report_id = await solved(world)
    assert (await move(world.alice, report_id, "closed")).status_code == 201
    return report_id


async def rate(
    person: Person, report_id: object, stars: object = 4, **more: object
) -> httpx.Response:
    path = f"/api/reports/{report_id}/ratings/{uuid.uuid4()}"
    return await person.put(path, {"stars": stars, **more})


async def test_a_dispute_is_counted_and_the_promise_to_solve_it_made_anew(
    world: World, connection: "Connection"
) -> None:
    report_id = await solved(world, "fire")
    await connection.execute(
        """UPDATE report SET created_at = created_at - interval '9 days',
               accepted_at = accepted_at - interval '8 days',
               accept_due_at = accept_due_at - interval '9 days',
               solve_due_at = solve_due_at - interval '9 days',
               resolved_at = resolved_at - interval '1 day' WHERE id = $1""",
        uuid.UUID(str(report_id)),
    )
    before = await case(world.alice, report_id)
    assert (await move(world.alice, report_id, "disputed", text="Vẫn cháy")).status_code == 201
    after = await report_of(world.chi, report_id)
    assert after["disputes"] == 1
    left = datetime.fromisoformat(str(after["solve_due_at"])) - datetime.fromisoformat(
        str((await messages_of(world.alice, report_id))[-1]["created_at"])
    )
    assert left == timedelta(hours=48), "what was late is promised anew, in full"
    told = await messages_of(world.alice, report_id)
    earlier = before["messages"]
    assert isinstance(earlier, list)
    kept = [message["id"] for message in earlier]
    assert [message["id"] for message in told][: len(kept)] == kept, "its history stays"
    await fire_alarms()
    said = [message["event"] for message in await messages_of(world.alice, report_id)]
    assert [event for event in said if event and event["type"] == "breached"] == []  # type: ignore[index]

    await move(world.chi, report_id, "in_progress")
    await move(world.chi, report_id, "resolved", text="Lần này xong thật")
    await move(world.alice, report_id, "disputed")
    assert (await report_of(world.alice, report_id))["disputes"] == 2


async def test_the_reporter_rates_a_closed_report_and_everybody_on_it_sees_how(
    world: World,
) -> None:
    report_id = await closed(world)
    assert (await report_of(world.alice, report_id))["ratable"] is True
    assert (await report_of(world.chi, report_id))["ratable"] is False
    answer = await rate(world.alice, report_id, 4, text="Nhanh, cảm ơn.")
    assert answer.status_code == 201, answer.text
    for person in (world.alice, world.bang, world.chi, world.farid, world.gita):
        assert (await report_of(person, report_id))["stars"] == 4
        last = (await messages_of(person, report_id))[-1]
        assert (last["text"], last["event"]["stars"]) == ("Nhanh, cảm ơn.", 4)  # type: ignore[index]
        assert last["id"] == answer.json()["id"]


async def test_the_same_rating_again_is_one_and_other_content_under_its_id_is_refused(
    world: World,
) -> None:
    report_id = await closed(world)
    path = f"/api/reports/{report_id}/ratings/{uuid.uuid4()}"
    first = await world.alice.put(path, {"stars": 2})
    again = await world.alice.put(path, {"stars": 2, "device_created_at": "2026-01-01T00:00:00Z"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await world.alice.put(path, {"stars": 3})
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")


async def test_a_rating_may_be_changed_once(world: World) -> None:
    report_id = await closed(world)
    assert (await rate(world.alice, report_id, 5)).status_code == 201
    assert (await report_of(world.alice, report_id))["ratable"] is True
    assert (await rate(world.alice, report_id, 1)).status_code == 201
    assert (await report_of(world.alice, report_id))["stars"] == 1
    assert (await report_of(world.alice, report_id))["ratable"] is False
    third = await rate(world.alice, report_id, 3)
    assert (third.status_code, third.json()["code"]) == (409, "already_rated")
    assert (await report_of(world.alice, report_id))["stars"] == 1


async def test_only_who_reported_it_rates_it_and_only_at_the_end(world: World) -> None:
    report_id = await solved(world)
    early = await rate(world.alice, report_id)
    assert (early.status_code, early.json()["code"]) == (409, "not_closed")
    assert early.json()["state"] == "resolved"
    await move(world.alice, report_id, "closed")
    for person in (world.bang, world.chi, world.farid, world.gita):
        assert (await rate(person, report_id)).status_code == 403
    for person in (world.dariush, world.emine):
        foreign = await rate(person, report_id)
        missing = await rate(person, uuid.uuid4())
        assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert (await rate(world.nobody, report_id)).status_code == 401
    assert (await report_of(world.alice, report_id))["stars"] is None


async def test_a_rating_is_from_one_to_five_and_its_word_short(world: World) -> None:
    report_id = await closed(world)
    for stars in (0, 6, -1):
        answer = await rate(world.alice, report_id, stars)
        assert answer.status_code == 422
        assert [error["code"] for error in answer.json()["errors"]] == ["bad_stars"]
    for stars in ("viel", 4.5, None):
        assert (await rate(world.alice, report_id, stars)).status_code == 422
    long = await rate(world.alice, report_id, 4, text="x" * 1001)
    assert [error["field"] for error in long.json()["errors"]] == ["text"]
