"""What can be reported where, who answers, by when."""

import uuid
from datetime import date
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from backend.db import json_text
from backend.departments import service
from backend.departments.cache import LIFETIME_S, BriefCache
from backend.departments.clocks import Closure, Hours
from backend.departments.public_holidays import WEEKS
from backend.departments.schemas import CategoryOut, ClockTimes, Names, RoutedCategory, WardHours
from tests.conftest import World

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

NAMES = Names("Đèn", "چراغ", "Lamp")


OWN = ClockTimes(90, False, 72 * 60, False, 480)


def category(area_id: uuid.UUID, routes: dict[uuid.UUID, uuid.UUID]) -> RoutedCategory:
    shown = CategoryOut(
        id=uuid.uuid4(), area_id=area_id, code="lamp", names=NAMES, icon="lamp", colour="#000",
        urgent=False, private=False, accept_hours=1.5, solve_hours=72, accept_always=False,
        solve_always=False, clocks={}, needs_result_photo=False, keywords={}, sort=0,
        questions=[], questions_version=0,
    )  # fmt: skip
    return RoutedCategory(shown, True, routes, OWN, {})


@pytest.fixture
def path() -> list[uuid.UUID]:
    return [uuid.uuid4() for _ in range(3)]


def test_the_nearest_areas_department_has_the_report(path: list[uuid.UUID]) -> None:
    city, ward, neighbourhood = path
    of_city, of_ward, of_here = (uuid.uuid4() for _ in range(3))
    routes = {city: of_city, ward: of_ward, neighbourhood: of_here}
    assert service.route(category(city, routes), path) == of_here
    del routes[neighbourhood]
    assert service.route(category(city, routes), path) == of_ward
    del routes[ward]
    assert service.route(category(city, routes), path) == of_city
    del routes[city]
    assert service.route(category(city, routes), path) is None


def test_another_wards_department_is_never_asked(path: list[uuid.UUID]) -> None:
    assert service.route(category(path[0], {uuid.uuid4(): uuid.uuid4()}), path) is None


def test_the_nearest_areas_promise_holds_else_the_categorys_own(path: list[uuid.UUID]) -> None:
    city, ward, neighbourhood = path
    lamp = category(city, {})
    of_ward, of_here = replace(OWN, accept_minutes=60), replace(OWN, accept_minutes=30)
    clocks = {ward: of_ward, neighbourhood: of_here, uuid.uuid4(): replace(OWN, accept_minutes=1)}
    known = replace(lamp, category=replace(lamp.category, clocks=clocks))
    assert service.promise(known, path) == of_here
    assert service.promise(known, [city, ward]) == of_ward
    assert service.promise(known, [city]) == OWN


async def test_an_urgent_categorys_clocks_do_not_wait_for_the_morning(
    world: World, connection: "Connection"
) -> None:
    fire = await service.find_category(world.categories["fire"])
    lamp = await service.find_category(world.categories["lamp"])
    assert (fire.times.accept_always, fire.times.solve_always) == (True, True)
    assert (lamp.times.accept_always, lamp.times.solve_always) == (False, False)
    assert lamp.times == ClockTimes(480, False, 48 * 60, False, 480)
    await connection.execute(
        "UPDATE category SET accept_always = false WHERE id = $1", world.categories["fire"]
    )
    service.forget_cached_rules()
    fire = await service.find_category(world.categories["fire"])
    assert (fire.times.accept_always, fire.times.solve_always) == (False, True)


def test_a_departments_hours_come_before_its_wards_and_they_before_the_citys(
    path: list[uuid.UUID],
) -> None:
    city, ward, neighbourhood = path
    department = uuid.uuid4()
    ours, wards, citys = ((Hours(date(2026, 1, day), ((),) * 7),) for day in (1, 2, 3))
    closed = Closure(date(2026, 5, 1), date(2026, 5, 2))
    elsewhere = Closure(date(2026, 6, 1), date(2026, 6, 2))
    hours = WardHours(
        "IR",
        "Asia/Tehran",
        {department: ours, ward: wards, city: citys, uuid.uuid4(): ours},
        ((neighbourhood, closed), (uuid.uuid4(), elsewhere)),
    )
    facts = service.facts_of(hours, department, path)
    assert facts.hours == (ours, wards, citys)
    assert facts.closures == (closed,)
    assert facts.default == WEEKS["IR"]
    assert service.facts_of(hours, None, path).hours == (wards, citys)
    assert service.facts_of(hours, uuid.uuid4(), [city, ward]).closures == ()


async def test_a_ward_offers_its_own_categories_and_its_citys_in_order(
    world: World, connection: "Connection"
) -> None:
    from_city = uuid.uuid4()
    await connection.execute(
        """INSERT INTO category (id, area_id, code, names, icon, colour, accept_hours, solve_hours,
                                 keywords, sort)
           VALUES ($1, $2, 'tree', $3, 'tree', '#0a0', 1, 2, '{"vi": ["cây"]}', -1)""",
        from_city,
        world.city_id,
        json_text(NAMES),
    )
    await connection.execute(
        "UPDATE category SET active = false WHERE id = $1", world.categories["orphan"]
    )
    offered = await service.list_categories(world.ward_id)
    assert [one.code for one in offered] == ["tree", "lamp", "waste", "fire", "theft"]
    assert offered[0].names == NAMES
    assert offered[0].keywords == {"vi": ["cây"]}
    assert {d.id for d in await service.list_departments(world.ward_id)} == {
        world.lighting_id,
        world.waste_id,
    }
    assert await service.list_categories(uuid.uuid4()) == []


async def test_a_category_of_another_ward_is_not_offered(world: World) -> None:
    lamp = world.categories["lamp"]
    assert await service.get_category(lamp, [uuid.uuid4(), world.ward_id])
    assert await service.get_category(lamp, [uuid.uuid4(), world.city_id]) is None
    assert await service.get_category(uuid.uuid4(), [world.ward_id]) is None


async def test_sync_is_given_what_is_still_in_use(world: World, connection: "Connection") -> None:
    ids = [world.categories["lamp"], world.categories["waste"], uuid.uuid4()]
    await connection.execute("UPDATE category SET active = false WHERE id = $1", ids[1])
    assert [one.id for one in await service.load_categories(world.ward_id, ids)] == [ids[0]]
    assert await service.load_categories(uuid.uuid4(), ids) == []
    assert [one.id for one in await service.load_departments([world.waste_id, ids[2]])] == [
        world.waste_id
    ]


async def test_a_changed_category_is_seen_within_seconds() -> None:
    now = 100.0
    loads = []
    current: RoutedCategory | None = category(uuid.uuid4(), {})

    async def load(category_id: uuid.UUID) -> RoutedCategory | None:
        loads.append(category_id)
        return current

    cache, wanted = BriefCache(load, lambda: now), uuid.uuid4()
    first = await cache.get(wanted)
    current = category(uuid.uuid4(), {})
    now += LIFETIME_S - 0.1
    assert await cache.get(wanted) is first
    assert len(loads) == 1
    now += 0.2
    assert await cache.get(wanted) is current
    current = None
    now += LIFETIME_S
    assert await cache.get(wanted) is None
    assert await cache.get(wanted) is None
    assert len(loads) == 4, "what is not there is not kept"


async def test_a_cache_given_many_ids_does_not_grow_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backend.departments.cache.MOST", 3)
    known = category(uuid.uuid4(), {})

    async def load(_id: uuid.UUID) -> RoutedCategory | None:
        return known

    cache = BriefCache(load)
    for _ in range(10):
        await cache.get(uuid.uuid4())
    assert len(cache._kept) <= 3
