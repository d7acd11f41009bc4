"""The telephone operator: who is calling, and a report written down for them."""

import asyncio
import uuid

import pytest

from backend import db
from tests.conftest import Person, World
from tests.reports.calling import (
    call_body,
    callers,
    fresh_number,
    log,
    logged,
    operator_elsewhere,
)
from tests.reports.steps import case, move, report_of, say, send


async def give_number(person: Person, number: str) -> None:
    answer = await person.patch("/api/me", {"phone": number})
    assert answer.status_code == 200, answer.text


async def test_a_caller_is_found_by_the_number_with_what_is_open(world: World) -> None:
    number = fresh_number()
    await give_number(world.alice, number)
    report_id = (await send(world.alice, world))["id"]
    ended = (await send(world.alice, world))["id"]
    await move(world.chi, ended, "rejected", reason="Không thuộc phường")
    (found,) = await callers(world.farid, f"+84 {number.replace(' ', '')[1:]}")
    assert found["account_id"] == str(world.alice.account_id)
    assert (found["name"], found["neighbourhood_id"]) == ("Alice", str(world.neighbourhood_id))
    assert found["signed_in"] is True
    reports = found["reports"]
    assert isinstance(reports, list)
    assert [one["id"] for one in reports] == [ended, report_id]
    assert reports[1]["accept_due_at"]
    assert (await world.alice.get("/api/me")).json()["phone"] == f"+84{number.replace(' ', '')[1:]}"
    await world.alice.patch("/api/me", {"phone": ""})
    assert await callers(world.farid, number) == []


async def test_a_call_becomes_the_callers_own_report(world: World) -> None:
    number = fresh_number()
    await give_number(world.alice, number)
    receipt = await logged(
        world.farid, world, number, caller_id=str(world.alice.account_id), name=""
    )
    shown = await report_of(world.alice, receipt["id"])
    assert shown["mine"] is True
    assert shown["code"] == receipt["code"]
    assert shown["department_id"] == str(world.lighting_id)
    assert shown["on_behalf"]["by_telephone"] is True  # type: ignore[index]
    call = (await world.farid.get(f"/api/calls/{receipt['id']}")).json()
    assert (call["sms"], call["report"]["code"]) == ("has_app", receipt["code"])
    trail = await db.fetch(
        "SELECT actor_id, details FROM audit_entry WHERE subject_id = $1 ORDER BY id",
        uuid.UUID(str(receipt["id"])),
    )
    assert trail[0]["actor_id"] == world.farid.account_id
    assert '"by_role":"dispatcher"' in trail[0]["details"]


async def test_somebody_unknown_gets_a_report_of_their_own_and_a_text(world: World) -> None:
    number = fresh_number()
    receipt = await logged(world.farid, world, number)
    (found,) = await callers(world.farid, number)
    assert (found["name"], found["signed_in"]) == ("Bà Tư", False)
    again = await logged(world.farid, world, number, name="bà  TU")
    (found,) = await callers(world.farid, number)
    assert {one["id"] for one in found["reports"]} == {receipt["id"], again["id"]}  # type: ignore[attr-defined]
    call = (await world.farid.get(f"/api/calls/{receipt['id']}")).json()
    assert call["sms"] in {"waiting", "sent"}
    assert call["shown"] == f"0912 {number[5:8]} {number[8:]}"
    mine = (await world.farid.get("/api/calls")).json()["calls"]
    assert [one["report"]["id"] for one in mine] == [again["id"], receipt["id"]]


async def test_a_number_that_two_people_share_gives_both(world: World) -> None:
    number = fresh_number()
    await give_number(world.alice, number)
    await give_number(world.dariush, number)
    await logged(world.farid, world, number, name="Bà Tư")
    names = {one["name"] for one in await callers(world.farid, number)}
    assert names == {"Alice", "Dariush", "Bà Tư"}


