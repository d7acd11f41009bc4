"""The state machine, row by row: `PUT /api/reports/{id}/moves/{move_id}`."""

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Person, World
from tests.reports.steps import messages_of, move, photo_named, report_of, say, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

STATES = (
    "submitted", "accepted", "in_progress", "awaiting_reporter", "resolved", "disputed", "closed",
    "rejected", "merged", "withdrawn",
)  # fmt: skip

# Written down a second time on purpose: the machine is checked against this, not against itself.
LEGAL = {
    ("submitted", "department"): {"accepted", "rejected", "merged"},
    ("submitted", "head"): {"rejected", "merged"},
    ("submitted", "reporter"): {"withdrawn"},
    ("accepted", "department"): {"in_progress", "rejected", "merged"},
    ("accepted", "head"): {"rejected", "merged"},
    ("accepted", "reporter"): {"withdrawn"},
    ("in_progress", "department"): {"awaiting_reporter", "resolved"},
    ("awaiting_reporter", "department"): {"in_progress", "resolved"},
    ("resolved", "reporter"): {"closed", "disputed"},
    ("disputed", "department"): {"in_progress"},
    ("rejected", "reporter"): {"submitted"},
    ("merged", "department"): {"submitted"},
    ("merged", "head"): {"submitted"},
}


def sides(world: World) -> dict[str, tuple[Person, str | None]]:
    """Everyone who sees Alice's lamp, and the side they may move it on."""
    return {
        "author": (world.alice, "reporter"),
        "head": (world.bang, "head"),
        "officer": (world.chi, "department"),
        "dispatcher": (world.farid, "department"),
        "leader": (world.gita, None),
    }


async def put_into(connection: "Connection", report_id: object, state: str) -> None:
    await connection.execute(
        """UPDATE report SET state = $2, appealed = false, awaiting_since = NULL,
               accepted_at = now(), resolved_at = now(), merged_into = NULL WHERE id = $1""",
        uuid.UUID(str(report_id)),
        state,
    )


@pytest.mark.parametrize("state", STATES)
async def test_every_move_of_the_table_succeeds_and_every_other_is_refused(
    world: World, connection: "Connection", state: str
) -> None:
    report_id = (await send(world.alice, world))["id"]
    other_id = (await send(world.alice, world, description="Cùng cột đèn"))["id"]
    everything = {
        "text": "Đã thay bóng",
        "reason": "Không thuộc phường",
        "photos": [photo_named()],
        "merged_into": other_id,
    }
    tried = 0
    for who, (person, side) in sides(world).items():
        for to in STATES:
            await put_into(connection, report_id, state)
            answer = await move(person, report_id, to, **everything)
            tried += 1
            if side is not None and to in LEGAL.get((state, side), set()):
                assert answer.status_code == 201, (who, state, to, answer.text)
                assert answer.json()["state"] == to
                assert (await report_of(person, report_id))["state"] == to
            else:
                assert answer.status_code == 409, (who, state, to, answer.text)
                assert answer.json()["code"] == "illegal_move"
                assert answer.json()["state"] == state
                assert (await report_of(person, report_id))["state"] == state
    assert tried == 50


@pytest.mark.parametrize("state", STATES)
async def test_the_moves_a_person_is_offered_are_those_that_succeed(
    world: World, connection: "Connection", state: str
) -> None:
    report_id = (await send(world.alice, world))["id"]
    await put_into(connection, report_id, state)
    for who, (person, side) in sides(world).items():
        offered = (await report_of(person, report_id))["moves"]
        assert isinstance(offered, list)
        expected = LEGAL.get((state, side), set()) if side else set()
        assert {option["to"] for option in offered} == expected, (who, state)


