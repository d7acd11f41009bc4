"""The telephone operator (`S3`): who is calling, and a report written down for them (`R7`).

The report is the caller's own, whoever typed it: with the app they see it among theirs, without it
they are told by text.
"""

from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec.structs import replace

from backend.accounts import numbers
from backend.actor import Actor
from backend.areas import service as areas
from backend.areas.schemas import Place
from backend.db import write_tx
from backend.errors import DomainError, IdReused, InvalidField, NotFound
from backend.i18n import N_
from backend.media import service as media
from backend.notifications import sms
from backend.phones import Phone, read_phone, show_phone
from backend.reports import call_queries, queries
from backend.reports.call_schemas import (
    CallerOut,
    CallIn,
    CallList,
    CallOut,
    CallReceipt,
    LookupOut,
    SmsState,
)
from backend.reports.content import NAME_LENGTH, CleanReport, clean_report
from backend.reports.intake import NotYourArea, draw_up, find_place, store_report
from backend.reports.report import Report
from backend.reports.schemas import ReportOut
from backend.text import clean_text
from backend.threads.content import content_hash

if TYPE_CHECKING:
    from asyncpg import Record

_OF_DELIVERY: Final[dict[str, SmsState]] = {
    "pending": "waiting",
    "sent": "sent",
    "failed": "failed",
    "dropped": "failed",
}


async def find_callers(actor: Actor, typed: str) -> LookupOut:
    """Who may be calling from this number, in the wards this person dispatches.

    Raises InvalidField: see `read_phone`.
    """
    wards = actor.dispatches()
    phone = read_phone(typed, await _country_of(wards[0]))
    people = await numbers.find_people(phone.number, wards)
    rows = await call_queries.list_reports_of(actor, [person.account_id for person in people])
    reports = await _shown(actor, rows)
    return LookupOut(
        shown=phone.shown,
        foreign=phone.foreign,
        exists=phone.exists,
        texts=phone.texts,
        callers=[
            CallerOut(
                account_id=person.account_id,
                name=person.name,
                language=person.language,
                neighbourhood_id=person.neighbourhood_id,
                neighbourhood_name=person.neighbourhood_name,
                signed_in=person.signed_in,
                reports=[one for one in reports if one.account_id == person.account_id],
            )
            for person in people
        ],
    )


async def log_call(actor: Actor, call_id: UUID, wish: CallIn) -> tuple[CallReceipt, bool]:
    """Write a report down for a caller; the same call again gives the first answer.

    Returns:
        the receipt, and whether the call is new.

    Raises:
        InvalidField: those of `submit_report` and `read_phone`; unknown_caller, no_photos.
        NotYourArea: outside the wards this person dispatches.
        IdReused
    """
    cleaned = _clean(wish)
    name = clean_text(" ".join(wish.name.split()), NAME_LENGTH, field="name")
    wards = actor.dispatches()
    phone = None
    if wish.number.strip():
        phone = read_phone(wish.number, await _country_of(wards[0]))
    number = phone.number if phone else ""
    fingerprint = content_hash((cleaned, number, wish.caller_id, name))
    try:
        if cleaned.area_id is None and cleaned.lat is None:
            # An operator who lives somewhere does not mean their own street.
            raise InvalidField("area_id", "area_needed", N_("Please say where it is."))
        place = await find_place(actor, cleaned)
        if place.ward_id not in wards:
            raise NotYourArea
        # Who it is for is known only once nobody else adds the same caller.
        drawn = await draw_up(actor, actor.account_id, call_id, place, cleaned, wish.report)
        drawn = replace(drawn, content_hash=fingerprint)
        async with write_tx():
            caller_id = await _caller_of(actor, wish, name, phone, place)
            if phone is not None:
                await numbers.heard_from(caller_id, phone)
            report = replace(drawn, account_id=caller_id)
            stored = await store_report(actor, report, cleaned, caller_id=caller_id)
            if stored is None:
                raise IdReused  # and whoever was added for it is not
            report = replace(report, code=stored.code)
            await call_queries.insert_logged(call_id, name, actor.account_id, report.created_at)
            await sms.tell_caller(
                sms.About(caller_id, report.ward_id, report.id, report.code),
                "logged",
                due_at=report.accept_due_at,
                at_once=True,
            )
    except DomainError:
        earlier = await _find_earlier(actor, call_id, fingerprint)
        if earlier is None:
            raise
        return _receipt(earlier), False
    return _receipt(report), True


async def read_call(actor: Actor, call_id: UUID) -> CallOut:
    """What there is to read out. Raises NotFound."""
    row = await call_queries.show_call(actor, call_id)
    if row is None:
        raise NotFound
    return (await _calls(actor, [row]))[0]


async def list_calls(actor: Actor) -> CallList:
    """This operator's calls of the last day."""
    return CallList(await _calls(actor, await call_queries.list_calls(actor)))


def _clean(wish: CallIn) -> CleanReport:
    brought = [*wish.report.photos, wish.report.voice, wish.report.on_behalf]
    if any(one is not None for one in brought):
        raise InvalidField(
            "report", "not_by_telephone", N_("A call brings no photos and speaks for the caller.")
        )
    return clean_report(wish.report)


async def _caller_of(
    actor: Actor, wish: CallIn, name: str, phone: Phone | None, place: Place
) -> UUID:
    if wish.caller_id is None:
        return await numbers.find_or_add_caller(
            name, wish.language, place.neighbourhood_id, place.ward_id, phone, actor.account_id
        )
    people = await numbers.find_people(phone.number if phone else "", actor.dispatches())
    if wish.caller_id not in {person.account_id for person in people}:
        raise InvalidField(
            "caller_id", "unknown_caller", N_("This number is not known of that person any more.")
        )
    return wish.caller_id


async def _find_earlier(actor: Actor, call_id: UUID, fingerprint: bytes) -> Report | None:
    """Raises IdReused for anything else of that id."""
    report = await queries.get_any_report(call_id)
    if report is None:
        return None
    operator_id = await call_queries.get_logger_of(call_id)
    if operator_id != actor.account_id or report.content_hash != fingerprint:
        raise IdReused
    return report


def _receipt(report: Report) -> CallReceipt:
    return CallReceipt(report.id, report.code, report.state, report.created_at)


async def _calls(actor: Actor, rows: "list[Record]") -> list[CallOut]:
    calls = []
    for report in await _shown(actor, rows):
        reach = await call_queries.get_reach(report.id)
        assert reach is not None
        shown = show_phone(reach["number"], reach["country"]) if reach["number"] else ""
        calls.append(CallOut(report, shown, _sms_state(reach)))
    return calls


def _sms_state(reach: "Record") -> SmsState:
    if reach["delivery"] is not None and not reach["unreachable"]:
        return _OF_DELIVERY[reach["delivery"]]
    if reach["number"] is None:
        return "no_number"
    if reach["unreachable"]:
        return "unreachable"
    if reach["signed_in"]:
        return "has_app"
    return "switched_off" if reach["texts"] and not reach["allowed"] else "no_texts"


async def _shown(actor: Actor, rows: "list[Record]") -> list[ReportOut]:
    photos = await media.list_photos([row["id"] for row in rows])
    return [queries.out_of(row, actor, photos.get(row["id"], [])) for row in rows]


async def _country_of(ward_id: UUID) -> str:
    found = await areas.load_areas([ward_id])
    if not found:
        raise NotFound
    return found[0].country
