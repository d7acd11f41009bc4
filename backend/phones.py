"""Telephone numbers: as people say them, as they are kept (ITU-T E.164), as they are read out."""

import re
from typing import Final

from msgspec import Struct

from backend.errors import InvalidField
from backend.i18n import N_
from backend.text import fold

LONGEST_TYPED: Final = 60
FEWEST_DIGITS: Final = 4
"""A search for fewer last digits would find half a ward."""

_SAID: Final = re.compile(r"\+?[0-9 ()./-]*[0-9][0-9 ()./-]*", re.ASCII)
_SHORTEST: Final = 7


class Phone(Struct, frozen=True):
    """One number. `number` is E.164 (`+84912345678`), `shown` as people there write it.

    `exists`: its range is in use. `texts`: a mobile number of the ward's own country, to which a
    text message is sent; gateways rarely deliver abroad, and charge for trying.
    """

    number: str
    shown: str
    foreign: bool
    exists: bool
    texts: bool


def read_phone(typed: str, country: str, *, field: str = "number") -> Phone:
    """The number that somebody in `country` (ISO 3166) means; digits of any script.

    Raises InvalidField: bad_phone, emergency_number, phone_too_short, phone_too_long.
    """
    # Its tables are megabytes, and most processes never meet a number.
    import phonenumbers  # noqa: PLC0415

    said = fold(typed[: LONGEST_TYPED + 1])
    if len(typed) > LONGEST_TYPED or not _SAID.fullmatch(said):
        raise InvalidField(
            field, "bad_phone", N_("A phone number has only digits. Please check it.")
        )
    digits = re.sub(r"\D", "", said)
    if len(digits) <= 3 or phonenumbers.is_emergency_number(digits, country):
        raise InvalidField(
            field,
            "emergency_number",
            N_("This is a short number that people call, not one that somebody calls from."),
        )
    try:
        parsed = phonenumbers.parse(said, country)
    except phonenumbers.NumberParseException:
        raise InvalidField(
            field, "bad_phone", N_("A phone number has only digits. Please check it.")
        ) from None
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        raise InvalidField(
            field, "phone_too_long", N_("This number has too many digits. Please check it.")
        )
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE or len(digits) < _SHORTEST:
        raise InvalidField(
            field, "phone_too_short", N_("This number has too few digits. Please check it.")
        )
    foreign = phonenumbers.region_code_for_country_code(parsed.country_code or 0) != country
    mobile = phonenumbers.number_type(parsed) in {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
    form = phonenumbers.PhoneNumberFormat
    return Phone(
        number=str(phonenumbers.format_number(parsed, form.E164)),
        shown=str(
            phonenumbers.format_number(parsed, form.INTERNATIONAL if foreign else form.NATIONAL)
        ),
        foreign=foreign,
        exists=bool(phonenumbers.is_valid_number(parsed)),
        texts=mobile and not foreign,
    )


def show_phone(number: str, country: str) -> str:
    """A number as it is kept, as people in `country` write it."""
    return read_phone(number, country).shown


def last_digits(typed: str) -> str | None:
    """The digits a search ends on, if it looks like a number or its end; else None.

    The zeros before a whole number go: they stand for the country, which the kept number names.
    """
    said = fold(typed[: LONGEST_TYPED + 1])
    if len(typed) > LONGEST_TYPED or not _SAID.fullmatch(said):
        return None
    digits = re.sub(r"\D", "", said)
    if len(digits) > _SHORTEST:
        digits = digits.lstrip("0")
    return digits if len(digits) >= FEWEST_DIGITS else None
