"""Sending a report, and correcting it before anyone has accepted it (`R1`, `R12`, `W1`)."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import uuid_utils.compat as uuids
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from backend.accounts import guests
from backend.actor import Actor
from backend.areas import service as areas
from backend.areas.schemas import Place
from backend.db import write_tx
from backend.departments import service as departments
from backend.departments.schemas import Answer, RoutedCategory
from backend.errors import DomainError, Forbidden, IdReused, IllegalMove, InvalidField, NotFound
from backend.i18n import N_
from backend.media import service as media
from backend.media.schemas import PhotoReceipt
from backend.reports import call_queries, entries, queries, telling, timing
from backend.reports.codes import new_code
from backend.reports.content import CleanReport, clean_position, clean_report
from backend.reports.policy import sides_of, speaks_for_others, viewer_of
from backend.reports.recording import record_entries
from backend.reports.report import Report
from backend.reports.schemas import ReportIn, ReportPatch, ReportReceipt
from backend.threads import service as threads
from backend.threads.content import content_hash, device_time
from backend.threads.queries import NewMessage
from backend.threads.schemas import ThreadEvent
from backend.trail import Detail

CODE_TRIES: Final = 8
"""With a million reports one code in a thousand is taken."""

_CORRECTED: Final = (
    "category_id", "description", "lat", "lon", "accuracy_m", "located_by", "address", "outside",
    "urgent", "private", "neighbourhood_id", "ward_id", "city_id", "department_id",
    "accept_due_at", "solve_due_at", "clocks", "alarm_at", "answers",
    "crisis_id",
)  # fmt: skip


class UnknownCategory(InvalidField):
    """No such category, or not offered at that place."""

    def __init__(self) -> None:
        super().__init__(
            "category_id",
            "unknown_category",
            N_("This kind of problem cannot be reported at this place. Please choose another."),
        )


class NotYourArea(Forbidden):
    """Only a neighbourhood's head and the ward's dispatcher report for others there (`R7`)."""

    code = "not_your_area"
    message = N_("You can report for somebody else only in a neighbourhood you look after.")


async def submit_report(
    actor: Actor, report_id: UUID, wish: ReportIn
) -> tuple[ReportReceipt, bool]:
    """Take a report: routed, clocks running, department and head told, all in one transaction.

    The same id with the same content gives the first answer again, with what is stored by now,
    even if the report could not be sent today (a category was closed since).

    Returns:
        the receipt, and whether the report is new.

    Raises:
        InvalidField: naming the field, see `clean_report`; unknown_category, unknown_area,
            area_needed, outside_area.
        Invalid: bad_answers, naming the questions.
        GuestsNotTaken, QuotaExceeded: without an account, see `guests.admit_report`.
        NotYourArea: for somebody else, outside the neighbourhoods this person looks after.
        IdReused: the id stands for other content or another person's report.
    """
    cleaned = clean_report(wish)
    fingerprint = content_hash(cleaned)
    try:
        place = await find_place(actor, cleaned)
        if cleaned.on_behalf is not None and not speaks_for_others(actor, place):
            raise NotYourArea
        report = await draw_up(actor, actor.account_id, report_id, place, cleaned, wish)
        if actor.guest:
            earlier = await _find_earlier(actor, report_id, fingerprint)
            if earlier is not None:
                return earlier, False
            await guests.admit_report(actor, place.ward_id)
    except IdReused:
        raise
    except DomainError:
        earlier = await _find_earlier(actor, report_id, fingerprint)
        if earlier is None:
            raise
        return earlier, False
    async with write_tx():
        stored = await store_report(actor, report, cleaned)
    if stored is None:
        earlier = await _find_earlier(actor, report_id, fingerprint)
        if earlier is None:
            raise IdReused
        return earlier, False
    return stored, True


async def draw_up(
    actor: Actor,
    author_id: UUID,
    report_id: UUID,
    place: Place,
    cleaned: CleanReport,
    wish: ReportIn,
) -> Report:
    """A new report as it will be stored: routed, with its promises counted from now.

    Raises:
        UnknownCategory
        Invalid: bad_answers.
    """
    category = await _find_category(cleaned.category_id, place)
    answers = await departments.understand_answers(category, cleaned.answers, actor.language)
    now = datetime.now(UTC)
    department_id = departments.route(category, place.path)
    calendar = await departments.calendar_of(place.ward_id, department_id, place.path)
    timed = timing.start(departments.promise(category, place.path), now, calendar)
    return Report(
        id=report_id,
        code=new_code(),
        account_id=author_id,
        neighbourhood_id=place.neighbourhood_id,
        ward_id=place.ward_id,
        city_id=place.city_id,
        category_id=cleaned.category_id,
        department_id=department_id,
        state="submitted",
        description=cleaned.description,
        address=cleaned.address,
        lat=cleaned.lat,
        lon=cleaned.lon,
        accuracy_m=cleaned.accuracy_m,
        located_by=cleaned.located_by,
        outside=place.outside,
        urgent=category.category.urgent,
        private=category.category.private,
        content_hash=content_hash(cleaned),
        last_seq=1,
        created_at=now,
        device_created_at=device_time(wish.device_created_at),
        accept_due_at=timed.accept_due_at,
        solve_due_at=timed.solve_due_at,
        awaiting_since=None,
        accepted_at=None,
        resolved_at=None,
        appealed=False,
        clocks=timed.clocks,
        alarm_at=timed.alarm_at,
        answers=answers,
        crisis_id=_crisis_at(category, place),
        severity=cleaned.severity,
    )


async def store_report(
    actor: Actor, report: Report, cleaned: CleanReport, **recorded: Detail
) -> ReportReceipt | None:
    """Insert and tell; None when the id is taken. Inside `write_tx()`.

    Args:
        recorded: what the trail says besides.
    """
    created = NewMessage(
        id=uuids.uuid7(),
        thread_id=report.id,
        seq=1,
        account_id=report.account_id,
        side="reporter",
        kind="event",
        content_hash=report.content_hash,
        created_at=report.created_at,
        event=ThreadEvent("created", to="submitted", department_id=report.department_id),
    )
    watchers = [*telling.department_of(report), *telling.heads_of(report)]
    for _ in range(CODE_TRIES):
        recipients = await queries.insert_report(report, created, watchers)
        if recipients is not None:
            break
        if await queries.get_any_report(report.id) is not None:
            return None
        report = replace(report, code=new_code())
    else:
        raise RuntimeError("no free report code")
    if cleaned.on_behalf is not None:
        await call_queries.insert_behalf(report.id, cleaned.on_behalf, report.created_at)
    receipts: list[PhotoReceipt] = []
    if cleaned.photos:
        receipts = await media.name_photos(report.account_id, report.id, report.id, cleaned.photos)
    voice = None
    if cleaned.voice is not None:
        voice = await media.name_voice(report.account_id, report.id, report.id, cleaned.voice)
    record_entries(actor, report, [created], cleaned.photos, cleaned.voice, **recorded)
    telling.touch_report(report, [created.id])
    others = [one for one in recipients if one != actor.account_id]
    await telling.tell_new_report(report, others, created.id)
    return _receipt(report, receipts, voice)


async def _find_earlier(actor: Actor, report_id: UUID, fingerprint: bytes) -> ReportReceipt | None:
    """The receipt of an earlier, equal sending. Raises IdReused for anything else of that id."""
    report = await queries.get_any_report(report_id)
    if report is None:
        return None
    if report.account_id != actor.account_id or report.content_hash != fingerprint:
        raise IdReused
    photos = await media.photo_receipts(report_id)
    return _receipt(report, photos, await media.voice_receipt(report_id))


def _receipt(
    report: Report, photos: list[PhotoReceipt], voice: PhotoReceipt | None
) -> ReportReceipt:
    return ReportReceipt(
        id=report.id,
        code=report.code,
        state=report.state,
        received_at=report.created_at,
        area_id=report.neighbourhood_id,
        department_id=report.department_id,
        photos=photos,
        voice=voice,
    )


async def find_place(actor: Actor, cleaned: CleanReport) -> Place:
    """Chosen by hand, else by the position, else where the person lives (`R10`)."""
    if cleaned.area_id is not None:
        return await areas.place_of(cleaned.area_id)
    if cleaned.lat is not None and cleaned.lon is not None:
        return await areas.locate(cleaned.lat, cleaned.lon)
    if actor.neighbourhood_id is None:
        raise InvalidField("area_id", "area_needed", N_("Please say where it is."))
    return await areas.place_of(actor.neighbourhood_id)


async def _find_category(category_id: UUID, place: Place) -> RoutedCategory:
    category = await departments.get_category(category_id, place.path)
    if category is None:
        raise UnknownCategory
    return category


def _crisis_at(category: RoutedCategory, place: Place) -> UUID | None:
    """The crisis whose promises hold for this kind of problem at this place."""
    pressing = category.pressing.get(place.neighbourhood_id)
    return pressing.source_id if pressing is not None else None


async def edit_report(actor: Actor, report_id: UUID, patch: ReportPatch) -> None:
    """Correct one's own report while nobody has accepted it (`R12`). No change writes nothing.

    Another category or place routes it anew; the clocks still count from when it was sent.

    Raises:
        NotFound, Forbidden: not visible; not the author.
        IllegalMove: already accepted, or over.
        InvalidField: as `submit_report`.
    """
    found = await patched_place(patch)
    async with write_tx():
        before = (await queries.lock_reports(actor, [report_id])).get(report_id)
        if before is None:
            raise NotFound
        if "reporter" not in sides_of(actor, before):
            raise Forbidden
        if before.state != "submitted":
            raise IllegalMove(before.state)
        after = await corrected(actor, before, patch, found)
        changed = differences(before, after)
        if changed:
            if before.moderation == "approved":  # what was approved is no longer what it says
                changed["moderation"] = "new"
            edited = ThreadEvent("edited")
            entry = NewMessage(
                id=uuids.uuid7(),
                thread_id=report_id,
                seq=before.last_seq + 1,
                account_id=before.account_id,
                side="reporter",
                kind="event",
                content_hash=content_hash(edited),
                created_at=datetime.now(UTC),
                event=edited,
            )
            await store_correction(actor, before, after, changed, entry)


def differences(before: Report, after: Report) -> dict[str, object]:
    """The columns a correction changes, with their new values."""
    return {
        column: getattr(after, column)
        for column in _CORRECTED
        if getattr(after, column) != getattr(before, column)
    }


async def patched_place(patch: ReportPatch) -> Place | None:
    """Where a new position lies; asked before the transaction, which must not wait for the map."""
    if isinstance(patch.lat, UnsetType) != isinstance(patch.lon, UnsetType):
        raise InvalidField(
            "lat", "bad_position", N_("A position needs both its latitude and its longitude.")
        )
    if isinstance(patch.lat, UnsetType) or isinstance(patch.lon, UnsetType):
        return None
    lat, lon = clean_position(patch.lat, patch.lon)
    return None if lat is None or lon is None else await areas.locate(lat, lon)


async def corrected(
    actor: Actor, before: Report, patch: ReportPatch, found: Place | None
) -> Report:
    """The report with the patch applied, checked, and routed as if sent so at first."""
    wished = {key: value for key, value in asdict(patch).items() if value is not UNSET}
    present = {field: getattr(before, field) for field in ReportPatch.__struct_fields__}
    whole = {**present, "answers": None, **wished}
    # A position that stays was accepted once, however vague it is.
    chosen = None if found else before.neighbourhood_id
    cleaned = clean_report(ReportIn(**whole, area_id=chosen))
    place = found or Place(before.neighbourhood_id, before.ward_id, before.city_id, before.outside)
    after = replace(
        before,
        category_id=cleaned.category_id,
        description=cleaned.description,
        lat=cleaned.lat,
        lon=cleaned.lon,
        accuracy_m=cleaned.accuracy_m,
        located_by=cleaned.located_by,
        address=cleaned.address,
        neighbourhood_id=place.neighbourhood_id,
        ward_id=place.ward_id,
        city_id=place.city_id,
        outside=place.outside,
        answers=await _corrected_answers(actor, before, cleaned, patch),
    )
    if after.category_id == before.category_id and after.path == before.path:
        return after
    category = await _find_category(after.category_id, place)
    department_id = departments.route(category, place.path)
    calendar = await departments.calendar_of(place.ward_id, department_id, place.path)
    times = departments.promise(category, place.path)
    timed = timing.start(times, before.created_at, calendar, timing.clocks_of(before).round)
    return replace(
        after,
        department_id=department_id,
        urgent=category.category.urgent,
        private=category.category.private,
        crisis_id=_crisis_at(category, place),
        accept_due_at=timed.accept_due_at,
        solve_due_at=timed.solve_due_at,
        clocks=timed.clocks,
        alarm_at=timed.alarm_at if timing.is_running(after) else None,
    )


async def _corrected_answers(
    actor: Actor, before: Report, cleaned: CleanReport, patch: ReportPatch
) -> list[Answer]:
    """Those given now; else those from before, unless they were to another category's questions."""
    if isinstance(patch.answers, UnsetType):
        return before.answers if cleaned.category_id == before.category_id else []
    try:
        category = await departments.find_category(cleaned.category_id)
    except LookupError:
        raise UnknownCategory from None
    return await departments.understand_answers(category, cleaned.answers, actor.language)


