"""SQL of the desk: lists by deadline, search, counts. Sets too large for a phone's copy.

A person's desk is what several grants reach, of a department, a ward or a city. Each of them is
asked for its own page, by an index that gives its rows in order, and the pages are put together:
one condition with OR would read and sort a whole city.
"""

# ruff: noqa: S608 - what is put together here are our own fragments; values are arguments

from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec import Struct

from backend.actor import Actor
from backend.db import fetch, fetch_one, fetch_value
from backend.phones import last_digits
from backend.reports.call_queries import list_by_last_digits
from backend.reports.codes import read_code
from backend.reports.desk_schemas import DeskCounts, DeskFilters
from backend.reports.queries import show_chosen
from backend.reports.visibility import desk_parts, visible_to_sql
from backend.text import fold

if TYPE_CHECKING:
    from asyncpg import Record

COUNTED: Final = 1000
"""Counts look at this many open reports, in the order of their deadlines."""

# Word for word the condition of the partial indexes `report_desk` and the like.
_OPEN: Final = "r.state NOT IN ('closed', 'rejected', 'merged', 'withdrawn')"
_DONE: Final = "r.state IN ('closed', 'rejected', 'merged', 'withdrawn')"

_RUNNING: Final = "r.awaiting_since IS NULL AND r.state <> 'resolved'"
_WAITING: Final = "(r.awaiting_since IS NOT NULL OR r.state IN ('awaiting_reporter', 'resolved'))"
_TO_ANSWER: Final = """
(r.awaiting_since IS NULL AND (r.state IN ('submitted', 'disputed')
    OR r.state IN ('accepted', 'in_progress') AND (
        SELECT m.side FROM message m WHERE m.thread_id = r.id AND m.kind = 'message'
        ORDER BY m.seq DESC LIMIT 1) = 'reporter'))
"""
_UNREAD: Final = """
(r.last_seq > coalesce((SELECT k.seq FROM read_marker k
                        WHERE k.thread_id = r.id AND k.account_id = $1), 0))
"""


class DeskPage(Struct, frozen=True):
    """A page of what `filters` give: `after` is the place behind which it begins.

    `midnight` is when the day ends at the desk, for `due` "today".
    """

    filters: DeskFilters
    limit: int
    after: tuple[datetime, UUID] | None = None
    midnight: datetime | None = None
    by_number: bool = False


class _Arguments:
    """Values of a statement, numbered as they are named in it; $1 is the person who asks."""

    def __init__(self) -> None:
        self.values: list[object] = []

    def place(self, value: object) -> str:
        self.values.append(value)
        return f"${1 + len(self.values)}"


async def list_desk(actor: Actor, page: DeskPage) -> "list[Record]":
    """A page and one row more, if there is one."""
    arguments = _Arguments()
    conditions = _conditions(page, await _by_number(actor, page), arguments)
    order = "r.due_at, r.id" if page.filters.by_deadline else "r.created_at DESC, r.id"
    limit = page.limit + 1
    chosen = _chosen(actor, conditions, order, limit, arguments)
    if chosen is None:
        return []
    return await show_chosen(
        actor,
        f"SELECT r.* FROM report r WHERE r.id IN ({chosen}) ORDER BY {order} LIMIT {limit}",
        arguments.values,
        order=order,
        planned=bool(page.filters.q.strip()),
    )


async def count_desk(actor: Actor, department_id: UUID | None, midnight: datetime) -> DeskCounts:
    """Of the first `COUNTED` open reports.

    The clock of a report that waits for its reporter's word stands: it is not overdue.
    """
    arguments = _Arguments()
    conditions = [_OPEN]
    if department_id is not None:
        conditions.append(_of_department(arguments.place(department_id)))
    chosen = _chosen(actor, conditions, "r.due_at, r.id", COUNTED + 1, arguments)
    row = chosen and await fetch_one(
        f"""
        SELECT count(*) AS open,
               count(*) FILTER (WHERE {_RUNNING} AND r.due_at < now()) AS overdue,
               count(*) FILTER (WHERE {_RUNNING} AND r.due_at >= now()
                                      AND r.due_at < {arguments.place(midnight)}) AS today,
               count(*) FILTER (WHERE {_UNREAD}) AS unread,
               count(*) FILTER (WHERE r.state = 'submitted') AS fresh,
               count(*) FILTER (WHERE {_TO_ANSWER}) AS to_answer,
               count(*) FILTER (WHERE {_WAITING}) AS waiting
        FROM (SELECT r.* FROM report r WHERE r.id IN ({chosen})
              ORDER BY r.due_at, r.id LIMIT {COUNTED}) r
        """,
        actor.account_id,
        *arguments.values,
    )
    if not row:
        return DeskCounts(0, 0, 0, 0, 0, 0, 0, more=False)
    return DeskCounts(**dict(row), more=row["open"] == COUNTED)


