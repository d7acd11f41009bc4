"""The sample reports, as the people of the demo find them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest

from backend import db
from backend.areas.schemas import Country
from backend.demo.data import COUNTRIES, DemoWorld, ReportEntry, demo_id, read_world
from backend.demo.load import load_demo
from backend.reports.schemas import State

if TYPE_CHECKING:
    from asyncpg import Record

read = cache(read_world)
in_both_countries = pytest.mark.parametrize("country", COUNTRIES)


@pytest.fixture(scope="module", autouse=True)
async def _loaded(api: object) -> None:
    await load_demo(force=True)


def last_state(entry: ReportEntry) -> State:
    return next((step.move for step in reversed(entry.steps) if step.move), "submitted")


async def rows_of(world: DemoWorld) -> "dict[str, Record]":
    ids = {demo_id("report", entry.key): entry.key for entry in world.reports}
    rows = await db.fetch("SELECT * FROM report WHERE id = ANY($1)", list(ids))
    return {ids[row["id"]]: row for row in rows}


async def thread_of(entry: ReportEntry) -> "Sequence[Record]":
    return await db.fetch(
        "SELECT * FROM message WHERE thread_id = $1 ORDER BY seq", demo_id("report", entry.key)
    )


@in_both_countries
async def test_each_sample_report_stands_where_its_story_ends(country: Country) -> None:
    world = read(country)
    rows = await rows_of(world)
    assert {key: row["state"] for key, row in rows.items()} == {
        entry.key: last_state(entry) for entry in world.reports
    }
    assert len({row["state"] for row in rows.values()}) >= 8
    for entry in world.reports:
        row = rows[entry.key]
        assert row["department_id"] is not None
        assert not row["outside"]
        assert row["private"] == (entry.category == "security")


@in_both_countries
async def test_times_run_forwards_and_end_before_now(country: Country) -> None:
    world = read(country)
    rows = await rows_of(world)
    for entry in world.reports:
        row = rows[entry.key]
        steps = [row["created_at"], row["accepted_at"], row["resolved_at"], row["closed_at"]]
        reached = [at for at in steps if at is not None]
        assert reached == sorted(reached)
        thread = [message["created_at"] for message in await thread_of(entry)]
        assert thread == sorted(thread)
        assert thread[0] == row["created_at"]
        assert thread[-1] < datetime.now(UTC)
        age = datetime.now(UTC) - row["created_at"]
        assert timedelta(0) <= age - timedelta(hours=entry.hours_ago) < timedelta(minutes=5)
        assert row["created_at"] < row["accept_due_at"] <= row["solve_due_at"]


@in_both_countries
async def test_the_desk_has_something_late_and_something_in_time(country: Country) -> None:
    waiting = [
        row for row in (await rows_of(read(country))).values() if row["state"] == "submitted"
    ]
    late = [row["solve_due_at"] < datetime.now(UTC) for row in waiting]
    assert any(late)
    assert not all(late)


@in_both_countries
async def test_every_drawing_arrived_as_a_photo(country: Country) -> None:
    world = read(country)
    for entry in world.reports:
        drawn = sum(one.drawing is not None for one in (entry, *entry.steps))
        stored = await db.fetch_value(
            """SELECT count(*) FROM photo WHERE thread_id = $1 AND state <> 'expected'
               AND media_key IS NOT NULL""",
            demo_id("report", entry.key),
        )
        assert stored == drawn, entry.key


@in_both_countries
async def test_old_notifications_count_as_read_and_fresh_ones_do_not(country: Country) -> None:
    ids = [demo_id("report", entry.key) for entry in read(country).reports]
    rows = await db.fetch("SELECT * FROM notification WHERE report_id = ANY($1)", ids)
    assert rows
    for row in rows:
        fresh = datetime.now(UTC) - row["created_at"] < timedelta(hours=23)
        assert (row["read_at"] is None) == fresh


async def test_a_story_that_somebody_went_on_with_is_left_alone() -> None:
    lamp = demo_id("report", "vn-lamp")
    await db.execute("UPDATE report SET description = 'Đã sửa' WHERE id = $1", lamp)
    before = await db.fetch_one("SELECT * FROM report WHERE id = $1", lamp)
    await load_demo(force=True)
    assert await db.fetch_one("SELECT * FROM report WHERE id = $1", lamp) == before
