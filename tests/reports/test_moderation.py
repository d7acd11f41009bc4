"""What a head decides about a report, what the author hears of it, and the appeal (`W5`, `R7`)."""

import uuid
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.conftest import Person, World
from tests.reports.steps import messages_of, move, photo_named, report_body, report_of, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

FULL: dict[str, dict[str, object]] = {
    "approve": {},
    "hide": {"reason": "Có biển số xe trong ảnh"},
    "verify": {"photos": [photo_named()]},
    "correct": {"reason": "Là rác, không phải đèn", "address": "Ngõ 4"},
    "appeal": {"reason": "Ảnh không có gì riêng tư"},
}


async def decide(
    person: Person, report_id: object, decision: str, **more: object
) -> httpx.Response:
    path = f"/api/reports/{report_id}/decisions/{uuid.uuid4()}"
    return await person.put(path, {"decision": decision, **FULL[decision], **more})


async def told(connection: "Connection", report_id: object) -> list[tuple[str, str | None]]:
    rows = await connection.fetch(
        """SELECT a.name, n.detail FROM notification n JOIN account a ON a.id = n.account_id
           WHERE n.report_id = $1 AND n.kind = 'moderated' ORDER BY n.created_at, a.name""",
        uuid.UUID(str(report_id)),
    )
    return [(row["name"], row["detail"]) for row in rows]


