"""A report split among departments (`W7`): closed when all are done."""

import uuid

import httpx
import pytest

from tests.conftest import Person, World
from tests.reports.steps import messages_of, move, report_of, say, send


async def split(
    person: Person, report_id: object, *parts: tuple[object, str], **more: object
) -> httpx.Response:
    return await person.put(
        f"/api/reports/{report_id}/splits/{more.pop('id', uuid.uuid4())}",
        {"parts": [{"department_id": str(one), "task": task} for one, task in parts]},
    )


async def done(
    person: Person, report_id: object, department_id: object, text: str = "Đã dọn"
) -> httpx.Response:
    return await person.put(
        f"/api/reports/{report_id}/parts/{department_id}/closings/{uuid.uuid4()}", {"text": text}
    )


@pytest.fixture
async def lamp(world: World) -> object:
    report_id = (await send(world.alice, world))["id"]
    await move(world.chi, report_id, "accepted")
    await move(world.chi, report_id, "in_progress")
    return report_id


async def test_it_is_solved_only_when_every_department_is_done(world: World, lamp: object) -> None:
    assert (await world.emine.get(f"/api/reports/{lamp}")).status_code == 404
    answer = await split(world.chi, lamp, (world.waste_id, "Dọn cành cây dưới cột"))
    assert answer.status_code == 201, answer.text
    desk = (await world.emine.get("/api/desk/reports")).json()
    assert lamp in [row["id"] for row in desk["reports"]], "on the other desk, too"
    mine = await report_of(world.emine, lamp)
    assert [part["task"] for part in mine["parts"]] == ["Dọn cành cây dưới cột"]  # type: ignore[attr-defined]
    assert [part["closable"] for part in mine["parts"]] == [True]  # type: ignore[attr-defined]
    assert mine["moves"] == [], "the whole is moved by who is in charge"
    chis = await report_of(world.chi, lamp)
    assert "resolved" not in [one["to"] for one in chis["moves"]]  # type: ignore[attr-defined]
    early = await move(world.chi, lamp, "resolved", text="Xong")
    assert (early.status_code, early.json()["code"]) == (409, "parts_open")
    assert (await done(world.emine, lamp, world.waste_id)).status_code == 201
    assert (await move(world.chi, lamp, "resolved", text="Xong")).status_code == 201
    seen = await report_of(world.alice, lamp)
    assert [part["done_at"] is not None for part in seen["parts"]] == [True]  # type: ignore[attr-defined]


async def test_the_reporter_sees_who_has_done_theirs_but_not_what_was_asked(
    world: World, lamp: object
) -> None:
    await split(world.chi, lamp, (world.waste_id, "Việc nội bộ"))
    shown = await world.alice.get(f"/api/reports/{lamp}")
    assert "Việc nội bộ" not in shown.text
    assert "Việc nội bộ" not in (await world.alice.get("/api/sync")).text
    assert shown.json()["report"]["parts"][0]["department_names"]["vi"] == "Tổ waste"
    await done(world.emine, lamp, world.waste_id, "Đã dọn sạch")
    last = (await messages_of(world.alice, lamp))[-1]
    assert (last["text"], last["author_name"]) == ("Đã dọn sạch", None)


async def test_a_department_with_a_part_speaks_and_reads_notes_but_moves_nothing(
    world: World, lamp: object
) -> None:
    await say(world.chi, lamp, "Gọi anh Ba trước", note=True)
    await split(world.chi, lamp, (world.waste_id, "Dọn rác"))
    assert "Gọi anh Ba trước" in [one["text"] for one in await messages_of(world.emine, lamp)]
    assert (await say(world.emine, lamp, "Mai chúng tôi đến")).status_code == 201
    assert (await say(world.emine, lamp, "Ghi chú", note=True)).status_code == 201
    assert (await say(world.emine, lamp, "Ở đâu?", question=True)).status_code == 403
    assert (await move(world.emine, lamp, "resolved", text="x")).status_code == 409
    refused = await world.emine.put(
        f"/api/reports/{lamp}/handovers/{uuid.uuid4()}",
        {"department_id": str(world.waste_id), "reason": "x"},
    )
    assert refused.status_code == 403


