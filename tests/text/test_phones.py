"""Telephone numbers as people say them in two countries, and what is none."""

import pytest

from backend.errors import InvalidField
from backend.phones import last_digits, read_phone, show_phone


@pytest.mark.parametrize(
    ("said", "country", "number"),
    [
        ("0912 345 678", "VN", "+84912345678"),
        ("912345678", "VN", "+84912345678"),
        ("+84 (0)912.345.678", "VN", "+84912345678"),
        ("0084-912-345-678", "VN", "+84912345678"),
        ("٠٩١٢٣٤٥٦٧٨", "VN", "+84912345678"),
        ("۰۹۱۴۱۲۳۴۵۶۷", "IR", "+989141234567"),
        ("+۹۸ ۹۱۴ ۱۲۳ ۴۵۶۷", "IR", "+989141234567"),
    ],
)
def test_a_number_is_understood_however_it_is_said(said: str, country: str, number: str) -> None:
    phone = read_phone(said, country)
    assert (phone.number, phone.foreign, phone.texts) == (number, False, True)
    assert show_phone(number, country) == phone.shown


def test_no_text_goes_to_a_landline_or_abroad() -> None:
    assert read_phone("028 3825 1234", "VN").texts is False
    abroad = read_phone("+98 914 123 4567", "VN")
    assert (abroad.foreign, abroad.texts, abroad.shown) == (True, False, "+98 914 123 4567")


def test_a_number_nobody_can_have_is_pointed_out_but_taken() -> None:
    assert read_phone("0112 345 678", "VN").exists is False


@pytest.mark.parametrize(
    ("said", "country", "code"),
    [
        ("", "VN", "bad_phone"),
        ("chín một hai", "VN", "bad_phone"),
        ("0912 ABC 678", "VN", "bad_phone"),
        ("()", "VN", "bad_phone"),
        ("0" * 70, "VN", "bad_phone"),
        ("0912'; DROP TABLE account", "VN", "bad_phone"),
        ("113", "VN", "emergency_number"),
        ("۱۱۰", "IR", "emergency_number"),
        ("137", "IR", "emergency_number"),
        ("12345", "VN", "phone_too_short"),
        ("0912 345 678 901 234", "VN", "phone_too_long"),
    ],
)
def test_what_is_no_number_is_refused_by_name(said: str, country: str, code: str) -> None:
    with pytest.raises(InvalidField) as refused:
        read_phone(said, country)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("5678", "5678"),
        ("345 678", "345678"),
        ("0912 345 678", "912345678"),
        ("۰۹۱۲ ۳۴۵ ۶۷۸", "912345678"),
        ("+84 912 345 678", "84912345678"),
        ("678", None),
        ("0001", "0001"),
        ("00000000", None),
        ("K7P-2QF-9", None),
        ("số 5678", None),
        ("", None),
    ],
)
def test_a_search_is_for_a_number_only_if_it_looks_like_one(typed: str, digits: str | None) -> None:
    assert last_digits(typed) == digits
