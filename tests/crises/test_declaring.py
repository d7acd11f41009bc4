"""A crisis declared, changed, ended: by whom, where, and what is refused in words."""

import asyncio
import uuid

from backend import db
from tests.conftest import Person, World
from tests.crises.conftest import OtherWard
from tests.crises.steps import (
    WORDS,
    assign,
    crisis_body,
    declare,
    end,
    field,
    make_unit,
    problem,
    send,
)


async def trail_of(subject_id: object) -> list[str]:
    rows = await db.fetch(
        "SELECT action FROM audit_entry WHERE subject_id = $1 ORDER BY id",
        uuid.UUID(str(subject_id)),
    )
    return [row["action"] for row in rows]


async def synced(person: Person) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (
        (await person.get("/api/sync")).json()["upserts"].get("crisis", [])
    )
    return found


# who -----------------------------------------------------------------------------------------


async def test_every_route_refuses_whom_it_does_not_concern(
    world: World, elsewhere: OtherWard, ines: Person
) -> None:
    crisis = await declare(world)
    report = await send(world.alice, world, crisis)
    unit = await make_unit(world)
    sent = (await assign(world.farid, crisis, unit, [report["id"]])).json()
    here, nowhere = f"/api/crises/{crisis['id']}", f"/api/crises/{uuid.uuid4()}"
    change = {
        "revision": 1,
        "area_ids": [str(world.neighbourhood_id)],
        "texts": WORDS,
        "times": {"accept_minutes": 5, "solve_minutes": 60},
    }
    fresh = uuid.uuid4()
    unit_body = {"revision": 0, "kind": "boat", "name": "Xuồng"}
    writes: list[tuple[str, str, object]] = [
        (f"{here}/changes/{fresh}", f"{nowhere}/changes/{fresh}", change),
        (f"{here}/broadcasts/{fresh}", f"{nowhere}/broadcasts/{fresh}", {"texts": WORDS}),
        (
            f"{here}/assignments/{fresh}",
            f"{nowhere}/assignments/{fresh}",
            {"unit_id": unit, "report_ids": [str(report["id"])], "label": "x"},
        ),
        (
            f"{here}/assignments/{sent['id']}/status",
            f"{nowhere}/assignments/{sent['id']}/status",
            {"status": "arrived"},
        ),
        (
            f"/api/wards/{world.ward_id}/units/{fresh}",
            f"/api/wards/{uuid.uuid4()}/units/{fresh}",
            unit_body,
        ),
    ]
    reads = [
        (f"{here}{what}", f"{nowhere}{what}") for what in ("", "/board", "/summary", "/reports.csv")
    ]
    for person in (world.alice, world.bang, world.dariush):
        for path, _ in reads:
            assert (await person.get(path)).status_code == 403, path
        for path, _, body in writes:
            assert (await person.put(path, body)).status_code == 403, path
        assert (await end(person, crisis)).status_code == 403
        assert (await person.get("/api/crises")).status_code == 403
    for person in (world.farid, world.gita, ines):
        for path, _ in reads:
            assert (await person.get(path)).status_code == 200, path
        listed = (await person.get("/api/crises")).json()["crises"]
        assert [one["id"] for one in listed] == [crisis["id"]]
    for path, _ in reads:
        assert (await world.nobody.get(path)).status_code == 401
    for path, _, body in writes:
        assert (await world.nobody.put(path, body)).status_code == 401
        for person in (world.gita, ines):
            assert (await person.put(path, body)).status_code == 403, (person.name, path)
    stranger = elsewhere.dispatcher
    for path, missing in reads:
        theirs, none = await stranger.get(path), await stranger.get(missing)
        assert (theirs.status_code, theirs.content) == (404, none.content), path
    for path, missing, body in writes:
        theirs, none = await stranger.put(path, body), await stranger.put(missing, body)
        assert (theirs.status_code, theirs.content) == (404, none.content), path
    assert (await end(stranger, crisis)).status_code == 404
    assert (await stranger.get("/api/crises")).json()["crises"] == []
    reach = {"area_ids": str(world.neighbourhood_id)}
    for person, status in ((stranger, 404), (world.gita, 403), (ines, 403), (world.farid, 200)):
        found = await person.get(f"/api/wards/{world.ward_id}/crisis-reach", params=reach)
        assert found.status_code == status, person.name
    assert (await end(ines, crisis)).status_code == 403
    for path, _, body in writes:
        answer = await world.farid.put(path, body)
        assert answer.status_code in (200, 201, 409), (path, answer.text)


