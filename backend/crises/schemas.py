"""Crises as they are declared, run and looked back on (`W10`)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.departments.schemas import Names
from backend.i18n import Language
from backend.reports.schemas import Severity, State

CrisisKind = Literal["snow", "flood", "storm", "heat", "other"]
UnitKind = Literal["crew", "plough", "pump", "truck", "boat", "other"]
UnitStatus = Literal["free", "on_the_way", "working", "out_of_service"]
AssignmentOutcome = Literal["done", "moved", "cancelled", "out_of_service", "crisis_over"]

MOST_AT_ONCE = 200
"""Reports of one assignment, as many as are moved at once."""

Areas = Annotated[list[UUID], Meta(max_length=500)]


class CrisisTimes(Struct, frozen=True):
    """What is promised while it lasts, day and night, in minutes."""

    accept_minutes: int
    solve_minutes: int


class CrisisIn(Struct, frozen=True):
    """`area_ids`: the ward itself, or neighbourhoods of it. `texts` are needed in the ward's own
    language. Without `category_id` the ward's category of that kind is opened.
    """

    ward_id: UUID
    kind: CrisisKind
    area_ids: Areas
    texts: Names
    times: CrisisTimes
    category_id: UUID | None = None


class CrisisChangeIn(Struct, frozen=True):
    """What is said, where it holds and what is promised, from now on; `revision` is what was read.

    Whoever lives where it no longer holds sees it no more; reports keep their promises.
    """

    revision: int
    area_ids: Areas
    texts: Names
    times: CrisisTimes


class BroadcastIn(Struct, frozen=True):
    """A message to everybody where the crisis is; needed in the ward's own language."""

    texts: Names


class CrisisUpdate(Struct, frozen=True):
    """One message of the ward. `language` is the one it was written in."""

    id: UUID
    texts: Names
    language: Language
    created_at: datetime


class CrisisOut(Struct, frozen=True):
    """A crisis as every phone of the ward keeps it. `updates` are the ward's messages, the newest
    first."""

    id: UUID
    ward_id: UUID
    kind: CrisisKind
    neighbourhood_ids: list[UUID]
    texts: Names
    language: Language
    category_id: UUID
    started_at: datetime
    ended_at: datetime | None
    updates: list[CrisisUpdate]


class BroadcastOut(Struct, frozen=True):
    """`told` of the people where the crisis is have it in their inbox; all, once `finished`."""

    id: UUID
    texts: Names
    language: Language
    author_name: str
    created_at: datetime
    told: int
    finished: bool


class CrisisDesk(Struct, frozen=True):
    """A crisis as those see it who run it or look on. `people` live there now.

    `runs`: this person assigns, tells and changes; `ends`: this person may end it.
    """

    id: UUID
    ward_id: UUID
    kind: CrisisKind
    area_ids: list[UUID]
    area_names: list[str]
    neighbourhood_ids: list[UUID]
    texts: Names
    language: Language
    own_language: Language
    times: CrisisTimes
    category_id: UUID
    category_names: Names
    needs_photo: bool
    started_at: datetime
    declared_by: str
    ended_at: datetime | None
    ended_by: str | None
    revision: int
    people: int
    runs: bool
    ends: bool
    broadcasts: list[BroadcastOut]


class CrisisLine(Struct, frozen=True):
    """A crisis in the list of all there were."""

    id: UUID
    ward_id: UUID
    kind: CrisisKind
    area_names: list[str]
    started_at: datetime
    ended_at: datetime | None
    reports: int
    open: int


class NeighbourhoodChoice(Struct, frozen=True):
    id: UUID
    name: str


class CategoryChoice(Struct, frozen=True):
    id: UUID
    names: Names


class WardChoice(Struct, frozen=True):
    """A ward this person may declare a crisis in, and what it consists of."""

    id: UUID
    name: str
    own_language: Language
    neighbourhoods: list[NeighbourhoodChoice]
    categories: list[CategoryChoice]


class CrisisList(Struct, frozen=True):
    """Those that last first, then the newest; and where this person may declare another."""

    crises: list[CrisisLine]
    wards: list[WardChoice]


