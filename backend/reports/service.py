"""Reading reports: a case, a phone's copy, a photo, a voice note. Others may call these.

Writing is in `intake` (sending, correcting) and `conversation` (messages, moves, reading marks);
lists are in `desk`.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from backend.accounts.joining_guests import on_guest_joined
from backend.actor import Actor
from backend.errors import NotFound
from backend.media import service as media
from backend.media.schemas import PhotoFile, PhotoVariant, VoiceFile
from backend.reports import following, guests, media_queries, queries
from backend.reports.policy import inspects, viewer_of
from backend.reports.report import Report
from backend.reports.schemas import CaseOut, ReportOut
from backend.threads import service as threads
from backend.threads.schemas import MessageOut
from backend.threads.service import Viewer

on_guest_joined.append(guests.hand_over)


async def get_report(actor: Actor, report_id: UUID) -> ReportOut:
    """Raises NotFound for what is missing or foreign."""
    row = await queries.show_report(actor, report_id)
    if row is None:
        raise NotFound
    photos, voices = await media.list_photos([report_id]), await media.list_voices([report_id])
    return queries.out_of(row, actor, photos.get(report_id, []), voices.get(report_id))


async def get_case(actor: Actor, report_id: UUID) -> CaseOut:
    """A report with its thread; who only follows it sees none. Marks nothing as read.

    Raises NotFound.
    """
    row = await queries.show_report(actor, report_id)
    if row is None:
        followed = await following.load_followed(actor, [report_id])
        if not followed:
            raise NotFound
        return CaseOut(followed[0], [])
    thread = await threads.read_thread(report_id, viewer_of(actor, queries.report_of(row)))
    return CaseOut(queries.out_of(row, actor, thread.photos, thread.voice), thread.messages)


async def get_inspected(actor: Actor, report_id: UUID) -> Report:
    """A report whose whole life this person may look into. Raises NotFound."""
    found = await queries.list_visible(actor, [report_id])
    if not found or not inspects(actor, found[0]):
        raise NotFound
    return found[0]


async def load_reports(actor: Actor, ids: Sequence[UUID]) -> list[ReportOut]:
    """Those of `ids` that the actor's phone keeps: their own, a head's neighbourhood, and the
    little they may see of what they follow."""
    rows = await queries.show_replicated(actor, ids)
    known = {row["id"] for row in rows}
    photos, voices = await media.list_photos(list(known)), await media.list_voices(list(known))
    followed = await following.load_followed(actor, [one for one in ids if one not in known])
    own = [
        queries.out_of(row, actor, photos.get(row["id"], []), voices.get(row["id"])) for row in rows
    ]
    return [*own, *followed]


async def load_messages(actor: Actor, ids: Sequence[UUID]) -> list[MessageOut]:
    """Those of `ids` that stand in a thread `load_reports` would give, and may be seen."""

    async def viewers_of(thread_ids: Sequence[UUID]) -> Mapping[UUID, Viewer]:
        reports = await queries.list_replicated(actor, thread_ids)
        return {report.id: viewer_of(actor, report) for report in reports}

    return await threads.load_messages(ids, viewers_of)


async def open_photo(actor: Actor, photo_id: UUID, variant: PhotoVariant) -> PhotoFile:
    """A picture that hangs on something the actor sees.

    Raises:
        NotFound: missing, or not the actor's to see.
        PhotoNotReady, Unavailable: as `media.service.open_variant`.
    """
    if not await media_queries.sees_photo(actor, photo_id):
        raise NotFound
    return await media.open_variant(photo_id, variant)


async def open_voice(actor: Actor, voice_id: UUID, asked: str | None) -> VoiceFile:
    """A voice note in a thread the actor reads, or the part of it that the header Range asks for.

    Raises:
        NotFound: missing, or not the actor's to hear.
        VoiceNotReady, RangeInvalid, Unavailable: as `media.service.open_voice`.
    """
    if not await media_queries.hears_voice(actor, voice_id):
        raise NotFound
    return await media.open_voice(voice_id, asked)
