"""Sending a report: `PUT /api/reports/{id}`."""

import asyncio
import unicodedata
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from backend.departments.clocks import CalendarFacts, make_calendar, worked
from backend.departments.public_holidays import WEEKS, holidays_in
from backend.departments.service import forget_cached_rules
from backend.reports.codes import read_code
from tests.conftest import World
from tests.reports.steps import messages_of, photo_named, report_body, report_of, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


OFFICE = make_calendar(CalendarFacts("Asia/Ho_Chi_Minh", "VN", (), WEEKS["VN"]), holidays_in)


async def test_a_report_is_routed_and_acknowledged_at_once(world: World) -> None:
    report_id = uuid.uuid4()
    answer = await world.alice.put(f"/api/reports/{report_id}", report_body(world))
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert receipt["id"] == str(report_id)
    assert receipt["state"] == "submitted"
    assert receipt["area_id"] == str(world.neighbourhood_id)
    assert receipt["department_id"] == str(world.lighting_id)
    assert receipt["photos"] == []
    assert read_code(receipt["code"].lower()) == receipt["code"]


async def test_the_report_shows_everything_that_was_sent_and_both_promises(world: World) -> None:
    receipt = await send(world.alice, world, address="12 Lê Văn Việt")
    report = await report_of(world.alice, receipt["id"])
    assert report["description"] == "Đèn trước nhà không sáng"
    assert report["address"] == "12 Lê Văn Việt"
    assert (report["lat"], report["lon"], report["accuracy_m"]) == (world.lat, world.lon, 12.0)
    assert report["located_by"] == "gps"
    assert report["outside"] is False
    assert report["mine"] is True
    assert report["reporter_name"] == "Alice"
    assert report["department_names"]["vi"] == "Tổ lighting"  # type: ignore[index]
    assert report["category_names"]["en"] == "lamp"  # type: ignore[index]
    created, accept, solve = (
        datetime.fromisoformat(str(report[key]))
        for key in ("created_at", "accept_due_at", "solve_due_at")
    )
    assert worked(created, accept, OFFICE) == timedelta(hours=8)
    assert worked(created, solve, OFFICE) == timedelta(hours=48)
    assert str(report["created_at"]).endswith("Z")


async def test_the_thread_begins_with_the_report_being_sent(world: World) -> None:
    receipt = await send(world.alice, world)
    (created,) = await messages_of(world.alice, receipt["id"])
    assert created["seq"] == 1
    assert created["kind"] == "event"
    assert created["side"] == "reporter"
    assert created["event"]["type"] == "created"  # type: ignore[index]
    report = await report_of(world.alice, receipt["id"])
    assert report["last_seq"] == 1
    assert report["my_read_seq"] == 1, "one's own report is not news to oneself"


