"""What the server says to people, in their language."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.i18n import (
    LANGUAGES,
    Language,
    format_datetime,
    format_number,
    gettext,
    negotiate,
    ngettext,
)

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
TEHRAN = ZoneInfo("Asia/Tehran")
AFTERNOON = datetime(2026, 11, 21, 7, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("vi", "Phản ánh của bạn đã được tiếp nhận"),
        ("fa", "گزارش شما پذیرفته شد"),
        ("en", "Your report was accepted"),
    ],
)
def test_a_text_is_said_in_the_persons_language(language: Language, said: str) -> None:
    assert gettext(language, "Your report was accepted") == said


def test_a_text_without_a_translation_is_said_in_english() -> None:
    assert gettext("fa", "Nobody ever wrote {what}", what="this") == "Nobody ever wrote this"


def test_numbers_in_a_persian_text_have_persian_digits() -> None:
    assert gettext("fa", "{count} waiting", count=1234) == "۱٬۲۳۴ مورد در انتظار"


def test_what_a_person_typed_is_not_taken_for_a_place_to_fill() -> None:
    assert gettext("en", "{what}: sending", what="{count} {what}") == "{count} {what}: sending"


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [("en", 1, "1 day"), ("en", 0, "0 days"), ("vi", 2, "2 days"), ("fa", 1, "۱ day")],
)
def test_an_uncatalogued_count_follows_english_grammar(
    language: Language, n: int, said: str
) -> None:
    assert ngettext(language, "{n} day", "{n} days", n) == said


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "vi"),
        ("", "vi"),
        ("fa-IR,fa;q=0.9,en;q=0.8", "fa"),
        ("fr-FR, en;q=0.5, fa;q=0.7", "fa"),
        ("EN-us", "en"),
        ("de, ru", "vi"),
        ("fa;q=0, en", "en"),
        ("*", "vi"),
        ("fa;q=nonsense, en;q=0.1", "en"),
    ],
)
def test_the_browsers_wishes_decide_the_language(header: str | None, language: Language) -> None:
    assert negotiate(header) == language


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert negotiate(header) in LANGUAGES


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("vi", SAIGON, "14:05, Thứ Bảy 21/11/2026"),
        ("en", SAIGON, "Saturday 21 November 2026, 14:05"),
        ("fa", TEHRAN, "شنبه ۳۰ آبان ۱۴۰۵، ساعت ۱۰:۳۵"),
    ],
)
def test_a_time_is_said_as_people_there_say_it(
    language: Language, zone: ZoneInfo, said: str
) -> None:
    assert format_datetime(language, AFTERNOON, zone) == said


def test_the_persian_new_year_begins_at_midnight_in_tehran() -> None:
    before = datetime(2027, 3, 20, 20, 29, tzinfo=UTC)
    after = datetime(2027, 3, 20, 20, 30, tzinfo=UTC)
    assert "۲۹ اسفند ۱۴۰۵" in format_datetime("fa", before, TEHRAN)
    assert "۱ فروردین ۱۴۰۶" in format_datetime("fa", after, TEHRAN)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        format_datetime("vi", datetime(2026, 11, 21), SAIGON)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("language", "said"), [("vi", "1.234.567,5"), ("fa", "۱٬۲۳۴٬۵۶۷٫۵"), ("en", "1,234,567.5")]
)
def test_numbers_have_the_languages_digits_and_separators(language: Language, said: str) -> None:
    assert format_number(language, 1234567.5) == said


def test_the_fixed_words_are_said_as_agreed() -> None:
    """The table of terms that residents, officers and papers share."""
    path = Path(__file__).parent.parent / "vectors" / "fixed_terms.json"
    for term in json.loads(path.read_text(encoding="utf-8")):
        for language in LANGUAGES:
            assert gettext(language, term["en"]) == term[language]
