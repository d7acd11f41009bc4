"""Departments, categories and promises as phones see them, and as the server works with them."""

from uuid import UUID

from msgspec import Struct

from backend.departments.clocks import Closure, Hours
from backend.i18n import Language


class Names(Struct, frozen=True):
    """One thing named in each language."""

    vi: str
    fa: str
    en: str

    def of(self, language: Language) -> str:
        return {"vi": self.vi, "fa": self.fa, "en": self.en}[language]


class DepartmentOut(Struct, frozen=True):
    id: UUID
    area_id: UUID
    code: str
    names: Names


class ClockTimes(Struct, frozen=True):
    """What is promised (`W3`), in minutes: of working time, or day and night where `always`.

    A promise broken for `escalate_minutes` (of the same clock) is told to the leader (`W4`).
    """

    accept_minutes: int
    accept_always: bool
    solve_minutes: int
    solve_always: bool
    escalate_minutes: int


class CategoryOut(Struct, frozen=True):
    """What may be reported. `icon` is a Lucide name, `colour` a CSS colour, the hours are promises:
    of working time, or day and night where `always`.

    `area_id` is the ward or city that offers it. `clocks` are other promises, by area: the nearest
    to the place holds. `keywords` are words by language that suggest it.
    """

    id: UUID
    area_id: UUID
    code: str
    names: Names
    icon: str
    colour: str
    urgent: bool
    private: bool
    accept_hours: float
    solve_hours: float
    accept_always: bool
    solve_always: bool
    clocks: dict[UUID, ClockTimes]
    needs_result_photo: bool
    keywords: dict[str, list[str]]
    sort: int


class RoutedCategory(Struct, frozen=True):
    """A category with its routing rules, `{area: department}`, and its own promise."""

    category: CategoryOut
    active: bool
    routes: dict[UUID, UUID]
    times: ClockTimes


class WardHours(Struct, frozen=True):
    """All that calendars in a ward are made of: hours by department or area, closures by area."""

    country: str
    time_zone: str
    hours: dict[UUID, tuple[Hours, ...]]
    closures: tuple[tuple[UUID, Closure], ...]
