"""Departments and kinds of problems, edited by those who keep a ward's rules."""

import asyncio
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.conftest import Person, World

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

NAMES = {"vi": "Tổ cây xanh", "fa": "واحد فضای سبز", "en": "Trees"}


@pytest.fixture
async def stranger(world: World, connection: "Connection") -> Person:
    """Emine, who also dispatches a ward of another city."""
    city, ward = uuid.uuid4(), uuid.uuid4()
    for area_id, level, path in ((city, "city", [city]), (ward, "ward", [city, ward])):
        await connection.execute(
            """INSERT INTO area (id, level, code, name, country, time_zone, calendar, path)
               VALUES ($1, $2, $3, 'x', 'IR', 'Asia/Tehran', 'jalali', $4)""",
            area_id,
            level,
            area_id.hex,
            path,
        )
    await connection.execute(
        """INSERT INTO account_grant (id, account_id, role, scope_id)
           VALUES (gen_random_uuid(), $1, 'dispatcher', $2)""",
        world.emine.account_id,
        ward,
    )
    return world.emine


def department(**more: object) -> dict[str, object]:
    return {"department_id": str(uuid.uuid4()), "revision": 0, "names": NAMES, **more}


def category(**more: object) -> dict[str, object]:
    return {
        "category_id": str(uuid.uuid4()),
        "revision": 0,
        "names": {"vi": "Cây ngã", "fa": "", "en": ""},
        "icon": "trees",
        "colour": "#166534",
        **more,
    }


async def change(
    person: Person, world: World, what: str, body: object, change_id: object = None
) -> httpx.Response:
    return await person.put(f"/api/wards/{world.ward_id}/{what}/{change_id or uuid.uuid4()}", body)


async def catalogue(person: Person, world: World) -> dict[str, dict[str, dict[str, object]]]:
    answer = await person.get(f"/api/wards/{world.ward_id}/catalogue")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return {
        kind: {thing["id"]: thing for thing in found[kind]}
        for kind in ("departments", "categories")
    }


def problem_of(answer: httpx.Response) -> tuple[int, str, str]:
    problem = answer.json()
    field = problem["errors"][0]["field"] if problem.get("errors") else ""
    return answer.status_code, problem["code"], field


# who -----------------------------------------------------------------------------------------


async def test_only_those_who_keep_the_rules_edit(world: World, stranger: Person) -> None:
    bodies = {
        "category-order": {"category_ids": [str(one) for one in world.categories.values()]},
        "departments": department(),
        "categories": category(),
    }
    missing = await stranger.put(
        f"/api/wards/{uuid.uuid4()}/departments/{uuid.uuid4()}", department()
    )
    for what, body in bodies.items():
        for person in (world.alice, world.bang, world.chi, world.gita):
            assert (await change(person, world, what, body)).status_code == 403, person.name
        assert (await change(world.nobody, world, what, body)).status_code == 401
        foreign = await change(stranger, world, what, body)
        assert (foreign.status_code, foreign.content) == (404, missing.content)
        assert (await change(world.farid, world, what, body)).status_code == 201, what


async def test_who_reads_the_catalogue_and_the_list_of_wards(
    world: World, stranger: Person
) -> None:
    for person in (world.alice, world.bang, world.chi):
        for path in (f"/api/wards/{world.ward_id}/catalogue", "/api/wards"):
            assert (await person.get(path)).status_code == 403
    assert (await stranger.get(f"/api/wards/{world.ward_id}/catalogue")).status_code == 404
    ours = str(world.ward_id)
    for person, keeps in ((world.farid, True), (world.gita, False)):
        wards = (await person.get("/api/wards")).json()["wards"]
        assert [(ward["id"], ward["keeps"]) for ward in wards] == [(ours, keeps)]
    elsewhere = (await stranger.get("/api/wards")).json()["wards"]
    assert ours not in {ward["id"] for ward in elsewhere}