async def test_who_declares(world: World, elsewhere: OtherWard, ines: Person) -> None:
    body = crisis_body(world)
    for person, status in (
        (world.alice, 403),
        (world.bang, 403),
        (world.gita, 403),
        (ines, 403),
        (world.nobody, 401),
        (elsewhere.dispatcher, 404),
        (world.farid, 201),
    ):
        answer = await person.put(f"/api/crises/{uuid.uuid4()}", body)
        assert answer.status_code == status, (person.name, answer.text)


async def test_a_leader_ends_it_and_twice_is_once(world: World) -> None:
    crisis = await declare(world)
    seen = (await world.gita.get(f"/api/crises/{crisis['id']}")).json()
    assert (seen["runs"], seen["ends"]) == (False, True)
    first = await end(world.gita, crisis)
    assert first.status_code == 200
    assert (first.json()["ended_by"], first.json()["runs"], first.json()["ends"]) == (
        "Gita",
        False,
        False,
    )
    again = await end(world.farid, crisis)
    assert again.json()["ended_at"] == first.json()["ended_at"]
    assert again.json()["ended_by"] == "Gita"
    assert await trail_of(crisis["id"]) == ["crisis.declared", "crisis.told", "crisis.ended"]


async def test_it_never_ends_before_it_began(world: World) -> None:
    crisis = await declare(world)
    await db.execute(
        "UPDATE crisis SET started_at = now() + interval '1 hour' WHERE id = $1",
        uuid.UUID(str(crisis["id"])),
    )
    ended = (await end(world.farid, crisis)).json()
    assert ended["ended_at"] == ended["started_at"]


# declaring -----------------------------------------------------------------------------------


