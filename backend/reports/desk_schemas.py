"""The desk: what is asked of it, what it answers, and lists that somebody keeps."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.reports.schemas import ReportOut, State, Tray

MOST_MOVES: Final = 200
"""So many reports are moved at once, and no more."""

Due = Literal["late", "today"]
Sort = Literal["deadline", "newest"]
MostStates = Annotated[list[State], Meta(max_length=10)]
MostIds = Annotated[list[UUID], Meta(max_length=100)]


class DeskFilters(Struct, frozen=True):
    """Which reports of a desk (`W9`); all conditions together, none of them means all reports.

    `due`: "late" is a broken promise whose clock runs, "today" one that ends before midnight there.
    `unread`: entries this person has not seen. `to_answer`: the next word is the department's: not
    yet accepted, disputed, or the reporter wrote last. `waiting`: for the reporter. `sort` is for
    open reports; others stand newest first.
    """

    tray: Tray = "open"
    states: MostStates = []
    category_ids: MostIds = []
    department_id: UUID | None = None
    neighbourhood_id: UUID | None = None
    due: Due | None = None
    unread: bool = False
    urgent: bool = False
    to_answer: bool = False
    waiting: bool = False
    sort: Sort = "deadline"
    q: Annotated[str, Meta(max_length=200)] = ""

    @property
    def by_deadline(self) -> bool:
        return self.tray == "open" and self.sort == "deadline"


class DeskCounts(Struct, frozen=True):
    """Of the open reports on this desk, the first thousand by deadline; `more`: there are others.

    Named as the filters they count; `fresh` are those not accepted yet.
    """

    open: int
    overdue: int
    today: int
    unread: int
    fresh: int
    to_answer: int
    waiting: int
    more: bool


class DeskOut(Struct, frozen=True):
    """A page of a desk's list. `cursor` asks for the next page; null at the end."""

    reports: list[ReportOut]
    cursor: str | None
    counts: DeskCounts


class DeskSearchIn(Struct, frozen=True):
    """A page of a list whose words may be a telephone number: those travel in a body."""

    filters: DeskFilters
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


AtDepartment = Literal["in_charge", "has_part", "elsewhere"]


class BulkIn(Struct, frozen=True):
    """Reports that somebody wants to move together."""

    to: State
    report_ids: list[UUID]


class BulkHandoverIn(Struct, frozen=True):
    """Reports that somebody wants to hand over together."""

    department_id: UUID
    report_ids: list[UUID]


class BulkItem(Struct, frozen=True):
    """One of them as it is now. `possible`: this person may move it there, by one step or by two,
    or hand it over.

    `needs_photo`: only with a picture of the result. `at_department` says why the department to be
    in charge cannot get it: it is in charge already, has a part of it, or works in another ward.
    """

    report_id: UUID
    code: str
    state: State
    possible: bool
    needs_photo: bool
    at_department: AtDepartment | None = None


class BulkOut(Struct, frozen=True):
    """What a move of many would meet. A report that this person does not see is left out."""

    items: list[BulkItem]


class DeskViewIn(Struct, frozen=True):
    """A list to find again under a name."""

    name: str
    filters: DeskFilters


class DeskViewOut(Struct, frozen=True):
    id: UUID
    name: str
    filters: DeskFilters
    created_at: datetime


class DeskViewList(Struct, frozen=True):
    """A person's own lists, the oldest first."""

    views: list[DeskViewOut]