async def test_sending_again_gives_the_first_answer_and_no_second_report(
    world: World, connection: "Connection"
) -> None:
    report_id, body = uuid.uuid4(), report_body(world, photos=[photo_named()])
    first = await world.alice.put(f"/api/reports/{report_id}", body)
    again = await world.alice.put(
        f"/api/reports/{report_id}", {**body, "device_created_at": "2020-01-01T00:00:00Z"}
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    counts = await connection.fetchrow(
        """SELECT (SELECT count(*) FROM report WHERE id = $1) AS reports,
                  (SELECT count(*) FROM message WHERE thread_id = $1) AS messages,
                  (SELECT count(*) FROM photo WHERE thread_id = $1) AS photos,
                  (SELECT count(*) FROM notification WHERE report_id = $1) AS notifications""",
        report_id,
    )
    assert tuple(counts or ()) == (1, 1, 1, 2)


async def test_eight_sendings_of_one_report_at_once_make_one(world: World) -> None:
    report_id, body = uuid.uuid4(), report_body(world)
    answers = await asyncio.gather(
        *(world.alice.put(f"/api/reports/{report_id}", body) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.text for answer in answers}) == 1


async def test_an_id_with_other_content_is_refused_and_changes_nothing(world: World) -> None:
    receipt = await send(world.alice, world)
    other = await world.alice.put(
        f"/api/reports/{receipt['id']}", report_body(world, description="Khác")
    )
    assert other.status_code == 422
    assert other.json()["code"] == "id_reused"
    assert (await report_of(world.alice, receipt["id"]))["description"].startswith("Đèn")  # type: ignore[attr-defined]


async def test_somebody_elses_id_answers_like_a_reused_one_of_ones_own(world: World) -> None:
    receipt = await send(world.alice, world)
    own = await send(world.dariush, world)
    foreign_body = await world.dariush.put(f"/api/reports/{receipt['id']}", report_body(world))
    reused = await world.dariush.put(
        f"/api/reports/{own['id']}", report_body(world, description="x")
    )
    assert foreign_body.status_code == reused.status_code == 422
    assert foreign_body.content == reused.content


async def test_a_report_once_taken_is_acknowledged_even_after_its_category_was_closed(
    world: World, connection: "Connection"
) -> None:
    report_id, body = uuid.uuid4(), report_body(world)
    await world.alice.put(f"/api/reports/{report_id}", body)
    await connection.execute(
        "UPDATE category SET active = false WHERE id = $1", world.categories["lamp"]
    )
    forget_cached_rules()
    again = await world.alice.put(f"/api/reports/{report_id}", body)
    assert again.status_code == 200
    fresh = await world.alice.put(f"/api/reports/{uuid.uuid4()}", body)
    assert fresh.json()["errors"][0]["code"] == "unknown_category"


async def test_a_photo_that_has_not_come_yet_is_named_in_the_receipt(world: World) -> None:
    named = [photo_named("a"), photo_named("b"), photo_named("a")]
    receipt = await send(world.alice, world, photos=named)
    photos = receipt["photos"]
    assert isinstance(photos, list)
    assert [photo["sha256"] for photo in photos] == [named[0]["sha256"], named[1]["sha256"]]
    assert [photo["stored"] for photo in photos] == [False, False]
    shown = (await report_of(world.alice, receipt["id"]))["photos"]
    assert [photo["state"] for photo in shown] == ["expected", "expected"]  # type: ignore[attr-defined]


async def test_the_department_and_the_head_are_told_and_the_author_is_not(
    world: World, connection: "Connection"
) -> None:
    receipt = await send(world.alice, world, "fire")
    rows = await connection.fetch(
        "SELECT account_id, kind, urgent FROM notification WHERE report_id = $1",
        uuid.UUID(str(receipt["id"])),
    )
    assert {row["account_id"] for row in rows} == {world.chi.account_id, world.bang.account_id}
    assert {(row["kind"], row["urgent"]) for row in rows} == {("report_new", True)}


async def test_a_head_who_reports_is_not_told_of_it(world: World, connection: "Connection") -> None:
    receipt = await send(world.bang, world)
    rows = await connection.fetch(
        "SELECT account_id FROM notification WHERE report_id = $1", uuid.UUID(str(receipt["id"]))
    )
    assert {row["account_id"] for row in rows} == {world.chi.account_id}


async def test_a_report_nobody_is_in_charge_of_goes_to_the_dispatcher(
    world: World, connection: "Connection"
) -> None:
    receipt = await send(world.alice, world, "orphan")
    assert receipt["department_id"] is None
    rows = await connection.fetch(
        "SELECT account_id FROM notification WHERE report_id = $1", uuid.UUID(str(receipt["id"]))
    )
    assert {row["account_id"] for row in rows} == {world.farid.account_id, world.bang.account_id}


async def test_without_a_position_it_is_about_the_persons_own_neighbourhood(world: World) -> None:
    receipt = await send(
        world.dariush, world, lat=None, lon=None, accuracy_m=None, located_by="none"
    )
    assert receipt["area_id"] == str(world.other_neighbourhood_id)


async def test_who_lives_nowhere_is_asked_where_it_is(world: World) -> None:
    body = report_body(world, lat=None, lon=None, accuracy_m=None, located_by="none")
    answer = await world.farid.put(f"/api/reports/{uuid.uuid4()}", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "area_id"


async def test_a_neighbourhood_chosen_by_hand_wins_over_a_poor_position(world: World) -> None:
    receipt = await send(
        world.alice, world, accuracy_m=5000.0, area_id=str(world.other_neighbourhood_id)
    )
    assert receipt["area_id"] == str(world.other_neighbourhood_id)


async def test_a_point_just_outside_goes_to_the_nearest_neighbourhood_and_is_flagged(
    world: World,
) -> None:
    receipt = await send(world.alice, world, lat=world.lat - 0.011)
    assert receipt["area_id"] == str(world.neighbourhood_id)
    assert (await report_of(world.alice, receipt["id"]))["outside"] is True


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"lat": 0.0, "lon": 0.0}, "lat", "bad_position"),
        ({"lat": 91.0}, "lat", "bad_position"),
        ({"lon": -180.5}, "lon", "bad_position"),
        ({"lon": None}, "lon", "bad_position"),
        ({"lat": 5.0, "lon": 110.0}, "lat", "outside_area"),
        ({"accuracy_m": 5000.0}, "accuracy_m", "too_vague"),
        ({"accuracy_m": -1.0}, "accuracy_m", "bad_accuracy"),
        ({"description": "x" * 100_000}, "description", "too_long"),
        ({"address": "x" * 301}, "address", "too_long"),
        ({"category_id": str(uuid.uuid4())}, "category_id", "unknown_category"),
        ({"area_id": str(uuid.uuid4())}, "area_id", "unknown_area"),
        ({"photos": [photo_named(str(n)) for n in range(6)]}, "photos", "too_many_photos"),
        ({"photos": [photo_named(bytes=26_214_401)]}, "photos", "photo_too_large"),
        ({"photos": [photo_named(bytes=0)]}, "photos", "photo_empty"),
        ({"photos": [photo_named(type="text/html")]}, "photos", "photo_type"),
    ],
)
async def test_what_cannot_be_right_is_named_by_its_field(
    world: World, changes: dict[str, object], field: str, code: str
) -> None:
    report_id = uuid.uuid4()
    answer = await world.alice.put(f"/api/reports/{report_id}", report_body(world, **changes))
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["code"] == code
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]
    assert problem["errors"][0]["detail"]
    assert (await world.alice.get(f"/api/reports/{report_id}")).status_code == 404


