"""A ward's rules, read and changed by those who keep them: `/api/wards/{id}/…`."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import httpx
import pytest

from backend.departments.public_holidays import WEEKS
from backend.departments.service import forget_cached_rules
from backend.reports.deadlines import recount_wards
from tests.conftest import Person, World
from tests.reports.steps import report_of, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

TODAY = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()
DAY = timedelta(days=1)
ALWAYS = [[[0, 1440]]] * 7
NEVER: list[list[list[int]]] = [[]] * 7
TIMES = {
    "accept_minutes": 60,
    "accept_always": True,
    "solve_minutes": 240,
    "solve_always": True,
    "escalate_minutes": 30,
}


@pytest.fixture
async def admin(world: World, connection: "Connection") -> Person:
    """Dariush, of another neighbourhood, administers the city."""
    await connection.execute(
        """INSERT INTO account_grant (id, account_id, role, scope_id)
           VALUES (gen_random_uuid(), $1, 'admin', $2)""",
        world.dariush.account_id,
        world.city_id,
    )
    return world.dariush


@pytest.fixture
async def stranger(world: World, connection: "Connection") -> Person:
    """Emine, who also dispatches a ward of another city."""
    city, ward = uuid.uuid4(), uuid.uuid4()
    for area_id, parent, level, path in (
        (city, None, "city", [city]),
        (ward, city, "ward", [city, ward]),
    ):
        await connection.execute(
            """INSERT INTO area (id, parent_id, level, code, name, country, time_zone, calendar,
                                 path)
               VALUES ($1, $2, $3, $4, 'x', 'IR', 'Asia/Tehran', 'jalali', $5)""",
            area_id,
            parent,
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


def route(world: World, category: str, area: uuid.UUID, department: object) -> dict[str, object]:
    return {
        "category_id": str(world.categories[category]),
        "area_id": str(area),
        "department_id": None if department is None else str(department),
    }


def routing(*rules: dict[str, object]) -> dict[str, object]:
    return {"rules": list(rules)}


def closure(world: World, first: date, last: date, **more: object) -> dict[str, object]:
    return {
        "area_id": str(world.ward_id),
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "reason": "Ngập",
        **more,
    }


async def change(
    person: Person, world: World, what: str, body: object, change_id: object = None
) -> httpx.Response:
    return await person.put(f"/api/wards/{world.ward_id}/{what}/{change_id or uuid.uuid4()}", body)


def code_of(answer: httpx.Response) -> tuple[int, str, str]:
    problem = answer.json()
    field = problem["errors"][0]["field"] if problem.get("errors") else ""
    return answer.status_code, problem["code"], field


Bodies = Callable[[World], dict[str, dict[str, object]]]


def bodies(world: World) -> dict[str, dict[str, object]]:
    clock = {
        "category_id": str(world.categories["lamp"]),
        "area_id": str(world.ward_id),
        "times": TIMES,
    }
    return {
        "routing": routing(route(world, "lamp", world.ward_id, world.waste_id)),
        "clocks": {"clocks": [clock]},
        "hours": {"scope_id": str(world.lighting_id), "week": ALWAYS},
        "closures": closure(world, TODAY + DAY, TODAY + DAY),
    }


# who -----------------------------------------------------------------------------------------


async def test_only_dispatchers_and_administrators_change_rules(
    world: World, admin: Person, stranger: Person
) -> None:
    missing = await stranger.put(
        f"/api/wards/{uuid.uuid4()}/routing/{uuid.uuid4()}", bodies(world)["routing"]
    )
    assert missing.status_code == 404
    for what, body in bodies(world).items():
        for person, status in (
            (world.nobody, 401),
            (world.alice, 403),
            (world.bang, 403),
            (world.chi, 403),
            (world.gita, 403),
            (stranger, 404),
        ):
            answer = await change(person, world, what, body)
            assert answer.status_code == status, (what, person.name, answer.text)
            if status == 404:
                assert answer.content == missing.content
        for person in (world.farid, admin):
            assert (await change(person, world, what, body)).status_code == 201, what
    listed = (await world.farid.get(f"/api/wards/{world.ward_id}/rule-changes")).json()["changes"]
    assert len(listed) == 8


async def test_who_oversees_the_ward_reads_its_rules(
    world: World, admin: Person, stranger: Person
) -> None:
    for what in ("routing", "clocks", "hours", "days-off?year=2027", "rule-changes"):
        path = f"/api/wards/{world.ward_id}/{what}"
        for person, status in (
            (world.nobody, 401),
            (world.alice, 403),
            (world.bang, 403),
            (world.chi, 403),
            (stranger, 404),
            (world.farid, 200),
            (world.gita, 200),
            (admin, 200),
        ):
            answer = await person.get(path)
            assert answer.status_code == status, (what, person.name, answer.text)


async def test_preview_is_for_those_who_may_save(
    world: World, admin: Person, stranger: Person
) -> None:
    path = f"/api/wards/{world.ward_id}/routing/preview"
    for person, status in (
        (world.nobody, 401),
        (world.alice, 403),
        (world.bang, 403),
        (world.chi, 403),
        (world.gita, 403),
        (stranger, 404),
        (world.farid, 200),
        (admin, 200),
    ):
        answer = await person.post(path, bodies(world)["routing"])
        assert answer.status_code == status, (person.name, answer.text)


async def test_who_dispatches_elsewhere_and_only_oversees_here_changes_nothing_here(
    world: World, stranger: Person, connection: "Connection"
) -> None:
    await connection.execute(
        """INSERT INTO account_grant (id, account_id, role, scope_id)
           VALUES (gen_random_uuid(), $1, 'leader', $2)""",
        stranger.account_id,
        world.ward_id,
    )
    assert (await stranger.get(f"/api/wards/{world.ward_id}/routing")).status_code == 200
    for what, body in bodies(world).items():
        assert (await change(stranger, world, what, body)).status_code == 403, what
    path = f"/api/wards/{world.ward_id}/routing/preview"
    assert (await stranger.post(path, bodies(world)["routing"])).status_code == 403


async def test_rules_of_the_city_are_its_administrators(
    world: World, admin: Person, connection: "Connection"
) -> None:
    tree, parks = uuid.uuid4(), uuid.uuid4()
    names = '{"vi": "", "fa": "", "en": ""}'
    await connection.execute(
        """INSERT INTO category (id, area_id, code, names, icon, colour, accept_hours, solve_hours)
           VALUES ($1, $2, 'tree', $3, 'tree', '#0a0', 1, 2)""",
        tree,
        world.city_id,
        names,
    )
    await connection.execute(
        "INSERT INTO department (id, area_id, code, names) VALUES ($1, $2, 'parks', $3)",
        parks,
        world.city_id,
        names,
    )
    world.categories["tree"] = tree
    everywhere = routing(route(world, "tree", world.city_id, parks))
    answer = await change(world.farid, world, "routing", everywhere)
    assert code_of(answer) == (422, "unknown_area", "rules[0].area_id")
    assert (await change(admin, world, "routing", everywhere)).status_code == 201
    receipt = await send(world.alice, world, "tree")
    assert receipt["department_id"] == str(parks)
    for what, body in (
        ("hours", {"scope_id": str(parks), "week": ALWAYS}),
        ("hours", {"scope_id": str(world.city_id), "week": ALWAYS}),
        ("closures", closure(world, TODAY + DAY, TODAY + DAY, area_id=str(world.city_id))),
    ):
        assert (await change(world.farid, world, what, body)).status_code == 422, what
        assert (await change(admin, world, what, body)).status_code == 201, what


# routing -------------------------------------------------------------------------------------


async def test_a_rule_of_a_neighbourhood_comes_before_the_wards(world: World) -> None:
    here = route(world, "lamp", world.neighbourhood_id, world.waste_id)
    orphan = route(world, "orphan", world.ward_id, world.waste_id)
    assert (await change(world.farid, world, "routing", routing(here, orphan))).status_code == 201
    assert (await send(world.alice, world))["department_id"] == str(world.waste_id)
    there = await send(world.dariush, world, lat=world.far[0], lon=world.far[1])
    assert there["department_id"] == str(world.lighting_id)
    assert (await send(world.alice, world, "orphan"))["department_id"] == str(world.waste_id)
    listed = (await world.farid.get(f"/api/wards/{world.ward_id}/routing")).json()["rules"]
    assert here in listed
    assert len(listed) == 6
    # Taken away, the wider rule holds again.
    gone = routing({**here, "department_id": None}, {**orphan, "department_id": None})
    assert (await change(world.farid, world, "routing", gone)).status_code == 201
    assert (await send(world.alice, world))["department_id"] == str(world.lighting_id)
    assert (await send(world.alice, world, "orphan"))["department_id"] is None


async def test_rules_are_tried_on_what_was_reported_before_they_are_saved(
    world: World, connection: "Connection"
) -> None:
    for _ in range(3):
        await send(world.alice, world)
    await send(world.dariush, world, lat=world.far[0], lon=world.far[1])
    await send(world.alice, world, "waste")
    old = await send(world.alice, world)
    await connection.execute(
        "UPDATE report SET created_at = now() - interval '91 days' WHERE id = $1",
        uuid.UUID(str(old["id"])),
    )
    for _ in range(2):
        await send(world.alice, world, "orphan")
    path = f"/api/wards/{world.ward_id}/routing/preview"
    lamp, orphan = (str(world.categories[code]) for code in ("lamp", "orphan"))
    lighting, waste = str(world.lighting_id), str(world.waste_id)
    tried = await world.farid.post(
        path,
        routing(
            route(world, "lamp", world.neighbourhood_id, waste),
            route(world, "orphan", world.ward_id, lighting),
        ),
    )
    assert tried.json() == {
        "days": 90,
        "reports": 6,
        "moved": 5,
        "unrouted_now": 2,
        "unrouted_then": 0,
        "moves": [
            {
                "category_id": lamp,
                "from_department_id": lighting,
                "to_department_id": waste,
                "reports": 3,
            },
            {
                "category_id": orphan,
                "from_department_id": None,
                "to_department_id": lighting,
                "reports": 2,
            },
        ],
    }
    assert (await send(world.alice, world))["department_id"] == lighting, "nothing was saved"
    away = await world.farid.post(path, routing(route(world, "lamp", world.ward_id, None)))
    assert (away.json()["moved"], away.json()["unrouted_then"]) == (5, 5)
    same = await world.farid.post(path, routing(route(world, "lamp", world.ward_id, lighting)))
    assert (same.json()["reports"], same.json()["moved"]) == (5, 0)


async def test_a_rule_that_cannot_be_is_refused_by_name(world: World, stranger: Person) -> None:
    fine = route(world, "lamp", world.ward_id, world.waste_id)
    for bad, code, field in (
        ({"category_id": str(uuid.uuid4())}, "unknown_category", "category_id"),
        ({"area_id": str(uuid.uuid4())}, "unknown_area", "area_id"),
        ({"area_id": str(world.city_id)}, "unknown_area", "area_id"),
        (
            {"area_id": str(world.neighbourhood_id), "department_id": str(uuid.uuid4())},
            "unknown_department",
            "department_id",
        ),
        ({}, "twice", "category_id"),
    ):
        answer = await change(world.farid, world, "routing", routing(fine, {**fine, **bad}))
        assert code_of(answer) == (422, code, f"rules[1].{field}")
    assert (await change(world.farid, world, "routing", routing())).status_code == 422
    too_many = routing(*[fine] * 501)
    assert (await change(world.farid, world, "routing", too_many)).status_code == 422
    assert (await send(world.alice, world))["department_id"] == str(world.lighting_id)


async def test_a_change_sent_twice_is_made_once_and_its_id_stands_for_nothing_else(
    world: World, admin: Person
) -> None:
    for what, body in bodies(world).items():
        change_id = uuid.uuid4()
        answers = await asyncio.gather(
            *(change(world.farid, world, what, body, change_id) for _ in range(3))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 200, 201], what
        assert len({answer.text for answer in answers}) == 1
        by_another = await change(admin, world, what, body, change_id)
        assert code_of(by_another)[:2] == (422, "id_reused")
    other = routing(route(world, "lamp", world.ward_id, None))
    reused = await change(world.farid, world, "routing", other, change_id)
    assert code_of(reused)[:2] == (422, "id_reused")


async def test_the_history_says_who_changed_what_when(world: World, admin: Person) -> None:
    waste, lighting = str(world.waste_id), str(world.lighting_id)
    rule = route(world, "lamp", world.ward_id, waste)
    here = route(world, "lamp", world.neighbourhood_id, waste)
    await change(world.farid, world, "routing", routing(rule, here))
    await change(admin, world, "routing", routing({**here, "department_id": None}, rule))
    path = f"/api/wards/{world.ward_id}/rule-changes"
    second, first = (await world.gita.get(f"{path}?subject=routing")).json()["changes"]
    assert (first["account_name"], second["account_name"]) == ("Farid", "Dariush")
    assert first["created_at"] < second["created_at"]
    lamp = str(world.categories["lamp"])
    assert first["changes"] == [
        {
            "scope_id": str(world.ward_id),
            "category_id": lamp,
            "before": {"department_id": lighting},
            "after": {"department_id": waste},
        },
        {
            "scope_id": str(world.neighbourhood_id),
            "category_id": lamp,
            "after": {"department_id": waste},
        },
    ]
    assert second["changes"] == [
        {
            "scope_id": str(world.neighbourhood_id),
            "category_id": lamp,
            "before": {"department_id": waste},
        }
    ], "what stayed is no change"
    assert (await world.gita.get(f"{path}?subject=hours")).json()["changes"] == []


async def test_a_long_history_comes_in_pages(world: World) -> None:
    for department in (world.waste_id, world.lighting_id) * 26:
        rule = route(world, "lamp", world.ward_id, department)
        await change(world.farid, world, "routing", routing(rule))
    path = f"/api/wards/{world.ward_id}/rule-changes"
    page = (await world.farid.get(path)).json()
    rest = (await world.farid.get(f"{path}?cursor={page['cursor']}")).json()
    assert (len(page["changes"]), len(rest["changes"]), rest["cursor"]) == (50, 2, None)
    ids = [one["id"] for one in (*page["changes"], *rest["changes"])]
    assert len(set(ids)) == 52


# clocks --------------------------------------------------------------------------------------


async def test_the_nearest_areas_promise_is_made_to_whoever_reports_there(world: World) -> None:
    lamp = str(world.categories["lamp"])
    body = {
        "clocks": [
            {"category_id": lamp, "area_id": str(world.neighbourhood_id), "times": TIMES},
        ]
    }
    kept = await report_of(world.alice, (await send(world.alice, world))["id"])
    assert (await change(world.farid, world, "clocks", body)).status_code == 201
    report_id = (await send(world.alice, world))["id"]
    report = await report_of(world.alice, report_id)
    sent = datetime.fromisoformat(str(report["created_at"]))
    assert datetime.fromisoformat(str(report["accept_due_at"])) - sent == timedelta(hours=1)
    assert datetime.fromisoformat(str(report["solve_due_at"])) - sent == timedelta(hours=4)
    again = await report_of(world.alice, kept["id"])
    assert again["solve_due_at"] == kept["solve_due_at"], "what was promised stays"
    shown = (await world.farid.get(f"/api/wards/{world.ward_id}/clocks")).json()
    assert shown["clocks"] == body["clocks"]
    assert shown["own"][lamp] == {
        "accept_minutes": 480,
        "accept_always": False,
        "solve_minutes": 2880,
        "solve_always": False,
        "escalate_minutes": 480,
    }
    pulled = (await world.alice.get("/api/sync")).json()["upserts"]["category"]
    (category,) = [one for one in pulled if one["id"] == lamp]
    assert category["clocks"] == {str(world.neighbourhood_id): TIMES}
    gone = {"clocks": [{**body["clocks"][0], "times": None}]}
    assert (await change(world.farid, world, "clocks", gone)).status_code == 201
    assert (await world.farid.get(f"/api/wards/{world.ward_id}/clocks")).json()["clocks"] == []


async def test_what_another_ward_promises_is_nobodys_business_here(
    world: World, admin: Person, connection: "Connection"
) -> None:
    """A category of the whole city, with other times in a ward next door."""
    other = uuid.uuid4()
    await connection.execute(
        """INSERT INTO area (id, parent_id, level, code, name, country, time_zone, calendar, path)
           VALUES ($1, $2, 'ward', $3, 'x', 'VN', 'Asia/Ho_Chi_Minh', 'gregorian', $4)""",
        other,
        world.city_id,
        other.hex,
        [world.city_id, other],
    )
    tree = uuid.uuid4()
    await connection.execute(
        """INSERT INTO category (id, area_id, code, names, icon, colour, accept_hours, solve_hours)
           VALUES ($1, $2, 'tree', '{"vi": "", "fa": "", "en": ""}', 'tree', '#0a0', 1, 2)""",
        tree,
        world.city_id,
    )
    for ward in (other, world.ward_id):
        clock = {"category_id": str(tree), "area_id": str(ward), "times": TIMES}
        answer = await admin.put(f"/api/wards/{ward}/clocks/{uuid.uuid4()}", {"clocks": [clock]})
        assert answer.status_code == 201, answer.text
    pulled = (await world.alice.get("/api/sync")).json()["upserts"]["category"]
    (category,) = [one for one in pulled if one["id"] == str(tree)]
    assert list(category["clocks"]) == [str(world.ward_id)]


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"accept_minutes": 0}, "clock_zero", "accept_minutes"),
        ({"solve_minutes": -5}, "clock_zero", "solve_minutes"),
        ({"escalate_minutes": 0}, "clock_zero", "escalate_minutes"),
        ({"solve_minutes": 366 * 1440 + 1}, "clock_too_long", "solve_minutes"),
        ({"solve_minutes": 59}, "solve_before_accept", "solve_minutes"),
    ],
)
async def test_a_clock_of_nothing_or_for_ever_is_refused(
    world: World, wrong: dict[str, int], code: str, field: str
) -> None:
    clock = {
        "category_id": str(world.categories["lamp"]),
        "area_id": str(world.ward_id),
        "times": {**TIMES, **wrong},
    }
    answer = await change(world.farid, world, "clocks", {"clocks": [clock]})
    assert code_of(answer) == (422, code, f"clocks[0].times.{field}")
    assert answer.json()["errors"][0]["detail"]


# hours and days off --------------------------------------------------------------------------


async def test_longer_hours_bring_open_promises_nearer_but_never_into_the_past(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    fire = (await send(world.alice, world, "fire"))["id"]
    waste = (await send(world.alice, world, "waste"))["id"]
    before = [await report_of(world.alice, one) for one in (report_id, fire, waste)]
    hours = {"scope_id": str(world.lighting_id), "week": ALWAYS}
    assert (await change(world.farid, world, "hours", hours)).status_code == 201
    await recount_wards(settled=timedelta(0))
    after = [await report_of(world.alice, one) for one in (report_id, fire, waste)]
    assert str(after[0]["solve_due_at"]) < str(before[0]["solve_due_at"])
    assert str(after[0]["solve_due_at"]) > datetime.now(UTC).isoformat()
    assert after[1]["solve_due_at"] == before[1]["solve_due_at"], "day and night anyway"
    assert after[2]["solve_due_at"] == before[2]["solve_due_at"], "another department"
    shown = (await world.farid.get(f"/api/wards/{world.ward_id}/hours")).json()
    assert shown["time_zone"] == "Asia/Ho_Chi_Minh"
    assert shown["usual"][0] == [[450, 690], [780, 1020]]
    assert shown["hours"] == [
        {
            "scope_id": str(world.lighting_id),
            "from_day": (TODAY + DAY).isoformat(),
            "week": ALWAYS,
        }
    ]


async def test_hours_planned_later_give_way_to_hours_set_from_before(world: World) -> None:
    scope = str(world.ward_id)
    later = (TODAY + 10 * DAY).isoformat()
    sooner = (TODAY + 5 * DAY).isoformat()
    for body in (
        {"scope_id": scope, "week": ALWAYS, "from_day": later},
        {"scope_id": scope, "week": None, "from_day": sooner},
    ):
        assert (await change(world.farid, world, "hours", body)).status_code == 201
    shown = (await world.farid.get(f"/api/wards/{world.ward_id}/hours")).json()["hours"]
    assert [(one["from_day"], one["week"]) for one in shown] == [(sooner, None)]


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"week": NEVER}, "never_open", "week"),
        ({"week": [[[0, 59]], *NEVER[1:]]}, "never_open", "week"),
        ({"week": [[[600, 500]], *NEVER[1:]]}, "bad_week", "week"),
        ({"week": [[[500, 1500]], *NEVER[1:]]}, "bad_week", "week"),
        ({"week": [[[500, 700], [600, 800]], *NEVER[1:]]}, "bad_week", "week"),
        ({"from_day": TODAY.isoformat()}, "hours_in_past", "from_day"),
        ({"from_day": "2020-01-01"}, "hours_in_past", "from_day"),
        ({"from_day": "2999-01-01"}, "too_far", "from_day"),
        ({"scope_id": str(uuid.UUID(int=5))}, "unknown_scope", "scope_id"),
    ],
)
async def test_hours_that_cannot_be_are_refused_by_name(
    world: World, wrong: dict[str, object], code: str, field: str
) -> None:
    hours = {"scope_id": str(world.lighting_id), "week": ALWAYS, **wrong}
    assert code_of(await change(world.farid, world, "hours", hours)) == (422, code, field)


async def test_closures_cannot_follow_each_other_for_ever_and_the_office_is_named(
    world: World,
) -> None:
    body = closure(world, TODAY, TODAY + 365 * DAY)
    assert (await change(world.farid, world, "closures", body)).status_code == 201
    body = closure(world, TODAY + 366 * DAY, TODAY + 731 * DAY)
    answer = await change(world.farid, world, "closures", body)
    assert code_of(answer) == (422, "never_open", "last_day")
    assert "lighting" in answer.json()["errors"][0]["detail"]


async def test_a_closure_is_listed_with_the_holidays_and_moves_what_is_due(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    before = await report_of(world.alice, report_id)
    closed = closure(world, TODAY, TODAY + 20 * DAY)
    closure_id = uuid.uuid4()
    assert (await change(world.farid, world, "closures", closed, closure_id)).status_code == 201
    await recount_wards(settled=timedelta(0))
    after = await report_of(world.alice, report_id)
    assert str(after["accept_due_at"]) > (TODAY + 20 * DAY).isoformat()
    path = f"/api/wards/{world.ward_id}/days-off?year={TODAY.year}"
    days = (await world.gita.get(path)).json()
    assert days["closures"] == [{"id": str(closure_id), **closed}]
    assert {"day": f"{TODAY.year}-09-02", "name": "Quốc khánh"} in days["holidays"]
    for year in (1999, 2101):
        answer = await world.gita.get(f"/api/wards/{world.ward_id}/days-off?year={year}")
        assert code_of(answer) == (422, "unknown_year", "year")
    # Taken back, today stays free.
    gone = f"/api/wards/{world.ward_id}/closures/{closure_id}"
    assert (await world.farid.delete(gone)).status_code == 204
    assert (await world.farid.delete(gone)).status_code == 204
    days = (await world.gita.get(path)).json()
    assert [one["last_day"] for one in days["closures"]] == [TODAY.isoformat()]
    await recount_wards(settled=timedelta(0))
    nearer = await report_of(world.alice, report_id)
    assert str(before["accept_due_at"]) <= str(nearer["accept_due_at"])
    assert str(nearer["accept_due_at"]) < str(after["accept_due_at"])


async def test_days_that_have_passed_are_given_but_not_taken_back(
    world: World, connection: "Connection"
) -> None:
    closure_id = uuid.uuid4()
    past = closure(world, TODAY - 9 * DAY, TODAY - 8 * DAY)
    assert (await change(world.farid, world, "closures", past, closure_id)).status_code == 201
    gone = await world.farid.delete(f"/api/wards/{world.ward_id}/closures/{closure_id}")
    assert (gone.status_code, gone.json()["code"]) == (409, "closure_over")
    coming = uuid.uuid4()
    body = closure(world, TODAY + 8 * DAY, TODAY + 9 * DAY)
    await change(world.farid, world, "closures", body, coming)
    path = f"/api/wards/{world.ward_id}/closures/{coming}"
    for person, status in ((world.alice, 403), (world.gita, 403), (world.nobody, 401)):
        assert (await person.delete(path)).status_code == status
    assert (await world.farid.delete(path)).status_code == 204
    missing = f"/api/wards/{world.ward_id}/closures/{uuid.uuid4()}"
    assert (await world.farid.delete(missing)).status_code == 404
    shown = await world.farid.get(f"/api/wards/{world.ward_id}/rule-changes?subject=closure")
    latest = shown.json()["changes"][0]["changes"]
    assert latest[0]["before"]["last_day"] == (TODAY + 9 * DAY).isoformat()
    assert "after" not in latest[0]


async def test_a_foreign_closure_is_not_there(
    world: World, stranger: Person, connection: "Connection"
) -> None:
    closure_id = uuid.uuid4()
    body = closure(world, TODAY + 8 * DAY, TODAY + 9 * DAY)
    await change(world.farid, world, "closures", body, closure_id)
    ward = await connection.fetchval(
        "SELECT scope_id FROM account_grant WHERE account_id = $1 AND role = 'dispatcher'",
        stranger.account_id,
    )
    answer = await stranger.delete(f"/api/wards/{ward}/closures/{closure_id}")
    assert answer.status_code == 404
    days = await world.farid.get(
        f"/api/wards/{world.ward_id}/days-off?year={(TODAY + 8 * DAY).year}"
    )
    assert [one["id"] for one in days.json()["closures"]] == [str(closure_id)]


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"last_day": (TODAY - DAY).isoformat()}, "ends_before_begins", "last_day"),
        ({"last_day": (TODAY + 366 * DAY).isoformat()}, "closure_too_long", "last_day"),
        ({"first_day": (TODAY - 32 * DAY).isoformat()}, "too_long_ago", "first_day"),
        ({"first_day": "2999-01-01", "last_day": "2999-01-01"}, "too_far", "first_day"),
        ({"reason": "  "}, "reason_needed", "reason"),
        ({"reason": "x" * 301}, "too_long", "reason"),
        ({"area_id": str(uuid.UUID(int=5))}, "unknown_area", "area_id"),
    ],
)
async def test_a_closure_that_cannot_be_is_refused_by_name(
    world: World, wrong: dict[str, object], code: str, field: str
) -> None:
    body = closure(world, TODAY, TODAY, **wrong)
    assert code_of(await change(world.farid, world, "closures", body)) == (422, code, field)


async def test_a_neighbourhoods_closure_is_nobody_elses(world: World) -> None:
    body = closure(world, TODAY, TODAY + 20 * DAY, area_id=str(world.neighbourhood_id))
    assert (await change(world.farid, world, "closures", body)).status_code == 201
    here = await report_of(world.alice, (await send(world.alice, world))["id"])
    sent = await send(world.dariush, world, lat=world.far[0], lon=world.far[1])
    there = await report_of(world.dariush, sent["id"])
    assert str(here["accept_due_at"]) > (TODAY + 20 * DAY).isoformat()
    assert str(there["accept_due_at"]) < (TODAY + 20 * DAY).isoformat()


async def test_a_neighbourhood_may_have_hours_of_its_own(world: World) -> None:
    """Those of its own departments' come first."""
    hours = {"scope_id": str(world.neighbourhood_id), "week": ALWAYS}
    assert (await change(world.farid, world, "hours", hours)).status_code == 201
    here = await report_of(world.alice, (await send(world.alice, world))["id"])
    sent = await send(world.dariush, world, lat=world.far[0], lon=world.far[1])
    there = await report_of(world.dariush, sent["id"])
    assert str(here["solve_due_at"]) < str(there["solve_due_at"])
    office = {
        "scope_id": str(world.lighting_id),
        "week": [[list(span) for span in day] for day in WEEKS["VN"]],
    }
    assert (await change(world.farid, world, "hours", office)).status_code == 201
    again = await report_of(world.alice, (await send(world.alice, world))["id"])
    assert str(again["solve_due_at"]) > str(here["solve_due_at"])


async def test_the_usual_hours_are_those_of_the_country(world: World) -> None:
    forget_cached_rules()
    shown = (await world.farid.get(f"/api/wards/{world.ward_id}/hours")).json()
    assert shown["usual"] == [[list(span) for span in day] for day in WEEKS["VN"]]
    assert shown["hours"] == []
