"""A ward's rules as its dispatchers and administrators read and change them (`W1`, `W3`)."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from backend.departments.clocks import Span
from backend.departments.schemas import ClockTimes, Names, Question

Subject = Literal["routing", "clocks", "hours", "closure", "department", "category", "guests"]
WeekDays = Annotated[
    list[Annotated[list[Span], Meta(max_length=24)]], Meta(min_length=7, max_length=7)
]
"""Seven days, Monday first, of (from, to) in minutes of the local day: (450, 690) is 7:30-11:30."""


class RouteIn(Struct, frozen=True):
    """Reports of a category in an area go to this department; to none: the rule goes away.

    `was` is what the person saw; if somebody has changed it since, nothing is saved.
    """

    category_id: UUID
    area_id: UUID
    department_id: UUID | None
    was: UUID | UnsetType | None = UNSET


class RoutingIn(Struct, frozen=True):
    """Rules to set or take away, all at once; others stay as they are."""

    rules: Annotated[list[RouteIn], Meta(min_length=1, max_length=500)]


class RouteOut(Struct, frozen=True):
    category_id: UUID
    area_id: UUID
    department_id: UUID


class RoutingOut(Struct, frozen=True):
    """All rules that reach into the ward: of its neighbourhoods, its own, its city's."""

    rules: list[RouteOut]


class ClockIn(Struct, frozen=True):
    """Another promise for a category in an area; without `times` the wider one holds again.

    `was` as in `RouteIn`.
    """

    category_id: UUID
    area_id: UUID
    times: ClockTimes | None
    was: ClockTimes | UnsetType | None = UNSET


class ClocksIn(Struct, frozen=True):
    """Promises for reports sent from now on; what was promised already stays."""

    clocks: Annotated[list[ClockIn], Meta(min_length=1, max_length=500)]


class ClockOut(Struct, frozen=True):
    category_id: UUID
    area_id: UUID
    times: ClockTimes


class ClocksOut(Struct, frozen=True):
    """`own` are the categories' promises, `clocks` those of areas, of which the nearest holds."""

    own: dict[UUID, ClockTimes]
    clocks: list[ClockOut]


class HoursIn(Struct, frozen=True):
    """Hours of a department, or of an area for all its departments that have none of their own.

    From `from_day` on (tomorrow, if it is left out), instead of all that was planned from then.
    Without `week` the hours of the wider place hold: the ward's, the city's, the country's. `was`
    as in `RouteIn`: the hours planned last for that scope, null if there were none.
    """

    scope_id: UUID
    week: WeekDays | None
    from_day: date | None = None
    was: WeekDays | UnsetType | None = UNSET


class HoursOut(Struct, frozen=True):
    scope_id: UUID
    from_day: date
    week: WeekDays | None


class WardHoursOut(Struct, frozen=True):
    """`usual` is what offices of the country keep, where nobody said anything else."""

    time_zone: str
    usual: WeekDays
    hours: list[HoursOut]


class ClosureIn(Struct, frozen=True):
    """No work in an area on these local days, both included."""

    area_id: UUID
    first_day: date
    last_day: date
    reason: str


class ClosureOut(Struct, frozen=True):
    id: UUID
    area_id: UUID
    first_day: date
    last_day: date
    reason: str


class HolidayOut(Struct, frozen=True):
    """A public holiday, named in the reader's language where it has such a name."""

    day: date
    name: str


class DaysOffOut(Struct, frozen=True):
    """Days without work in a year: closures of the ward and its city, and public holidays."""

    closures: list[ClosureOut]
    holidays: list[HolidayOut]


class GuestRuleIn(Struct, frozen=True):
    """Reports without an account taken in an hour; null: none are. `was` as in `RouteIn`."""

    reports_per_hour: int | None
    was: int | UnsetType | None = UNSET


class GuestRuleOut(Struct, frozen=True):
    reports_per_hour: int | None


class ChangeReceipt(Struct, frozen=True):
    """The change is durable."""

    id: UUID
    created_at: datetime


class CategoryState(Struct, frozen=True, omit_defaults=True):
    """What a kind of problem is. `place` is its place in the order, from 1."""

    names: Names | None = None
    icon: str | None = None
    colour: str | None = None
    urgent: bool | None = None
    private: bool | None = None
    needs_result_photo: bool | None = None
    near_m: int | None = None
    active: bool | None = None
    questions: list[Question] | None = None
    place: int | None = None


class RuleState(Struct, frozen=True, omit_defaults=True):
    """What a rule says: a department, times, a week, or days; or what a thing is like.

    Of `category` only what was changed; `names` and `retired` are a department's. With 0
    `guests_per_hour` the ward takes no reports without an account.
    """

    department_id: UUID | None = None
    times: ClockTimes | None = None
    week: WeekDays | None = None
    first_day: date | None = None
    last_day: date | None = None
    reason: str | None = None
    names: Names | None = None
    retired: bool | None = None
    category: CategoryState | None = None
    guests_per_hour: int | None = None


class RuleDiff(Struct, frozen=True, omit_defaults=True):
    """One rule before and after; without one of them it began or ended to be.

    `scope_id` is the area; for a department itself, and for hours perhaps, the department.
    """

    scope_id: UUID
    category_id: UUID | None = None
    from_day: date | None = None
    before: RuleState | None = None
    after: RuleState | None = None


class RuleChangeOut(Struct, frozen=True):
    """Who changed what when."""

    id: UUID
    subject: Subject
    account_name: str
    created_at: datetime
    changes: list[RuleDiff]


class RuleChangesOut(Struct, frozen=True):
    """The newest first. `cursor` asks for older ones; null at the end."""

    changes: list[RuleChangeOut]
    cursor: UUID | None
