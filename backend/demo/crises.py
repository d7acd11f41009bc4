"""A crisis the demo ward has behind it: a flood in Vietnam, snow in Iran, each with its summary.

Its reports are told as all others of the demo; the crisis itself is written as it ended, so that
nobody is told of it today.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from backend.actor import Actor
from backend.areas.schemas import Country
from backend.crises.schemas import AssignmentOutcome, CrisisKind, UnitKind
from backend.demo import crisis_queries, queries
from backend.demo.data import DemoWorld, ReportEntry, StepEntry, demo_id, read_file
from backend.demo.queries import AreaRow
from backend.demo.stories import tell_report
from backend.departments.schemas import Names
from backend.reports.schemas import Severity


class MessageEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the ward told everybody."""

    after_minutes: int
    vi: str = ""
    fa: str = ""
    en: str = ""


class UnitEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    kind: UnitKind
    name: str
    phone: str
    capacity: str


class StruckEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A report of the crisis; all minutes count from its beginning."""

    key: str
    author: str
    neighbourhood: str
    lat: float
    lon: float
    address: str
    severity: Severity
    after_minutes: int
    accepted: int
    resolved: int
    text: str


class SentEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a unit was sent."""

    key: str
    unit: str
    label: str
    reports: list[str]
    assigned: int
    arrived: int | None
    finished: int
    outcome: AssignmentOutcome


class CrisisEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`told`: so many people lived there."""

    kind: CrisisKind
    category: str
    dispatcher: str
    officer: str
    neighbourhoods: list[str]
    hours_ago: int
    lasted_hours: int
    told: int
    messages: list[MessageEntry]
    units: list[UnitEntry]
    reports: list[StruckEntry]
    assignments: list[SentEntry]


def read_crisis(country: Country) -> CrisisEntry:
    """Raises msgspec.ValidationError when the file does not fit."""
    return read_file("crises.json", dict[Country, CrisisEntry])[country]


async def load_crisis(
    world: DemoWorld, actors: Mapping[str, Actor], areas: Mapping[str, AreaRow]
) -> None:
    """Write the ward's past crisis, unless it is there already."""
    entry = read_crisis(world.country)
    crisis_id = demo_id("crisis", world.country.lower())
    if await crisis_queries.has_crisis(crisis_id):
        return
    started_at = datetime.now(UTC) - timedelta(hours=entry.hours_ago)
    known = await queries.list_known_reports([demo_id("report", one.key) for one in entry.reports])
    for report in entry.reports:
        if demo_id("report", report.key) not in known:
            await tell_report(world, _story(entry, report), actors)

    def after(minutes: int) -> datetime:
        return started_at + timedelta(minutes=minutes)

    await crisis_queries.insert_crisis(_rows(entry, crisis_id, world, areas, after))


def _story(entry: CrisisEntry, report: StruckEntry) -> ReportEntry:
    """From one's tap to one's own "it is fixed", an hour after it was."""

    def hours(minutes: int) -> float:
        return (minutes - report.after_minutes) / 60

    return ReportEntry(
        key=report.key,
        author=report.author,
        category=entry.category,
        neighbourhood=report.neighbourhood,
        lat=report.lat,
        lon=report.lon,
        hours_ago=entry.hours_ago - report.after_minutes / 60,
        address=report.address,
        description="",
        steps=[
            StepEntry(entry.officer, hours(report.accepted), "accepted"),
            StepEntry(entry.officer, hours(report.accepted), "in_progress"),
            StepEntry(entry.officer, hours(report.resolved), "resolved", report.text),
            StepEntry(report.author, hours(report.resolved) + 1, "closed"),
        ],
    )


def _rows(
    entry: CrisisEntry,
    crisis_id: uuid.UUID,
    world: DemoWorld,
    areas: Mapping[str, AreaRow],
    after: Callable[[int], datetime],
) -> crisis_queries.PastCrisis:
    dispatcher_id = demo_id("account", entry.dispatcher)
    neighbourhoods = [areas[code][0] for code in entry.neighbourhoods]
    ward_id = areas[entry.neighbourhoods[0]][1][1]
    texts = [Names(one.vi, one.fa, one.en) for one in entry.messages]
    language = "vi" if world.country == "VN" else "fa"
    return crisis_queries.PastCrisis(
        crisis=(
            crisis_id,
            ward_id,
            entry.kind,
            neighbourhoods,
            texts[0],
            language,
            demo_id("category", world.country, entry.category),
            dispatcher_id,
            after(0),
            after(60 * entry.lasted_hours),
        ),
        reports=[(demo_id("report", one.key), one.severity) for one in entry.reports],
        units=[
            (
                demo_id("unit", one.key),
                ward_id,
                one.kind,
                one.name,
                one.phone,
                one.capacity,
                dispatcher_id,
            )
            for one in entry.units
        ],
        assignments=[
            (
                demo_id("assignment", one.key),
                crisis_id,
                demo_id("unit", one.unit),
                one.label,
                [demo_id("report", key) for key in one.reports],
                dispatcher_id,
                after(one.assigned),
                None if one.arrived is None else after(one.arrived),
                after(one.finished),
                one.outcome,
            )
            for one in entry.assignments
        ],
        messages=[
            (
                crisis_id if number == 0 else demo_id("broadcast", str(crisis_id), str(number)),
                crisis_id,
                text,
                language,
                dispatcher_id,
                after(one.after_minutes),
                entry.told,
            )
            for number, (one, text) in enumerate(zip(entry.messages, texts, strict=True))
        ],
    )