async def test_strangers_cannot_move_it_nor_learn_that_it_exists(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    for person in (world.dariush, world.emine):
        foreign = await move(person, report_id, "accepted")
        missing = await move(person, uuid.uuid4(), "accepted")
        assert foreign.status_code == 404
        assert foreign.content == missing.content
    assert (await move(world.nobody, report_id, "accepted")).status_code == 401


@pytest.mark.parametrize(
    ("state", "to", "who", "given", "field", "code"),
    [
        ("in_progress", "awaiting_reporter", "officer", {}, "text", "text_needed"),
        ("in_progress", "resolved", "officer", {}, "text", "text_needed"),
        ("awaiting_reporter", "resolved", "officer", {"text": " \n"}, "text", "text_needed"),
        ("submitted", "rejected", "officer", {"text": "x"}, "reason", "reason_needed"),
        ("accepted", "rejected", "head", {}, "reason", "reason_needed"),
        ("rejected", "submitted", "author", {}, "reason", "reason_needed"),
        ("submitted", "merged", "head", {}, "merged_into", "merge_target"),
    ],
)
async def test_a_move_without_what_it_needs_is_refused_by_name(
    world: World,
    connection: "Connection",
    state: str,
    to: str,
    who: str,
    given: dict[str, object],
    field: str,
    code: str,
) -> None:
    report_id = (await send(world.alice, world))["id"]
    await put_into(connection, report_id, state)
    person, _ = sides(world)[who]
    answer = await move(person, report_id, to, **given)
    assert answer.status_code == 422
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [(field, code)]
    assert (await report_of(person, report_id))["state"] == state


async def test_where_the_category_asks_a_result_needs_its_photo(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world, "waste"))["id"]
    await put_into(connection, report_id, "in_progress")
    (option,) = [
        option
        for option in (await report_of(world.emine, report_id))["moves"]  # type: ignore[attr-defined]
        if option["to"] == "resolved"
    ]
    assert option == {
        "to": "resolved", "needs_text": True, "needs_reason": False, "needs_photo": True,
    }  # fmt: skip
    without = await move(world.emine, report_id, "resolved", text="Đã dọn")
    assert without.json()["errors"][0]["code"] == "photo_needed"
    with_photo = await move(
        world.emine, report_id, "resolved", text="Đã dọn", photos=[photo_named("clean")]
    )
    assert with_photo.status_code == 201
    assert with_photo.json()["photos"][0]["stored"] is False
    last = (await messages_of(world.alice, report_id))[-1]
    assert last["photos"][0]["sha256"] == photo_named("clean")["sha256"]  # type: ignore[index]


