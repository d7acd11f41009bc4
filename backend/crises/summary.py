"""A crisis looked back on, and its reports as a table for other programs."""

import csv
import io
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from backend.actor import Actor
from backend.crises import board_queries
from backend.crises.board import WEIGHT, arranged, is_open
from backend.crises.crisis import watched_crisis
from backend.crises.schemas import (
    AssignmentOut,
    Count,
    CrisisSummary,
    OpenReport,
    SeverityCount,
    Spread,
    StreetGroup,
    UnitWork,
)
from backend.crises.service import desk_of

if TYPE_CHECKING:
    from asyncpg import Record

MOST_STREETS: Final = 200
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for a formula at the beginning of a cell (OWASP, "CSV Injection")."""

_COLUMNS: Final = (
    "code", "reported_at", "neighbourhood", "street", "address", "severity", "state",
    "accepted_at", "resolved_at", "lat", "lon", "units",
)  # fmt: skip


async def summarise(actor: Actor, crisis_id: UUID) -> CrisisSummary:
    """Raises NotFound for what is missing or foreign."""
    crisis, ward = await watched_crisis(actor, crisis_id)
    rows = await board_queries.list_reports(crisis.id)
    assignments = await board_queries.list_assignments(crisis.id)
    streets = arranged(rows, [])
    until = crisis.ended_at or datetime.now(UTC)
    severities = Counter(row["severity"] for row in rows)
    return CrisisSummary(
        crisis=await desk_of(actor, crisis, ward),
        seconds=_seconds(crisis.started_at, until),
        reports=await board_queries.count_reports(crisis.id),
        by_severity=[
            SeverityCount(one, severities[one])
            for one in sorted(WEIGHT, key=WEIGHT.__getitem__, reverse=True)
        ],
        by_street=_by_street(streets),
        by_neighbourhood=_by_neighbourhood(rows),
        accepting=spread(
            _seconds(row["created_at"], row["accepted_at"]) for row in rows if row["accepted_at"]
        ),
        solving=spread(
            _seconds(row["created_at"], row["resolved_at"]) for row in rows if row["resolved_at"]
        ),
        units=_work(assignments, until),
        assignments=assignments,
        still_open=_still_open(rows, streets),
    )


async def export_reports(actor: Actor, crisis_id: UUID) -> str:
    """Its reports as CSV, times in UTC. Raises NotFound for what is missing or foreign."""
    crisis, _ = await watched_crisis(actor, crisis_id)
    rows = await board_queries.list_reports(crisis.id)
    streets = {one.id: street.label for street in arranged(rows, []) for one in street.reports}
    units: defaultdict[UUID, list[str]] = defaultdict(list)
    for assignment in await board_queries.list_assignments(crisis.id):
        for report_id in assignment.report_ids:
            units[report_id].append(assignment.unit_name)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for row in rows:
        cells = (
            row["code"],
            row["created_at"],
            row["neighbourhood_name"],
            streets[row["id"]],
            row["address"],
            row["severity"],
            row["state"],
            row["accepted_at"],
            row["resolved_at"],
            row["lat"],
            row["lon"],
            "; ".join(units[row["id"]]),
        )
        writer.writerow([cell(value) for value in cells])
    # Spreadsheets take a file without the mark for one in their own old encoding.
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + text.getvalue()


def cell(value: object) -> str:
    """As it stands in the file; what people typed is never taken for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def spread(seconds: Iterable[int]) -> Spread:
    """Median and 90th percentile, each a value that occurred (nearest rank)."""
    ordered = sorted(seconds)
    if not ordered:
        return Spread(0, None, None)

    def at(share: float) -> int:
        return ordered[math.ceil(share * len(ordered)) - 1]

    return Spread(len(ordered), at(0.5), at(0.9))


def _seconds(since: datetime, until: datetime) -> int:
    return max(0, round((until - since).total_seconds()))


def _by_street(streets: Sequence[StreetGroup]) -> list[Count]:
    """Named streets, those with most reports first; all that name none together at the end."""
    named = [one for one in streets if one.label]
    counts = [Count(one.label, len(one.reports), one.open) for one in named]
    counts.sort(key=lambda one: (-one.reports, one.label))
    rest = [one for one in streets if not one.label]
    if rest:
        reports = sum(len(one.reports) for one in rest)
        counts = [*counts[:MOST_STREETS], Count("", reports, sum(one.open for one in rest))]
    return counts


def _by_neighbourhood(rows: Sequence["Record"]) -> list[Count]:
    names = {row["neighbourhood_id"]: row["neighbourhood_name"] for row in rows}
    reports = Counter(row["neighbourhood_id"] for row in rows)
    waiting = Counter(row["neighbourhood_id"] for row in rows if is_open(row["state"]))
    return [Count(names[one], number, waiting[one]) for one, number in reports.most_common()]


def _work(assignments: Sequence[AssignmentOut], until: datetime) -> list[UnitWork]:
    """How often each was sent somewhere, and how long it was out in all; the longest first."""
    sent: defaultdict[UUID, list[AssignmentOut]] = defaultdict(list)
    for one in assignments:
        sent[one.unit_id].append(one)
    work = [
        UnitWork(
            unit_id=unit_id,
            name=own[0].unit_name,
            kind=own[0].unit_kind,
            assignments=len(own),
            seconds=sum(_seconds(one.assigned_at, one.finished_at or until) for one in own),
        )
        for unit_id, own in sent.items()
    ]
    return sorted(work, key=lambda one: (-one.seconds, one.name))


def _still_open(rows: Sequence["Record"], streets: Sequence[StreetGroup]) -> list[OpenReport]:
    names = {row["id"]: row["neighbourhood_name"] for row in rows}
    return [
        OpenReport(
            id=one.id,
            code=one.code,
            state=one.state,
            severity=one.severity,
            street=street.label,
            neighbourhood_name=names[one.id],
            created_at=one.created_at,
        )
        for street in streets
        for one in street.reports
        if one.open
    ]