async def test_who_may_split_and_close_a_part(world: World, lamp: object) -> None:
    part = (world.waste_id, "Dọn rác")
    for person, status in (
        (world.nobody, 401),
        (world.alice, 403),
        (world.bang, 403),
        (world.dariush, 404),
        (world.emine, 404),
        (world.gita, 201),
    ):
        answer = await split(person, lamp, part)
        assert answer.status_code == status, (person.name, answer.text)
    for person, status in (
        (world.nobody, 401),
        (world.alice, 403),
        (world.bang, 403),
        (world.dariush, 404),
        (world.gita, 403),
        (world.farid, 201),
    ):
        answer = await done(person, lamp, world.waste_id)
        assert answer.status_code == status, (person.name, answer.text)
    assert (await split(world.farid, lamp, part)).status_code == 201, "asked once more"
    assert (await done(world.chi, lamp, world.waste_id)).status_code == 201
    missing = await done(world.dariush, uuid.uuid4(), world.waste_id)
    foreign = await done(world.dariush, lamp, world.waste_id)
    assert missing.content == foreign.content


async def test_bad_splits_are_refused_by_name(world: World, lamp: object) -> None:
    async def code(*parts: tuple[object, str]) -> tuple[str, str]:
        problem = (await split(world.chi, lamp, *parts)).json()
        assert problem["status"] == 422
        return problem["errors"][0]["field"], problem["errors"][0]["code"]

    field = "parts[0].department_id"
    assert await code() == ("parts", "parts_needed")
    assert await code((world.lighting_id, "x")) == (field, "same_department")
    assert await code((uuid.uuid4(), "x")) == (field, "unknown_department")
    assert await code((world.waste_id, " ")) == ("parts[0].task", "task_needed")
    twice = ((world.waste_id, "x"), (world.waste_id, "y"))
    assert await code(*twice) == ("parts[1].department_id", "twice")
    assert (await split(world.chi, lamp, (world.waste_id, "x"))).status_code == 201
    assert await code((world.waste_id, "x")) == (field, "twice")
    assert (await done(world.emine, lamp, uuid.uuid4())).status_code == 404
    empty = await done(world.emine, lamp, world.waste_id, " ")
    assert empty.json()["errors"][0]["code"] == "text_needed"
    await done(world.emine, lamp, world.waste_id)
    again = await done(world.emine, lamp, world.waste_id)
    assert (again.status_code, again.json()["code"]) == (409, "part_is_done")
    await move(world.chi, lamp, "resolved", text="Xong")
    late = await split(world.chi, lamp, (world.waste_id, "x"))
    assert (late.status_code, late.json()["code"]) == (409, "nothing_to_pass_on")


async def test_nobody_in_charge_nothing_to_split(world: World) -> None:
    report_id = (await send(world.alice, world, "orphan"))["id"]
    answer = await split(world.farid, report_id, (world.waste_id, "x"))
    assert (answer.status_code, answer.json()["code"]) == (409, "no_department")


async def test_a_repeated_split_is_one_split(world: World, lamp: object) -> None:
    split_id = uuid.uuid4()
    first = await split(world.chi, lamp, (world.waste_id, "x"), id=split_id)
    again = await split(world.chi, lamp, (world.waste_id, "x"), id=split_id)
    other = await split(world.chi, lamp, (world.waste_id, "y"), id=split_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")


async def test_a_case_is_not_handed_to_a_department_that_still_has_a_part(
    world: World, lamp: object
) -> None:
    await split(world.chi, lamp, (world.waste_id, "x"))
    wish = {"department_id": str(world.waste_id), "reason": "x"}
    path = f"/api/reports/{lamp}/handovers/{{}}"
    refused = await world.chi.put(path.format(uuid.uuid4()), wish)
    assert refused.json()["errors"][0]["code"] == "has_part"
    await done(world.emine, lamp, world.waste_id)
    assert (await world.chi.put(path.format(uuid.uuid4()), wish)).status_code == 201
    assert (await report_of(world.emine, lamp))["parts"] == []
