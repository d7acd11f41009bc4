"""The feed: nothing is missed, nothing foreign comes, a restored database starts phones over."""

import asyncio
import uuid

import asyncpg
import msgspec
import pytest

from backend import db
from backend.accounts.service import grant_role, revoke_role
from backend.actor import head_scope, staff_scope
from backend.changes import touch
from backend.db import write_tx
from backend.sync.cursor import Cursor, decode_cursor, encode_cursor
from tests.conftest import Person, World


async def pull(person: Person, cursor: str | None = None) -> dict[str, object]:
    """All pages from `cursor`, folded into one."""
    folded: dict[str, object] = {"upserts": {}, "removals": {}, "reset": False}
    while True:
        answer = await person.get("/api/sync", params={"cursor": cursor} if cursor else {})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        folded["reset"] = folded["reset"] or page["reset"]
        for kind, things in page["upserts"].items():
            folded["upserts"].setdefault(kind, {}).update({t["id"]: t for t in things})  # type: ignore[attr-defined]
        for kind, ids in page["removals"].items():
            folded["removals"].setdefault(kind, set()).update(ids)  # type: ignore[attr-defined]
        cursor = folded["cursor"] = page["cursor"]
        if not page["more"]:
            return folded


async def report(world: World, person: Person, **changes: object) -> str:
    report_id = str(uuid.uuid4())
    answer = await person.put(
        f"/api/reports/{report_id}",
        {
            "category_id": str(world.categories["lamp"]),
            "description": "Đèn hỏng",
            "lat": world.lat,
            "lon": world.lon,
            "accuracy_m": 12,
            "located_by": "gps",
            "photos": [],
            **changes,
        },
    )
    assert answer.status_code == 201, answer.text
    return report_id


async def test_a_report_reaches_its_author_and_the_head_and_nobody_else(world: World) -> None:
    cursors = {
        person.name: (await pull(person))["cursor"]
        for person in (world.alice, world.bang, world.dariush)
    }
    report_id = await report(world, world.alice)
    for person in (world.alice, world.bang):
        changed = await pull(person, str(cursors[person.name]))
        assert report_id in changed["upserts"]["report"], person.name  # type: ignore[index]
        assert changed["reset"] is False
    stranger = await pull(world.dariush, str(cursors["Dariush"]))
    assert stranger["upserts"] == {}
    assert stranger["removals"] == {}
    whole = await pull(world.dariush)
    assert "report" not in whole["upserts"]  # type: ignore[operator]
    assert "message" not in whole["upserts"]  # type: ignore[operator]


async def test_a_desk_is_not_copied_but_hears_of_its_reports(world: World, api: object) -> None:
    hub = api.state.hub  # type: ignore[attr-defined]
    for person, scope in (
        (world.chi, world.lighting_id),
        (world.farid, staff_scope(world.ward_id)),
    ):
        cursor = str((await pull(person))["cursor"])
        stream = hub.listen([scope])
        assert await anext(stream) is True
        await report(world, world.alice)
        assert await asyncio.wait_for(anext(stream), 5) is True
        await stream.aclose()
        changed = await pull(person, cursor)
        assert "report" not in changed["upserts"]  # type: ignore[operator]
        assert "report" not in changed["removals"], "ids of what a desk never held"  # type: ignore[operator]


async def test_an_idle_pull_is_small_and_says_nothing_new(world: World) -> None:
    cursor = str((await pull(world.alice))["cursor"])
    answer = await world.alice.get("/api/sync", params={"cursor": cursor})
    assert len(answer.content) <= 1024
    assert answer.json()["upserts"] == {}
    assert answer.json()["removals"] == {}