@pytest.mark.parametrize(
    "broken",
    [
        b'{"category_id": "',
        b"",
        b'{"lat": NaN}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"description": "\\ud800"}',
    ],
)
async def test_a_body_cut_in_half_is_refused_and_is_no_fault_of_the_server(
    world: World, broken: bytes
) -> None:
    answer = await world.alice.client.put(
        f"/api/reports/{uuid.uuid4()}",
        content=broken,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-1e999"])
async def test_a_position_that_is_no_number_is_refused(world: World, number: str) -> None:
    body = f"""{{"category_id": "{world.categories["lamp"]}", "located_by": "gps",
                 "lat": {number}, "lon": 106.8}}"""
    answer = await world.alice.client.put(
        f"/api/reports/{uuid.uuid4()}",
        content=body.encode(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in {400, 422}, answer.text


async def test_decomposed_vietnamese_is_kept_in_one_form(world: World) -> None:
    text = "Đường hỏng trước trường học"
    receipt = await send(world.alice, world, description=unicodedata.normalize("NFD", text))
    assert (await report_of(world.alice, receipt["id"]))["description"] == text


async def test_control_characters_and_direction_tricks_are_taken_out(world: World) -> None:
    receipt = await send(
        world.alice, world, description="a\x00b\x1b[31m\u202egnp.exe\u2069 c\u200cd"
    )
    report = await report_of(world.alice, receipt["id"])
    assert report["description"] == "ab[31mgnp.exe c\u200cd"


async def test_only_spaces_are_no_description(world: World) -> None:
    receipt = await send(world.alice, world, description=" \t\u00a0\u200b\n ")
    assert (await report_of(world.alice, receipt["id"]))["description"] == ""


@pytest.mark.parametrize(
    "wrong", ["2023-01-01T00:00:00", "2029-06-01T12:00:00+14:00", "0001-01-01T00:00:00+14:00"]
)
async def test_a_phone_whose_clock_is_years_off_is_taken_at_the_servers_time(
    world: World, connection: "Connection", wrong: str
) -> None:
    before = await connection.fetchval("SELECT clock_timestamp()")
    receipt = await send(world.alice, world, device_created_at=wrong)
    received = datetime.fromisoformat(str(receipt["received_at"]))
    assert before - timedelta(seconds=1) <= received <= before + timedelta(minutes=1)
    label = await connection.fetchval(
        "SELECT device_created_at FROM report WHERE id = $1", uuid.UUID(str(receipt["id"]))
    )
    if wrong.startswith("2"):
        assert label.year == int(wrong[:4])


async def test_who_is_not_signed_in_is_asked_to(world: World) -> None:
    answer = await world.nobody.put(f"/api/reports/{uuid.uuid4()}", report_body(world))
    assert answer.status_code == 401
    assert answer.json()["code"] == "signed_out"


async def test_a_refusal_speaks_the_persons_language(world: World) -> None:
    details = set()
    for person in (world.alice, world.dariush, world.emine):
        answer = await person.put(f"/api/reports/{uuid.uuid4()}", report_body(world, lat=95.0))
        details.add(answer.json()["title"])
    assert len(details) == 3, details
