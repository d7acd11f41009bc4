"""The board: streets in the order of need, and crews and machines sent there, one place each."""

import asyncio
import uuid

from backend import db
from tests.conftest import Person, World
from tests.crises.conftest import OtherWard
from tests.crises.steps import assign, board, declare, end, field, make_unit, problem, send, step
from tests.reports.steps import move

METRE = 1 / 111_320


def labels(found: dict[str, list[dict[str, object]]]) -> list[tuple[object, object, object]]:
    return [(one["label"], one["open"], one["worst"]) for one in found["streets"]]


async def unit_of(person: Person, crisis: dict[str, object], unit_id: str) -> dict[str, object]:
    units = (await board(person, crisis))["units"]
    return next(one for one in units if one["id"] == unit_id)


async def test_streets_stand_in_the_order_of_need(world: World) -> None:
    crisis = await declare(world)

    async def tell(address: str, severity: str | None, metres: float) -> object:
        lat = world.lat + metres * METRE
        more = {"address": address, "severity": severity, "lat": lat}
        return (await send(world.alice, world, crisis, **more))["id"]

    await tell("3 Trần Phú", "hard", 300)
    await tell("5 Trần Phú", "hard", 320)
    await tell("12 Lê Lợi", "passable", -300)
    one_blocked = await tell("Quang Trung", "blocked", 800)
    await tell("", "hard", 310)  # by Trần Phú
    await tell("", None, -800)
    found = await board(world.farid, crisis)
    assert labels(found) == [
        ("Quang Trung", 1, "blocked"),
        ("Trần Phú", 3, "hard"),
        ("Lê Lợi", 1, "passable"),
        ("", 1, None),
    ]
    assert (found["open"], found["reports"], found["left_out"]) == (6, 6, 0)
    for to in ("accepted", "in_progress"):
        assert (await move(world.farid, one_blocked, to)).status_code == 201
    done = await move(world.farid, one_blocked, "resolved", text="Xong")
    assert done.status_code == 201
    found = await board(world.farid, crisis)
    assert labels(found)[-1] == ("Quang Trung", 0, None)
    assert labels(found)[0] == ("Trần Phú", 3, "hard")


async def test_a_unit_is_sent_arrives_and_is_done(world: World) -> None:
    crisis = await declare(world)
    first = (await send(world.alice, world, crisis, address="Lê Lợi"))["id"]
    unit = await make_unit(world, phone="0901", capacity="300 m³/h")
    assert (await unit_of(world.farid, crisis, unit))["status"] == "free"
    given = await assign(world.farid, crisis, unit, [first])
    assert given.status_code == 201
    sent = given.json()
    on_the_way = await unit_of(world.farid, crisis, unit)
    assert (on_the_way["status"], on_the_way["where"]) == ("on_the_way", "Lê Văn Việt")
    (street,) = (await board(world.farid, crisis))["streets"]
    assert street["assignments"] == [sent["id"]]
    assert (await step(world.farid, crisis, sent["id"], "arrived")).json()["arrived_at"]
    assert (await unit_of(world.gita, crisis, unit))["status"] == "working"
    second = (await send(world.alice, world, crisis, address="12 lê lợi"))["id"]
    (street,) = (await board(world.farid, crisis))["streets"]
    assert street["assignments"] == [sent["id"]], "what comes later lies there, too"
    assert {one["id"] for one in street["reports"]} == {first, second}  # type: ignore[union-attr]
    done = await step(world.farid, crisis, sent["id"], "done")
    assert done.json()["outcome"] == "done"
    again = await step(world.farid, crisis, sent["id"], "done")
    assert again.json() == done.json()
    assert problem(await step(world.farid, crisis, sent["id"], "arrived")) == (
        409,
        "assignment_over",
    )
    assert (await unit_of(world.farid, crisis, unit))["status"] == "free"
    rows = await db.fetch(
        "SELECT action FROM audit_entry WHERE subject_id = $1 ORDER BY id",
        uuid.UUID(str(crisis["id"])),
    )
    assert [row["action"] for row in rows][2:] == [
        "crisis.assigned",
        "crisis.unit_arrived",
        "crisis.unit_done",
    ]


async def test_a_busy_unit_is_moved_and_who_did_not_know_is_told(world: World) -> None:
    crisis = await declare(world)
    here = (await send(world.alice, world, crisis))["id"]
    there = (await send(world.alice, world, crisis, address="Trần Phú"))["id"]
    unit = await make_unit(world)
    first = (await assign(world.farid, crisis, unit, [here], label="Lê Lợi")).json()
    unaware = await assign(world.farid, crisis, unit, [there], label="Trần Phú")
    assert problem(unaware) == (409, "unit_taken")
    assert "Lê Lợi" in unaware.json()["detail"]
    moved = await assign(world.farid, crisis, unit, [there], label="Trần Phú", previous=first["id"])
    assert moved.status_code == 201
    log = {one["id"]: one for one in (await board(world.farid, crisis))["assignments"]}
    assert log[first["id"]]["outcome"] == "moved"
    assert log[moved.json()["id"]]["outcome"] is None
    late = await step(world.farid, crisis, first["id"], "done")
    assert problem(late) == (409, "assignment_over")
    await step(world.farid, crisis, moved.json()["id"], "cancelled")
    gone = await assign(world.farid, crisis, unit, [here], previous=moved.json()["id"])
    assert problem(gone) == (409, "unit_taken")


