"""What the head of a neighbourhood decides about a report (`W5`), and the author's one appeal.

Every decision is an entry of the thread. What was approved may become public; nothing else ever is:
a report starts as new, and a private one cannot be approved.
"""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import UNSET, Struct
from msgspec.structs import replace

from backend.actor import Actor
from backend.areas.schemas import Place
from backend.db import write_tx
from backend.errors import Conflict, Forbidden, InvalidField, NotFound
from backend.i18n import N_
from backend.media.policy import check_photos
from backend.media.schemas import PhotoNamed
from backend.reports import entries, intake, queries, telling, timing
from backend.reports.content import REASON_LENGTH
from backend.reports.policy import decisions_open, may_decide
from backend.reports.report import Report
from backend.reports.schemas import Decision, DecisionIn, ReportPatch
from backend.reports.timing import Changes
from backend.text import clean_text
from backend.threads.content import clean_message_text, content_hash, device_time
from backend.threads.queries import NewMessage
from backend.threads.schemas import EventType, MessageReceipt, Side, ThreadEvent

_EVENTS: dict[Decision, EventType] = {
    "approve": "approved",
    "hide": "hidden",
    "verify": "verified",
    "correct": "corrected",
    "appeal": "appealed",
}
_REASONED = frozenset({"hide", "correct", "appeal"})


class PrivateReport(Conflict):
    """Its category is never public."""

    code = "private_report"
    title = N_("This report stays private")
    message = N_("Reports of this kind are never shown to the public.")


class NotDecidable(Conflict):
    """Somebody has decided meanwhile, the report is over, or the ward has the last word."""

    code = "not_decidable"
    title = N_("Not possible now")
    message = N_("Somebody has decided about this meanwhile, or the report is over.")

    def __init__(self, current: str) -> None:
        self.current = current
        super().__init__()

    def state(self) -> str | None:
        return self.current


class _Clean(Struct, frozen=True):
    """What `DecisionIn` comes to; its hash tells a repetition from other content."""

    decision: Decision
    reason: str
    text: str
    photos: list[PhotoNamed]
    patch: ReportPatch


async def decide(
    actor: Actor, report_id: UUID, decision_id: UUID, wish: DecisionIn
) -> tuple[MessageReceipt, bool]:
    """Take a decision; it stands in the thread as entry `decision_id`.

    Returns:
        the receipt, and whether the decision is new.

    Raises:
        InvalidField: reason_needed, photo_needed, nothing_corrected, outside_ward, those of a
            report's place and category, too_long, photo codes.
        NotFound, Forbidden: not visible; decides nothing here.
        PrivateReport, NotDecidable, IdReused
    """
    cleaned = _clean(wish)
    found = await intake.patched_place(cleaned.patch)
    fingerprint = content_hash(cleaned)
    async with write_tx():
        report = (await queries.lock_reports(actor, [report_id])).get(report_id)
        earlier = await entries.find_earlier(actor, report, report_id, decision_id, fingerprint)
        if earlier is not None:
            return earlier.receipt, False
        if report is None:
            raise NotFound
        _require(actor, report, cleaned)
        now = datetime.now(UTC)
        entry = NewMessage(
            id=decision_id,
            thread_id=report_id,
            seq=report.last_seq + 1,
            account_id=actor.account_id,
            side=_side(actor, report, cleaned.decision),
            kind="event",
            content_hash=fingerprint,
            body=cleaned.text,
            event=ThreadEvent(_EVENTS[cleaned.decision], reason=cleaned.reason or None),
            created_at=now,
            device_created_at=device_time(wish.device_created_at),
        )
        if cleaned.decision == "correct":
            await _correct(actor, report, cleaned, found, entry)
            receipts = []
        else:
            changes = _changes(cleaned, now)
            receipts = await entries.write(actor, report, [entry], cleaned.photos, changes)
        await telling.touch_followers(report.id)
        if _is_news(report, cleaned.decision):
            await telling.tell_decision(report, actor.account_id, cleaned.decision, decision_id)
    return MessageReceipt(decision_id, entry.seq, now, receipts), True


def _clean(wish: DecisionIn) -> _Clean:
    reason = clean_text(wish.reason, REASON_LENGTH, field="reason")
    if wish.decision in _REASONED and not reason:
        raise InvalidField("reason", "reason_needed", N_("Please give a reason."))
    photos = check_photos(wish.photos) if wish.decision == "verify" else []
    if wish.decision == "verify" and not photos:
        raise InvalidField("photos", "photo_needed", N_("Please add a photo of the place."))
    patch = ReportPatch()
    if wish.decision == "correct":
        placed = wish.lat is not None or wish.lon is not None
        patch = ReportPatch(
            category_id=UNSET if wish.category_id is None else wish.category_id,
            lat=wish.lat if placed else UNSET,
            lon=wish.lon if placed else UNSET,
            accuracy_m=None if placed else UNSET,
            located_by="map" if placed else UNSET,
            address=UNSET if wish.address is None else wish.address,
        )
    text = clean_message_text(wish.text)
    return _Clean(wish.decision, reason, text, photos, patch)


def _require(actor: Actor, report: Report, cleaned: _Clean) -> None:
    if not may_decide(actor, report):
        raise Forbidden
    if cleaned.decision in decisions_open(actor, report):
        return
    if cleaned.decision == "approve" and report.private:
        raise PrivateReport
    raise NotDecidable(report.state)


def _side(actor: Actor, report: Report, decision: Decision) -> Side:
    if decision == "appeal":
        return "reporter"
    return "head" if report.neighbourhood_id in actor.heads() else "department"


def _changes(cleaned: _Clean, now: datetime) -> Changes:
    match cleaned.decision:
        case "approve":
            return {"moderation": "approved", "hidden_reason": None}
        case "hide":
            return {"moderation": "hidden", "hidden_reason": cleaned.reason}
        case "verify":
            return {"verified_at": now}
        case _:
            return {"moderation_appealed": True}


def _is_news(report: Report, decision: Decision) -> bool:
    """What the author is told of: that a report is shown, only where it was hidden before."""
    if decision == "approve":
        return report.moderation == "hidden"
    return decision != "verify"


async def _correct(
    actor: Actor, before: Report, cleaned: _Clean, found: Place | None, entry: NewMessage
) -> None:
    """Another category or place: routed anew; a department that gets it accepts it itself."""
    if found is not None and found.ward_id != before.ward_id:
        raise InvalidField("lat", "outside_ward", N_("This place lies outside the ward."))
    after = await intake.corrected(actor, before, cleaned.patch, found)
    if not intake.differences(before, after):
        raise InvalidField(
            "category_id", "nothing_corrected", N_("Please choose another kind or another place.")
        )
    changed: Changes = {}
    if after.department_id != before.department_id and before.state == "accepted":
        after = replace(after, state="submitted", accepted_at=None)
        changed = {"state": after.state, "accepted_at": None}
    if after.clocks != before.clocks and after.clocks is not None:
        clocks = replace(
            after.clocks,
            round=timing.clocks_of(before).round + 1,
            reopened=after.accepted_at is not None,
        )
        after = replace(after, clocks=clocks)
    if after.private and before.moderation == "approved":
        changed["moderation"] = "new"
    changed |= intake.differences(before, after)
    await intake.store_correction(actor, before, after, changed, entry)
