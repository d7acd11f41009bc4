"""Filters and pages of the desk: every report that fits once, in order, and no other."""

import asyncio
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.reports.schemas import State
from backend.text import fold
from tests.conftest import Person, World
from tests.reports.steps import move, say, send
from tests.reports.test_desk import desk, due_in, ids

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

DONE = {"closed", "rejected", "merged", "withdrawn"}
STATES: tuple[State, ...] = (
    "submitted",
    "accepted",
    "in_progress",
    "awaiting_reporter",
    "resolved",
    "disputed",
    "closed",
    "rejected",
    "withdrawn",
)
WORDS = ("Đèn đường Lê Văn Việt", "Rác ở hẻm 12", "Ổ gà trước chợ", "چراغ کوچه ۱۲")
SEARCHES = ("", "den", "le van viet", "12", "cho ga", "کوچه 12", "khong co gi", "hem r")


@dataclass(frozen=True)
class Row:
    """A report as the oracle knows it; times in minutes from now."""

    id: str
    state: str
    category: str
    urgent: bool
    due: int
    created: int
    waiting: bool
    unread: bool
    reporter_last: bool
    words: str


@pytest.fixture
async def sixty(world: World, connection: "Connection") -> list[Row]:
    """Sixty reports of the lighting department, several of them with equal times."""
    chance = random.Random(4)
    rows = []
    for number in range(60):
        state = chance.choice(STATES)
        row = Row(
            id=str(uuid.uuid4()),
            state=state,
            category=chance.choice(("lamp", "fire")),
            urgent=chance.random() < 0.3,
            due=chance.choice((-600, -600, -5, 5, 60, 6000, 6000)),
            created=-chance.choice((1, 1, 50, 50, 700)),
            waiting=state == "awaiting_reporter" or (state == "accepted" and chance.random() < 0.3),
            unread=chance.random() < 0.5,
            reporter_last=chance.random() < 0.5,
            words=chance.choice(WORDS),
        )
        rows.append(row)
        await connection.execute(
            """
            INSERT INTO report (id, code, account_id, neighbourhood_id, ward_id, city_id,
                                category_id, department_id, state, located_by, urgent, private,
                                content_hash, last_seq, created_at, accept_due_at, solve_due_at,
                                accepted_at, awaiting_since, description)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'none', $10, false, '', 2,
                    date_trunc('day', now()) + $11 * interval '1 minute',
                    now() + interval '9 hours',
                    date_trunc('minute', now()) + $12 * interval '1 minute', $13, $14, $15)
            """,
            uuid.UUID(row.id),
            f"{number}-{row.id}",
            world.alice.account_id,
            world.neighbourhood_id,
            world.ward_id,
            world.city_id,
            world.categories[row.category],
            world.lighting_id,
            state,
            row.urgent,
            row.created,
            row.due,
            datetime.now(UTC),
            datetime.now(UTC) if row.waiting else None,
            row.words,
        )
        for seq, side in (
            (1, "department"),
            (2, "reporter" if row.reporter_last else "department"),
        ):
            await connection.execute(
                """INSERT INTO message (id, thread_id, seq, side, kind, content_hash)
                   VALUES (gen_random_uuid(), $1, $2, $3, 'message', '')""",
                uuid.UUID(row.id),
                seq,
                side,
            )
        if not row.unread:
            await connection.execute(
                """INSERT INTO read_marker (thread_id, account_id, side, seq)
                   VALUES ($1, $2, 'department', 2)""",
                uuid.UUID(row.id),
                world.chi.account_id,
            )
    return rows


