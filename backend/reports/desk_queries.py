"""SQL of the desk: lists by deadline, search, counts. Sets too large for a phone's copy."""

# ruff: noqa: S608 - what is put together here are our own fragments; values are arguments

from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec import Struct

from backend.actor import Actor
from backend.db import fetch_one
from backend.reports.codes import read_code
from backend.reports.queries import show_chosen
from backend.reports.schemas import DeskCounts, State, Tray
from backend.reports.visibility import desk_sql
from backend.text import fold

if TYPE_CHECKING:
    from asyncpg import Record

SEARCHED: Final = 5000
"""A search by words looks through this many reports of the tray, in its order, and no further."""

# Word for word the condition of the partial index `report_desk`.
_OPEN: Final = "r.state NOT IN ('closed', 'rejected', 'merged', 'withdrawn')"
_DONE: Final = "r.state IN ('closed', 'rejected', 'merged', 'withdrawn')"

# As `backend.text.fold`: marks off, đ and Arabic letters in one form, digits ASCII, one space.
_LETTERS: Final = {
    **dict.fromkeys("đĐðÐɖ", "d"),
    **dict.fromkeys("ةەہھ", "ه"),
    **{"ك": "ک", "ي": "ی", "ى": "ی", "ٱ": "ا"},
    **dict(zip("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789", strict=True)),
}
FOLDED: Final = rf"""
btrim(regexp_replace(translate(lower(regexp_replace(normalize(r.description, NFKD),
    '[\u0300-\u036f\u064b-\u065f\u0670\u0640\u200b-\u200f\u2060\ufeff]', '', 'g')),
    '{"".join(_LETTERS)}', '{"".join(_LETTERS.values())}'), '\s+', ' ', 'g'))
"""
"""The key of a description, in SQL; the words asked for are folded by `fold`."""


class DeskQuestion(Struct, frozen=True):
    """Which reports of a desk: `after` is the place behind which the next page begins."""

    tray: Tray
    limit: int
    department_id: UUID | None = None
    state: State | None = None
    words: str = ""
    after: tuple[datetime, UUID] | None = None


async def list_desk(actor: Actor, question: DeskQuestion) -> "list[Record]":
    """A page and one row more, if there is one. Open reports by deadline, others newest first."""
    condition, arguments = desk_sql(actor, 2)
    conditions = [condition]

    def place(value: object) -> str:
        arguments.append(value)
        return f"${1 + len(arguments)}"

    if question.tray != "all":
        conditions.append(_OPEN if question.tray == "open" else _DONE)
    if question.department_id is not None:
        conditions.append(f"r.department_id = {place(question.department_id)}")
    if question.state is not None:
        conditions.append(f"r.state = {place(question.state)}")
    if question.after is not None:
        at, report_id = question.after
        if question.tray == "open":
            conditions.append(f"(r.solve_due_at, r.id) > ({place(at)}, {place(report_id)})")
        else:
            when = place(at)
            conditions.append(
                f"r.created_at <= {when} AND (r.created_at < {when} OR r.id > {place(report_id)})"
            )
    order = "r.solve_due_at, r.id" if question.tray == "open" else "r.created_at DESC, r.id"
    wanted = f"SELECT r.* FROM report r WHERE {' AND '.join(conditions)} ORDER BY {order}"
    key = fold(question.words)
    if key:
        code = read_code(question.words)
        found = f"strpos({FOLDED}, {place(key)}) > 0"
        if code is not None:
            found = f"(r.code = {place(code)} OR {found})"
        wanted = f"SELECT r.* FROM ({wanted} LIMIT {SEARCHED}) r WHERE {found} ORDER BY {order}"
    return await show_chosen(
        actor, f"{wanted} LIMIT {place(question.limit + 1)}", arguments, order=order
    )


async def count_desk(actor: Actor, department_id: UUID | None) -> DeskCounts:
    """Of the open reports: all, those past a deadline whose clock runs, those with unread entries.

    The clock of a resolved report waits for the reporter.
    """
    condition, arguments = desk_sql(actor, 3)
    row = await fetch_one(
        f"""
        SELECT count(*) AS open,
               count(*) FILTER (WHERE r.awaiting_since IS NULL AND r.state <> 'resolved' AND (
                   r.solve_due_at < now() OR r.accepted_at IS NULL AND r.accept_due_at < now()
               )) AS overdue,
               count(*) FILTER (WHERE r.last_seq > coalesce(k.seq, 0)) AS unread
        FROM report r LEFT JOIN read_marker k ON k.thread_id = r.id AND k.account_id = $1
        WHERE {_OPEN} AND ($2::uuid IS NULL OR r.department_id = $2) AND {condition}
        """,
        actor.account_id,
        department_id,
        *arguments,
    )
    return DeskCounts(row["open"], row["overdue"], row["unread"]) if row else DeskCounts(0, 0, 0)