async def test_two_dispatchers_send_one_unit_at_once(world: World) -> None:
    crisis = await declare(world)
    report = (await send(world.alice, world, crisis))["id"]
    unit = await make_unit(world)
    answers = await asyncio.gather(
        *(assign(world.farid, crisis, unit, [report], label=f"Phố {one}") for one in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes == {"unit_taken"}


async def test_the_same_assignment_again_is_one(world: World) -> None:
    crisis = await declare(world)
    report = (await send(world.alice, world, crisis))["id"]
    unit, same = await make_unit(world), str(uuid.uuid4())
    first = await assign(world.farid, crisis, unit, [report], assignment_id=same)
    await step(world.farid, crisis, same, "done")
    again = await assign(world.farid, crisis, unit, [report], assignment_id=same)
    assert (first.status_code, again.status_code) == (201, 200)
    other = await assign(world.farid, crisis, unit, [report], label="x", assignment_id=same)
    assert problem(other) == (422, "id_reused")


async def test_what_cannot_be_assigned(world: World, elsewhere: OtherWard) -> None:
    crisis = await declare(world)
    storm = await declare(world, kind="storm")
    report = (await send(world.alice, world, crisis))["id"]
    foreign = str(uuid.uuid4())
    made = await elsewhere.dispatcher.put(
        f"/api/wards/{elsewhere.ward_id}/units/{foreign}",
        {"revision": 0, "kind": "plough", "name": "برف‌روب"},
    )
    assert made.status_code == 201
    unit = await make_unit(world)
    for unit_id in (foreign, str(uuid.uuid4())):
        answer = await assign(world.farid, crisis, unit_id, [report])
        assert field(answer) == ("unit_id", "unknown_unit")
    for reports in ([uuid.uuid4()], [report, uuid.uuid4()]):
        answer = await assign(world.farid, crisis, unit, reports)
        assert field(answer) == ("report_ids", "unknown_report")
    answer = await assign(world.farid, storm, unit, [report])
    assert field(answer) == ("report_ids", "unknown_report")
    for reports in ([], [uuid.uuid4() for _ in range(201)]):
        assert (await assign(world.farid, crisis, unit, reports)).status_code == 422
    sent = (await assign(world.farid, crisis, unit, [report])).json()
    mixed = await step(world.farid, storm, sent["id"], "done")
    assert problem(mixed) == (404, "not_found")
    ended = await end(world.farid, crisis)
    assert ended.status_code == 200
    assert problem(await assign(world.farid, crisis, unit, [report])) == (409, "crisis_over")
    assert problem(await step(world.farid, crisis, sent["id"], "done")) == (409, "assignment_over")
    log = (await board(world.farid, crisis))["assignments"]
    assert [one["outcome"] for one in log] == ["crisis_over"]


async def test_crews_and_machines_are_kept_by_the_ward(world: World) -> None:
    crisis = await declare(world)
    unit = await make_unit(world)
    path = f"/api/wards/{world.ward_id}/units/{unit}"
    body = {"revision": 0, "kind": "pump", "name": "Xe bơm 1"}
    assert (await world.farid.put(path, body)).status_code == 200
    reused = await world.farid.put(path, {**body, "name": "Khác"})
    assert problem(reused) == (422, "id_reused")
    renamed = await world.farid.put(path, {**body, "revision": 1, "name": " Bơm  lớn "})
    assert (renamed.json()["name"], renamed.json()["revision"]) == ("Bơm lớn", 2)
    late = await world.farid.put(path, {**body, "revision": 1, "name": "Bơm nhỏ"})
    assert problem(late) == (409, "changed_meanwhile")
    nameless = await world.farid.put(path, {**body, "revision": 2, "name": "  "})
    assert field(nameless) == ("name", "name_needed")
    long = await world.farid.put(path, {**body, "revision": 2, "capacity": "x" * 121})
    assert field(long) == ("capacity", "too_long")
    report = (await send(world.alice, world, crisis))["id"]
    await assign(world.farid, crisis, unit, [report])
    broken = {**body, "revision": 2, "name": "Bơm lớn", "out_of_service": True}
    assert (await world.farid.put(path, broken)).json()["status"] == "out_of_service"
    log = (await board(world.farid, crisis))["assignments"]
    assert [one["outcome"] for one in log] == ["out_of_service"]
    assert problem(await assign(world.farid, crisis, unit, [report])) == (
        409,
        "unit_out_of_service",
    )
    gone = await world.farid.put(path, {**body, "revision": 3, "retired": True})
    assert gone.status_code == 200
    assert (await board(world.farid, crisis))["units"] == []
    missing = await world.farid.put(
        f"/api/wards/{world.ward_id}/units/{uuid.uuid4()}", {**body, "revision": 4}
    )
    assert missing.status_code == 404
