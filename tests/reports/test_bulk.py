"""What a move of many would meet: `POST /api/desk/moves/preview`."""

import uuid

from tests.conftest import Person, World
from tests.reports.steps import move, send


async def preview(person: Person, to: str, ids: list[object]) -> dict[object, dict[str, object]]:
    answer = await person.post("/api/desk/moves/preview", {"to": to, "report_ids": ids})
    assert answer.status_code == 200, answer.text
    return {item["report_id"]: item for item in answer.json()["items"]}


async def test_each_report_says_whether_it_can_be_moved_as_it_is_now(world: World) -> None:
    fresh, accepted, gone = [
        (await send(world.alice, world, description=str(n)))["id"] for n in range(3)
    ]
    await move(world.chi, accepted, "accepted")
    await move(world.alice, gone, "withdrawn")
    found = await preview(world.chi, "accepted", [fresh, accepted, gone])
    assert {one: item["possible"] for one, item in found.items()} == {
        fresh: True,
        accepted: False,
        gone: False,
    }
    assert found[gone]["state"] == "withdrawn"
    assert (await preview(world.chi, "rejected", [fresh]))[fresh]["possible"]


async def test_solved_may_be_said_of_what_was_only_accepted(world: World) -> None:
    fresh, accepted = [(await send(world.alice, world, description=str(n)))["id"] for n in range(2)]
    await move(world.chi, accepted, "accepted")
    found = await preview(world.chi, "resolved", [fresh, accepted])
    assert not found[fresh]["possible"]
    assert found[accepted]["possible"]
    waste = (await send(world.alice, world, "waste"))["id"]
    await move(world.emine, waste, "accepted")
    assert (await preview(world.emine, "resolved", [waste]))[waste]["needs_photo"]


async def test_nobody_learns_of_reports_that_are_not_theirs_to_see(world: World) -> None:
    lamp = (await send(world.alice, world))["id"]
    everything = [lamp, str(uuid.uuid4())]
    assert await preview(world.emine, "accepted", everything) == {}
    seen = await preview(world.gita, "accepted", everything)
    assert [item["possible"] for item in seen.values()] == [False]
    assert (await preview(world.farid, "accepted", everything))[lamp]["possible"]
    assert not (await preview(world.bang, "accepted", everything))[lamp]["possible"]
    body = {"to": "accepted", "report_ids": [lamp]}
    for person, status in ((world.alice, 403), (world.dariush, 403), (world.nobody, 401)):
        assert (await person.post("/api/desk/moves/preview", body)).status_code == status


async def test_a_bulk_of_ten_thousand_is_refused_clearly(world: World) -> None:
    for count, status in ((200, 200), (201, 422), (10_000, 422)):
        answer = await world.chi.post(
            "/api/desk/moves/preview",
            {"to": "accepted", "report_ids": [str(uuid.uuid4()) for _ in range(count)]},
        )
        assert answer.status_code == status, answer.text
    problem = answer.json()
    assert problem["code"] == "too_many_reports"
    assert "10" in problem["errors"][0]["detail"]
    assert "200" in problem["errors"][0]["detail"]
