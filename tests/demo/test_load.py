"""The demo wards in a real database: once, again, and beside real areas."""

import uuid

import pytest

from backend import db
from backend.areas.service import forget_map, locate
from backend.demo.data import demo_id
from backend.demo.load import DemoPerson, DemoRefused, load_demo
from backend.departments.service import get_category, list_categories, route

TABLES = (
    "area",
    "household",
    "account",
    "account_grant",
    "department",
    "category",
    "routing_rule",
    "report",
    "message",
    "photo",
    "notification",
)


@pytest.fixture(scope="module")
async def people(api: object) -> list[DemoPerson]:
    return await load_demo(force=True)


async def count_rows() -> dict[str, object]:
    return {table: await db.fetch_value(f"SELECT count(*) FROM {table}") for table in TABLES}


async def test_somebody_of_every_kind_can_be_signed_in_as(people: list[DemoPerson]) -> None:
    assert len(people) == 14
    assert [person.language for person in people] == ["vi"] * 7 + ["fa"] * 7
    assert [person.role for person in people[:7]] == [
        "resident",
        "head",
        "officer",
        "resident",
        "dispatcher",
        "leader",
        "inspector",
    ]
    for person in people:
        grant = await db.fetch_one(
            """SELECT 1 FROM account_grant
               WHERE account_id = $1 AND role = $2 AND scope_id = $3 AND revoked_at IS NULL""",
            person.account_id,
            person.role,
            person.scope_id,
        )
        assert grant is not None, person.name
    assert people[0].area_id == people[1].area_id != people[3].area_id


async def test_a_pin_in_each_country_finds_its_neighbourhood(people: list[DemoPerson]) -> None:
    forget_map()
    assert (await locate(10.84803, 106.78548)).neighbourhood_id == people[0].area_id
    assert (await locate(37.55521, 45.06160)).neighbourhood_id == people[7].area_id


async def test_a_broken_lamp_goes_to_the_lighting_department(people: list[DemoPerson]) -> None:
    place = await locate(10.84803, 106.78548)
    category = await get_category(demo_id("category", "VN", "street_light"), place.path)
    assert category is not None
    assert route(category, place.path) == people[2].scope_id


async def test_every_category_of_a_ward_has_somebody_to_answer(people: list[DemoPerson]) -> None:
    place = await locate(37.55521, 45.06160)
    categories = await list_categories(place.ward_id)
    assert len(categories) == 18
    assert categories[0].code == "street_light"
    for one in categories:
        found = await get_category(one.id, place.path)
        assert found is not None
        department_id = route(found, place.path)
        officer = await db.fetch_one(
            "SELECT 1 FROM account_grant WHERE role = 'officer' AND scope_id = $1", department_id
        )
        assert officer is not None, one.code


async def test_loading_again_changes_nothing_and_sends_no_phone_anything(
    people: list[DemoPerson],
) -> None:
    newest = "SELECT max(version::text::bigint) FROM change"
    before = (await count_rows(), await db.fetch_value(newest))
    assert await load_demo(force=True) == people
    assert (await count_rows(), await db.fetch_value(newest)) == before


async def test_what_people_changed_since_stays(people: list[DemoPerson]) -> None:
    lan = demo_id("account", "vn-lan")
    await db.execute("UPDATE account SET name = 'Bà Hoa' WHERE id = $1", lan)
    await db.execute("UPDATE account_grant SET revoked_at = now() WHERE account_id = $1", lan)
    await load_demo(force=True)
    assert await db.fetch_value("SELECT name FROM account WHERE id = $1", lan) == "Bà Hoa"
    live = "SELECT count(*) FROM account_grant WHERE account_id = $1 AND revoked_at IS NULL"
    assert await db.fetch_value(live, lan) == 0


async def test_the_demo_is_refused_beside_real_areas(people: list[DemoPerson]) -> None:
    await db.execute(
        """INSERT INTO area (id, level, code, name, country, time_zone, calendar, path)
           VALUES ($1, 'city', $2, 'Real', 'VN', 'Asia/Ho_Chi_Minh', 'gregorian', $3)""",
        (real := uuid.uuid4()),
        real.hex,
        [real],
    )
    with pytest.raises(DemoRefused):
        await load_demo()