async def store_correction(
    actor: Actor, before: Report, after: Report, changed: dict[str, object], entry: NewMessage
) -> None:
    """Write what was corrected, with `entry` and, if another department has it now, its routing."""
    routed = before.department_id != after.department_id
    written = [entry]
    if routed:
        event = ThreadEvent("routed", department_id=after.department_id)
        written.append(entries.system_entry(before, 2, event, entry.created_at))
    await queries.update_report(after.id, len(written), {**changed, "updated_at": entry.created_at})
    record_entries(actor, after, written, changed=sorted(changed))
    await threads.append(written, viewer=viewer_of(actor, after))
    fresh_ids = [one.id for one in written]
    if before.path == after.path and not routed:
        telling.touch_report(after, fresh_ids)
        return
    # Whoever had it loses it, whoever gets it needs the whole thread.
    everything = [*await threads.list_ids(after.id), *fresh_ids]
    telling.touch_report(before, everything)
    telling.touch_report(after, everything)
    watchers = telling.department_of(after) if routed else []
    if before.neighbourhood_id != after.neighbourhood_id:
        watchers = [*watchers, *telling.heads_of(after)]
    recipients = await queries.list_holders(watchers, actor.account_id)
    await telling.tell_new_report(after, recipients, fresh_ids[-1])
