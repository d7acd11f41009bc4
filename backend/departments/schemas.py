"""Departments, categories and promises as phones see them, and as the server works with them."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.departments.clocks import Closure, Hours
from backend.i18n import Language


class Names(Struct, frozen=True):
    """One thing named in each language; "" where nobody has translated it yet."""

    vi: str
    fa: str
    en: str

    def of(self, language: Language) -> str:
        """In that language; else in one the reader may know, as `nameIn` of the app does it."""
        own = {"vi": self.vi, "fa": self.fa, "en": self.en}[language]
        return own or self.en or self.vi or self.fa


QuestionKind = Literal["yes_no", "one_of", "some_of", "number", "text"]


class QuestionOption(Struct, frozen=True):
    """An answer to choose. `id` is made by the client and stays when the words change."""

    id: Annotated[str, Meta(min_length=1, max_length=40)]
    names: Names


class Question(Struct, frozen=True):
    """What a ward asks about a kind of problem (`R4`). `names` is the question itself.

    `options` belong to `one_of` and `some_of`; `unit`, `least` and `most` to `number`.
    """

    id: UUID
    kind: QuestionKind
    names: Names
    required: bool = False
    options: Annotated[list[QuestionOption], Meta(max_length=40)] = []
    unit: Names | None = None
    least: float | None = None
    most: float | None = None


AnswerValue = bool | float | str | list[str]
"""Yes or no; a number; a text, or the id of an option; ids of options."""


class AnswersIn(Struct, frozen=True):
    """Answers by question, and the version of the questions the phone has asked."""

    version: int
    given: Annotated[dict[UUID, AnswerValue], Meta(max_length=60)]


class Answer(Struct, frozen=True):
    """An answer with its question as it was asked, so that it is understood whatever comes later.

    `value` of `yes_no`, `number` and `text`; `chosen` and their names in `labels` of the others.
    A question that no version of the category knows is kept as `unknown`, as it was sent.
    """

    question_id: UUID
    kind: Literal["yes_no", "one_of", "some_of", "number", "text", "unknown"]
    names: Names
    value: bool | float | str | None = None
    chosen: list[str] = []
    labels: list[Names] = []
    unit: Names | None = None


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


class PressingClock(Struct, frozen=True):
    """`source_id` is the crisis whose times hold in a neighbourhood (`W10`)."""

    source_id: UUID


class CategoryOut(Struct, frozen=True):
    """What may be reported. `icon` is a Lucide name, `colour` a CSS colour, the hours are promises:
    of working time, or day and night where `always`.

    `area_id` is the ward or city that offers it. `clocks` are other promises, by area: the nearest
    to the place holds. `keywords` are words by language that suggest it. `questions` are asked when
    it is reported; their version goes with the answers.
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
    questions: list[Question]
    questions_version: int


class RoutedCategory(Struct, frozen=True):
    """A category with its routing rules, `{area: department}`, and its own promise.

    `asked` is all it ever asked, by version. `pressing` is what a crisis asks of it, by
    neighbourhood; the times themselves stand in the category's `clocks`.
    """

    category: CategoryOut
    active: bool
    routes: dict[UUID, UUID]
    times: ClockTimes
    asked: dict[int, list[Question]]
    pressing: dict[UUID, PressingClock] = {}


class WardHours(Struct, frozen=True):
    """All that calendars in a ward are made of: hours by department or area, closures by area."""

    country: str
    time_zone: str
    hours: dict[UUID, tuple[Hours, ...]]
    closures: tuple[tuple[UUID, Closure], ...]