async def test_the_whole_course_stands_in_the_thread_in_order(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    for person, to, more in (
        (world.chi, "accepted", {}),
        (world.chi, "in_progress", {}),
        (world.chi, "resolved", {"text": "Đã thay bóng đèn"}),
        (world.alice, "disputed", {"text": "Vẫn tối"}),
        (world.farid, "in_progress", {}),
        (world.chi, "resolved", {"text": "Đã sửa dây"}),
        (world.alice, "closed", {}),
    ):
        answer = await move(person, report_id, to, **more)
        assert answer.status_code == 201, answer.text
    seen_by_alice = await messages_of(world.alice, report_id)
    assert [message["seq"] for message in seen_by_alice] == list(range(1, 10))
    events = [message["event"] for message in seen_by_alice]
    assert [event["to"] for event in events if event["type"] == "moved"] == [  # type: ignore[index]
        "accepted", "in_progress", "resolved", "disputed", "in_progress", "resolved", "closed",
    ]  # fmt: skip
    assert [event["type"] for event in events if event["type"] != "moved"] == [  # type: ignore[index]
        "created", "escalated",
    ]  # fmt: skip
    assert events[1]["from"] == "submitted"  # type: ignore[index]
    report = await report_of(world.alice, report_id)
    assert report["state"] == "closed"
    assert report["accepted_at"]
    assert report["resolved_at"]
    assert report["closed_at"]


async def test_the_head_sees_the_whole_course(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await move(world.chi, report_id, "accepted")
    head, officer = (
        await messages_of(world.bang, report_id),
        await messages_of(world.chi, report_id),
    )
    assert [message["id"] for message in head] == [message["id"] for message in officer]
    assert head[1]["author_name"] == "Chi"


async def test_the_reporter_reads_the_department_not_its_peoples_names(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await move(world.chi, report_id, "accepted")
    accepted = (await messages_of(world.alice, report_id))[-1]
    assert accepted["side"] == "department"
    assert accepted["author_name"] is None
    assert "Chi" not in (await world.alice.get(f"/api/reports/{report_id}")).text


async def test_a_move_sent_twice_happens_once(world: World) -> None:
    report_id, move_id = (await send(world.alice, world))["id"], uuid.uuid4()
    path = f"/api/reports/{report_id}/moves/{move_id}"
    first = await world.chi.put(path, {"to": "accepted"})
    await move(world.chi, report_id, "in_progress")
    again = await world.chi.put(
        path, {"to": "accepted", "device_created_at": "2020-01-01T00:00:00Z"}
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(await messages_of(world.chi, report_id)) == 3


async def test_a_move_id_with_other_content_or_by_someone_else_is_refused(world: World) -> None:
    report_id, move_id = (await send(world.alice, world))["id"], uuid.uuid4()
    other_report = (await send(world.alice, world, description="khác"))["id"]
    path = f"/api/reports/{report_id}/moves/{move_id}"
    await world.chi.put(path, {"to": "accepted"})
    for person, other_path, body in (
        (world.chi, path, {"to": "in_progress"}),
        (world.farid, path, {"to": "accepted"}),
        (world.chi, f"/api/reports/{other_report}/moves/{move_id}", {"to": "accepted"}),
        (world.chi, f"/api/reports/{report_id}/messages/{move_id}", {"text": "x"}),
    ):
        answer = await person.put(other_path, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "id_reused"), other_path
    assert (await report_of(world.chi, other_report))["state"] == "submitted"


async def test_of_two_officers_moving_at_once_one_wins_and_one_is_told(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    answers = await asyncio.gather(
        move(world.chi, report_id, "accepted"),
        move(world.farid, report_id, "accepted"),
        move(world.bang, report_id, "rejected", reason="Trùng"),
        move(world.alice, report_id, "withdrawn"),
    )
    # "accepted" may still be followed by a rejection or a withdrawal, never by itself.
    accepted = [answer for answer in answers[:2] if answer.status_code == 201]
    assert len(accepted) <= 1
    ended = [answer for answer in answers[2:] if answer.status_code == 201]
    assert len(ended) == 1
    for answer in answers:
        assert answer.status_code in {201, 409}
    seqs = [message["seq"] for message in await messages_of(world.chi, report_id)]
    assert seqs == list(range(1, 2 + len(accepted) + len(ended)))


async def test_an_appeal_is_possible_once_and_starts_the_clocks_anew(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world, "fire"))["id"]
    await connection.execute(
        """UPDATE report SET created_at = created_at - interval '3 days',
               accept_due_at = accept_due_at - interval '3 days',
               solve_due_at = solve_due_at - interval '3 days' WHERE id = $1""",
        uuid.UUID(str(report_id)),
    )
    await move(world.bang, report_id, "rejected", reason="Không thấy hỏng")
    rejected = await report_of(world.alice, report_id)
    assert rejected["reason"] == "Không thấy hỏng"
    assert [option["to"] for option in rejected["moves"]] == ["submitted"]  # type: ignore[attr-defined]
    assert (await move(world.alice, report_id, "submitted", reason="Có ảnh")).status_code == 201
    appealed = await report_of(world.alice, report_id)
    assert appealed["appealed"] is True
    assert appealed["reason"] is None
    assert str(appealed["accept_due_at"]) > str(rejected["solve_due_at"])
    await move(world.farid, report_id, "rejected", reason="Vẫn không")
    assert (await report_of(world.alice, report_id))["moves"] == []
    again = await move(world.alice, report_id, "submitted", reason="Thêm lần nữa")
    assert again.json()["code"] == "illegal_move"


@pytest.mark.parametrize("target", ["itself", "done", "foreign", "missing"])
async def test_a_report_is_merged_only_into_another_open_one_of_its_ward(
    world: World, connection: "Connection", target: str
) -> None:
    report_id = (await send(world.alice, world))["id"]
    other_id = (await send(world.alice, world, description="khác"))["id"]
    into = {"itself": report_id, "missing": str(uuid.uuid4())}.get(target, other_id)
    if target == "done":
        await move(world.alice, other_id, "withdrawn")
    if target == "foreign":
        await connection.execute(
            "UPDATE report SET ward_id = $2, neighbourhood_id = $3 WHERE id = $1",
            uuid.UUID(str(other_id)),
            world.city_id,
            world.other_neighbourhood_id,
        )
    answer = await move(world.chi, report_id, "merged", merged_into=into)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == "merged_into"


async def test_two_reports_merged_into_each_other_at_once_do_not_make_a_circle(
    world: World,
) -> None:
    one = (await send(world.alice, world))["id"]
    two = (await send(world.alice, world, description="khác"))["id"]
    answers = await asyncio.gather(
        move(world.chi, one, "merged", merged_into=two),
        move(world.farid, two, "merged", merged_into=one),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    states = {(await report_of(world.alice, report_id))["state"] for report_id in (one, two)}
    assert states == {"merged", "submitted"}


async def test_moves_by_staff_are_told_to_the_reporter_and_hers_to_the_department(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]

    async def told() -> set[tuple[str, str, str | None, bool]]:
        rows = await connection.fetch(
            """DELETE FROM notification WHERE report_id = $1 AND kind <> 'report_new'
               RETURNING account_id, kind, detail, urgent""",
            uuid.UUID(str(report_id)),
        )
        names = {
            person.account_id: person.name
            for person in (world.alice, world.bang, world.chi, world.farid, world.gita)
        }
        return {
            (names[row["account_id"]], row["kind"], row["detail"], row["urgent"]) for row in rows
        }

    await move(world.chi, report_id, "accepted")
    assert await told() == {("Alice", "state", "accepted", False)}
    await move(world.farid, report_id, "in_progress")
    assert await told() == {("Alice", "state", "in_progress", False)}
    await move(world.chi, report_id, "resolved", text="Xong")
    assert await told() == {("Alice", "state", "resolved", False)}
    await move(world.alice, report_id, "disputed")
    assert await told() == {
        ("Chi", "state", "disputed", False),
        ("Farid", "state", "disputed", True),
        ("Gita", "state", "disputed", False),
    }
    await move(world.chi, report_id, "in_progress")
    await move(world.chi, report_id, "resolved", text="Xong")
    await told()
    await move(world.alice, report_id, "closed")
    assert await told() == {("Chi", "state", "closed", False)}


async def test_an_officer_who_reported_it_is_not_told_of_their_own_moves_and_words(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.chi, world))["id"]
    await move(world.chi, report_id, "accepted")
    await say(world.chi, report_id, "nội bộ", note=True)
    await say(world.chi, report_id, "Tự hỏi?", question=True)
    told = await connection.fetch(
        "SELECT account_id FROM notification WHERE report_id = $1", uuid.UUID(str(report_id))
    )
    assert world.chi.account_id not in {row["account_id"] for row in told}


async def test_nothing_more_is_said_in_a_finished_report(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    for state in ("closed", "rejected", "merged", "withdrawn"):
        await put_into(connection, report_id, state)
        for person in (world.alice, world.chi, world.bang):
            answer = await say(person, report_id)
            assert (answer.status_code, answer.json()["code"]) == (409, "thread_closed")
            assert answer.json()["state"] == state


async def test_a_refused_move_leaves_no_entry_and_tells_nobody(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    before = await connection.fetchval("SELECT count(*) FROM notification")
    await move(world.chi, report_id, "resolved", text="x")
    await move(world.chi, report_id, "rejected")
    assert len(await messages_of(world.alice, report_id)) == 1
    assert await connection.fetchval("SELECT count(*) FROM notification") == before
