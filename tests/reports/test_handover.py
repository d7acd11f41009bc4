"""A report handed over to another department (`W8`): who may, what stays promised, who is told."""

import asyncio
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.conftest import Person, World
from tests.reports.steps import case, messages_of, move, photo_named, report_of, say, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


async def hand_over(
    person: Person,
    report_id: object,
    department_id: object,
    reason: str = "Thuộc tổ khác",
    **more: object,
) -> httpx.Response:
    return await person.put(
        f"/api/reports/{report_id}/handovers/{more.pop('id', uuid.uuid4())}",
        {"department_id": str(department_id), "reason": reason, **more},
    )


@pytest.fixture
async def lamp(world: World) -> object:
    return (await send(world.alice, world))["id"]


async def told(
    connection: "Connection", report_id: object, kind: str
) -> set[tuple[str, str | None]]:
    rows = await connection.fetch(
        """SELECT a.name, n.detail FROM notification n JOIN account a ON a.id = n.account_id
           WHERE n.report_id = $1 AND n.kind = $2""",
        uuid.UUID(str(report_id)),
        kind,
    )
    return {(row["name"], row["detail"]) for row in rows}


async def test_the_other_department_has_it_and_everybody_reads_why(
    world: World, lamp: object, connection: "Connection"
) -> None:
    await move(world.chi, lamp, "accepted")
    before = await report_of(world.alice, lamp)
    answer = await hand_over(world.chi, lamp, world.waste_id)
    assert answer.status_code == 201, answer.text
    after = await report_of(world.alice, lamp)
    assert after["department_id"] == str(world.waste_id)
    # The reporter was promised these hours by the ward, and told that it is accepted.
    for promise in ("state", "accept_due_at", "solve_due_at", "accepted_at"):
        assert after[promise] == before[promise]
    assert after["handovers"] == 1
    for person in (world.alice, world.emine, world.farid, world.bang):
        event = (await messages_of(person, lamp))[-1]["event"]
        assert isinstance(event, dict)
        assert event["type"] == "handed"
        assert event["reason"] == "Thuộc tổ khác"
        assert event["department_id"] == str(world.waste_id)
    assert await told(connection, lamp, "handover") == {("Emine", None), ("Alice", None)}
    assert (await world.chi.get(f"/api/reports/{lamp}")).status_code == 404
    desk = (await world.emine.get("/api/desk/reports")).json()
    assert lamp in [row["id"] for row in desk["reports"]]


