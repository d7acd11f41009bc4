"""The desk (`W9`): a page of what is somebody's work, and what a move of many would meet."""

import base64
import binascii
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.departments import service as departments
from backend.errors import InvalidField
from backend.i18n import N_
from backend.media import service as media
from backend.reports import desk_queries, queries
from backend.reports.desk_queries import DeskPage
from backend.reports.desk_schemas import (
    MOST_MOVES,
    AtDepartment,
    BulkHandoverIn,
    BulkIn,
    BulkItem,
    BulkOut,
    DeskFilters,
    DeskOut,
)
from backend.reports.moves import options_for
from backend.reports.policy import is_passable, sides_of
from backend.reports.report import Report
from backend.reports.schemas import MoveOption, State

if TYPE_CHECKING:
    from asyncpg import Record


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of the desk ended, in which order."""

    by_deadline: bool
    tray: str
    at: datetime
    report_id: UUID


async def list_desk(
    actor: Actor,
    filters: DeskFilters,
    cursor: str | None,
    limit: int,
    *,
    by_number: bool = False,
) -> DeskOut:
    """A page of what is this person's work, and how much there is.

    `by_number`: the words may be the end of a reporter's telephone number.

    Raises InvalidField (bad_cursor) for a cursor this list did not give.
    """
    midnight = await desk_queries.get_midnight(actor)
    after = _read_cursor(cursor, filters) if cursor else None
    rows = await desk_queries.list_desk(actor, DeskPage(filters, limit, after, midnight, by_number))
    shown = rows[:limit]
    ids = [row["id"] for row in shown]
    photos, voices = await media.list_photos(ids), await media.list_voices(ids)
    following = None
    if len(rows) > limit:
        last = shown[-1]
        at = last["due_at"] if filters.by_deadline else last["created_at"]
        following = _write_cursor(_Place(filters.by_deadline, filters.tray, at, last["id"]))
    return DeskOut(
        reports=[
            queries.out_of(row, actor, photos.get(row["id"], []), voices.get(row["id"]))
            for row in shown
        ],
        cursor=following,
        counts=await desk_queries.count_desk(actor, filters.department_id, midnight),
    )


async def preview_moves(actor: Actor, wish: BulkIn) -> BulkOut:
    """What moving these reports would meet now; nothing is changed.

    Each is moved by a request of its own afterwards: one that is refused stops no other.

    Raises InvalidField (too_many_reports).
    """
    _require_few(wish.report_ids)
    rows = await desk_queries.list_now(actor, wish.report_ids)
    return BulkOut([_bulk_item(actor, row, wish.to) for row in rows])


async def preview_handovers(actor: Actor, wish: BulkHandoverIn) -> BulkOut:
    """What handing these reports over to one department would meet now; nothing is changed.

    Raises InvalidField (too_many_reports).
    """
    _require_few(wish.report_ids)
    rows = await desk_queries.list_now(actor, wish.report_ids)
    reports = [queries.report_of(row) for row in rows]
    # Departments are a ward's or its city's: whoever works somewhere in a ward works in all of it.
    paths = {report.ward_id: report.path for report in reports}
    wards = {
        ward_id
        for ward_id, path in paths.items()
        if await departments.works_in(wish.department_id, path)
    }
    return BulkOut([_handover_item(actor, one, wish.department_id, wards) for one in reports])


def _handover_item(
    actor: Actor, report: Report, department_id: UUID, wards: Collection[UUID]
) -> BulkItem:
    found: AtDepartment | None = None
    if report.department_id == department_id:
        found = "in_charge"
    elif department_id in report.open_part_ids:
        found = "has_part"
    elif report.ward_id not in wards:
        found = "elsewhere"
    return BulkItem(
        report_id=report.id,
        code=report.code,
        state=report.state,
        possible=found is None and is_passable(actor, report),
        needs_photo=False,
        at_department=found,
    )


def _require_few(report_ids: Sequence[UUID]) -> None:
    if len(report_ids) > MOST_MOVES:
        raise InvalidField(
            "report_ids",
            "too_many_reports",
            N_("{count} reports are too many at once; at most {most} are possible."),
            count=len(report_ids),
            most=MOST_MOVES,
        )


def _bulk_item(actor: Actor, row: "Record", to: State) -> BulkItem:
    report = queries.report_of(row)
    sides = sides_of(actor, report)

    def find(source: State, to: State) -> MoveOption | None:
        options = options_for(
            sides,
            source,
            appealed=report.appealed,
            needs_result_photo=row["needs_result_photo"],
            open_parts=bool(report.open_part_ids),
        )
        return next((option for option in options if option.to == to), None)

    option = find(report.state, to)
    if option is None and to == "resolved" and find(report.state, "in_progress"):
        # Begun and solved in one go: two moves, one after the other.
        option = find("in_progress", "resolved")
    return BulkItem(
        report_id=report.id,
        code=report.code,
        state=report.state,
        possible=option is not None,
        needs_photo=option is not None and option.needs_photo,
    )


def _write_cursor(place: _Place) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("=")


def _read_cursor(text: str, filters: DeskFilters) -> tuple[datetime, UUID]:
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        place = msgspec.msgpack.decode(packed, type=_Place)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _bad_cursor() from error
    if (place.by_deadline, place.tray) != (filters.by_deadline, filters.tray):
        raise _bad_cursor()
    return place.at, place.report_id


def _bad_cursor() -> InvalidField:
    return InvalidField(
        "cursor", "bad_cursor", N_("This page of the list is no longer known. Please start again.")
    )
