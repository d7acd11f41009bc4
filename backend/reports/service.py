"""Reading reports: a case, a desk, a phone's copy, a photo. Others may call these.

Writing is in `intake` (sending, correcting) and `conversation` (messages, moves, reading marks).
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.errors import InvalidField, NotFound
from backend.i18n import N_
from backend.media import service as media
from backend.media.schemas import PhotoFile, PhotoVariant
from backend.reports import desk_queries, queries
from backend.reports.desk_queries import DeskQuestion
from backend.reports.policy import viewer_of
from backend.reports.schemas import CaseOut, DeskOut, ReportOut, State, Tray
from backend.threads import service as threads
from backend.threads.schemas import MessageOut
from backend.threads.service import Viewer

SEARCH_LENGTH = 100


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of the desk ended."""

    tray: Tray
    at: datetime
    report_id: UUID


async def get_report(actor: Actor, report_id: UUID) -> ReportOut:
    """Raises NotFound for what is missing or foreign."""
    row = await queries.show_report(actor, report_id)
    if row is None:
        raise NotFound
    photos = await media.list_photos([report_id])
    return queries.out_of(row, actor, photos.get(report_id, []))


async def get_case(actor: Actor, report_id: UUID) -> CaseOut:
    """A report with its thread; marks nothing as read. Raises NotFound."""
    row = await queries.show_report(actor, report_id)
    if row is None:
        raise NotFound
    thread = await threads.read_thread(report_id, viewer_of(actor, queries.report_of(row)))
    return CaseOut(queries.out_of(row, actor, thread.photos), thread.messages)


async def load_reports(actor: Actor, ids: Sequence[UUID]) -> list[ReportOut]:
    """Those of `ids` that the actor's phone keeps: their own, and a head's neighbourhood."""
    rows = await queries.show_replicated(actor, ids)
    photos = await media.list_photos([row["id"] for row in rows])
    return [queries.out_of(row, actor, photos.get(row["id"], [])) for row in rows]


async def load_messages(actor: Actor, ids: Sequence[UUID]) -> list[MessageOut]:
    """Those of `ids` that stand in a thread `load_reports` would give, and may be seen."""

    async def viewers_of(thread_ids: Sequence[UUID]) -> Mapping[UUID, Viewer]:
        reports = await queries.list_replicated(actor, thread_ids)
        return {report.id: viewer_of(actor, report) for report in reports}

    return await threads.load_messages(ids, viewers_of)


async def list_desk(
    actor: Actor,
    *,
    tray: Tray,
    department_id: UUID | None,
    state: State | None,
    words: str,
    cursor: str | None,
    limit: int,
) -> DeskOut:
    """A page of what is this person's work, and how much there is.

    Raises InvalidField (bad_cursor) for a cursor this list did not give.
    """
    question = DeskQuestion(
        tray=tray,
        limit=limit,
        department_id=department_id,
        state=state,
        words=words[:SEARCH_LENGTH],
        after=_read_cursor(cursor, tray) if cursor else None,
    )
    rows = await desk_queries.list_desk(actor, question)
    shown = rows[:limit]
    photos = await media.list_photos([row["id"] for row in shown])
    following = None
    if len(rows) > limit:
        last = shown[-1]
        at = last["solve_due_at"] if tray == "open" else last["created_at"]
        following = _write_cursor(_Place(tray, at, last["id"]))
    return DeskOut(
        reports=[queries.out_of(row, actor, photos.get(row["id"], [])) for row in shown],
        cursor=following,
        counts=await desk_queries.count_desk(actor, department_id),
    )


async def open_photo(actor: Actor, photo_id: UUID, variant: PhotoVariant) -> PhotoFile:
    """A picture that hangs on something the actor sees.

    Raises:
        NotFound: missing, or not the actor's to see.
        PhotoNotReady, Unavailable: as `media.service.open_variant`.
    """
    if not await queries.sees_photo(actor, photo_id):
        raise NotFound
    return await media.open_variant(photo_id, variant)


def _write_cursor(place: _Place) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("=")


def _read_cursor(text: str, tray: Tray) -> tuple[datetime, UUID]:
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        place = msgspec.msgpack.decode(packed, type=_Place)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _bad_cursor() from error
    if place.tray != tray:
        raise _bad_cursor()
    return place.at, place.report_id


def _bad_cursor() -> InvalidField:
    return InvalidField(
        "cursor", "bad_cursor", N_("This page of the list is no longer known. Please start again.")
    )
