"""What a text says: a code and a state, no word of a person's, no place (`N5`).

Each fits one segment as phones are charged: 160 letters of GSM 03.38 in English, 70 of UCS-2 in
Vietnamese and Persian. Vietnamese keeps its diacritics: without them nothing would be saved, and
"da" would be "đã", "da" or "đa".
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import jdatetime
from babel.dates import format_datetime

from backend.i18n import N_, Language, gettext
from backend.notifications.sms_queries import SmsDelivery

_LOGGED: Final = N_("Your report has the number {code}. Answer due: {when}.")
_MESSAGE: Final = N_("{code}: the ward has answered you. Please call to hear it.")
_QUESTION: Final = N_("{code}: the ward has a question for you. Please call back.")
_ACCEPTED: Final = N_("{code}: accepted. To be done by {when}.")
_STATES: Final[dict[str, str]] = {
    "submitted": N_("{code}: is being looked at again."),
    "in_progress": N_("{code}: is being worked on."),
    "awaiting_reporter": _QUESTION,
    "resolved": N_("{code}: done. If it is not fixed, please call us within 7 days."),
    "closed": N_("{code}: closed. Thank you for calling."),
    "rejected": N_("{code}: not taken on. Please call to hear why."),
    "merged": N_("{code}: goes on together with another report."),
}

_SHORT: Final = {"vi": "HH:mm d/M", "en": "d MMM HH:mm"}
_PERSIAN_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def text_of(delivery: SmsDelivery) -> str:
    """The text in the caller's language, with times of the ward's clock."""
    language, zone = delivery.language, ZoneInfo(delivery.time_zone)
    when = "" if delivery.due_at is None else _moment(language, delivery.due_at, zone)
    return gettext(language, _words(delivery, bool(when)), code=delivery.code, when=when)


def _words(delivery: SmsDelivery, timed: bool) -> str:
    if delivery.kind == "logged":
        return _LOGGED
    if delivery.kind == "question":
        return _QUESTION
    if delivery.detail == "accepted" and timed:
        return _ACCEPTED
    return _STATES.get(delivery.detail or "", _MESSAGE)


def _moment(language: Language, moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    if language == "fa":
        jalali = jdatetime.datetime.fromgregorian(datetime=local, locale="fa_IR")
        return str(jalali.strftime("%-d %B %H:%M")).translate(_PERSIAN_DIGITS)
    return str(format_datetime(local, _SHORT[language], locale=language))