async def test_a_thing_of_another_ward_is_not_there(world: World, stranger: Person) -> None:
    ward = (await stranger.get("/api/wards")).json()["wards"][0]["id"]
    theirs = department(department_id=str(world.waste_id), revision=1)
    answer = await stranger.put(f"/api/wards/{ward}/departments/{uuid.uuid4()}", theirs)
    assert answer.status_code == 404
    lamp = category(category_id=str(world.categories["lamp"]), revision=1)
    answer = await stranger.put(f"/api/wards/{ward}/categories/{uuid.uuid4()}", lamp)
    assert answer.status_code == 404
    mine = category(department_id=str(world.waste_id))
    answer = await stranger.put(f"/api/wards/{ward}/categories/{uuid.uuid4()}", mine)
    assert problem_of(answer) == (422, "unknown_department", "department_id")


# departments ---------------------------------------------------------------------------------


async def test_a_department_is_made_renamed_and_retired(world: World) -> None:
    made = department()
    change_id = uuid.uuid4()
    assert (await change(world.farid, world, "departments", made, change_id)).status_code == 201
    again = await change(world.farid, world, "departments", made, change_id)
    assert again.status_code == 200
    other = await change(world.farid, world, "departments", {**made, "retired": True}, change_id)
    assert problem_of(other)[1] == "id_reused"
    shown = (await catalogue(world.farid, world))["departments"][str(made["department_id"])]
    assert (shown["names"], shown["revision"], shown["retired"]) == (NAMES, 1, False)

    renamed = {**made, "revision": 1, "names": {**NAMES, "en": "Parks"}}
    assert (await change(world.farid, world, "departments", renamed)).status_code == 201
    pulled = (await world.alice.get("/api/sync")).json()["upserts"]["department"]
    assert "Parks" in {one["names"]["en"] for one in pulled}
    cursor = (await world.alice.get("/api/sync")).json()["cursor"]

    retired = {**renamed, "revision": 2, "retired": True}
    assert (await change(world.farid, world, "departments", retired)).status_code == 201
    gone = (await world.alice.get("/api/sync", params={"cursor": cursor})).json()["removals"]
    assert made["department_id"] in gone["department"]
    routed = {
        "category_id": str(world.categories["lamp"]),
        "area_id": str(world.ward_id),
        "department_id": made["department_id"],
    }
    refused = await change(world.farid, world, "routing", {"rules": [routed]})
    assert problem_of(refused) == (422, "unknown_department", "rules[0].department_id")
    back = {**renamed, "revision": 3}
    assert (await change(world.farid, world, "departments", back)).status_code == 201
    assert (await change(world.farid, world, "routing", {"rules": [routed]})).status_code == 201


async def test_a_department_that_still_gets_reports_cannot_be_retired(world: World) -> None:
    body = department(department_id=str(world.lighting_id), revision=1, retired=True)
    refused = await change(world.farid, world, "departments", body)
    assert problem_of(refused) == (422, "still_routed", "retired")


async def test_a_name_in_one_language_is_enough_and_none_is_too_few(world: World) -> None:
    none = department(names={"vi": " ", "fa": "", "en": ""})
    assert problem_of(await change(world.farid, world, "departments", none)) == (
        422,
        "name_needed",
        "names",
    )
    long = department(names={**NAMES, "fa": "x" * 81})
    assert problem_of(await change(world.farid, world, "departments", long))[2] == "names.fa"


