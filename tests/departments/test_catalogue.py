"""What can be reported where, who answers, by when."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from backend.db import json_text
from backend.departments import service
from backend.departments.cache import LIFETIME_S, CategoryCache
from backend.departments.schemas import CategoryOut, Names, RoutedCategory
from tests.conftest import World

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

NAMES = Names("Đèn", "چراغ", "Lamp")


def category(area_id: uuid.UUID, routes: dict[uuid.UUID, uuid.UUID]) -> RoutedCategory:
    shown = CategoryOut(
        id=uuid.uuid4(), area_id=area_id, code="lamp", names=NAMES, icon="lamp", colour="#000",
        urgent=False, private=False, accept_hours=1.5, solve_hours=72, needs_result_photo=False,
        keywords={}, sort=0,
    )  # fmt: skip
    return RoutedCategory(shown, True, routes)


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


def test_both_clocks_run_day_and_night() -> None:
    friday_evening = datetime(2026, 3, 6, 18, tzinfo=UTC)
    accept, solve = service.deadlines(category(uuid.uuid4(), {}).category, friday_evening)
    assert accept - friday_evening == timedelta(hours=1, minutes=30)
    assert solve - friday_evening == timedelta(days=3)


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
    assert [one.id for one in await service.load_categories(ids)] == [ids[0]]
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

    cache, wanted = CategoryCache(load, lambda: now), uuid.uuid4()
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

    cache = CategoryCache(load)
    for _ in range(10):
        await cache.get(uuid.uuid4())
    assert len(cache._kept) <= 3
