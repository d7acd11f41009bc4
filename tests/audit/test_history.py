"""A case's whole life: who may read it, what stands in it, and that an inspector only reads."""

import hashlib
import re
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from litestar import Litestar

from backend import db
from backend.accounts import service as accounts
from backend.audit import service
from backend.audit.service import walk
from tests.audit.conftest import Settled
from tests.conftest import Person, World
from tests.reports.steps import case, move, photo_named, report_body, say, send


async def hold(person: Person, role: str, scope_id: uuid.UUID) -> None:
    """The person has this grant, and no other."""
    await db.execute(
        "UPDATE account_grant SET revoked_at = now() WHERE account_id = $1", person.account_id
    )
    await accounts.grant_role(person.account_id, role, scope_id)


async def history(person: Person, report_id: object, **query: int) -> httpx.Response:
    return await person.get(f"/api/reports/{report_id}/history", params=query)


async def trail_of(subject_id: uuid.UUID) -> list[tuple[str, uuid.UUID | None, uuid.UUID | None]]:
    rows = await db.fetch(
        "SELECT action, actor_id, ward_id FROM audit_entry WHERE subject_id = $1 ORDER BY id",
        subject_id,
    )
    return [(row["action"], row["actor_id"], row["ward_id"]) for row in rows]


async def test_an_inspector_reads_the_whole_life_of_a_case(world: World, chained: Settled) -> None:
    inspector = world.gita
    await hold(inspector, "inspector", world.ward_id)
    words = "Đèn hư ba hôm rồi"
    sent = await send(world.alice, world, photos=[photo_named()])
    report_id = sent["id"]
    await say(world.alice, report_id, words)
    await say(world.chi, report_id, "Chờ vật tư", note=True)
    assert (await move(world.chi, report_id, "accepted")).status_code == 201
    await move(world.farid, report_id, "rejected", reason="Không thuộc phường")
    fresh = (await history(inspector, report_id)).json()
    assert {entry["proof"] for entry in fresh["entries"]} <= {"waiting", "intact"}
    await chained()
    answer = await history(inspector, report_id)
    assert answer.status_code == 200
    found = answer.json()
    assert found["code"] == sent["code"]
    assert [(entry["action"], entry["by_role"], entry["name"]) for entry in found["entries"]] == [
        ("report.created", "resident", None),
        ("report.message", "resident", None),
        ("report.note", "officer", "Chi"),
        ("report.moved", "officer", "Chi"),
        ("report.moved", "dispatcher", "Farid"),
    ]
    assert [entry["proof"] for entry in found["entries"]] == ["intact"] * 5
    created, said, note, accepted, rejected = (entry["details"] for entry in found["entries"])
    assert created["photos"] == [photo_named()["sha256"]]
    assert said["text_sha256"] == hashlib.sha256(words.encode()).hexdigest()
    assert (accepted["source"], accepted["to"]) == ("submitted", "accepted")
    reason = hashlib.sha256("Không thuộc phường".encode()).hexdigest()
    assert rejected["reason_sha256"] == reason
    assert "text_sha256" in note
    assert found["departments"][str(world.lighting_id)]["en"] == "lighting unit"
    # Nothing of a resident but what cannot be read.
    for private in (words, "Chờ vật tư", "Không thuộc", "Alice", str(world.alice.account_id)):
        assert private not in answer.text


