"""Lists that somebody keeps: `/api/desk/views`."""

import uuid

import pytest

from tests.conftest import Person, World

VIEW = {"name": "Trễ ở chợ", "filters": {"due": "late", "q": "chợ"}}


async def names(person: Person) -> list[str]:
    answer = await person.get("/api/desk/views")
    assert answer.status_code == 200, answer.text
    return [view["name"] for view in answer.json()["views"]]


async def test_a_list_is_kept_once_and_only_for_its_owner(world: World) -> None:
    path = f"/api/desk/views/{uuid.uuid4()}"
    assert (await world.chi.put(path, VIEW)).status_code == 201
    again = await world.chi.put(path, VIEW)
    assert again.status_code == 200
    assert again.json()["filters"]["due"] == "late"
    assert again.json()["filters"]["tray"] == "open"
    assert await names(world.chi) == ["Trễ ở chợ"]
    for person in (world.emine, world.farid, world.gita, world.bang):
        assert await names(person) == []


async def test_the_same_id_with_other_content_or_from_somebody_else_is_refused(
    world: World,
) -> None:
    path = f"/api/desk/views/{uuid.uuid4()}"
    await world.chi.put(path, VIEW)
    for person, view in ((world.chi, {**VIEW, "name": "Khác"}), (world.emine, VIEW)):
        answer = await person.put(path, view)
        assert (answer.status_code, answer.json()["code"]) == (422, "id_reused")


async def test_nobody_removes_a_foreign_list(world: World) -> None:
    path = f"/api/desk/views/{uuid.uuid4()}"
    await world.chi.put(path, VIEW)
    foreign = await world.emine.delete(path)
    missing = await world.emine.delete(f"/api/desk/views/{uuid.uuid4()}")
    assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
    assert await names(world.chi) == ["Trễ ở chợ"]


async def test_a_list_goes_and_may_go_twice(world: World) -> None:
    path = f"/api/desk/views/{uuid.uuid4()}"
    await world.chi.put(path, VIEW)
    for _ in range(2):
        assert (await world.chi.delete(path)).status_code == 204
    assert await names(world.chi) == []


async def test_residents_and_strangers_keep_no_lists(world: World) -> None:
    path = f"/api/desk/views/{uuid.uuid4()}"
    for person, status in ((world.alice, 403), (world.dariush, 403), (world.nobody, 401)):
        for answer in (
            await person.get("/api/desk/views"),
            await person.put(path, VIEW),
            await person.delete(path),
        ):
            assert answer.status_code == status


@pytest.mark.parametrize(
    ("view", "code"),
    [
        ({**VIEW, "name": " \n "}, "name_needed"),
        ({**VIEW, "name": "x" * 61}, "too_long"),
        ({**VIEW, "filters": {"due": "never"}}, None),
        ({**VIEW, "filters": {"category_ids": ["x"]}}, None),
        ({**VIEW, "filters": {"q": "x" * 201}}, None),
        ({"filters": {}}, None),
    ],
)
async def test_what_makes_no_list_is_refused(
    world: World, view: dict[str, object], code: str | None
) -> None:
    answer = await world.chi.put(f"/api/desk/views/{uuid.uuid4()}", view)
    assert answer.status_code in {400, 422}, answer.text
    if code:
        assert answer.json()["code"] == code
    assert await names(world.chi) == []


async def test_nobody_keeps_more_lists_than_can_be_looked_through(world: World) -> None:
    for number in range(50):
        answer = await world.chi.put(
            f"/api/desk/views/{uuid.uuid4()}", {**VIEW, "name": str(number)}
        )
        assert answer.status_code == 201
    answer = await world.chi.put(f"/api/desk/views/{uuid.uuid4()}", VIEW)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_views")
    assert await names(world.chi) == [str(number) for number in range(50)]
