"""What is promised while a crisis lasts: its own times, day and night, there and nowhere else."""

import uuid
from datetime import UTC, datetime, timedelta

from tests.conftest import Person, World
from tests.crises.steps import declare, end, send
from tests.reports.steps import report_of
from tests.reports.steps import send as send_ordinary

MINUTE = timedelta(minutes=1)


async def promised(person: Person, report_id: object) -> tuple[timedelta, timedelta]:
    """How long accepting and solving may take, from when it was sent."""
    report = await report_of(person, report_id)
    sent, accept, solve = (
        datetime.fromisoformat(str(report[name]))
        for name in ("created_at", "accept_due_at", "solve_due_at")
    )
    return accept - sent, solve - sent


async def crisis_of(person: Person, report_id: object) -> object:
    return (await report_of(person, report_id))["crisis_id"]


async def test_its_own_kind_opens_with_its_own_times(world: World) -> None:
    crisis = await declare(world)
    (own,) = [
        one
        for one in (await world.alice.get("/api/sync")).json()["upserts"]["category"]
        if one["id"] == crisis["category_id"]
    ]
    assert own["names"] == {"vi": "Ngập lụt", "fa": "سیل و آب‌گرفتگی", "en": "Flooding"}
    times = own["clocks"][str(world.neighbourhood_id)]
    assert (times["accept_minutes"], times["accept_always"]) == (15, True)
    assert (times["solve_minutes"], times["solve_always"]) == (120, True)
    assert str(world.other_neighbourhood_id) not in own["clocks"]
    sent = await send(world.alice, world, crisis, severity="blocked")
    assert sent["department_id"] is None, "it waits for the dispatcher"
    assert await promised(world.alice, sent["id"]) == (15 * MINUTE, 120 * MINUTE)
    report = await report_of(world.farid, sent["id"])
    assert (report["severity"], report["crisis_id"]) == ("blocked", crisis["id"])


async def test_an_existing_kind_has_them_only_there_only_then_and_keeps_what_it_had(
    world: World,
) -> None:
    lamp = str(world.categories["lamp"])
    before = (await send_ordinary(world.alice, world))["id"]
    before_promised = await promised(world.alice, before)
    crisis = await declare(world, category_id=lamp)
    during = (await send(world.alice, world, crisis))["id"]
    beside = (await send(world.dariush, world, crisis, lat=world.far[0], lon=world.far[1]))["id"]
    other_kind = (await send_ordinary(world.alice, world, "fire"))["id"]
    assert await promised(world.alice, before) == before_promised
    assert await crisis_of(world.alice, before) is None
    assert await promised(world.alice, during) == (15 * MINUTE, 120 * MINUTE)
    assert (await promised(world.dariush, beside))[1] > timedelta(days=1)
    assert await crisis_of(world.dariush, beside) is None
    assert await crisis_of(world.alice, other_kind) is None
    await end(world.farid, crisis)
    after = (await send_ordinary(world.alice, world))["id"]
    assert (await promised(world.alice, after))[1] > timedelta(days=1)
    assert await crisis_of(world.alice, after) is None
    assert await promised(world.alice, during) == (15 * MINUTE, 120 * MINUTE)
    assert await crisis_of(world.alice, during) == crisis["id"]
    (shown,) = [
        one
        for one in (await world.alice.get("/api/sync")).json()["upserts"]["category"]
        if one["id"] == lamp
    ]
    assert shown["clocks"] == {}


async def test_what_is_sent_again_after_the_end_keeps_its_first_answer(world: World) -> None:
    crisis = await declare(world)
    report_id = uuid.uuid4()
    body = {
        "category_id": crisis["category_id"],
        "located_by": "none",
        "severity": "hard",
    }
    first = await world.alice.put(f"/api/reports/{report_id}", body)
    await end(world.farid, crisis)
    again = await world.alice.put(f"/api/reports/{report_id}", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await world.alice.put(f"/api/reports/{report_id}", {**body, "severity": "blocked"})
    assert other.json()["code"] == "id_reused"


async def test_a_tap_that_arrives_after_the_end_is_an_ordinary_report(world: World) -> None:
    crisis = await declare(world)
    await end(world.farid, crisis)
    late = await send(world.alice, world, crisis, severity="hard")
    report = await report_of(world.farid, late["id"])
    assert (report["crisis_id"], report["severity"]) == (None, "hard")
    assert (await promised(world.alice, late["id"]))[1] > timedelta(hours=23)


async def test_just_outside_of_the_boundary_counts_as_there_and_farther_out_is_refused(
    world: World,
) -> None:
    crisis = await declare(world)
    metre = 1 / 111_320
    south = world.lat - 0.01
    just = await send(world.alice, world, crisis, lat=south - 100 * metre)
    assert await crisis_of(world.alice, just["id"]) == crisis["id"]
    body = {
        "category_id": crisis["category_id"],
        "located_by": "gps",
        "lat": south - 400 * metre,
        "lon": world.lon,
    }
    far = await world.alice.put(f"/api/reports/{uuid.uuid4()}", body)
    assert far.json()["code"] == "outside_area"
    nowhere = await send(world.alice, world, crisis, lat=None, lon=None, located_by="none")
    assert await crisis_of(world.alice, nowhere["id"]) == crisis["id"]


async def test_corrected_into_it_a_report_gets_its_promise_from_when_it_was_sent(
    world: World,
) -> None:
    crisis = await declare(world)
    sent = (await send_ordinary(world.alice, world))["id"]
    answer = await world.alice.patch(f"/api/reports/{sent}", {"category_id": crisis["category_id"]})
    assert answer.status_code == 200
    assert await crisis_of(world.alice, sent) == crisis["id"]
    assert await promised(world.alice, sent) == (15 * MINUTE, 120 * MINUTE)
    back = await world.alice.patch(
        f"/api/reports/{sent}", {"category_id": str(world.categories["lamp"])}
    )
    assert back.json()["crisis_id"] is None


async def test_changed_times_hold_for_what_comes_then(world: World) -> None:
    crisis = await declare(world)
    first = (await send(world.alice, world, crisis))["id"]
    body = {
        "revision": 1,
        "area_ids": crisis["area_ids"],
        "texts": crisis["texts"],
        "times": {"accept_minutes": 30, "solve_minutes": 240},
    }
    await world.farid.put(f"/api/crises/{crisis['id']}/changes/{uuid.uuid4()}", body)
    second = (await send(world.alice, world, crisis))["id"]
    assert await promised(world.alice, first) == (15 * MINUTE, 120 * MINUTE)
    assert await promised(world.alice, second) == (30 * MINUTE, 240 * MINUTE)
    moved = {**body, "revision": 2, "area_ids": [str(world.other_neighbourhood_id)]}
    await world.farid.put(f"/api/crises/{crisis['id']}/changes/{uuid.uuid4()}", moved)
    third = (await send(world.alice, world, crisis))["id"]
    assert (await promised(world.alice, third))[1] > timedelta(hours=23)
    assert await crisis_of(world.alice, third) is None


async def test_the_next_crisis_opens_the_same_kind_again(world: World) -> None:
    first = await declare(world)
    await end(world.farid, first)
    second = await declare(world)
    assert first["category_id"] == second["category_id"]
    assert datetime.fromisoformat(str(second["started_at"])) <= datetime.now(UTC)
