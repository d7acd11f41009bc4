"""Looking back: figures, what is still open, and a table that no spreadsheet runs."""

import csv
import io
import uuid
from datetime import timedelta

import pytest

from backend import db
from backend.crises.broadcasts import finish_broadcasts
from backend.crises.summary import cell, spread
from tests.conftest import Person, World
from tests.crises.steps import assign, declare, end, make_unit, send, step
from tests.reports.steps import move


async def test_the_summary_of_a_day(world: World, ines: Person) -> None:
    crisis = await declare(world, area_ids=[str(world.ward_id)])
    ids = []
    for number, (severity, address) in enumerate(
        (("blocked", "Lê Lợi"), ("hard", "12 Lê Lợi"), (None, ""))
    ):
        place = {"lat": world.far[0], "lon": world.far[1]} if number == 2 else {}
        sent = await send(world.alice, world, crisis, severity=severity, address=address, **place)
        ids.append(sent["id"])
    unit = await make_unit(world)
    sent = (await assign(world.farid, crisis, unit, ids[:2])).json()
    await step(world.farid, crisis, sent["id"], "done")
    await assign(world.farid, crisis, unit, ids[2:])
    for to, more in (("accepted", {}), ("in_progress", {}), ("resolved", {"text": "Xong"})):
        assert (await move(world.farid, ids[0], to, **more)).status_code == 201
    await db.execute(
        """UPDATE report SET accepted_at = created_at + $2::interval,
                  resolved_at = created_at + $3::interval WHERE id = $1""",
        uuid.UUID(str(ids[0])),
        timedelta(minutes=10),
        timedelta(minutes=50),
    )
    await db.execute(
        "UPDATE crisis_assignment SET assigned_at = finished_at - $2::interval WHERE id = $1",
        uuid.UUID(sent["id"]),
        timedelta(hours=2),
    )
    await finish_broadcasts()
    await end(world.farid, crisis)
    for person in (world.farid, world.gita, ines):
        found = (await person.get(f"/api/crises/{crisis['id']}/summary")).json()
        assert found["reports"] == 3
        assert [(one["severity"], one["reports"]) for one in found["by_severity"]] == [
            ("blocked", 1),
            ("hard", 1),
            ("passable", 0),
            (None, 1),
        ]
        assert found["by_street"] == [
            {"label": "Lê Lợi", "reports": 2, "open": 1},
            {"label": "", "reports": 1, "open": 1},
        ]
        assert [one["reports"] for one in found["by_neighbourhood"]] == [2, 1]
        assert found["accepting"] == {"number": 1, "median": 600, "p90": 600}
        assert found["solving"] == {"number": 1, "median": 3000, "p90": 3000}
        (work,) = found["units"]
        assert (work["assignments"], work["seconds"] // 60) == (2, 120)
        assert {one["id"] for one in found["still_open"]} == set(ids[1:])
        (told,) = found["crisis"]["broadcasts"]
        assert (told["told"], told["finished"]) == (3, True)
        assert found["crisis"]["ended_by"] == "Farid"


async def test_the_table_holds_no_formulas(world: World) -> None:
    crisis = await declare(world)
    await send(world.alice, world, crisis, address="=cmd|'/c calc'!A1", severity="hard")
    answer = await world.farid.get(f"/api/crises/{crisis['id']}/reports.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")))
    assert row["address"] == "'=cmd|'/c calc'!A1"
    assert not row["street"].startswith("=")
    assert (row["severity"], row["state"]) == ("hard", "submitted")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx"])
def test_what_people_typed_is_never_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_numbers_and_nothing_stay_as_they_are() -> None:
    assert (cell(-1.5), cell(None), cell("Lê Lợi")) == ("-1.5", "", "Lê Lợi")


def test_median_and_ninth_tenth_occurred() -> None:
    assert spread([]).median is None
    found = spread(range(1, 11))
    assert (found.number, found.median, found.p90) == (10, 5, 9)
    assert spread([7]).p90 == 7