async def test_the_same_again_is_one_and_other_content_is_refused(world: World) -> None:
    crisis_id, body = uuid.uuid4(), crisis_body(world)
    first = await world.farid.put(f"/api/crises/{crisis_id}", body)
    again = await world.farid.put(f"/api/crises/{crisis_id}", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["started_at"] == again.json()["started_at"]
    other = await world.farid.put(f"/api/crises/{crisis_id}", {**body, "kind": "snow"})
    assert problem(other) == (422, "id_reused")
    assert len((await world.farid.get("/api/crises")).json()["crises"]) == 1


async def test_two_dispatchers_at_once_make_one(world: World) -> None:
    answers = await asyncio.gather(
        *(world.farid.put(f"/api/crises/{uuid.uuid4()}", crisis_body(world)) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert refused["code"] == "already_declared"
    assert "Farid" in refused["detail"]
    assert len((await world.farid.get("/api/crises")).json()["crises"]) == 1


async def test_one_of_a_kind_at_a_time_in_a_neighbourhood(world: World) -> None:
    first = await declare(world)
    whole = crisis_body(world, area_ids=[str(world.ward_id)])
    again = await world.farid.put(f"/api/crises/{uuid.uuid4()}", whole)
    assert problem(again) == (409, "already_declared")
    await declare(world, kind="storm")
    beside = await declare(world, area_ids=[str(world.other_neighbourhood_id)])
    assert beside["neighbourhood_ids"] == [str(world.other_neighbourhood_id)]
    reach = await world.farid.get(
        f"/api/wards/{world.ward_id}/crisis-reach", params={"area_ids": str(world.ward_id)}
    )
    assert reach.json() == {"neighbourhoods": 2, "people": 3, "declared": ["flood", "storm"]}
    await end(world.farid, first)
    await end(world.farid, beside)
    whole_again = await declare(world, area_ids=[str(world.ward_id)])
    assert len(whole_again["neighbourhood_ids"]) == 2  # type: ignore[arg-type]


async def test_what_cannot_be_declared(world: World, elsewhere: OtherWard) -> None:
    for changes, wrong in (
        ({"area_ids": []}, ("area_ids", "area_needed")),
        ({"area_ids": [str(uuid.uuid4())]}, ("area_ids", "unknown_area")),
        ({"area_ids": [str(elsewhere.neighbourhood_id)]}, ("area_ids", "unknown_area")),
        (
            {"area_ids": [str(world.neighbourhood_id), str(elsewhere.neighbourhood_id)]},
            ("area_ids", "unknown_area"),
        ),
        ({"area_ids": [str(world.city_id)]}, ("area_ids", "unknown_area")),
        ({"category_id": str(uuid.uuid4())}, ("category_id", "unknown_category")),
        ({"texts": {"vi": " \n", "fa": "", "en": "Water"}}, ("texts.vi", "own_language_needed")),
        ({"texts": {"vi": "x" * 1001, "fa": "", "en": ""}}, ("texts.vi", "too_long")),
        (
            {"times": {"accept_minutes": 0, "solve_minutes": 60}},
            ("times.accept_minutes", "clock_zero"),
        ),
        (
            {"times": {"accept_minutes": 10, "solve_minutes": -1}},
            ("times.solve_minutes", "clock_zero"),
        ),
        (
            {"times": {"accept_minutes": 60, "solve_minutes": 30}},
            ("times.solve_minutes", "solve_before_accept"),
        ),
        (
            {"times": {"accept_minutes": 10, "solve_minutes": 10**7}},
            ("times.solve_minutes", "clock_too_long"),
        ),
    ):
        answer = await world.farid.put(
            f"/api/crises/{uuid.uuid4()}",
            crisis_body(world, **changes),  # type: ignore[arg-type]
        )
        assert field(answer) == wrong
    assert (await world.farid.get("/api/crises")).json()["crises"] == []
    unknown_kind = crisis_body(world, kind="dragons")
    answer = await world.farid.put(f"/api/crises/{uuid.uuid4()}", unknown_kind)
    assert answer.status_code == 422


async def test_script_in_a_message_stays_text(world: World) -> None:
    words = {"vi": "<script>alert(1)</script>\u202e", "fa": "", "en": ""}
    crisis = await declare(world, texts=words)
    assert crisis["texts"] == {**words, "vi": "<script>alert(1)</script>"}
    assert crisis["language"] == "vi"


# phones --------------------------------------------------------------------------------------


async def test_phones_of_the_ward_keep_it_and_no_others(world: World, elsewhere: OtherWard) -> None:
    assert await synced(world.alice) == []
    crisis = await declare(world)
    for person in (world.alice, world.bang, world.dariush):
        (kept,) = await synced(person)
        assert kept["id"] == crisis["id"]
        assert kept["neighbourhood_ids"] == [str(world.neighbourhood_id)]
        assert kept["ended_at"] is None
        (update,) = kept["updates"]  # type: ignore[misc]
        assert update["texts"] == WORDS
        assert "people" not in kept
    assert await synced(elsewhere.dispatcher) == []
    cursor = (await world.alice.get("/api/sync")).json()["cursor"]
    await end(world.farid, crisis)
    page = (await world.alice.get("/api/sync", params={"cursor": cursor})).json()
    assert page["upserts"]["crisis"][0]["ended_at"] is not None


# changing ------------------------------------------------------------------------------------


async def test_a_change_extends_it_and_who_was_slower_is_told(world: World) -> None:
    crisis = await declare(world)
    change_id = uuid.uuid4()
    body = {
        "revision": 1,
        "area_ids": [str(world.ward_id)],
        "texts": {**WORDS, "vi": "Cả phường"},
        "times": {"accept_minutes": 5, "solve_minutes": 60},
    }
    path = f"/api/crises/{crisis['id']}/changes"
    changed = await world.farid.put(f"{path}/{change_id}", body)
    assert changed.status_code == 201
    assert len(changed.json()["neighbourhood_ids"]) == 2
    assert (changed.json()["revision"], changed.json()["texts"]["vi"]) == (2, "Cả phường")
    assert (await world.farid.put(f"{path}/{change_id}", body)).status_code == 200
    other = await world.farid.put(f"{path}/{change_id}", {**body, "revision": 2})
    assert problem(other) == (422, "id_reused")
    late = await world.farid.put(f"{path}/{uuid.uuid4()}", body)
    assert problem(late) == (409, "changed_meanwhile")
    await declare(world, kind="storm", area_ids=[str(world.other_neighbourhood_id)])
    empty = await world.farid.put(f"{path}/{uuid.uuid4()}", {**body, "revision": 2, "area_ids": []})
    assert field(empty) == ("area_ids", "area_needed")
    await end(world.farid, crisis)
    over = await world.farid.put(f"{path}/{uuid.uuid4()}", {**body, "revision": 3})
    assert problem(over) == (409, "crisis_over")
    assert await trail_of(crisis["id"]) == [
        "crisis.declared",
        "crisis.told",
        "crisis.changed",
        "crisis.ended",
    ]