async def test_two_administrators_at_once_do_not_overwrite_each_other(world: World) -> None:
    body = department(department_id=str(world.waste_id), revision=1)
    answers = await asyncio.gather(
        *(
            change(world.farid, world, "departments", {**body, "names": {**NAMES, "en": name}})
            for name in ("One", "Two")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert problem_of(refused) == (409, "changed_meanwhile", "revision")
    assert "Farid" in refused.json()["detail"]
    kept = (await catalogue(world.farid, world))["departments"][str(world.waste_id)]
    assert kept["revision"] == 2


# kinds of problems ---------------------------------------------------------------------------


async def test_a_kind_of_problem_is_made_with_its_department_and_reported(world: World) -> None:
    made = category(department_id=str(world.waste_id), urgent=True, private=True)
    assert (await change(world.farid, world, "categories", made)).status_code == 201
    shown = (await catalogue(world.farid, world))["categories"][str(made["category_id"])]
    assert shown["department_id"] == str(world.waste_id)
    pulled = (await world.alice.get("/api/sync")).json()["upserts"]["category"]
    mine = next(one for one in pulled if one["id"] == made["category_id"])
    assert (mine["names"]["vi"], mine["urgent"], mine["private"]) == ("Cây ngã", True, True)
    assert (mine["solve_hours"], mine["solve_always"]) == (4, True)
    everything = (await catalogue(world.farid, world))["categories"]
    assert list(everything)[-1] == made["category_id"]  # shown last
    sent = await world.alice.put(
        f"/api/reports/{uuid.uuid4()}",
        {"category_id": made["category_id"], "located_by": "none"},
    )
    assert sent.json()["department_id"] == str(world.waste_id)


async def test_a_retired_kind_of_problem_is_no_longer_reported_and_stays_readable(
    world: World,
) -> None:
    lamp = str(world.categories["lamp"])
    report_id = uuid.uuid4()
    body = {"category_id": lamp, "located_by": "none"}
    assert (await world.alice.put(f"/api/reports/{report_id}", body)).status_code == 201
    kept = (await catalogue(world.farid, world))["categories"][lamp]
    retired = {
        key: kept[key]
        for key in ("names", "icon", "colour", "urgent", "private", "needs_result_photo")
    }
    wish = {**retired, "category_id": lamp, "revision": 1, "active": False, "department_id": None}
    assert (await change(world.farid, world, "categories", wish)).status_code == 201
    refused = await world.alice.put(f"/api/reports/{uuid.uuid4()}", body)
    assert problem_of(refused) == (422, "unknown_category", "category_id")
    case = (await world.alice.get(f"/api/reports/{report_id}")).json()["report"]
    assert case["category_names"]["vi"] == "lamp"
    history = (await world.gita.get(f"/api/wards/{world.ward_id}/rule-changes")).json()["changes"]
    newest = history[0]
    assert (newest["subject"], newest["account_name"]) == ("category", "Farid")
    assert newest["changes"][0]["after"]["category"] == {"active": False}
    assert newest["changes"][0]["before"]["department_id"] == str(world.lighting_id)


async def test_how_near_similar_reports_lie_is_said_for_each_kind(world: World) -> None:
    made = category()
    assert (await change(world.farid, world, "categories", made)).status_code == 201

    async def shown() -> object:
        everything = (await catalogue(world.farid, world))["categories"]
        return everything[str(made["category_id"])]["near_m"]

    assert await shown() == 100
    for wrong in (0, 9, 2001, -5):
        refused = await change(world.farid, world, "categories", {**made, "near_m": wrong})
        assert problem_of(refused) == (422, "out_of_range", "near_m")
    wide = {**made, "revision": 1, "near_m": 250}
    assert (await change(world.farid, world, "categories", wide)).status_code == 201
    assert await shown() == 250
    history = (await world.gita.get(f"/api/wards/{world.ward_id}/rule-changes")).json()["changes"]
    (said,) = history[0]["changes"]
    assert (said["before"]["category"], said["after"]["category"]) == (
        {"near_m": 100},
        {"near_m": 250},
    )
    # Who does not speak of it leaves it as it is.
    silent = {**made, "revision": 2, "colour": "#112233"}
    assert (await change(world.farid, world, "categories", silent)).status_code == 201
    assert await shown() == 250
    for person, status in ((world.alice, 403), (world.chi, 403), (world.nobody, 401)):
        answer = await change(person, world, "categories", {**made, "revision": 3, "near_m": 50})
        assert answer.status_code == status


async def test_kinds_of_problems_are_put_in_order(world: World) -> None:
    wanted = [str(one) for one in reversed(world.categories.values())]
    order = {"category_ids": wanted}
    assert (await change(world.farid, world, "category-order", order)).status_code == 201
    pulled = (await world.alice.get("/api/sync")).json()["upserts"]["category"]
    assert [one["id"] for one in sorted(pulled, key=lambda one: one["sort"])] == wanted
    stale = {"category_ids": wanted[:-1]}
    refused = await change(world.farid, world, "category-order", stale)
    assert problem_of(refused) == (409, "changed_meanwhile", "category_ids")


async def test_two_administrators_at_the_same_kind_of_problem(world: World) -> None:
    body = category(category_id=str(world.categories["lamp"]), revision=1)
    assert (await change(world.farid, world, "categories", body)).status_code == 201
    late = await change(world.farid, world, "categories", {**body, "colour": "#000000"})
    assert problem_of(late) == (409, "changed_meanwhile", "revision")


@pytest.mark.parametrize(
    ("question", "code", "field"),
    [
        ({"names": {"vi": "", "fa": "", "en": ""}}, "name_needed", "questions[0].names"),
        ({"kind": "one_of"}, "options_needed", "questions[0].options"),
        ({"kind": "number", "least": 5, "most": 1}, "bad_bounds", "questions[0].most"),
    ],
)
async def test_questions_that_cannot_be_asked_are_refused_by_name(
    world: World, question: dict[str, object], code: str, field: str
) -> None:
    asked = {"id": str(uuid.uuid4()), "kind": "text", "names": NAMES, **question}
    refused = await change(world.farid, world, "categories", category(questions=[asked]))
    assert problem_of(refused) == (422, code, field)


# rules seen by two ---------------------------------------------------------------------------


async def test_a_rule_that_somebody_changed_since_is_not_overwritten(world: World) -> None:
    rule = {
        "category_id": str(world.categories["lamp"]),
        "area_id": str(world.ward_id),
        "department_id": str(world.waste_id),
        "was": str(world.lighting_id),
    }
    assert (await change(world.farid, world, "routing", {"rules": [rule]})).status_code == 201
    late = await change(world.farid, world, "routing", {"rules": [{**rule, "department_id": None}]})
    assert problem_of(late) == (409, "changed_meanwhile", "rules[0].department_id")

    week = [[[480, 720]]] * 5 + [[], []]
    hours = {"scope_id": str(world.lighting_id), "week": week, "was": None}
    assert (await change(world.farid, world, "hours", hours)).status_code == 201
    late = await change(world.farid, world, "hours", {**hours, "week": None})
    assert problem_of(late) == (409, "changed_meanwhile", "week")
    seen = {**hours, "week": None, "was": week}
    assert (await change(world.farid, world, "hours", seen)).status_code == 201


# examples ------------------------------------------------------------------------------------


TIMES = {
    "accept_minutes": 120,
    "accept_always": False,
    "solve_minutes": 240,
    "solve_always": True,
    "escalate_minutes": 60,
}


async def test_an_example_says_what_hours_and_promise_mean(world: World) -> None:
    wish = {"area_id": str(world.ward_id), "times": TIMES, "week": [[[480, 960]]] * 5 + [[], []]}
    path = f"/api/wards/{world.ward_id}/clocks/example"
    for person in (world.alice, world.chi):
        assert (await person.post(path, wish)).status_code == 403
    shown = (await world.gita.post(path, wish)).json()
    # Hanoi time is seven hours ahead: sent at 15:00, an hour before closing, due after one more.
    assert shown["reported_at"].endswith("T08:00:00Z")
    assert shown["accept_due_at"].endswith("T02:00:00Z")
    assert shown["solve_due_at"].endswith("T12:00:00Z")

    zero = await world.farid.post(path, {**wish, "times": {**TIMES, "accept_minutes": 0}})
    assert problem_of(zero) == (422, "clock_zero", "times.accept_minutes")
    shut = await world.farid.post(path, {**wish, "week": [[]] * 7})
    assert problem_of(shut) == (422, "never_open", "week")
    foreign = await world.farid.post(path, {**wish, "area_id": str(uuid.uuid4())})
    assert problem_of(foreign) == (422, "unknown_area", "area_id")
