"""Correcting one's own report before anyone accepted it: `PATCH /api/reports/{id}` (`R12`)."""

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.conftest import World
from tests.reports.steps import messages_of, move, report_body, report_of, say, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


async def test_the_author_corrects_words_and_the_thread_says_so(world: World) -> None:
    receipt = await send(world.alice, world)
    answer = await world.alice.patch(f"/api/reports/{receipt['id']}", {"description": " Hai đèn "})
    assert answer.status_code == 200
    assert answer.json()["description"] == "Hai đèn"
    assert answer.json()["lat"] == world.lat
    last = (await messages_of(world.chi, receipt["id"]))[-1]
    assert last["event"]["type"] == "edited"  # type: ignore[index]
    assert (await report_of(world.alice, receipt["id"]))["my_read_seq"] == 2


async def test_a_correction_that_changes_nothing_writes_nothing(world: World) -> None:
    receipt = await send(world.alice, world)
    for patch in (
        {},
        {"description": "Đèn trước nhà không sáng"},
        {"lat": world.lat, "lon": world.lon},
    ):
        assert (await world.alice.patch(f"/api/reports/{receipt['id']}", patch)).status_code == 200
    assert len(await messages_of(world.alice, receipt["id"])) == 1


async def test_the_receipt_stays_the_same_after_a_correction(world: World) -> None:
    report_id = uuid.uuid4()
    first = await world.alice.put(f"/api/reports/{report_id}", report_body(world))
    await world.alice.patch(f"/api/reports/{report_id}", {"description": "Khác"})
    again = await world.alice.put(f"/api/reports/{report_id}", report_body(world))
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await report_of(world.alice, report_id))["description"] == "Khác"


async def test_another_category_goes_to_its_department_and_leaves_the_first(
    world: World, connection: "Connection"
) -> None:
    receipt = await send(world.alice, world)
    report_id = receipt["id"]
    answer = await world.alice.patch(
        f"/api/reports/{report_id}", {"category_id": str(world.categories["theft"])}
    )
    assert answer.json()["department_id"] == str(world.waste_id)
    assert answer.json()["private"] is True
    assert (await world.chi.get(f"/api/reports/{report_id}")).status_code == 404
    thread = await messages_of(world.emine, report_id)
    assert [message["event"]["type"] for message in thread] == ["created", "edited", "routed"]  # type: ignore[index]
    kinds = await connection.fetch(
        "SELECT kind FROM notification WHERE report_id = $1 AND account_id = $2",
        uuid.UUID(str(report_id)),
        world.emine.account_id,
    )
    assert [row["kind"] for row in kinds] == ["report_new"]


async def test_moved_to_another_neighbourhood_its_head_loses_it_by_sync(world: World) -> None:
    receipt = await send(world.alice, world)
    cursor = (await world.bang.get("/api/sync")).json()["cursor"]
    lat, lon = world.far
    answer = await world.alice.patch(f"/api/reports/{receipt['id']}", {"lat": lat, "lon": lon})
    assert answer.json()["neighbourhood_id"] == str(world.other_neighbourhood_id)
    assert (await world.bang.get(f"/api/reports/{receipt['id']}")).status_code == 404
    pulled = (await world.bang.get("/api/sync", params={"cursor": cursor})).json()
    assert pulled["removals"]["report"] == [receipt["id"]]
    assert len(pulled["removals"]["message"]) == 2
    assert "report" not in pulled["upserts"]


async def test_only_the_author_corrects_and_only_until_it_is_accepted(world: World) -> None:
    receipt = await send(world.alice, world)
    path = f"/api/reports/{receipt['id']}"
    for person, status in (
        (world.bang, 403), (world.chi, 403), (world.farid, 403), (world.gita, 403),
        (world.dariush, 404), (world.emine, 404), (world.nobody, 401),
    ):  # fmt: skip
        assert (await person.patch(path, {"description": "x"})).status_code == status, person.name
    await move(world.chi, receipt["id"], "accepted")
    late = await world.alice.patch(path, {"description": "x"})
    assert (late.status_code, late.json()["code"], late.json()["state"]) == (
        409, "illegal_move", "accepted",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("patch", "field", "code"),
    [
        ({"lat": 5.0}, "lat", "bad_position"),
        ({"lat": 5.0, "lon": 110.0}, "lat", "outside_area"),
        ({"lat": 0.0, "lon": 0.0}, "lat", "bad_position"),
        ({"category_id": str(uuid.uuid4())}, "category_id", "unknown_category"),
        ({"description": "x" * 4001}, "description", "too_long"),
    ],
)
async def test_a_wrong_correction_is_named_and_changes_nothing(
    world: World, patch: dict[str, object], field: str, code: str
) -> None:
    receipt = await send(world.alice, world)
    answer = await world.alice.patch(f"/api/reports/{receipt['id']}", patch)
    assert answer.status_code == 422, answer.text
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [(field, code)]
    assert len(await messages_of(world.alice, receipt["id"])) == 1


async def test_words_can_be_corrected_where_the_position_was_vague_and_chosen_by_hand(
    world: World,
) -> None:
    receipt = await send(
        world.alice, world, accuracy_m=5000.0, area_id=str(world.other_neighbourhood_id)
    )
    answer = await world.alice.patch(f"/api/reports/{receipt['id']}", {"description": "Rõ hơn"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["neighbourhood_id"] == str(world.other_neighbourhood_id)


async def test_the_thread_goes_on_counting_after_a_correction(world: World) -> None:
    receipt = await send(world.alice, world)
    await world.alice.patch(f"/api/reports/{receipt['id']}", {"address": "Hẻm 5"})
    assert (await say(world.chi, receipt["id"])).json()["seq"] == 3