async def test_who_may_read_it(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    missing = await history(world.gita, uuid.uuid4())
    assert missing.status_code == 404
    for reader in (world.gita, world.farid):  # leader, dispatcher
        assert (await history(reader, report_id)).status_code == 200
    for other in (world.alice, world.bang, world.chi, world.dariush, world.emine):
        refused = await history(other, report_id)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert refused.content == (await history(other, uuid.uuid4())).content
    assert (await history(world.nobody, report_id)).status_code == 401
    for role, scope_id in (
        ("inspector", world.ward_id),
        ("inspector", world.city_id),
        ("leader", world.city_id),
        ("admin", world.city_id),
    ):
        await hold(world.emine, role, scope_id)
        assert (await history(world.emine, report_id)).status_code == 200, role
    for role in ("inspector", "leader", "dispatcher", "admin"):  # of another ward
        await hold(world.emine, role, uuid.uuid4())
        foreign = await history(world.emine, report_id)
        gone = await history(world.emine, uuid.uuid4())
        assert foreign.status_code == 404
        assert foreign.content == gone.content
    # The author who inspects another ward sees the report, but not its trail.
    await hold(world.alice, "inspector", uuid.uuid4())
    assert (await case(world.alice, report_id))["report"]
    assert (await history(world.alice, report_id)).status_code == 404


async def test_a_long_life_comes_in_pages(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    for number in range(4):
        await say(world.alice, report_id, f"{number}")
    first = (await history(world.gita, report_id, limit=3)).json()
    assert len(first["entries"]) == 3
    rest = (await history(world.gita, report_id, limit=3, after=first["next"])).json()
    assert (len(rest["entries"]), rest["next"]) == (2, None)


async def test_a_repeated_request_leaves_one_entry_and_a_refused_one_none(world: World) -> None:
    sent = await send(world.alice, world)
    report_id, message_id = uuid.UUID(str(sent["id"])), uuid.uuid4()
    for _ in range(2):
        path = f"/api/reports/{report_id}/messages/{message_id}"
        await world.alice.put(path, {"text": "Xin chào"})
    assert (await move(world.chi, report_id, "resolved", text="Xong")).status_code == 409
    actions = [action for action, _, _ in await trail_of(report_id)]
    assert actions == ["report.created", "report.message"]


async def test_a_correction_names_what_was_changed(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    wish = {"description": "Hai đèn", "category_id": str(world.categories["waste"])}
    assert (await world.alice.patch(f"/api/reports/{report_id}", wish)).status_code == 200
    entries = (await history(world.gita, report_id)).json()["entries"]
    assert [entry["action"] for entry in entries[1:]] == ["report.edited", "report.routed"]
    assert {"category_id", "description", "department_id"} <= set(entries[1]["details"]["changed"])
    assert entries[2]["details"]["department_id"] == str(world.waste_id)
    assert entries[2]["by_role"] is None


async def test_what_departments_do_among_themselves_stands_there_in_their_roles(
    world: World,
) -> None:
    report_id = (await send(world.alice, world))["id"]
    path = f"/api/reports/{report_id}"

    async def hand_over(person: Person, department_id: uuid.UUID) -> None:
        wish = {"department_id": str(department_id), "reason": "Việc của tổ kia"}
        answer = await person.put(f"{path}/handovers/{uuid.uuid4()}", wish)
        assert answer.status_code == 201, answer.text

    await hand_over(world.chi, world.waste_id)
    await hand_over(world.gita, world.lighting_id)
    parts = [{"department_id": str(world.waste_id), "task": "Dọn cành cây"}]
    await world.farid.put(f"{path}/splits/{uuid.uuid4()}", {"parts": parts})
    closing = f"{path}/parts/{world.waste_id}/closings/{uuid.uuid4()}"
    assert (await world.emine.put(closing, {"text": "Đã dọn"})).status_code == 201
    answer = await history(world.gita, report_id)
    entries = answer.json()["entries"][1:]
    lighting, waste = str(world.lighting_id), str(world.waste_id)
    assert [
        (entry["action"], entry["by_role"], entry["by_department_id"], entry["name"])
        for entry in entries
    ] == [
        ("report.handed", "officer", lighting, "Chi"),
        ("report.handed", "leader", None, "Gita"),
        ("report.split", "dispatcher", None, "Farid"),
        ("report.part_done", "officer", waste, "Emine"),
    ]
    assert entries[0]["details"]["department_id"] == waste
    assert entries[0]["details"]["reason_sha256"]
    assert entries[2]["details"]["department_ids"] == [waste]
    assert "Dọn" not in answer.text
    assert "Việc của" not in answer.text


async def test_who_sees_it_too_and_what_a_reply_says_leave_their_trail(world: World) -> None:
    report_id = uuid.UUID(str((await send(world.alice, world))["id"]))
    join_id, template_id = uuid.uuid4(), uuid.uuid4()
    for _ in range(2):
        await world.chi.put(f"/api/reports/{report_id}/joins/{join_id}", {})
    assert (await trail_of(report_id))[1:] == [
        ("report.joined", world.chi.account_id, world.ward_id)
    ]
    path = f"/api/departments/{world.lighting_id}/templates/{template_id}"
    wish = {"name": "Đã xong", "texts": {"vi": "Xong rồi ạ."}, "version": 0}
    for _ in range(2):
        await world.chi.put(path, wish)
    for _ in range(2):
        await world.farid.delete(path)
    assert await trail_of(template_id) == [
        ("rules.template", world.chi.account_id, world.ward_id),
        ("rules.template", world.farid.account_id, world.ward_id),
    ]
    details = await db.fetch("SELECT details FROM audit_entry WHERE subject_id = $1", template_id)
    assert not any("Xong" in row["details"] for row in details)


async def test_grants_sessions_of_staff_and_rules_leave_their_trail(world: World) -> None:
    from backend.accounts.schemas import SessionIn

    await accounts.grant_role(world.emine.account_id, "officer", world.lighting_id)
    await accounts.revoke_role(world.emine.account_id, "officer", world.lighting_id)
    await accounts.revoke_role(world.emine.account_id, "officer", world.lighting_id)
    assert await trail_of(world.emine.account_id) == [
        ("grant.given", None, world.ward_id),
        ("grant.revoked", None, world.ward_id),
    ]
    for role, scope_id, recorded in (
        ("officer", world.lighting_id, True),
        ("resident", world.neighbourhood_id, False),
    ):
        paper = await accounts.write_invitation_unchecked(
            uuid.uuid4(), area_id=world.neighbourhood_id, role=role, scope_id=scope_id, name="Oanh"
        )
        session_id = uuid.uuid4()
        joining = SessionIn(
            code=paper.code, name="Oanh", language="vi", label="", consent_version=1
        )
        for _ in range(2):  # the answer was lost
            me, _, _ = await accounts.join(session_id, joining)
        started = [("session.started", me.id, world.ward_id)] if recorded else []
        assert await trail_of(session_id) == started
        assert ("grant.given", None, world.ward_id) in await trail_of(me.id)
    change_id = uuid.uuid4()
    soon = datetime.now(UTC).date() + timedelta(days=30)
    closure = {
        "area_id": str(world.ward_id),
        "first_day": str(soon),
        "last_day": str(soon),
        "reason": "Tết",
    }
    answer = await world.farid.put(f"/api/wards/{world.ward_id}/closures/{change_id}", closure)
    assert answer.status_code in {200, 201}, answer.text
    rules = await db.fetch(
        "SELECT action, actor_id, details FROM audit_entry WHERE ward_id = $1 AND action LIKE $2",
        world.ward_id,
        "rules.%",
    )
    assert [(row["action"], row["actor_id"]) for row in rules] == [
        ("rules.closure", world.farid.account_id)
    ]
    assert "Tết" not in rules[0]["details"]


async def tamper(report_id: uuid.UUID, details: str) -> str:
    """As a database's owner can who takes the trigger away; gives what stood there."""
    async with db.write_tx() as connection:
        await connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_stays")
        row = await connection.fetchrow(
            """UPDATE audit_entry e SET details = $2 FROM audit_entry was
               WHERE was.id = e.id AND e.subject_id = $1 AND e.action = 'report.created'
               RETURNING was.details""",
            report_id,
            details,
        )
        await connection.execute("ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_stays")
    assert row is not None
    return str(row["details"])


async def test_what_was_tampered_with_is_shown_as_broken(world: World, chained: Settled) -> None:
    report_id = uuid.UUID(str((await send(world.alice, world))["id"]))
    await say(world.alice, report_id)
    await chained()
    was = await tamper(report_id, "no json")
    try:
        found = (await history(world.gita, report_id)).json()
        assert [entry["proof"] for entry in found["entries"]] == ["broken", "intact"]
        verdict = await walk()
        assert verdict.broken_seq == found["entries"][0]["seq"]
        found = (await history(world.gita, report_id)).json()
        # Up to the second one the chain does not hold either.
        assert [entry["proof"] for entry in found["entries"]] == ["broken", "broken"]
        assert found["broken_seq"] == verdict.broken_seq
    finally:
        await tamper(report_id, was)
        await walk()
    assert (await history(world.gita, report_id)).json()["broken_seq"] is None


WRITES = {"PUT", "POST", "PATCH", "DELETE"}
OWN = {
    "join", "changeMe", "revokeDevice", "createDeviceLink", "subscribe", "unsubscribe",
    "readNotifications", "saveDeskView", "deleteDeskView", "markRead", "enterAsGuest", "claimGuest",
    # Questions with a body, which write nothing.
    "previewMoves", "previewHandovers", "previewInvitation", "searchDesk",
}  # fmt: skip
"""All that somebody who only inspects may write, by decision: their own devices, notices, lists."""


def writes(api: Litestar) -> list[tuple[str, str, str]]:
    return [
        (method, re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path), str(handler.operation_id))
        for route in api.routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods
        if method in WRITES
    ]


async def test_an_inspector_writes_nowhere(world: World, api: Litestar) -> None:
    report = (await send(world.alice, world))["id"]
    await hold(world.gita, "inspector", world.ward_id)
    before = await db.fetch("SELECT state, last_seq FROM report WHERE id = $1", report)
    tried = set()
    for method, template, operation in writes(api):
        if operation in OWN:
            continue
        known = template.replace("{report_id}", str(report))
        known = known.replace("{ward_id}", str(world.ward_id))
        path = re.sub(r"\{\w+\}", str(uuid.uuid4()), known)
        for body in (report_body(world), {"text": "Xin chào"}, {"to": "accepted"}):
            answer = await world.gita.client.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), operation
        tried.add(operation)
    assert {"sendReport", "sendMessage", "moveReport", "declareClosure"} <= tried
    assert await db.fetch("SELECT state, last_seq FROM report WHERE id = $1", report) == before
    assert not await db.fetch_value(
        "SELECT count(*) FROM audit_entry WHERE actor_id = $1", world.gita.account_id
    )


@pytest.mark.parametrize("text", ["verify", "head"])
async def test_the_command_line_has_it(text: str, world: World) -> None:
    from backend.cli import _parser

    assert _parser().parse_args(["audit", text]).run is not None
    assert (await service.get_head()).seq >= 0