def fits(row: Row, filters: dict[str, object]) -> bool:
    """What each filter means, said a second time."""
    open_ = row.state not in DONE
    waits = row.waiting or row.state in {"awaiting_reporter", "resolved"}
    answers = not row.waiting and (
        row.state in {"submitted", "disputed"}
        or (row.state in {"accepted", "in_progress"} and row.reporter_last)
    )
    key = f" {fold(row.words)}"
    words = fold(str(filters.get("q", ""))).split()
    states = filters.get("state", [])
    return all(
        (
            filters["tray"] == "all" or open_ == (filters["tray"] == "open"),
            not states or row.state in states,  # type: ignore[operator]
            filters.get("due") != "late" or (open_ and not waits and row.due < 0),
            not filters.get("urgent") or row.urgent,
            not filters.get("unread") or row.unread,
            not filters.get("waiting") or (open_ and waits),
            not filters.get("to_answer") or answers,
            all((word if len(word) > 2 else f" {word}") in key for word in words),
        )
    )


questions = st.fixed_dictionaries(
    {"tray": st.sampled_from(["open", "done", "all"])},
    optional={
        "state": st.lists(st.sampled_from(STATES), min_size=1, max_size=3, unique=True),
        "due": st.just("late"),
        "urgent": st.just(True),
        "unread": st.just(True),
        "waiting": st.just(True),
        "to_answer": st.just(True),
        "sort": st.sampled_from(["deadline", "newest"]),
        "q": st.sampled_from(SEARCHES),
    },
)


async def pages(person: Person, filters: dict[str, object], limit: int) -> list[dict[str, object]]:
    seen: list[dict[str, object]] = []
    cursor: object = None
    for _ in range(100):
        params = {**filters, "limit": limit} | ({"cursor": cursor} if cursor else {})
        page = await desk(person, **params)  # type: ignore[arg-type]
        reports = page["reports"]
        assert isinstance(reports, list)
        assert len(reports) <= limit
        seen += reports
        cursor = page["cursor"]
        if cursor is None:
            return seen
    raise AssertionError("the pages have no end")


async def test_every_report_that_fits_is_on_one_page_and_no_other_is_on_any(
    world: World, sixty: list[Row]
) -> None:
    questions_asked: list[tuple[dict[str, object], int]] = []

    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(filters=questions, limit=st.integers(1, 20))
    def collect(filters: dict[str, object], limit: int) -> None:
        questions_asked.append((filters, limit))

    await asyncio.to_thread(collect)
    assert len(questions_asked) >= 40
    for filters, limit in questions_asked:
        found = await pages(world.chi, filters, limit)
        wanted = {row.id for row in sixty if fits(row, filters)}
        assert len(found) == len(wanted), filters
        assert {report["id"] for report in found} == wanted, filters
        assert found == sorted(found, key=order_of(filters)), filters


def order_of(filters: dict[str, object]):  # type: ignore[no-untyped-def]
    if filters["tray"] == "open" and filters.get("sort") != "newest":
        return lambda report: (report["solve_due_at"], report["id"])
    return lambda report: (-datetime.fromisoformat(report["created_at"]).timestamp(), report["id"])


async def test_somebody_with_two_grants_sees_no_report_twice(world: World) -> None:
    from backend import db

    await db.execute(
        "INSERT INTO account_grant (id, account_id, role, scope_id) VALUES ($1, $2, 'leader', $3)",
        uuid.uuid4(),
        world.chi.account_id,
        world.city_id,
    )
    sent = [(await send(world.alice, world, description=str(n)))["id"] for n in range(5)]
    found = await pages(world.chi, {"tray": "open"}, 2)
    assert sorted(str(report["id"]) for report in found) == sorted(map(str, sent))
    assert (await desk(world.chi))["counts"]["open"] == 5  # type: ignore[index]


async def test_what_is_due_today_ends_at_the_wards_midnight(
    world: World, connection: "Connection"
) -> None:
    today, tomorrow, late, asked = [
        (await send(world.alice, world, description=str(n)))["id"] for n in range(4)
    ]
    midnight = await connection.fetchval(
        """SELECT (date_trunc('day', now() AT TIME ZONE 'Asia/Ho_Chi_Minh') + interval '1 day')
                  AT TIME ZONE 'Asia/Ho_Chi_Minh'"""
    )
    for report_id, at in (
        (today, midnight - timedelta(seconds=1)),
        (tomorrow, midnight),
        (late, datetime.now(UTC) - timedelta(minutes=1)),
        (asked, midnight - timedelta(seconds=1)),
    ):
        await connection.execute(
            "UPDATE report SET accept_due_at = $2, solve_due_at = $2 WHERE id = $1",
            uuid.UUID(str(report_id)),
            at,
        )
    await say(world.chi, asked, "Ở đâu?", question=True)
    assert await ids(world.chi, due="today") == [today]
    assert await ids(world.chi, due="late") == [late]
    assert (await desk(world.chi))["counts"]["today"] == 1  # type: ignore[index]


