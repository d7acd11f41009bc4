"""Entries of a report's thread: written together with what they change, and found again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuids

from backend.actor import Actor
from backend.errors import IdReused, NotFound
from backend.media.schemas import PhotoNamed, PhotoReceipt, VoiceNamed
from backend.reports import queries, telling
from backend.reports.policy import viewer_of
from backend.reports.recording import record_entries
from backend.reports.report import Report
from backend.reports.timing import Changes
from backend.threads import service as threads
from backend.threads.content import content_hash
from backend.threads.queries import NewMessage
from backend.threads.schemas import ThreadEvent
from backend.threads.service import Repeated


async def write(
    actor: Actor | None,
    report: Report,
    entries: Sequence[NewMessage],
    photos: Sequence[PhotoNamed],
    changes: Changes,
    voice: VoiceNamed | None = None,
) -> list[PhotoReceipt]:
    """Put entries into the thread and change the report; a note leaves no trace for its author."""
    note = entries[0].kind == "note"
    stamp = {} if note else {"updated_at": entries[0].created_at}
    await queries.update_report(report.id, len(entries), {**changes, **stamp})
    record_entries(actor, report, entries, photos, voice)
    viewer = viewer_of(actor, report) if actor is not None else None
    receipts = await threads.append(entries, photos, viewer, voice)
    telling.touch_report(report, [entry.id for entry in entries], to_author=not note)
    return receipts


async def find_earlier(
    actor: Actor, report: Report | None, report_id: UUID, entry_id: UUID, fingerprint: bytes
) -> Repeated | None:
    """What this person sent before under this id, even into a report they no longer see.

    Whoever has lost a grant meanwhile still learns that what they wrote has arrived, photos too.
    Raises IdReused, but of a report out of sight nothing is told.
    """
    try:
        return await threads.find_repeat(report_id, entry_id, actor.account_id, fingerprint)
    except IdReused:
        if report is None:
            raise NotFound from None
        raise


def system_entry(report: Report, place: int, event: ThreadEvent, now: datetime) -> NewMessage:
    """An event nobody wrote, as the `place`-th new entry of the thread."""
    return NewMessage(
        id=uuids.uuid7(),
        thread_id=report.id,
        seq=report.last_seq + place,
        account_id=None,
        side="system",
        kind="event",
        content_hash=content_hash(event),
        event=event,
        created_at=now,
    )
