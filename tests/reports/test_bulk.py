"""What a move of many would meet: `POST /api/desk/moves/preview`."""

import uuid

import pytest

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


async def preview_handover(
    person: Person, department_id: object, ids: list[object]
) -> dict[object, tuple[object, object]]:
    answer = await person.post(
        "/api/desk/handovers/preview", {"department_id": str(department_id), "report_ids": ids}
    )
    assert answer.status_code == 200, answer.text
    return {
        item["report_id"]: (item["possible"], item["at_department"])
        for item in answer.json()["items"]
    }


async def test_each_report_says_whether_it_can_be_handed_over(world: World) -> None:
    lamp, split, gone, waste = [
        (await send(world.alice, world, kind, description=str(n)))["id"]
        for n, kind in enumerate(("lamp", "lamp", "lamp", "waste"))
    ]
    await world.chi.put(
        f"/api/reports/{split}/splits/{uuid.uuid4()}",
        {"parts": [{"department_id": str(world.waste_id), "task": "Dọn cành cây"}]},
    )
    await move(world.alice, gone, "withdrawn")
    found = await preview_handover(world.farid, world.waste_id, [lamp, split, gone, waste])
    assert found == {
        lamp: (True, None),
        split: (False, "has_part"),
        gone: (False, None),
        waste: (False, "in_charge"),
    }
    unknown = await preview_handover(world.farid, uuid.uuid4(), [lamp])
    assert unknown == {lamp: (False, "elsewhere")}
    assert await preview_handover(world.chi, world.waste_id, [lamp, waste]) == {lamp: (True, None)}
    assert await preview_handover(world.bang, world.waste_id, [lamp]) == {lamp: (False, None)}
    assert await preview_handover(world.gita, world.waste_id, [lamp]) == {lamp: (True, None)}
    body = {"department_id": str(world.waste_id), "report_ids": [lamp]}
    for person, status in ((world.alice, 403), (world.dariush, 403), (world.nobody, 401)):
        assert (await person.post("/api/desk/handovers/preview", body)).status_code == status


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("moves", {"to": "accepted"}),
        ("handovers", {"department_id": "0199a1b2-0000-7000-8000-000000000000"}),
    ],
)
async def test_a_bulk_of_ten_thousand_is_refused_clearly(
    world: World, path: str, wish: dict[str, object]
) -> None:
    for count, status in ((200, 200), (201, 422), (10_000, 422)):
        answer = await world.chi.post(
            f"/api/desk/{path}/preview",
            {**wish, "report_ids": [str(uuid.uuid4()) for _ in range(count)]},
        )
        assert answer.status_code == status, answer.text
    problem = answer.json()
    assert problem["code"] == "too_many_reports"
    assert "10" in problem["errors"][0]["detail"]
    assert "200" in problem["errors"][0]["detail"]
