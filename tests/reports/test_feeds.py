"""What phones and desks hear of a report: feeds, and what a phone's copy is given."""

import uuid
from typing import TYPE_CHECKING

from backend.actor import head_scope, staff_scope
from tests.conftest import Person, World
from tests.reports.steps import case, move, say, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


class Phone:
    """Keeps a cursor and pulls."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.cursor: str | None = None

    async def pull(self) -> dict[str, dict[str, list[dict[str, object]]]]:
        params = {"cursor": self.cursor} if self.cursor else {}
        answer = (await self.person.get("/api/sync", params=params)).json()
        assert answer["more"] is False
        self.cursor = answer["cursor"]
        found: dict[str, dict[str, list[dict[str, object]]]] = answer
        return found


async def test_the_authors_phone_is_given_exactly_what_the_report_shows(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await move(world.chi, report_id, "accepted")
    await say(world.chi, report_id, "nội bộ", note=True)
    await say(world.bang, report_id, "Cảm ơn")
    shown = await case(world.alice, report_id)
    upserts = (await Phone(world.alice).pull())["upserts"]
    assert upserts["report"] == [shown["report"]]
    assert sorted(upserts["message"], key=lambda m: str(m["seq"])) == shown["messages"]


async def test_the_heads_phone_has_every_report_of_the_neighbourhood_with_notes(
    world: World,
) -> None:
    report_id = (await send(world.alice, world))["id"]
    await send(world.dariush, world, lat=world.far[0], lon=world.far[1])
    await say(world.chi, report_id, "nội bộ", note=True)
    upserts = (await Phone(world.bang).pull())["upserts"]
    assert [report["id"] for report in upserts["report"]] == [report_id]
    assert {message["kind"] for message in upserts["message"]} == {"event", "note"}


async def test_a_stranger_and_an_officer_are_given_no_reports(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await say(world.alice, report_id)
    for person in (world.dariush, world.chi, world.emine, world.farid, world.gita):
        upserts = (await Phone(person).pull())["upserts"]
        assert "report" not in upserts, person.name
        assert "message" not in upserts, person.name


async def test_a_note_does_not_reach_the_authors_feed_at_all(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    phone = Phone(world.alice)
    await phone.pull()
    await phone.pull()
    await say(world.chi, report_id, "nội bộ", note=True)
    pulled = await phone.pull()
    # What changed at the very horizon may come twice; the note must be in no form.
    for kind in ("upserts", "removals"):
        assert len(pulled[kind].get("message", [])) <= 1
    assert "nội bộ" not in str(pulled)
    assert all(report["last_seq"] == 1 for report in pulled["upserts"].get("report", []))


async def test_seen_reaches_the_other_sides_phone(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    phone = Phone(world.alice)
    await phone.pull()
    await world.chi.put(f"/api/reports/{report_id}/read-marker", {"seq": 1})
    (report,) = (await phone.pull())["upserts"]["report"]
    assert report["seen_by_department_seq"] == 1


async def test_every_desk_that_works_on_it_is_woken(world: World, connection: "Connection") -> None:
    report_id = uuid.UUID(str((await send(world.alice, world))["id"]))

    async def woken() -> set[uuid.UUID]:
        rows = await connection.fetch(
            "DELETE FROM change WHERE kind = 'report' AND id = $1 RETURNING scope", report_id
        )
        return {row["scope"] for row in rows}

    everyone = {
        world.alice.account_id,
        head_scope(world.neighbourhood_id),
        staff_scope(world.ward_id),
        world.lighting_id,
    }
    assert await woken() == everyone
    await say(world.alice, report_id)
    assert await woken() == everyone
    await move(world.chi, report_id, "accepted")
    assert await woken() == everyone
    await say(world.chi, report_id, "nội bộ", note=True)
    assert await woken() == everyone - {world.alice.account_id}
    await world.alice.put(f"/api/reports/{report_id}/read-marker", {"seq": 3})
    assert await woken() == everyone
