"""What people write about a crisis, made fit to keep. Pure; errors name the field."""

from typing import Final

from backend.crises.schemas import CrisisKind, CrisisTimes, UnitIn
from backend.departments.rules import check_times
from backend.departments.schemas import ClockTimes, Names
from backend.errors import InvalidField
from backend.i18n import LANGUAGES, N_, Language, gettext
from backend.text import clean_text

TEXT_LENGTH: Final = 1000
LABEL_LENGTH: Final = 120
NAME_LENGTH: Final = 60
PHONE_LENGTH: Final = 30
CAPACITY_LENGTH: Final = 120

OWN_LANGUAGE: Final[dict[str, Language]] = {"VN": "vi", "IR": "fa"}

_KINDS: Final[dict[CrisisKind, tuple[str, str, str]]] = {
    "snow": (N_("Snow and ice"), "snowflake", "#1d4ed8"),
    "flood": (N_("Flooding"), "waves", "#0e7490"),
    "storm": (N_("Storm damage"), "zap", "#6d28d9"),
    "heat": (N_("Heat and dust"), "thermometer-sun", "#b45309"),
    "other": (N_("Emergency in the ward"), "triangle-alert", "#b91c1c"),
}


def category_of(kind: CrisisKind) -> tuple[Names, str, str]:
    """Names, icon and colour of the category a ward gets for crises of that kind."""
    msgid, icon, colour = _KINDS[kind]
    named = {language: gettext(language, msgid) for language in LANGUAGES}
    return Names(named["vi"], named["fa"], named["en"]), icon, colour


def clean_texts(texts: Names, own: Language, author: Language) -> tuple[Names, Language]:
    """The message in each language, and the one it was written in.

    Raises InvalidField (too_long, own_language_needed).
    """
    cleaned = {
        language: clean_text(getattr(texts, language), TEXT_LENGTH, field=f"texts.{language}")
        for language in LANGUAGES
    }
    if not cleaned[own]:
        raise InvalidField(
            f"texts.{own}",
            "own_language_needed",
            N_("Please write what people should know, in the ward’s own language."),
        )
    names = Names(cleaned["vi"], cleaned["fa"], cleaned["en"])
    return names, author if cleaned[author] else own


def clock_times(times: CrisisTimes) -> ClockTimes:
    """Day and night; what is late for as long again is told to the leader.

    Raises InvalidField (clock_zero, clock_too_long, solve_before_accept).
    """
    accept, solve = times.accept_minutes, times.solve_minutes
    clock = ClockTimes(accept, True, solve, True, max(accept, 1))
    check_times("times", clock)
    return clock


def clean_unit(wish: UnitIn) -> UnitIn:
    """Raises InvalidField (name_needed, too_long)."""
    name = " ".join(clean_text(wish.name, NAME_LENGTH, field="name").split())
    if not name:
        raise InvalidField("name", "name_needed", N_("Please give it a name."))
    return UnitIn(
        revision=wish.revision,
        kind=wish.kind,
        name=name,
        phone=" ".join(clean_text(wish.phone, PHONE_LENGTH, field="phone").split()),
        capacity=clean_text(wish.capacity, CAPACITY_LENGTH, field="capacity"),
        out_of_service=wish.out_of_service,
        retired=wish.retired,
    )


def clean_label(label: str) -> str:
    """Raises InvalidField (too_long)."""
    return " ".join(clean_text(label, LABEL_LENGTH, field="label").split())
