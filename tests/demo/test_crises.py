"""The crisis each demo ward has behind it."""

import pytest

from backend import db
from backend.areas.schemas import Country
from backend.demo.crises import read_crisis
from backend.demo.data import COUNTRIES, demo_id
from backend.demo.load import load_demo

in_both_countries = pytest.mark.parametrize("country", COUNTRIES)


@pytest.fixture(scope="module", autouse=True)
async def _loaded(api: object) -> None:
    await load_demo(force=True)
    await load_demo(force=True)


@in_both_countries
async def test_it_is_over_and_all_of_it_was_dealt_with(country: Country) -> None:
    entry = read_crisis(country)
    crisis_id = demo_id("crisis", country.lower())
    row = await db.fetch_one("SELECT * FROM crisis WHERE id = $1", crisis_id)
    assert row is not None
    assert row["kind"] == entry.kind
    assert row["started_at"] < row["ended_at"]
    reports = await db.fetch("SELECT * FROM report WHERE crisis_id = $1", crisis_id)
    assert len(reports) == len(entry.reports)
    for report in reports:
        assert report["state"] == "closed"
        assert report["severity"] is not None
        assert row["started_at"] < report["created_at"] < report["resolved_at"] < row["ended_at"]
        assert report["neighbourhood_id"] in row["area_ids"]


@in_both_countries
async def test_nobody_is_told_of_it_today_and_its_units_are_free(country: Country) -> None:
    crisis_id = demo_id("crisis", country.lower())
    assert not await db.fetch_value(
        """SELECT count(*) FROM notification n JOIN crisis_broadcast b ON b.id = n.message_id
           WHERE b.crisis_id = $1""",
        crisis_id,
    )
    assert not await db.fetch_value(
        "SELECT count(*) FROM crisis_broadcast WHERE crisis_id = $1 AND finished_at IS NULL",
        crisis_id,
    )
    assert not await db.fetch_value(
        "SELECT count(*) FROM crisis_assignment WHERE crisis_id = $1 AND finished_at IS NULL",
        crisis_id,
    )
    unread = await db.fetch_value(
        """SELECT count(*) FROM notification n JOIN report r ON r.id = n.report_id
           WHERE r.crisis_id = $1 AND n.read_at IS NULL""",
        crisis_id,
    )
    assert unread == 0