async def test_a_transaction_that_commits_late_is_not_missed(
    world: World, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """It drew its number first and becomes visible last: the trap of 'id greater than the last'."""
    notification = uuid.uuid4()
    slow = connection.transaction()
    await slow.start()
    await connection.execute(
        "INSERT INTO notification (id, account_id, kind) VALUES ($1, $2, 'state')",
        notification,
        world.alice.account_id,
    )
    await connection.execute(
        "INSERT INTO change VALUES ($1, 'notification', $2, pg_current_xact_id())",
        world.alice.account_id,
        notification,
    )
    fast = await report(world, world.alice)
    first = await pull(world.alice)
    assert fast in first["upserts"]["report"]  # type: ignore[index]
    assert "notification" not in first["upserts"]  # type: ignore[operator]
    await slow.commit()
    second = await pull(world.alice, str(first["cursor"]))
    assert str(notification) in second["upserts"]["notification"]  # type: ignore[index]


async def test_many_changes_come_in_pages_without_loss(world: World) -> None:
    ids = [uuid.uuid4() for _ in range(450)]
    async with write_tx():
        await db.execute_many(
            "INSERT INTO notification (id, account_id, kind) VALUES ($1, $2, 'state')",
            [(thing, world.alice.account_id) for thing in ids],
        )
        touch((world.alice.account_id, "notification", thing) for thing in ids)
    found = await pull(world.alice)
    assert set(found["upserts"]["notification"]) == {str(thing) for thing in ids}  # type: ignore[index]


async def test_what_leaves_ones_sight_comes_as_a_removal(world: World) -> None:
    report_id = await report(world, world.alice)
    cursor = str((await pull(world.bang))["cursor"])
    async with write_tx():
        await db.execute(
            "UPDATE report SET neighbourhood_id = $2 WHERE id = $1",
            uuid.UUID(report_id),
            world.other_neighbourhood_id,
        )
        touch([(head_scope(world.neighbourhood_id), "report", uuid.UUID(report_id))])
    changed = await pull(world.bang, cursor)
    assert report_id in changed["removals"]["report"]  # type: ignore[index]


async def test_other_rights_start_the_copy_over(world: World) -> None:
    report_id = await report(world, world.alice)
    cursor = str((await pull(world.bang))["cursor"])
    await revoke_role(world.bang.account_id, "head", world.neighbourhood_id)
    without = await pull(world.bang, cursor)
    assert without["reset"] is True
    assert "report" not in without["upserts"]  # type: ignore[operator]
    await grant_role(world.bang.account_id, "head", world.neighbourhood_id)
    again = await pull(world.bang, str(without["cursor"]))
    assert again["reset"] is True
    assert report_id in again["upserts"]["report"]  # type: ignore[index]


async def test_a_cursor_of_another_database_starts_over_and_a_broken_one_is_refused(
    world: World,
) -> None:
    cursor = decode_cursor(str((await pull(world.alice))["cursor"]))
    foreign = encode_cursor(msgspec.structs.replace(cursor, epoch=uuid.uuid4()))
    assert (await pull(world.alice, foreign))["reset"] is True
    for broken in ("x", "!!!!", "AAAA", encode_cursor(Cursor(99, uuid.uuid4(), b"", 0)), "é" * 50):
        answer = await world.alice.get("/api/sync", params={"cursor": broken})
        assert answer.status_code == 422, broken
        assert answer.json()["code"] == "bad_cursor"


async def test_nobody_syncs_without_signing_in(world: World) -> None:
    assert (await world.nobody.get("/api/sync")).status_code == 401
    assert (await world.nobody.get("/api/events")).status_code == 401


async def test_listeners_hear_of_their_own_scopes_only(world: World, api: object) -> None:
    hub = api.state.hub  # type: ignore[attr-defined]
    mine = hub.listen([world.alice.account_id])
    foreign = hub.listen([world.dariush.account_id])
    assert await anext(mine) is True  # at once: catch up
    assert await anext(foreign) is True
    waiting = asyncio.ensure_future(anext(foreign))
    await report(world, world.alice)
    assert await asyncio.wait_for(anext(mine), 5) is True
    assert not waiting.done()
    waiting.cancel()
    with pytest.raises((asyncio.CancelledError, StopAsyncIteration)):
        await waiting
    await mine.aclose()


async def test_an_officer_who_lives_elsewhere_has_the_wards_categories(world: World) -> None:
    async with write_tx():
        touch([(world.ward_id, "category", world.categories["lamp"])])
    got = await pull(world.chi)
    assert str(world.categories["lamp"]) in got["upserts"]["category"]  # type: ignore[index]
    assert "report" not in got["upserts"]  # type: ignore[operator]
