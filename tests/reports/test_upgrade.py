"""A database that worked before there were clocks goes on after the upgrade."""

import uuid
from datetime import UTC, datetime, timedelta

from backend import db, migrate
from tests.fixtures.databases import own_database

AREA = uuid.UUID(int=1)
CATEGORY = uuid.UUID(int=2)
ACCOUNT = uuid.UUID(int=3)
HOUR = timedelta(hours=1)

# state, hours until accepted, hours until solved; accepted, waiting, expected alarm
REPORTS = {
    "fresh": ("submitted", 2, 40, False, False, 2),
    "accepted": ("accepted", -2, 40, True, False, 40),
    "not accepted in time": ("submitted", -2, 40, False, False, 40),
    "late": ("accepted", -50, -2, True, False, None),
    "asked": ("in_progress", -2, 40, True, True, None),
    "resolved": ("resolved", -2, 40, True, False, None),
    "closed": ("closed", -2, 40, True, False, None),
}


async def test_open_reports_get_their_alarms_and_late_ones_no_flood(database_url: str) -> None:
    async with own_database(database_url):
        await migrate.migrate()
        await migrate.roll_back("0002")
        now = datetime.now(UTC)
        await _fill(now)
        await migrate.migrate()
        rows = await db.fetch("SELECT code, alarm_at, clocks FROM report")
        assert {row["code"]: row["alarm_at"] for row in rows} == {
            code: None if alarm is None else now + alarm * HOUR
            for code, (*_, alarm) in REPORTS.items()
        }
        assert {row["clocks"] for row in rows} == {None}
        await migrate.roll_back("0002")
        assert await db.fetch_value("SELECT count(*) FROM report") == len(REPORTS)


async def _fill(now: datetime) -> None:
    await db.execute(
        """INSERT INTO area (id, level, code, name, country, time_zone, calendar, path)
           VALUES ($1::uuid, 'ward', 'x', 'x', 'VN', 'Asia/Ho_Chi_Minh', 'gregorian',
                   ARRAY[$1::uuid])""",
        AREA,
    )
    await db.execute(
        """INSERT INTO category (id, area_id, code, names, icon, colour, accept_hours, solve_hours)
           VALUES ($1, $2, 'lamp', '{}', '', '', 8, 48)""",
        CATEGORY,
        AREA,
    )
    await db.execute(
        """INSERT INTO account (id, name, language, consent_version, consented_at)
           VALUES ($1, 'Alice', 'vi', 1, now())""",
        ACCOUNT,
    )
    for code, (state, accept, solve, accepted, waiting, _) in REPORTS.items():
        await db.execute(
            """INSERT INTO report (id, code, account_id, neighbourhood_id, ward_id, city_id,
                                   category_id, state, located_by, urgent, private, content_hash,
                                   accept_due_at, solve_due_at, accepted_at, awaiting_since)
               VALUES (gen_random_uuid(), $1, $2, $3, $3, $3, $4, $5, 'none', false, false, '',
                       $6, $7, $8, $9)""",
            code,
            ACCOUNT,
            AREA,
            CATEGORY,
            state,
            now + accept * HOUR,
            now + solve * HOUR,
            now if accepted else None,
            now if waiting else None,
        )