async def list_now(actor: Actor, report_ids: list[UUID]) -> "list[Record]":
    """Those of `report_ids` that the actor sees, as they stand now."""
    visible, arguments = visible_to_sql(actor, 2)
    return await fetch(
        f"""SELECT r.*, c.needs_result_photo FROM report r JOIN category c ON c.id = r.category_id
            WHERE r.id = ANY($1) AND {visible}""",
        report_ids,
        *arguments,
    )


async def get_midnight(actor: Actor) -> datetime:
    """When the day ends where this person works."""
    scopes = [grant.scope_id for grant in actor.grants]
    found = await fetch_value(
        """
        SELECT (date_trunc('day', now() AT TIME ZONE zone) + interval '1 day') AT TIME ZONE zone
        FROM (SELECT coalesce(
            (SELECT time_zone FROM area WHERE id = ANY($1) ORDER BY id LIMIT 1),
            (SELECT a.time_zone FROM department d JOIN area a ON a.id = d.area_id
             WHERE d.id = ANY($1) ORDER BY d.id LIMIT 1),
            'UTC') AS zone) z
        """,
        scopes,
    )
    assert isinstance(found, datetime)
    return found


def _chosen(
    actor: Actor, conditions: list[str], order: str, limit: int, arguments: _Arguments
) -> str | None:
    """Ids of the first reports of each part of the desk; None where there is no desk.

    `limit` stands in the statement as a figure: a plan made for any number of rows would sort.
    """
    parts = [
        f"(SELECT r.id FROM report r WHERE {condition.replace('?', arguments.place(scope_id))} "
        f"AND {' AND '.join(conditions) or 'true'} ORDER BY {order} LIMIT {limit})"
        for condition, scope_id in desk_parts(actor)
    ]
    return " UNION ALL ".join(parts) or None


async def _by_number(actor: Actor, page: DeskPage) -> list[UUID]:
    """Reports of people whose number ends on what was typed, where this person may know it."""
    digits = last_digits(page.filters.q) if page.by_number else None
    if digits is None or not (actor.departments() or actor.dispatches()):
        return []
    return await list_by_last_digits(digits, actor.departments(), actor.dispatches())


def _conditions(page: DeskPage, by_number: list[UUID], arguments: _Arguments) -> list[str]:
    filters = page.filters
    place = arguments.place
    conditions = []
    if filters.tray != "all":
        conditions.append(_OPEN if filters.tray == "open" else _DONE)
    if filters.states:
        conditions.append(f"r.state = ANY({place(filters.states)}::text[])")
    if len(filters.category_ids) == 1:
        # As `=`: only so does an index give its rows in order.
        conditions.append(f"r.category_id = {place(filters.category_ids[0])}")
    elif filters.category_ids:
        conditions.append(f"r.category_id = ANY({place(filters.category_ids)}::uuid[])")
    if filters.department_id is not None:
        conditions.append(_of_department(place(filters.department_id)))
    if filters.neighbourhood_id is not None:
        conditions.append(f"r.neighbourhood_id = {place(filters.neighbourhood_id)}")
    if filters.due == "late":
        conditions.append(f"{_OPEN} AND {_RUNNING} AND r.due_at < now()")
    elif filters.due == "today":
        midnight = place(page.midnight)
        conditions.append(f"{_OPEN} AND {_RUNNING} AND r.due_at >= now() AND r.due_at < {midnight}")
    for wanted, condition in (
        (filters.unread, _UNREAD),
        (filters.urgent, "r.urgent"),
        (filters.to_answer, _TO_ANSWER),
        (filters.waiting, f"{_OPEN} AND {_WAITING}"),
    ):
        if wanted:
            conditions.append(condition)
    if filters.q.strip():
        conditions.append(_found(filters.q, by_number, arguments))
    if page.after is not None:
        at, report_id = place(page.after[0]), place(page.after[1])
        conditions.append(
            f"(r.due_at, r.id) > ({at}, {report_id})"
            if filters.by_deadline
            else f"r.created_at <= {at} AND (r.created_at < {at} OR r.id > {report_id})"
        )
    return conditions


def _of_department(place: str) -> str:
    return f"(r.department_id = {place} OR {place} = ANY(r.part_ids))"


def _found(typed: str, by_number: list[UUID], arguments: _Arguments) -> str:
    """Every word stands somewhere, or it is one of `by_number`; a word of one or two letters stands
    at the beginning of another.

    The index knows groups of three letters, and the beginnings of words.
    """
    words = [word for word in fold(typed).split() if any(map(str.isalnum, word))]
    if not words:
        return "false"
    likes = []
    for word in words:
        escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        pattern = f"%{escaped}%" if len(word) > 2 else f"% {escaped}%"
        likes.append(f"r.search LIKE {arguments.place(pattern)}")
    found = " AND ".join(likes)
    code = read_code(typed)
    if code is not None:
        found = f"({found} OR r.search LIKE {arguments.place(f'%{fold(code)}%')})"
    if by_number:
        found = f"({found} OR r.id = ANY({arguments.place(by_number)}::uuid[]))"
    return found
