"""Weekends and public holidays of the countries we serve, from the package `holidays`.

It knows Vietnam (Tết and the days given instead of a weekend) and Iran (Nowruz, the religious days,
days the government declared) until 2100. What a government decides at short notice is a closure.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from backend.departments.clocks import Span, Week
from backend.i18n import Language

LAST_YEAR: Final = 2100

_OFFICE_VN: Final[tuple[Span, ...]] = ((450, 690), (780, 1020))
_OFFICE_IR: Final[tuple[Span, ...]] = ((450, 870),)

WEEKS: Final[Mapping[str, Week]] = {
    # Monday to Friday 7:30-11:30 and 13:00-17:00.
    "VN": (_OFFICE_VN,) * 5 + ((), ()),
    # Saturday to Wednesday 7:30-14:30; where offices also work on Thursdays, their hours say so.
    "IR": (_OFFICE_IR, _OFFICE_IR, _OFFICE_IR, (), (), _OFFICE_IR, _OFFICE_IR),
}
"""What offices keep where a ward has said nothing: Monday first."""

_NAMED_IN: Final[Mapping[tuple[str, Language], str]] = {
    ("VN", "vi"): "vi",
    ("IR", "fa"): "fa_IR",
}


def holidays_in(country: str, year: int) -> Mapping[date, str]:
    """Public holidays of a year, named in English; none in a year the package does not know."""
    return name_holidays(country, year, "en")


@lru_cache(maxsize=256)
def name_holidays(country: str, year: int, language: Language) -> Mapping[date, str]:
    """Public holidays of a year in a language; in English where there are no such names."""
    if country not in WEEKS or year > LAST_YEAR:
        return {}
    # Half a second and 13 MB, with all the countries of the world: only where a clock needs it.
    import holidays  # noqa: PLC0415

    named = _NAMED_IN.get((country, language), "en_US")
    return dict(sorted(holidays.country_holidays(country, years=year, language=named).items()))


def load_holidays(country: str, year: int) -> None:
    """Half a second of work once in each process; to be called in a thread."""
    for one in (year, year + 1):
        holidays_in(country, one)
