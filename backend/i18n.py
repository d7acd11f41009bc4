"""The languages people read: Vietnamese, Persian and English (L1).

English is the msgid. Translations are read once, at import, from
`locales/*/LC_MESSAGES/messages.po`, the same catalogue the app on the phone is built from.
Everything here is a pure function of its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

import jdatetime
from babel.dates import format_datetime as format_gregorian
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

Language = Literal["vi", "fa", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT_LANGUAGE: Final[Language] = "vi"

LOCALES: Final = Path(__file__).resolve().parent.parent / "locales"

_DATE_PATTERNS: Final[Mapping[Language, str]] = {
    "vi": "HH:mm, EEEE d/M/y",
    "en": "EEEE d MMMM y, HH:mm",
    "fa": "%A %-d %B %Y، ساعت %H:%M",
}
_PERSIAN_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}", re.IGNORECASE)

_Messages = Mapping[str, tuple[str, ...]]


def N_(msgid: str) -> str:  # noqa: N802 - the name gettext tools know
    """Marks a text for extraction and gives it back unchanged; `gettext` translates it later."""
    return msgid


_ = N_


def ngettext_(singular: str, plural: str) -> tuple[str, str]:
    """Marks a counted text for extraction; hand the pair to `ngettext` later."""
    return singular, plural


def _read(language: Language) -> _Messages:
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return MappingProxyType({})
    with path.open("rb") as file:
        catalog = read_po(file, locale=language, abort_invalid=True)
    messages: dict[str, tuple[str, ...]] = {}
    for message in catalog:
        msgid = message.id if isinstance(message.id, str) else message.id[0]
        forms = (
            (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        )
        if msgid and forms and all(forms):
            messages[msgid] = forms
    return MappingProxyType(messages)


_MESSAGES: Final[Mapping[Language, _Messages]] = MappingProxyType(
    {language: _read(language) for language in LANGUAGES}
)


def gettext(language: Language, msgid: str, **params: object) -> str:
    """`msgid` in `language`, its `{name}` places filled from `params`.

    Numbers are written in the language's digits. A text without a translation appears in English;
    a place without a value stays as it is written.
    """
    return _fill(language, _MESSAGES[language].get(msgid, (msgid,))[0], params)


def ngettext(language: Language, singular: str, plural: str, n: int, **params: object) -> str:
    """The form of a counted text that `n` asks for by CLDR's rules; `{n}` is filled by itself."""
    forms = _MESSAGES[language].get(singular)
    if forms is None:
        text = singular if n == 1 else plural
    else:
        text = forms[0] if _is_one(language, n) else forms[-1]
    return _fill(language, text, {"n": n, **params})


def negotiate(accept_language: str | None) -> Language:
    """The best of our languages for an `Accept-Language` header (RFC 9110 §12.5.4).

    Vietnamese when none fits or the header cannot be read.
    """
    wishes: list[tuple[float, int, str]] = []
    for place, wish in enumerate((accept_language or "")[:500].split(",")):
        tag, _sep, weight = wish.partition(";")
        quality = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight) if weight else None
        if weight and quality is None:
            continue
        wishes.append((-float(quality[1]) if quality else -1.0, place, tag.strip().lower()))
    for minus_quality, _place, tag in sorted(wishes):
        for language in LANGUAGES:
            if minus_quality < 0 and tag.split("-")[0] == language:
                return language
    return DEFAULT_LANGUAGE


def format_number(language: Language, number: float) -> str:
    """`number` with the language's digits and separators: 1.234,5 · ۱٬۲۳۴٫۵ · 1,234.5."""
    if language == "fa":
        # Babel takes the separators from `arabext`, and leaves the digits Latin.
        text = str(format_decimal(number, locale=language, numbering_system="arabext"))
        return text.translate(_PERSIAN_DIGITS)
    return str(format_decimal(number, locale=language))


def format_datetime(language: Language, dt: datetime, tz: ZoneInfo) -> str:
    """An aware `dt` as people in `tz` say it; Persian has Jalali dates and its own digits (L2)."""
    if dt.tzinfo is None:
        raise ValueError("a time for people must be aware")
    local = dt.astimezone(tz)
    if language == "fa":
        # Babel knows only the Gregorian calendar.
        jalali = jdatetime.datetime.fromgregorian(datetime=local, locale="fa_IR")
        return str(jalali.strftime(_DATE_PATTERNS["fa"])).translate(_PERSIAN_DIGITS)
    return str(format_gregorian(local, _DATE_PATTERNS[language], locale=language))


def _is_one(language: Language, n: int) -> bool:
    match language:
        case "vi":
            return False
        case "fa":
            return n in (0, 1)
        case "en":
            return n == 1


def _fill(language: Language, text: str, params: Mapping[str, object]) -> str:
    def value(place: re.Match[str]) -> str:
        if place[1] not in params:
            return place[0]
        filling = params[place[1]]
        if isinstance(filling, int | float) and not isinstance(filling, bool):
            return format_number(language, filling)
        return str(filling)

    return _PLACEHOLDER.sub(value, text)