class ReachOut(Struct, frozen=True):
    """Whom a message there reaches; kinds of crisis that are declared there already."""

    neighbourhoods: int
    people: int
    declared: list[CrisisKind]


class UnitIn(Struct, frozen=True):
    """A crew or machine as it is to be. `revision` is what was read; 0 makes a new one.

    Out of service or retired it leaves where it is.
    """

    revision: int
    kind: UnitKind
    name: str
    phone: str = ""
    capacity: str = ""
    out_of_service: bool = False
    retired: bool = False


class UnitOut(Struct, frozen=True):
    """`assignment_id` is what it does now, in whichever crisis; `where` the street, in words."""

    id: UUID
    ward_id: UUID
    kind: UnitKind
    name: str
    phone: str
    capacity: str
    status: UnitStatus
    revision: int
    assignment_id: UUID | None
    crisis_id: UUID | None
    where: str | None
    since: datetime | None


class AssignmentIn(Struct, frozen=True):
    """Send a unit to what was reported in a street. `previous` is what it did when the person
    looked: it is moved away from there; if it does something else by now, nothing happens.
    """

    unit_id: UUID
    report_ids: Annotated[list[UUID], Meta(min_length=1, max_length=MOST_AT_ONCE)]
    label: str
    previous: UUID | None = None


class AssignmentStep(Struct, frozen=True):
    """It is there; it is done; it was not needed after all."""

    status: Literal["arrived", "done", "cancelled"]


class AssignmentOut(Struct, frozen=True):
    id: UUID
    crisis_id: UUID
    unit_id: UUID
    unit_name: str
    unit_kind: UnitKind
    label: str
    report_ids: list[UUID]
    assigned_by: str
    assigned_at: datetime
    arrived_at: datetime | None
    finished_at: datetime | None
    outcome: AssignmentOutcome | None


class BoardReport(Struct, frozen=True):
    """A report as the board shows it; `open`: somebody still has to do something."""

    id: UUID
    code: str
    state: State
    open: bool
    severity: Severity | None
    address: str
    description: str
    lat: float | None
    lon: float | None
    created_at: datetime
    accept_due_at: datetime
    solve_due_at: datetime
    followers: int


class StreetGroup(Struct, frozen=True):
    """What was reported in one street, the worst first.

    Without a `label`: around one point of the neighbourhood, or (`lat` null) somewhere in it.
    `worst` and `waiting_since` are of what is open. `assignments` are those under way.
    """

    key: str
    label: str
    neighbourhood_name: str
    lat: float | None
    lon: float | None
    open: int
    worst: Severity | None
    waiting_since: datetime | None
    reports: list[BoardReport]
    assignments: list[UUID]


class BoardOut(Struct, frozen=True):
    """Streets in the order of need: severity, number, waiting time. `left_out`: older reports than
    the board holds."""

    streets: list[StreetGroup]
    units: list[UnitOut]
    assignments: list[AssignmentOut]
    open: int
    reports: int
    left_out: int


class Count(Struct, frozen=True):
    """So many under a name; `label` "" where no street was said."""

    label: str
    reports: int
    open: int


class SeverityCount(Struct, frozen=True):
    severity: Severity | None
    reports: int


class Spread(Struct, frozen=True):
    """Seconds: half took no longer than `median`, nine in ten no longer than `p90`."""

    number: int
    median: int | None
    p90: int | None


class UnitWork(Struct, frozen=True):
    unit_id: UUID
    name: str
    kind: UnitKind
    assignments: int
    seconds: int


class OpenReport(Struct, frozen=True):
    """Something to hand on."""

    id: UUID
    code: str
    state: State
    severity: Severity | None
    street: str
    neighbourhood_name: str
    created_at: datetime


class CrisisSummary(Struct, frozen=True):
    """A crisis looked back on; while it lasts, so far."""

    crisis: CrisisDesk
    seconds: int
    reports: int
    by_severity: list[SeverityCount]
    by_street: list[Count]
    by_neighbourhood: list[Count]
    accepting: Spread
    solving: Spread
    units: list[UnitWork]
    assignments: list[AssignmentOut]
    still_open: list[OpenReport]
