"""A ward's departments and kinds of problems, as its administrators read and change them (`A3`)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.departments.rule_schemas import WeekDays
from backend.departments.schemas import ClockTimes, Names, Question


class WardOut(Struct, frozen=True):
    """A ward whose rules this person may read, and whether they may change them."""

    id: UUID
    name: str
    keeps: bool


class WardsOut(Struct, frozen=True):
    wards: list[WardOut]


class AreaName(Struct, frozen=True):
    """The city, the ward, or one of its neighbourhoods."""

    id: UUID
    level: Literal["city", "ward", "neighbourhood"]
    name: str


class DepartmentRule(Struct, frozen=True):
    """`routes` rules send reports there. `keeps`: this person may change it."""

    id: UUID
    area_id: UUID
    names: Names
    revision: int
    retired: bool
    routes: int
    keeps: bool


class CategoryRule(Struct, frozen=True):
    """A kind of problem. `department_id` answers for it where no nearer rule says otherwise.

    Two reports of it within `near_m` metres may be about the same thing (`R6`).
    """

    id: UUID
    area_id: UUID
    names: Names
    icon: str
    colour: str
    urgent: bool
    private: bool
    needs_result_photo: bool
    sort: int
    active: bool
    department_id: UUID | None
    questions: list[Question]
    questions_version: int
    near_m: int
    revision: int
    keeps: bool


class CatalogueOut(Struct, frozen=True):
    """Everything a ward works with, retired things included; kinds of problems in their order."""

    areas: list[AreaName]
    departments: list[DepartmentRule]
    categories: list[CategoryRule]


class DepartmentIn(Struct, frozen=True):
    """A department as it is to be. `revision` is what was read; 0 makes a new one of the ward."""

    department_id: UUID
    revision: int
    names: Names
    retired: bool = False


class CategoryIn(Struct, frozen=True):
    """A kind of problem as it is to be. `revision` is what was read; 0 makes a new one, shown last.

    `active` False retires it: nobody reports it any more, what was reported stays. `near_m` None
    leaves it as it was, or for a new one usual.
    """

    category_id: UUID
    revision: int
    names: Names
    icon: Annotated[str, Meta(max_length=40)]
    colour: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]
    urgent: bool = False
    private: bool = False
    needs_result_photo: bool = False
    active: bool = True
    department_id: UUID | None = None
    questions: Annotated[list[Question], Meta(max_length=100)] = []
    near_m: int | None = None


class OrderIn(Struct, frozen=True):
    """The kinds of problems in the order they are to be shown."""

    category_ids: Annotated[list[UUID], Meta(min_length=1, max_length=500)]


class ExampleIn(Struct, frozen=True):
    """What promise or hours would mean, before they are saved.

    The report would be one of `category_id` in `area_id`, for `department_id`, or for whoever gets
    such reports. `week` are hours tried out, of that department or of the area.
    """

    area_id: UUID
    times: ClockTimes
    category_id: UUID | None = None
    department_id: UUID | None = None
    week: WeekDays | None = None


class ExampleOut(Struct, frozen=True):
    """A report sent late on the last working day of a week, and by when it would be dealt with."""

    reported_at: datetime
    accept_due_at: datetime
    solve_due_at: datetime
