"""Talking in a report's thread: `PUT /api/reports/{id}/messages/{message_id}` (`C1`-`C6`)."""

import asyncio
import unicodedata
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from backend.accounts import service as accounts
from tests.conftest import World
from tests.reports.steps import messages_of, move, photo_named, report_of, say, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

HOUR = timedelta(hours=1)


def at(report: dict[str, object], key: str) -> datetime:
    return datetime.fromisoformat(str(report[key]))


async def told(connection: "Connection", report_id: object) -> set[tuple[uuid.UUID, str]]:
    rows = await connection.fetch(
        """DELETE FROM notification WHERE report_id = $1 RETURNING account_id, kind""",
        uuid.UUID(str(report_id)),
    )
    return {(row["account_id"], row["kind"]) for row in rows}


async def asked_hours_ago(connection: "Connection", report_id: object, hours: int) -> None:
    await connection.execute(
        "UPDATE report SET awaiting_since = awaiting_since - $2::interval WHERE id = $1",
        uuid.UUID(str(report_id)),
        timedelta(hours=hours),
    )


async def test_reporter_department_and_head_talk_in_one_thread(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    for person in (world.alice, world.chi, world.bang, world.farid):
        assert (await say(person, report_id, person.name)).status_code == 201
    for person in (world.alice, world.chi, world.bang, world.gita):
        thread = await messages_of(person, report_id)
        assert [message["text"] for message in thread[1:]] == ["Alice", "Chi", "Bằng", "Farid"]
        assert [message["side"] for message in thread[1:]] == [
            "reporter", "department", "head", "department",
        ]  # fmt: skip
        assert [message["mine"] for message in thread[1:]] == [
            name == person.name for name in ("Alice", "Chi", "Bằng", "Farid")
        ]
    seen_by_alice = await messages_of(world.alice, report_id)
    assert [message["author_name"] for message in seen_by_alice[1:]] == [
        "Alice", None, "Bằng", None,
    ]  # fmt: skip


async def test_a_resident_cannot_read_or_write_in_a_neighbours_thread(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    for person in (world.dariush, world.emine):
        missing = await person.get(f"/api/reports/{uuid.uuid4()}")
        for answer in (
            await person.get(f"/api/reports/{report_id}"),
            await say(person, report_id),
            await person.put(f"/api/reports/{report_id}/read-marker", {"seq": 1}),
        ):
            assert answer.status_code == 404
            assert answer.content == missing.content
    for answer in (
        await world.nobody.get(f"/api/reports/{report_id}"),
        await say(world.nobody, report_id),
    ):
        assert answer.status_code == 401
    assert len(await messages_of(world.alice, report_id)) == 1


async def test_who_only_oversees_reads_and_does_not_speak(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    assert (await say(world.gita, report_id)).status_code == 403
    assert len(await messages_of(world.gita, report_id)) == 1


async def test_a_message_to_a_missing_report_is_not_found(world: World) -> None:
    assert (await say(world.alice, uuid.uuid4())).status_code == 404


async def test_an_internal_note_is_never_seen_by_the_reporter(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    await told(connection, report_id)
    before = await report_of(world.alice, report_id)
    answer = await say(world.chi, report_id, "Cột này của điện lực", note=True)
    assert answer.status_code == 201
    assert await told(connection, report_id) == set()
    for person in (world.chi, world.bang, world.farid, world.gita):
        assert (await messages_of(person, report_id))[-1]["kind"] == "note"
    assert len(await messages_of(world.alice, report_id)) == 1
    # Not even its shadow: nothing unread, nothing changed.
    assert await report_of(world.alice, report_id) == before
    await say(world.chi, report_id, "Đang xem")
    assert (await report_of(world.alice, report_id))["last_seq"] == 3


async def test_a_head_who_is_the_author_sees_no_notes_about_their_report(world: World) -> None:
    report_id = (await send(world.bang, world))["id"]
    await say(world.chi, report_id, "nội bộ", note=True)
    assert len(await messages_of(world.bang, report_id)) == 1
    assert (await say(world.bang, report_id, "nội bộ", note=True)).status_code == 403


async def test_residents_write_no_notes_and_stop_no_clocks(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    assert (await say(world.alice, report_id, note=True)).status_code == 403
    assert (await say(world.alice, report_id, question=True)).status_code == 403
    assert (await say(world.bang, report_id, question=True)).status_code == 403


async def test_a_question_stops_the_clocks_and_the_answer_starts_them_again(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world, "fire"))["id"]
    before = await report_of(world.alice, report_id)
    await told(connection, report_id)
    await say(world.chi, report_id, "Đèn số mấy?", question=True)
    assert await told(connection, report_id) == {(world.alice.account_id, "question")}
    asked = await report_of(world.alice, report_id)
    assert asked["awaiting_since"]
    assert asked["state"] == "submitted"
    await asked_hours_ago(connection, report_id, 5)
    await say(world.alice, report_id, "Số 12", photos=[photo_named("pole")])
    assert await told(connection, report_id) == {(world.chi.account_id, "answer")}
    answered = await report_of(world.alice, report_id)
    assert answered["awaiting_since"] is None
    for key in ("accept_due_at", "solve_due_at"):
        pause = at(answered, key) - at(before, key)
        assert 5 * HOUR <= pause < 5 * HOUR + timedelta(minutes=2)
    kinds = [
        (message["event"] or {}).get("type", message["kind"])  # type: ignore[attr-defined]
        for message in await messages_of(world.alice, report_id)
    ]
    assert kinds == ["created", "message", "question", "message", "answered"]


async def test_a_question_during_the_work_waits_for_the_reporter_and_goes_on_by_itself(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world, "fire"))["id"]
    await move(world.chi, report_id, "accepted")
    await move(world.chi, report_id, "in_progress")
    before = await report_of(world.alice, report_id)
    await say(world.chi, report_id, "Chỗ nào?", question=True)
    assert (await report_of(world.alice, report_id))["state"] == "awaiting_reporter"
    await asked_hours_ago(connection, report_id, 30)
    await say(world.chi, report_id, "Bạn còn đó không?", question=True)
    await say(world.bang, report_id, "Gần chợ")
    assert (await report_of(world.alice, report_id))["state"] == "awaiting_reporter"
    await say(world.alice, report_id, "Trước nhà số 3")
    after = await report_of(world.alice, report_id)
    assert after["state"] == "in_progress"
    assert after["awaiting_since"] is None
    pause = at(after, "solve_due_at") - at(before, "solve_due_at")
    assert 30 * HOUR <= pause < 30 * HOUR + timedelta(minutes=2)
    assert after["accept_due_at"] == before["accept_due_at"], "accepted before: nothing to shift"
    last = (await messages_of(world.alice, report_id))[-1]
    assert last["side"] == "system"
    assert last["event"]["to"] == "in_progress"  # type: ignore[index]


async def test_waiting_for_the_reporter_by_a_move_asks_the_same_question(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world, "fire"))["id"]
    await move(world.chi, report_id, "accepted")
    await move(world.chi, report_id, "in_progress")
    await move(world.chi, report_id, "awaiting_reporter", text="Cột nào?")
    asked = (await messages_of(world.alice, report_id))[-1]
    assert (asked["text"], asked["question"]) == ("Cột nào?", True)
    await asked_hours_ago(connection, report_id, 2)
    before = await report_of(world.alice, report_id)
    await move(world.chi, report_id, "in_progress")
    after = await report_of(world.alice, report_id)
    assert after["awaiting_since"] is None
    pause = at(after, "solve_due_at") - at(before, "solve_due_at")
    assert 2 * HOUR <= pause < 2 * HOUR + timedelta(minutes=2)


async def test_messages_of_the_department_and_the_head_are_told_to_the_reporter(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    await told(connection, report_id)
    for person, expected in (
        (world.chi, {(world.alice.account_id, "message")}),
        (world.bang, {(world.alice.account_id, "message")}),
        (world.alice, {(world.chi.account_id, "message")}),
    ):
        await say(person, report_id)
        assert await told(connection, report_id) == expected


async def test_a_message_sent_twice_is_said_once(world: World) -> None:
    report_id, message_id = (await send(world.alice, world))["id"], uuid.uuid4()
    path, body = f"/api/reports/{report_id}/messages/{message_id}", {"text": " Tối quá \n"}
    first = await world.alice.put(path, body)
    again = await world.alice.put(path, {"text": "Tối quá"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await world.alice.put(path, {"text": "Khác"})
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")
    assert len(await messages_of(world.alice, report_id)) == 2


async def test_a_message_already_taken_is_acknowledged_after_the_thread_closed(
    world: World,
) -> None:
    report_id, message_id = (await send(world.alice, world))["id"], uuid.uuid4()
    path = f"/api/reports/{report_id}/messages/{message_id}"
    first = await world.alice.put(path, {"text": "Tối quá"})
    await move(world.alice, report_id, "withdrawn")
    assert (await world.alice.put(path, {"text": "Tối quá"})).json() == first.json()


async def test_ten_people_talking_at_once_are_all_heard_in_one_order(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    answers = await asyncio.gather(
        *(say(person, report_id) for person in (world.alice, world.chi) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["seq"] for answer in answers) == list(range(2, 12))
    thread = await messages_of(world.alice, report_id)
    assert [message["seq"] for message in thread] == list(range(1, 12))
    assert (await report_of(world.alice, report_id))["last_seq"] == 11


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "text", "text_needed"),
        ({"text": " \n\u200b\t "}, "text", "text_needed"),
        ({"text": "x" * 4001}, "text", "too_long"),
        ({"photos": [photo_named(str(n)) for n in range(6)]}, "photos", "too_many_photos"),
        ({"photos": [photo_named(type="image/svg+xml")]}, "photos", "photo_type"),
    ],
)
async def test_what_cannot_be_said_is_named(
    world: World, body: dict[str, object], field: str, code: str
) -> None:
    report_id = (await send(world.alice, world))["id"]
    answer = await world.alice.put(f"/api/reports/{report_id}/messages/{uuid.uuid4()}", body)
    assert answer.status_code == 422
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [(field, code)]


async def test_text_is_kept_in_one_form_without_tricks(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await say(world.alice, report_id, unicodedata.normalize("NFD", "Đèn hỏng\u202e!\x07"))
    assert (await messages_of(world.alice, report_id))[-1]["text"] == "Đèn hỏng!"


async def test_a_photo_alone_is_a_message(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    answer = await say(world.alice, report_id, "", photos=[photo_named("only")])
    assert answer.status_code == 201
    assert answer.json()["photos"][0]["stored"] is False
    shown = (await messages_of(world.chi, report_id))[-1]["photos"]
    assert shown[0]["sha256"] == photo_named("only")["sha256"]  # type: ignore[index]


async def test_seen_by_the_department_shows_and_never_goes_back(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await say(world.alice, report_id)
    await say(world.alice, report_id)
    path = f"/api/reports/{report_id}/read-marker"
    for seq, expected in ((2, 2), (1, 2), (99, 3)):
        assert (await world.chi.put(path, {"seq": seq})).status_code == 204
        seen = await report_of(world.alice, report_id)
        assert seen["seen_by_department_seq"] == expected
    assert (await report_of(world.chi, report_id))["my_read_seq"] == 3
    assert (await report_of(world.farid, report_id))["my_read_seq"] == 0
    assert (await world.chi.put(path, {"seq": -1})).status_code == 422


async def test_a_leaders_reading_is_not_the_departments(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await world.gita.put(f"/api/reports/{report_id}/read-marker", {"seq": 1})
    await world.bang.put(f"/api/reports/{report_id}/read-marker", {"seq": 1})
    assert (await report_of(world.alice, report_id))["seen_by_department_seq"] == 0
    assert (await report_of(world.gita, report_id))["my_read_seq"] == 1


async def test_ones_own_words_are_never_unread_but_do_not_hide_others(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await say(world.alice, report_id)
    assert (await report_of(world.alice, report_id))["my_read_seq"] == 2
    await say(world.chi, report_id, "Xin chào")
    await say(world.alice, report_id)
    alice = await report_of(world.alice, report_id)
    assert (alice["last_seq"], alice["my_read_seq"]) == (4, 2)
    assert (await report_of(world.chi, report_id))["my_read_seq"] == 0


async def test_a_clock_three_years_off_does_not_change_the_order(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await say(world.chi, report_id, "một")
    await say(world.alice, report_id, "hai", device_created_at="2023-01-01T00:00:00+07:00")
    thread = await messages_of(world.alice, report_id)
    assert [message["text"] for message in thread] == ["", "một", "hai"]
    assert datetime.now(UTC) - at(thread[-1], "created_at") < timedelta(minutes=1)


async def test_who_lost_a_grant_still_learns_that_their_message_arrived(world: World) -> None:
    """Found by the fault harness (seed 135): the phone asked again for the photos' receipt."""
    report = await send(world.alice, world)
    path = f"/api/reports/{report['id']}/messages/{uuid.uuid4()}"
    said = {"text": "Tôi sẽ ra xem", "photos": [photo_named("seen")]}
    first = await world.bang.put(path, said)
    assert first.status_code == 201
    await accounts.revoke_role(world.bang.account_id, "head", world.neighbourhood_id)
    again = await world.bang.put(path, said)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await world.bang.put(path, {"text": "Khác"})
    missing = await world.bang.put(f"/api/reports/{uuid.uuid4()}/messages/{uuid.uuid4()}", said)
    assert (other.status_code, other.json()) == (404, missing.json())
