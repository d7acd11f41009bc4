"""What goes into the trail of a report (`S6`): every entry of its thread, without its words."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import asdict

from backend.actor import Actor
from backend.media.schemas import PhotoNamed, VoiceNamed
from backend.reports.report import Report
from backend.threads.queries import NewMessage
from backend.threads.schemas import ThreadEvent
from backend.trail import Detail, record, sha256

_CODES: Final = frozenset({"source", "to", "clock"})
"""Texts of an event that are ours. All others are a person's, and leave only their SHA-256."""


def record_entries(
    actor: Actor | None,
    report: Report,
    entries: Iterable[NewMessage],
    photos: Sequence[PhotoNamed] = (),
    voice: VoiceNamed | None = None,
    **more: Detail,
) -> None:
    """One entry of the trail for each of the thread's; photos and voice came with the first."""
    named: list[str] | None = [photo.sha256 for photo in photos] or None
    for entry in entries:
        action = entry.event.type if entry.event else entry.kind
        details: dict[str, Detail] = {
            "message_id": entry.id,
            "message_seq": entry.seq,
            "text_sha256": sha256(entry.body),
            "question": entry.question or None,
            "photos": named,
            "voice": voice.sha256 if voice is not None else None,
            **(_event(entry.event) if entry.event else {}),
            **more,
        }
        record_change(actor if entry.side != "system" else None, report, action, entry, **details)
        named = voice = None


def record_change(
    actor: Actor | None, report: Report, action: str, entry: NewMessage | None, **details: Detail
) -> None:
    """A change to a report, by somebody in the role they had in it then; None: by the system."""
    by = _role(actor, report, entry) if actor is not None else {}
    record(
        f"report.{action}",
        ("report", report.id),
        ward_id=report.ward_id,
        actor_id=actor.account_id if actor is not None else None,
        **by,
        **details,
    )


def _role(actor: Actor, report: Report, entry: NewMessage | None) -> dict[str, Detail]:
    side = entry.side if entry is not None else None
    if side == "head":
        return {"by_role": "head"}
    if side == "reporter" and actor.account_id != report.account_id:
        return {"by_role": "dispatcher"}  # by telephone
    if side != "department":
        return {"by_role": "resident"}
    mine: list[UUID] = actor.departments()
    working = [report.department_id, *report.part_ids]
    inside = next((one for one in working if one in mine), None)
    if inside is not None and (inside == report.department_id or not _dispatches(actor, report)):
        return {"by_role": "officer", "by_department": inside}
    return {"by_role": "dispatcher" if _dispatches(actor, report) else "leader"}


def _dispatches(actor: Actor, report: Report) -> bool:
    return report.ward_id in actor.dispatches()


def _event(event: ThreadEvent) -> dict[str, Detail]:
    found: dict[str, Detail] = {}
    for name, value in asdict(event).items():
        if value is None or value is UNSET or name == "type":
            continue
        if isinstance(value, str) and name not in _CODES:
            found[f"{name}_sha256"] = sha256(value)
        else:
            found[name] = value
    return found
