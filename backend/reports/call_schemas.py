"""What an operator asks and writes down while somebody is on the line (`S3`, `R7`)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.i18n import Language
from backend.reports.schemas import ReportIn, ReportOut, State

Typed = Annotated[str, Meta(max_length=60)]
SmsState = Literal[
    "no_number", "has_app", "no_texts", "switched_off", "unreachable", "waiting", "sent", "failed"
]


class NumberIn(Struct, frozen=True):
    """A number as the caller says it. In a body: addresses end up in logs."""

    number: Typed


class CallerOut(Struct, frozen=True):
    """Somebody whose number it is. `reports`: what is open, and what ended lately, newest first.

    `signed_in`: has the app; told there, not by text.
    """

    account_id: UUID
    name: str
    language: Language
    neighbourhood_id: UUID
    neighbourhood_name: str
    signed_in: bool
    reports: list[ReportOut]


class LookupOut(Struct, frozen=True):
    """Who may be on the line. `shown` is how the number is read back.

    For the rest see `backend.phones.Phone`.
    """

    shown: str
    foreign: bool
    exists: bool
    texts: bool
    callers: list[CallerOut]


class CallIn(Struct, frozen=True):
    """A report that somebody makes by telephone. Its id is the report's.

    `number` is empty where the caller's is withheld. `caller_id` is one of those the look-up gave;
    without it the caller is new, called `name` (or nothing) and answered in `language`.
    """

    report: ReportIn
    number: Typed = ""
    caller_id: UUID | None = None
    name: Annotated[str, Meta(max_length=400)] = ""
    language: Language = "vi"


class CallerWordsIn(Struct, frozen=True):
    """What somebody says on the telephone about a report they have made.

    Without words they only ask after it, which is possible once a promise is broken.
    """

    text: str = ""
    device_created_at: datetime | None = None


class CallReceipt(Struct, frozen=True):
    """The report is durable. Asked again, `state` is as of then."""

    id: UUID
    code: str
    state: State
    received_at: datetime


class CallOut(Struct, frozen=True):
    """A call that was written down: what there is to read out, and whether a text went out.

    `shown` is the number; empty if there is none.
    """

    report: ReportOut
    shown: str
    sms: SmsState


class CallList(Struct, frozen=True):
    """What this operator wrote down in the last day, newest first."""

    calls: list[CallOut]


class SmsSwitch(Struct, frozen=True):
    """Whether a ward's callers get texts."""

    allowed: bool
