"""The desk's lists: `GET /api/desk/reports`."""

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend.text import clean_text, fold
from tests.conftest import Person, World
from tests.reports.steps import move, say, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


async def desk(person: Person, **params: str) -> dict[str, object]:
    answer = await person.get("/api/desk/reports", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def ids(person: Person, **params: str) -> list[object]:
    reports = (await desk(person, **params))["reports"]
    assert isinstance(reports, list)
    return [report["id"] for report in reports]


async def due_in(connection: "Connection", report_id: object, hours: int) -> None:
    await connection.execute(
        """UPDATE report SET accept_due_at = now() + $2::interval,
               solve_due_at = now() + $2::interval WHERE id = $1""",
        uuid.UUID(str(report_id)),
        timedelta(hours=hours),
    )


async def test_what_is_due_first_stands_first(world: World, connection: "Connection") -> None:
    sent = [(await send(world.alice, world, description=str(n)))["id"] for n in range(3)]
    for report_id, hours in zip(sent, (30, -2, 10), strict=True):
        await due_in(connection, report_id, hours)
    assert await ids(world.chi) == [sent[1], sent[2], sent[0]]


async def test_everyone_sees_their_own_desk_and_no_other(world: World) -> None:
    lamp = (await send(world.alice, world))["id"]
    waste = (await send(world.dariush, world, "waste", lat=world.far[0], lon=world.far[1]))["id"]
    orphan = (await send(world.alice, world, "orphan"))["id"]
    assert set(await ids(world.chi)) == {lamp}
    assert set(await ids(world.emine)) == {waste}
    assert set(await ids(world.bang)) == {lamp, orphan}
    assert set(await ids(world.farid)) == {lamp, waste, orphan}
    assert set(await ids(world.gita)) == {lamp, waste, orphan}
    assert set(await ids(world.farid, department_id=str(world.waste_id))) == {waste}
    assert await ids(world.chi, department_id=str(world.waste_id)) == []


async def test_an_officers_own_complaint_elsewhere_is_not_their_work(world: World) -> None:
    sent = await world.chi.put(
        f"/api/reports/{uuid.uuid4()}",
        {
            "category_id": str(world.categories["waste"]),
            "lat": world.lat,
            "lon": world.lon,
            "located_by": "map",
        },
    )
    assert sent.status_code == 201
    assert await ids(world.chi) == []


async def test_residents_have_no_desk(world: World) -> None:
    for person, status in ((world.alice, 403), (world.dariush, 403), (world.nobody, 401)):
        assert (await person.get("/api/desk/reports")).status_code == status


async def test_finished_reports_are_in_the_other_tray(world: World) -> None:
    one = (await send(world.alice, world))["id"]
    two = (await send(world.alice, world, description="khác"))["id"]
    await move(world.alice, one, "withdrawn")
    assert await ids(world.chi) == [two]
    assert await ids(world.chi, tray="done") == [one]
    assert await ids(world.chi, tray="all") == [two, one]
    assert await ids(world.chi, tray="all", state="withdrawn") == [one]


@pytest.mark.parametrize("tray", ["open", "all"])
async def test_pages_follow_each_other_without_gap_or_repetition(
    world: World, connection: "Connection", tray: str
) -> None:
    sent = {(await send(world.alice, world, description=str(n)))["id"] for n in range(7)}
    # The same due time and the same moment for all: the ids alone must keep them apart.
    await connection.execute(
        """UPDATE report SET accept_due_at = date_trunc('hour', now()),
               solve_due_at = date_trunc('hour', now()), created_at = date_trunc('hour', now())
           WHERE department_id = $1""",
        world.lighting_id,
    )
    seen: list[object] = []
    cursor: object = None
    for _ in range(4):
        params = {"tray": tray, "limit": "2"} | ({"cursor": str(cursor)} if cursor else {})
        page = await desk(world.chi, **params)
        reports = page["reports"]
        assert isinstance(reports, list)
        seen += [report["id"] for report in reports]
        cursor = page["cursor"]
    assert cursor is None
    assert len(seen) == 7
    assert set(seen) == sent


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%F0%9F%92%A9", "k6RvcGVu" * 50, "='; --"])
async def test_a_cursor_nobody_gave_is_refused(world: World, cursor: str) -> None:
    answer = await world.chi.get("/api/desk/reports", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


async def test_a_page_of_another_tray_is_refused(world: World) -> None:
    for number in range(2):
        await send(world.alice, world, description=str(number))
    cursor = (await desk(world.chi, limit="1"))["cursor"]
    answer = await world.chi.get("/api/desk/reports", params={"tray": "all", "cursor": str(cursor)})
    assert answer.json()["code"] == "bad_cursor"


async def test_the_counts_say_what_is_open_late_and_unread(
    world: World, connection: "Connection"
) -> None:
    late, asked, done, fresh = [
        (await send(world.alice, world, description=str(n)))["id"] for n in range(4)
    ]
    for report_id in (late, asked):
        await due_in(connection, report_id, -1)
    await say(world.chi, asked, "Ở đâu?", question=True)
    await move(world.alice, done, "withdrawn")
    counts = (await desk(world.chi))["counts"]
    assert isinstance(counts, dict)
    # Whether the fresh one is due before midnight depends on the hour of the test.
    assert counts.pop("today") in {0, 1}
    assert counts == {
        "open": 3,
        "overdue": 1,
        "unread": 3,
        "fresh": 3,
        "to_answer": 2,
        "waiting": 1,
        "more": False,
    }
    await world.chi.put(f"/api/reports/{fresh}/read-marker", {"seq": 1})
    assert (await desk(world.chi))["counts"]["unread"] == 2  # type: ignore[index]
    await say(world.alice, fresh, "Nhanh lên")
    assert (await desk(world.chi))["counts"]["unread"] == 3  # type: ignore[index]
    assert (await desk(world.gita))["counts"]["open"] == 3  # type: ignore[index]


async def test_a_report_not_accepted_in_time_is_late_before_it_must_be_solved(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    await connection.execute(
        "UPDATE report SET accept_due_at = now() - interval '1 minute' WHERE id = $1",
        uuid.UUID(str(report_id)),
    )
    assert (await desk(world.chi))["counts"]["overdue"] == 1  # type: ignore[index]
    await move(world.chi, report_id, "accepted")
    assert (await desk(world.chi))["counts"]["overdue"] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("Đường  Lê Văn Việt ngập", "duong le van viet"),
        ("Đường Lê Văn Việt ngập", "LÊ VĂN"),
        ("چراغ خیابان نمی‌سوزد", "نميسوزد"),
        ("كوچه ۱۲", "کوچه 12"),
        ("50% tối_quá", "50% toi_"),
    ],
)
async def test_words_are_found_however_they_are_typed(
    world: World, description: str, words: str
) -> None:
    wanted = (await send(world.alice, world, description=description))["id"]
    await send(world.alice, world, description="chuyện khác hẳn")
    assert await ids(world.chi, q=words) == [wanted]


async def test_a_code_read_out_on_the_telephone_finds_its_report(world: World) -> None:
    receipt = await send(world.alice, world)
    await send(world.alice, world, description="khác")
    code = str(receipt["code"])
    spoken = code.replace("-", " ").lower().replace("0", "o")
    assert await ids(world.chi, q=code) == [receipt["id"]]
    assert await ids(world.chi, q=spoken) == [receipt["id"]]
    assert await ids(world.emine, q=code) == []


async def test_words_that_stand_nowhere_find_nothing(world: World) -> None:
    await send(world.alice, world)
    assert await ids(world.chi, q="%") == []
    assert await ids(world.chi, q="'; DROP TABLE report; --") == []


@pytest.mark.parametrize(
    "params", [{"tray": "x"}, {"limit": "0"}, {"limit": "101"}, {"state": "x"}]
)
async def test_a_question_that_makes_no_sense_is_refused(
    world: World, params: dict[str, str]
) -> None:
    answer = await world.chi.get("/api/desk/reports", params=params)
    assert answer.status_code == 422, answer.text


async def test_the_database_folds_vietnamese_and_persian_as_the_server_does(
    connection: "Connection",
) -> None:
    vectors = json.loads(Path("tests/vectors/text.json").read_text("utf-8"))["fold"]
    ours = [vector for vector in vectors if vector["name"].startswith(("vi ", "fa "))]
    assert len(ours) > 20
    wrong = []
    for vector in ours:
        stored = clean_text(vector["in"], 1000)
        key = await connection.fetchval("SELECT folded($1)", stored)
        if key != fold(stored):
            wrong.append((vector["name"], key, fold(stored)))
    assert wrong == []
