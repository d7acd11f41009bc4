"""Who is looking at a case now: told to the others who do, never to its reporter."""

import uuid
from typing import TYPE_CHECKING

from tests.conftest import Person, World
from tests.reports.steps import send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


async def others(person: Person, report_id: object) -> list[str]:
    answer = await person.put(f"/api/reports/{report_id}/presence")
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["others"]]


async def test_two_officers_see_each_other_until_one_looks_away(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    assert await others(world.chi, report_id) == []
    assert await others(world.farid, report_id) == ["Chi"]
    assert await others(world.bang, report_id) == ["Chi", "Farid"]
    gone = await world.chi.delete(f"/api/reports/{report_id}/presence")
    assert gone.status_code == 204
    assert await others(world.farid, report_id) == ["Bằng"]
    await connection.execute("UPDATE presence SET seen_at = seen_at - interval '2 minutes'")
    assert await others(world.farid, report_id) == []
    assert await connection.fetchval("SELECT count(*) FROM presence") == 1, "nothing grows"


async def test_the_reporter_neither_looks_nor_learns_who_does(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await others(world.chi, report_id)
    answers = {
        person.name: (await person.put(f"/api/reports/{report_id}/presence")).status_code
        for person in (world.nobody, world.alice, world.dariush, world.emine, world.gita)
    }
    assert answers == {"nobody": 401, "Alice": 403, "Dariush": 404, "Emine": 404, "Gita": 200}
    missing = await world.dariush.put(f"/api/reports/{uuid.uuid4()}/presence")
    foreign = await world.dariush.put(f"/api/reports/{report_id}/presence")
    assert missing.content == foreign.content
    assert (await world.nobody.delete(f"/api/reports/{report_id}/presence")).status_code == 401
    assert "Chi" not in (await world.alice.get(f"/api/reports/{report_id}")).text
