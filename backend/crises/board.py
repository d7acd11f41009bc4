"""What a dispatcher sees of a crisis: streets in the order of need, and who is where."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from backend.actor import Actor
from backend.crises import board_queries
from backend.crises.crisis import watched_crisis
from backend.crises.schemas import AssignmentOut, BoardOut, BoardReport, StreetGroup
from backend.crises.streets import Spot, Street, group
from backend.reports.moves import DONE
from backend.reports.schemas import Severity, State

if TYPE_CHECKING:
    from asyncpg import Record

WEIGHT: Final[Mapping[Severity | None, int]] = {"blocked": 3, "hard": 2, "passable": 1, None: 0}
DESCRIPTION_SHOWN: Final = 140


async def read_board(actor: Actor, crisis_id: UUID) -> BoardOut:
    """Raises NotFound for what is missing or foreign."""
    crisis, ward = await watched_crisis(actor, crisis_id)
    rows = await board_queries.list_reports(crisis.id)
    assignments = await board_queries.list_assignments(crisis.id)
    under_way = [one for one in assignments if one.finished_at is None]
    streets = arranged(rows, under_way)
    total = await board_queries.count_reports(crisis.id)
    return BoardOut(
        streets=streets,
        units=await board_queries.list_units(ward.id),
        assignments=assignments,
        open=sum(street.open for street in streets),
        reports=total,
        left_out=total - len(rows),
    )


def arranged(rows: Sequence["Record"], under_way: Sequence[AssignmentOut]) -> list[StreetGroup]:
    """All streets: the worst first, then where most is open, then who has waited longest."""
    by_id = {row["id"]: row for row in rows}
    streets = [_shown(street, by_id, under_way) for street in group(_spots(rows))]
    return sorted(streets, key=_need)


def is_open(state: State) -> bool:
    """Somebody still has to do something; a result that waits for the reporter's word is done."""
    return state not in DONE and state != "resolved"


def _spots(rows: Iterable["Record"]) -> list[Spot]:
    return [
        Spot(row["id"], row["address"], row["lat"], row["lon"], row["neighbourhood_id"])
        for row in rows
    ]


def _need(street: StreetGroup) -> tuple[int, int, int, datetime, str]:
    waiting = street.waiting_since or datetime.max.replace(tzinfo=UTC)
    return (-(street.open > 0), -WEIGHT[street.worst], -street.open, waiting, street.key)


def _shown(
    street: Street, by_id: Mapping[UUID, "Record"], under_way: Sequence[AssignmentOut]
) -> StreetGroup:
    rows = [by_id[spot.id] for spot in street.spots]
    waiting = [row for row in rows if is_open(row["state"])]
    lat, lon = street.middle
    own = set(by_id) & {spot.id for spot in street.spots}
    return StreetGroup(
        key=street.key,
        label=street.label,
        neighbourhood_name=rows[0]["neighbourhood_name"],
        lat=lat,
        lon=lon,
        open=len(waiting),
        worst=max((row["severity"] for row in waiting), key=WEIGHT.__getitem__, default=None),
        waiting_since=min((row["created_at"] for row in waiting), default=None),
        reports=sorted((_report(row) for row in rows), key=_urgency),
        # An assignment follows its reports, however they come to be put together later.
        assignments=[one.id for one in under_way if not own.isdisjoint(one.report_ids)],
    )


def _urgency(report: BoardReport) -> tuple[int, int, datetime, UUID]:
    return (-report.open, -WEIGHT[report.severity], report.created_at, report.id)


def _report(row: "Record") -> BoardReport:
    return BoardReport(
        id=row["id"],
        code=row["code"],
        state=row["state"],
        open=is_open(row["state"]),
        severity=row["severity"],
        address=row["address"],
        description=row["description"][:DESCRIPTION_SHOWN],
        lat=row["lat"],
        lon=row["lon"],
        created_at=row["created_at"],
        accept_due_at=row["accept_due_at"],
        solve_due_at=row["solve_due_at"],
        followers=row["followers"],
    )
