"""A case's whole life, as those who inspect it read it (`S6`)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from backend.actor import Role
from backend.departments.schemas import Names

Value = str | int | bool | list[str]
Proof = Literal["waiting", "intact", "broken"]


class HistoryEntry(Struct, frozen=True):
    """One thing that was done.

    `by_role` is the role it was done in, as of then; null: the system did it. `name` is that of
    staff and heads; of residents it is null. `seq` is its number in the chain; `proof` says whether
    the chain holds up to it, `waiting` that it is not chained yet. `details` holds ids, states,
    names of columns, and SHA-256 sums of what was written.
    """

    id: int
    seq: int | None
    at: datetime
    action: str
    by_role: Role | None
    by_department_id: UUID | None
    name: str | None
    details: dict[str, Value]
    proof: Proof


class HistoryOut(Struct, frozen=True):
    """A page of a report's life, oldest first; `next` goes into `after`, null at the end.

    `departments` names those of the page. `walked_at` is when the whole chain was recomputed last,
    `broken_seq` where it was found broken then.
    """

    report_id: UUID
    code: str
    entries: list[HistoryEntry]
    next: int | None
    departments: dict[UUID, Names]
    walked_at: datetime | None
    broken_seq: int | None