async def test_a_report_is_public_only_once_the_head_has_approved_it(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    seen = await report_of(world.bang, report_id)
    assert seen["moderation"] == "new"
    assert seen["decisions"] == ["approve", "hide", "verify", "correct"]
    assert (await decide(world.bang, report_id, "approve")).status_code == 201
    for person in (world.alice, world.bang, world.chi, world.farid, world.gita):
        assert (await report_of(person, report_id))["moderation"] == "approved"
    assert await told(connection, report_id) == []
    last = (await messages_of(world.alice, report_id))[-1]
    assert (last["side"], last["event"]["type"]) == ("head", "approved")  # type: ignore[index]


async def test_the_author_is_told_why_it_is_hidden_and_appeals_once_to_the_ward(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    assert (await decide(world.bang, report_id, "hide")).status_code == 201
    hidden = await report_of(world.alice, report_id)
    assert (hidden["moderation"], hidden["hidden_reason"]) == ("hidden", "Có biển số xe trong ảnh")
    assert hidden["decisions"] == ["appeal"]
    assert (await decide(world.alice, report_id, "appeal")).status_code == 201
    assert await told(connection, report_id) == [("Alice", "hide"), ("Farid", "appeal")]
    # The ward decides now, not the head.
    assert (await report_of(world.bang, report_id))["decisions"] == ["verify", "correct"]
    refused = await decide(world.bang, report_id, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_decidable")
    assert (await decide(world.farid, report_id, "approve")).status_code == 201
    assert (await report_of(world.alice, report_id))["moderation"] == "approved"
    assert (await told(connection, report_id))[-1] == ("Alice", "approve")
    assert (await decide(world.farid, report_id, "hide")).status_code == 201
    again = await decide(world.alice, report_id, "appeal")
    assert (again.status_code, again.json()["code"]) == (409, "not_decidable")


async def test_a_rejected_report_that_was_appealed_is_the_wards_to_decide(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    assert (await move(world.bang, report_id, "rejected", reason="Đất tư")).status_code == 201
    assert (await move(world.alice, report_id, "submitted", reason="Đất công")).status_code == 201
    rows = await connection.fetch(
        """SELECT a.name FROM notification n JOIN account a ON a.id = n.account_id
           WHERE n.report_id = $1 AND n.detail = 'submitted' ORDER BY a.name""",
        uuid.UUID(str(report_id)),
    )
    assert [row["name"] for row in rows] == ["Chi", "Farid"]
    again = await move(world.bang, report_id, "rejected", reason="Vẫn là đất tư")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_move")
    assert (await move(world.farid, report_id, "rejected", reason="Đất tư")).status_code == 201


async def test_what_is_private_is_never_public(world: World, connection: "Connection") -> None:
    report_id = (await send(world.alice, world, "theft"))["id"]
    assert (await report_of(world.bang, report_id))["decisions"] == ["verify", "correct"]
    for person in (world.bang, world.farid):
        answer = await decide(person, report_id, "approve")
        assert (answer.status_code, answer.json()["code"]) == (409, "private_report")
    # A shown report that turns out to be of a private kind is taken back.
    shown = (await send(world.alice, world))["id"]
    await decide(world.bang, shown, "approve")
    moved = await decide(
        world.bang, shown, "correct", category_id=str(world.categories["theft"]), address=None
    )
    assert moved.status_code == 201, moved.text
    after = await report_of(world.alice, shown)
    assert (after["private"], after["moderation"]) == (True, "new")


async def test_what_the_author_changes_after_approval_has_to_be_looked_at_again(
    world: World,
) -> None:
    report_id = (await send(world.alice, world))["id"]
    await decide(world.bang, report_id, "approve")
    answer = await world.alice.patch(f"/api/reports/{report_id}", {"description": "Ông Tư ăn cắp"})
    assert answer.status_code == 200
    assert answer.json()["moderation"] == "new"


async def test_a_head_verifies_on_site_with_a_photo(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    bare = await decide(world.bang, report_id, "verify", photos=[])
    assert (bare.status_code, bare.json()["code"]) == (422, "photo_needed")
    answer = await decide(world.bang, report_id, "verify", text="Đúng là tối thui.")
    assert answer.status_code == 201
    assert [photo["stored"] for photo in answer.json()["photos"]] == [False]
    after = await report_of(world.chi, report_id)
    assert after["verified_at"]
    last = (await messages_of(world.alice, report_id))[-1]
    assert (last["text"], len(last["photos"])) == ("Đúng là tối thui.", 1)  # type: ignore[arg-type]


async def test_a_corrected_category_routes_it_anew_and_the_author_hears_why(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    await move(world.chi, report_id, "accepted")
    waste = str(world.categories["waste"])
    answer = await decide(world.bang, report_id, "correct", category_id=waste, address=None)
    assert answer.status_code == 201, answer.text
    after = await report_of(world.emine, report_id)
    assert (after["department_id"], after["state"]) == (str(world.waste_id), "submitted")
    assert (await world.chi.get(f"/api/reports/{report_id}")).status_code == 404
    kinds = [message["event"] for message in await messages_of(world.alice, report_id)]
    types = [event["type"] for event in kinds if event]  # type: ignore[index]
    assert types[-2:] == ["corrected", "routed"]
    assert kinds[-2]["reason"] == "Là rác, không phải đèn"  # type: ignore[index]
    assert ("Alice", "correct") in await told(connection, report_id)
    same = await decide(world.bang, report_id, "correct", category_id=waste, address=None)
    assert (same.status_code, same.json()["code"]) == (422, "nothing_corrected")


async def test_a_corrected_pin_stays_in_the_ward_and_may_leave_the_neighbourhood(
    world: World,
) -> None:
    report_id = (await send(world.alice, world))["id"]
    lat, lon = world.far
    answer = await decide(world.bang, report_id, "correct", lat=lat, lon=lon)
    assert answer.status_code == 201, answer.text
    after = await report_of(world.farid, report_id)
    assert after["neighbourhood_id"] == str(world.other_neighbourhood_id)
    assert (await world.bang.get(f"/api/reports/{report_id}")).status_code == 404
    nowhere = await decide(world.farid, report_id, "correct", lat=0.5, lon=0.5)
    assert nowhere.status_code == 422


@pytest.mark.parametrize("decision", sorted(FULL))
async def test_who_decides_nothing_here_is_refused_and_strangers_see_nothing(
    world: World, decision: str
) -> None:
    report_id = (await send(world.alice, world))["id"]
    if decision == "appeal":
        await decide(world.bang, report_id, "hide")
    for person in (world.chi, world.gita):
        assert (await decide(person, report_id, decision)).status_code == 403
    for person in (world.dariush, world.emine):
        foreign = await decide(person, report_id, decision)
        missing = await decide(person, uuid.uuid4(), decision)
        assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert (await decide(world.nobody, report_id, decision)).status_code == 401
    if decision != "appeal":
        answer = await decide(world.alice, report_id, decision)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_decidable")


async def test_a_head_decides_nothing_outside_their_area(world: World) -> None:
    lat, lon = world.far
    report_id = (await send(world.dariush, world, lat=lat, lon=lon))["id"]
    foreign = await decide(world.bang, report_id, "approve")
    missing = await decide(world.bang, uuid.uuid4(), "approve")
    assert (foreign.status_code, foreign.content) == (404, missing.content)


@pytest.mark.parametrize("decision", ["hide", "correct", "appeal"])
async def test_a_decision_against_somebody_needs_its_reason(world: World, decision: str) -> None:
    report_id = (await send(world.alice, world))["id"]
    for reason in ("", "  \u200b "):
        answer = await decide(world.bang, report_id, decision, reason=reason)
        assert (answer.status_code, answer.json()["code"]) == (422, "reason_needed")


async def test_the_same_decision_again_is_one_and_a_late_one_is_refused(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    path = f"/api/reports/{report_id}/decisions/{uuid.uuid4()}"
    first = await world.bang.put(path, {"decision": "approve"})
    again = await world.bang.put(path, {"decision": "approve"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await world.bang.put(path, {"decision": "hide", "reason": "x"})
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")
    # Made on the road, arrived after the author had taken the report back.
    late = (await send(world.alice, world))["id"]
    await move(world.alice, late, "withdrawn")
    refused = await decide(world.bang, late, "verify")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_decidable")
    assert refused.json()["state"] == "withdrawn"


async def test_a_head_reports_for_a_neighbour_who_has_agreed(world: World) -> None:
    behalf = {"name": "Cụ Tám", "phone": "0909 123 456", "consent": True}
    report_id = (await send(world.bang, world, on_behalf=behalf))["id"]
    for person in (world.bang, world.chi, world.farid, world.gita):
        shown = (await report_of(person, report_id))["on_behalf"]
        assert shown == {"name": "Cụ Tám", "phone": "0909 123 456", "by_telephone": False}
    plain = (await send(world.alice, world))["id"]
    assert (await report_of(world.bang, plain))["on_behalf"] is None


async def test_reporting_for_others_needs_their_consent_and_ones_own_area(world: World) -> None:
    async def wrong(person: Person, behalf: dict[str, object], **more: object) -> str:
        body = report_body(world, on_behalf=behalf, **more)
        answer = await person.put(f"/api/reports/{uuid.uuid4()}", body)
        assert answer.status_code in {403, 422}, answer.text
        code: str = answer.json()["code"]
        return code

    named = {"name": "Cụ Tám", "phone": "0909123456", "consent": True}
    assert await wrong(world.bang, {**named, "consent": False}) == "consent_needed"
    assert await wrong(world.bang, {**named, "name": " "}) == "name_needed"
    assert await wrong(world.bang, {**named, "phone": "gọi nhà bên"}) == "bad_phone"
    assert await wrong(world.bang, {**named, "name": "x" * 101}) == "too_long"
    assert await wrong(world.alice, named) == "not_your_area"
    lat, lon = world.far
    assert await wrong(world.bang, named, lat=lat, lon=lon) == "not_your_area"