async def test_two_operators_taking_two_calls_at_once_add_one_caller(world: World) -> None:
    number = fresh_number()
    answers = await asyncio.gather(*(log(world.farid, world, number) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    (found,) = await callers(world.farid, number)
    assert len(found["reports"]) == 5  # type: ignore[arg-type]


async def test_the_same_call_twice_is_one(world: World) -> None:
    number, call_id = fresh_number(), uuid.uuid4()
    first = await log(world.farid, world, number, call_id)
    second = await log(world.farid, world, number, call_id)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    other = await log(world.farid, world, number, call_id, name="Ông Ba")
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")
    taken = await send(world.alice, world)
    foreign = await log(world.farid, world, number, taken["id"])
    assert (foreign.status_code, foreign.json()["code"]) == (422, "id_reused")
    sent = await db.fetch_value("SELECT count(*) FROM sms_delivery WHERE report_id = $1", call_id)
    assert sent == 1
    ghosts = await db.fetch_value("SELECT count(*) FROM account WHERE name = 'Ông Ba'")
    assert ghosts == 0


async def test_a_caller_may_have_neither_name_nor_number(world: World) -> None:
    receipt = await logged(world.farid, world, name="")
    call = (await world.farid.get(f"/api/calls/{receipt['id']}")).json()
    assert (call["sms"], call["shown"], call["report"]["reporter_name"]) == ("no_number", "", "")
    await logged(world.farid, world, "028 3825 1234", name="")
    (mine, *_) = (await world.farid.get("/api/calls")).json()["calls"]
    assert mine["sms"] == "no_texts"


async def test_a_private_kind_stays_private(world: World) -> None:
    receipt = await logged(world.farid, world, fresh_number(), category="theft")
    shown = await report_of(world.emine, receipt["id"])
    assert shown["private"] is True
    assert (await world.dariush.get(f"/api/reports/{receipt['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("chín một hai", "bad_phone"),
        ("0912", "phone_too_short"),
        ("113", "emergency_number"),
        ("0912 345 678 901 234", "phone_too_long"),
    ],
)
async def test_a_wrong_number_is_refused_and_not_repeated(
    world: World, number: str, code: str
) -> None:
    found = await world.farid.post("/api/calls/lookup", {"number": number})
    written = await log(world.farid, world, number)
    for answer in (found, written):
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert number not in answer.text
    own = await world.alice.patch("/api/me", {"phone": number})
    assert (own.status_code, own.json()["errors"][0]["field"]) == (422, "phone")


async def test_a_call_needs_a_place_in_the_operators_ward(world: World) -> None:
    nowhere = await log(world.farid, world, report={"area_id": None})
    assert nowhere.json()["code"] == "area_needed"
    photo = {"sha256": "0" * 64, "bytes": 10, "type": "image/jpeg"}
    pictured = await log(world.farid, world, report={"photos": [photo]})
    assert pictured.json()["code"] == "not_by_telephone"
    stranger = await operator_elsewhere(world, world.emine)
    abroad = await log(stranger, world)
    assert (abroad.status_code, abroad.json()["code"]) == (403, "not_your_area")


async def test_who_is_not_known_by_the_number_cannot_be_named(world: World) -> None:
    answer = await log(world.farid, world, fresh_number(), caller_id=str(world.alice.account_id))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_caller")
    answer = await log(world.farid, world, caller_id=str(world.alice.account_id))
    assert answer.json()["code"] == "unknown_caller"


async def test_the_telephone_is_for_the_wards_dispatchers(world: World) -> None:
    number = fresh_number()
    await give_number(world.alice, number)
    receipt = await logged(
        world.farid, world, number, caller_id=str(world.alice.account_id), name=""
    )
    paths = ("/api/calls", f"/api/calls/{receipt['id']}")
    for person, status in (
        (world.alice, 403),
        (world.bang, 403),
        (world.chi, 403),
        (world.dariush, 403),
        (world.gita, 403),
        (world.nobody, 401),
    ):
        assert {(await person.get(path)).status_code for path in paths} == {status}, person.name
        assert (await log(person, world, number)).status_code == status
        looked = await person.post("/api/calls/lookup", {"number": number})
        assert looked.status_code == status
        words = await person.put(
            f"/api/reports/{receipt['id']}/caller-words/{uuid.uuid4()}", {"text": "Alô"}
        )
        assert words.status_code == status


async def test_another_wards_operator_finds_nobody_here(world: World) -> None:
    number = fresh_number()
    await give_number(world.alice, number)
    receipt = await logged(
        world.farid, world, number, caller_id=str(world.alice.account_id), name=""
    )
    stranger = await operator_elsewhere(world, world.emine)
    assert await callers(stranger, number) == []
    foreign = await stranger.get(f"/api/calls/{receipt['id']}")
    missing = await stranger.get(f"/api/calls/{uuid.uuid4()}")
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert (await stranger.get("/api/calls")).json() == {"calls": []}
    word_id = uuid.uuid4()
    foreign = await stranger.put(
        f"/api/reports/{receipt['id']}/caller-words/{word_id}", {"text": "Alô"}
    )
    missing = await stranger.put(
        f"/api/reports/{uuid.uuid4()}/caller-words/{word_id}", {"text": "Alô"}
    )
    assert (foreign.status_code, foreign.content) == (404, missing.content)


async def test_the_number_is_shown_to_whoever_works_on_it(world: World) -> None:
    number = fresh_number()
    receipt = await logged(world.farid, world, number)
    e164 = f"+84{number.replace(' ', '')[1:]}"
    for person, phone in (
        (world.chi, e164),
        (world.farid, e164),
        (world.bang, ""),
        (world.gita, ""),
    ):
        behalf = (await report_of(person, receipt["id"]))["on_behalf"]
        assert behalf == {"name": "Bà Tư", "phone": phone, "by_telephone": True}, person.name
    assert (await world.alice.get(f"/api/reports/{receipt['id']}")).status_code == 404
    for person in (world.bang, world.gita):
        answer = await person.get(f"/api/reports/{receipt['id']}")
        assert e164[3:] not in answer.text


async def test_a_caller_answers_a_question_by_telephone(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await move(world.chi, report_id, "accepted")
    await move(world.chi, report_id, "in_progress")
    await say(world.chi, report_id, "Trụ số mấy?", question=True)
    assert (await report_of(world.farid, report_id))["state"] == "awaiting_reporter"
    path = f"/api/reports/{report_id}/caller-words/{uuid.uuid4()}"
    first = await world.farid.put(path, {"text": "Trụ 14"})
    again = await world.farid.put(path, {"text": "Trụ 14"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (await world.farid.put(path, {"text": "Trụ 15"})).json()["code"] == "id_reused"
    shown = await report_of(world.alice, report_id)
    assert shown["state"] == "in_progress"
    thread = (await case(world.alice, report_id))["messages"]
    said = [one for one in thread if one["text"]]  # type: ignore[attr-defined]
    assert (said[-1]["text"], said[-1]["side"], said[-1]["mine"]) == ("☎ Trụ 14", "reporter", True)
    told = await db.fetch_value(
        "SELECT count(*) FROM notification WHERE account_id = $1 AND kind = 'answer'",
        world.chi.account_id,
    )
    assert told == 1


async def test_asking_after_a_broken_promise_reminds_once(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    path = f"/api/reports/{report_id}/caller-words"
    early = await world.farid.put(f"{path}/{uuid.uuid4()}", {})
    assert (early.status_code, early.json()["code"]) == (422, "text_needed")
    await db.execute(
        """UPDATE report SET accept_due_at = now() - interval '1 hour',
                             clocks = NULL WHERE id = $1""",
        uuid.UUID(str(report_id)),
    )
    assert (await world.farid.put(f"{path}/{uuid.uuid4()}", {})).status_code == 201
    assert (await world.farid.put(f"{path}/{uuid.uuid4()}", {})).status_code == 422
    assert (await world.farid.put(f"{path}/{uuid.uuid4()}", {"text": "Alô"})).status_code == 201
    thread = (await case(world.alice, report_id))["messages"]
    kinds = [one["event"]["type"] if one["event"] else one["kind"] for one in thread]  # type: ignore[attr-defined]
    assert kinds == ["created", "nudged", "message"]
    nudges = await db.fetch_value(
        "SELECT count(*) FROM notification WHERE account_id = $1 AND kind = 'nudge'",
        world.chi.account_id,
    )
    assert nudges == 1


async def test_nothing_is_added_to_what_has_ended(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    await move(world.chi, report_id, "rejected", reason="Không thuộc phường")
    answer = await world.farid.put(
        f"/api/reports/{report_id}/caller-words/{uuid.uuid4()}", {"text": "Sao vậy?"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "thread_closed")


async def test_the_desk_finds_by_the_last_digits_for_those_who_may_know(world: World) -> None:
    number = fresh_number()
    receipt = await logged(world.farid, world, number)
    digits = number.replace(" ", "")

    async def found(person: Person, typed: str) -> set[str]:
        filters = {"tray": "all", "q": typed}
        answer = await person.post("/api/desk/reports/search", {"filters": filters})
        assert answer.status_code == 200
        return {one["id"] for one in answer.json()["reports"]}

    for typed in (number, digits, f"+84{digits[1:]}", digits[-6:], number[-4:]):
        for person in (world.farid, world.chi):
            assert receipt["id"] in await found(person, typed), (person.name, typed)
        for person in (world.bang, world.gita, world.emine):
            assert receipt["id"] not in await found(person, typed), (person.name, typed)
    assert receipt["id"] not in await found(world.farid, digits[-3:])
    # An address is written into logs on the way: there is no search by number in it.
    open_to_all = await world.farid.get("/api/desk/reports", params={"q": number})
    assert open_to_all.json()["reports"] == []
    stranger = await operator_elsewhere(world, world.emine)
    assert await found(stranger, number) == set()


async def test_a_number_stands_in_its_own_table_and_nowhere_else(world: World) -> None:
    number = fresh_number()
    receipt = await logged(world.farid, world, number)
    await move(world.chi, receipt["id"], "accepted")
    digits = number.replace(" ", "")[1:]
    tables = await db.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1",
        "phone_number",
    )
    for table in tables:
        rows = await db.fetch_value(
            f"SELECT count(*) FROM {table['tablename']} t WHERE t::text LIKE $1",
            f"%{digits}%",
        )
        assert rows == 0, table["tablename"]


async def test_a_ward_switches_texts_off(world: World) -> None:
    path = f"/api/wards/{world.ward_id}/sms"
    assert (await world.farid.get(path)).json() == {"allowed": True}
    assert (await world.farid.put(path, {"allowed": False})).json() == {"allowed": False}
    receipt = await logged(world.farid, world, fresh_number())
    call = (await world.farid.get(f"/api/calls/{receipt['id']}")).json()
    assert call["sms"] == "switched_off"
    for person, status in (
        (world.alice, 403),
        (world.bang, 403),
        (world.chi, 403),
        (world.gita, 403),
        (world.nobody, 401),
        (await operator_elsewhere(world, world.emine), 404),
    ):
        assert (await person.get(path)).status_code == status, person.name
        assert (await person.put(path, {"allowed": True})).status_code == status
    assert (await world.farid.get(path)).json() == {"allowed": False}


async def test_call_bodies_are_checked(world: World) -> None:
    body = call_body(world, fresh_number())
    body["report"] = {**body["report"], "category_id": str(uuid.uuid4())}  # type: ignore[dict-item]
    answer = await world.farid.put(f"/api/calls/{uuid.uuid4()}", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_category")
    long = await log(world.farid, world, name="x" * 300)
    assert long.json()["code"] == "too_long"