async def test_a_lost_answer_is_given_again_even_to_who_no_longer_sees_it(
    world: World, lamp: object
) -> None:
    handover_id = uuid.uuid4()
    first = await hand_over(world.chi, lamp, world.waste_id, id=handover_id)
    again = await hand_over(world.chi, lamp, world.waste_id, id=handover_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await hand_over(world.emine, lamp, world.lighting_id, id=handover_id)
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")


async def test_only_who_is_in_charge_hands_over(world: World, lamp: object) -> None:
    for person, status in (
        (world.nobody, 401),
        (world.alice, 403),
        (world.bang, 403),
        (world.dariush, 404),
        (world.emine, 404),
        (world.gita, 201),
    ):
        answer = await hand_over(person, lamp, world.waste_id)
        assert answer.status_code == status, (person.name, answer.text)
    assert (await hand_over(world.farid, lamp, world.lighting_id)).status_code == 201
    missing = await hand_over(world.dariush, uuid.uuid4(), world.waste_id)
    foreign = await hand_over(world.dariush, lamp, world.waste_id)
    assert missing.content == foreign.content


async def test_what_cannot_be_handed_over_is_refused_by_name(world: World, lamp: object) -> None:
    async def refused(reason: str, department_id: object) -> tuple[int, str, str]:
        problem = (await hand_over(world.chi, lamp, department_id, reason)).json()
        return problem["status"], problem["errors"][0]["field"], problem["errors"][0]["code"]

    assert await refused("x", world.lighting_id) == (422, "department_id", "same_department")
    assert await refused("x", uuid.uuid4()) == (422, "department_id", "unknown_department")
    assert await refused(" ", world.waste_id) == (422, "reason", "reason_needed")
    await move(world.chi, lamp, "rejected", reason="Không thuộc phường")
    answer = await hand_over(world.chi, lamp, world.waste_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_pass_on")
    assert answer.json()["state"] == "rejected"


async def test_of_two_who_hand_it_over_at_once_one_is_told(world: World, lamp: object) -> None:
    answers = await asyncio.gather(
        hand_over(world.chi, lamp, world.waste_id), hand_over(world.farid, lamp, world.waste_id)
    )
    statuses = sorted(answer.status_code for answer in answers)
    # Who comes second finds it there already, or on a desk that is no longer theirs.
    assert statuses in ([201, 404], [201, 422])
    assert (await report_of(world.farid, lamp))["handovers"] == 1


async def test_a_department_of_another_ward_is_not_known_here(
    world: World, lamp: object, connection: "Connection"
) -> None:
    foreign = uuid.uuid4()
    await connection.execute(
        "INSERT INTO area (id, level, code, name, country, time_zone, calendar, path)"
        " VALUES ($1::uuid, 'ward', $2, 'x', 'VN', 'Asia/Ho_Chi_Minh', 'gregorian',"
        " ARRAY[$1::uuid])",
        foreign,
        foreign.hex,
    )
    await connection.execute(
        "INSERT INTO department (id, area_id, code, names) VALUES ($1, $1, 'x', '{}')", foreign
    )
    answer = await hand_over(world.chi, lamp, foreign)
    assert answer.json()["errors"][0]["code"] == "unknown_department"


async def test_the_dispatcher_gives_what_nobody_has_to_a_department(world: World) -> None:
    report_id = (await send(world.alice, world, "orphan"))["id"]
    assert (await hand_over(world.farid, report_id, world.waste_id, "")).status_code == 201
    report = await report_of(world.emine, report_id)
    assert report["handovers"] == 0
    assert (await move(world.emine, report_id, "accepted")).status_code == 201


async def test_to_and_fro_is_counted_and_told_to_the_dispatcher_once(
    world: World, lamp: object, connection: "Connection"
) -> None:
    for round_trip in range(3):
        await hand_over(world.chi, lamp, world.waste_id, f"Không phải của tôi {round_trip}")
        await hand_over(world.emine, lamp, world.lighting_id, f"Cũng không {round_trip}")
    report = await report_of(world.farid, lamp)
    assert (report["handovers"], report["ping_pong"]) == (6, True)
    events = [one["event"]["type"] for one in await messages_of(world.alice, lamp)]  # type: ignore[index]
    assert events == ["created", "handed", "handed", "handed", "passed_around", *["handed"] * 3]
    assert await told(connection, lamp, "handover") >= {("Farid", "passed_around")}
    rows = await connection.fetchval(
        "SELECT count(*) FROM notification WHERE report_id = $1 AND detail = 'passed_around'",
        uuid.UUID(str(lamp)),
    )
    assert rows == 1


async def test_a_note_goes_with_the_case_and_never_to_the_reporter(
    world: World, lamp: object
) -> None:
    await say(world.chi, lamp, "Chủ nhà khó tính", note=True, photos=[photo_named("note")])
    await hand_over(world.chi, lamp, world.waste_id)
    assert "Chủ nhà khó tính" in [one["text"] for one in await messages_of(world.emine, lamp)]
    seen = await world.alice.get(f"/api/reports/{lamp}")
    pulled = await world.alice.get("/api/sync")
    desk = await world.bang.get("/api/desk/reports", params={"q": "khó tính", "tray": "all"})
    assert "khó tính" not in seen.text + pulled.text
    assert desk.json()["reports"] == [], "not even found by what only a note says"
    found = await case(world.emine, lamp)
    assert isinstance(found["messages"], list)