async def test_the_promise_that_ends_next_stands_first(
    world: World, connection: "Connection"
) -> None:
    """A report to be accepted within the hour comes before one to be solved tomorrow."""
    accepted = (await send(world.alice, world))["id"]
    await move(world.chi, accepted, "accepted")
    await due_in(connection, accepted, 20)
    fresh = (await send(world.alice, world, description="mới"))["id"]
    await connection.execute(
        """UPDATE report SET accept_due_at = now() + interval '1 hour',
               solve_due_at = now() + interval '60 hours' WHERE id = $1""",
        uuid.UUID(str(fresh)),
    )
    assert await ids(world.chi) == [fresh, accepted]
    assert await ids(world.chi, sort="newest") == [fresh, accepted]


async def test_the_reporters_answer_makes_it_mine_to_answer(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    assert await ids(world.chi, to_answer="true") == [report_id]
    await move(world.chi, report_id, "accepted")
    assert await ids(world.chi, to_answer="true") == []
    await say(world.chi, report_id, "Cột số mấy?", question=True)
    assert await ids(world.chi, waiting="true") == [report_id]
    await say(world.alice, report_id, "Cột số 3")
    assert await ids(world.chi, waiting="true") == []
    assert await ids(world.chi, to_answer="true") == [report_id]
    await say(world.chi, report_id, "ghi chú", note=True)
    assert await ids(world.chi, to_answer="true") == [report_id]
    await say(world.chi, report_id, "Cảm ơn, mai chúng tôi thay.")
    assert await ids(world.chi, to_answer="true") == []


async def test_place_reporter_and_number_find_a_report(
    world: World, connection: "Connection"
) -> None:
    receipt = await send(world.alice, world, address="12 Đường Nguyễn Thị Minh Khai")
    await send(world.dariush, world, "lamp", lat=world.far[0], lon=world.far[1], description="x")
    name = await connection.fetchval("SELECT name FROM area WHERE id = $1", world.neighbourhood_id)
    code = str(receipt["code"])
    for typed in ("nguyen thi minh khai", "alice", code[:5], code.replace("-", "")[:5], "KHAI 12"):
        assert await ids(world.chi, q=typed) == [receipt["id"]], typed
    assert len(await ids(world.chi, q=str(name))) == 2
    assert await ids(world.chi, neighbourhood_id=str(world.neighbourhood_id)) == [receipt["id"]]


async def test_a_new_name_finds_what_was_sent_under_the_old_one(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    renamed = await world.alice.patch("/api/me", {"name": "Đỗ Thị Ánh"})
    assert renamed.status_code == 200
    assert await ids(world.chi, q="do thi anh") == [report_id]
    assert await ids(world.chi, q="alice") == []


async def test_a_correction_is_found_by_its_new_words(world: World) -> None:
    report_id = (await send(world.alice, world, description="Đèn hỏng"))["id"]
    await world.alice.patch(f"/api/reports/{report_id}", {"description": "Bóng đèn vỡ"})
    assert await ids(world.chi, q="bong den vo") == [report_id]
    assert await ids(world.chi, q="hong") == []


@pytest.mark.parametrize(
    "params",
    [
        {"due": "tomorrow"},
        {"sort": "colour"},
        {"category_id": "x"},
        {"neighbourhood_id": "1"},
        {"unread": "perhaps"},
        {"state": ["submitted"] * 11},
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    world: World, params: dict[str, object]
) -> None:
    answer = await world.chi.get("/api/desk/reports", params=params)
    assert answer.status_code == 422, answer.text
