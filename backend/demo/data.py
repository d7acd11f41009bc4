"""The demo wards as data: areas, departments, categories, people, sample reports.

All of it is invented: the outlines were drawn for this file, the people do not exist, and nothing
lies where a real boundary does. Times are relative to the moment of loading.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Final, Literal, TypeVar, get_args

import msgspec

from backend.actor import Role
from backend.areas.schemas import Country
from backend.departments.schemas import Question
from backend.i18n import Language
from backend.reports.schemas import State

_NAMESPACE: Final = uuid.UUID("8a3cf8a5-3d4b-5b55-8f0e-0d6c1a1f5e77")

COUNTRIES: tuple[Country, ...] = get_args(Country)

Names = dict[Language, str]
"""One text in each of the three languages."""

Drawing = Literal[
    "lamp_dark",
    "pothole",
    "waste_heap",
    "drain_open",
    "drain_covered",
    "stall",
    "pavement_clear",
    "branch_broken",
    "branch_cut",
]
"""A picture that `backend.demo.drawings` makes in place of a photo."""


class DepartmentEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who answers for a kind of problem."""

    code: str
    names: Names


class CategoryEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of problem. `icon` is a Lucide name, `department` the code of who answers for it,
    `keywords` the words that suggest it while somebody types. The hours are working hours, but day
    and night where it is urgent or `always`."""

    code: str
    department: str
    names: Names
    icon: str
    colour: str
    urgent: bool
    private: bool
    accept_hours: float
    solve_hours: float
    needs_result_photo: bool
    keywords: dict[Language, list[str]]
    questions: list[Question] = []
    always: bool = False


class TemplateEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ready-made reply, named as its country's officers call it; every department has it."""

    code: str
    name: dict[Country, str]
    texts: Names


class GrantEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`scope` is the code of an area or, for an officer, of a department."""

    role: Role
    scope: str


class PersonEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody invented. Whoever has a `neighbourhood` (its code) is a resident there too."""

    key: str
    name: str
    language: Language
    neighbourhood: str | None
    household: str | None
    roles: list[GrantEntry]


class StepEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happened next in a sample report: a message, a move with or without words, a hand-over
    to the department of that code, a split (what the department of each code has to do), or a part
    that is done."""

    by: str
    hours_after: float
    move: State | None = None
    text: str = ""
    reason: str = ""
    question: bool = False
    note: bool = False
    drawing: Drawing | None = None
    hand_over: str | None = None
    split: dict[str, str] = {}
    part_done: str | None = None


class ReportEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sample report, sent `hours_ago` before loading; `steps` count from its sending."""

    key: str
    author: str
    category: str
    neighbourhood: str
    lat: float
    lon: float
    hours_ago: float
    address: str
    description: str
    drawing: Drawing | None = None
    steps: list[StepEntry] = []


class _Departments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    templates: list[TemplateEntry]
    departments: list[DepartmentEntry]
    categories: list[CategoryEntry]


class _People(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    people: list[PersonEntry]
    reports: list[ReportEntry]


class DemoWorld(msgspec.Struct, frozen=True):
    """All that is loaded for one country. `areas` is the GeoJSON file as it is."""

    country: Country
    areas: bytes
    templates: list[TemplateEntry]
    departments: list[DepartmentEntry]
    categories: list[CategoryEntry]
    people: list[PersonEntry]
    reports: list[ReportEntry]


def demo_id(kind: str, *names: str) -> uuid.UUID:
    """The id of a thing of the demo, the same in every database."""
    return uuid.uuid5(_NAMESPACE, ":".join((kind, *names)))


def read_world(country: Country) -> DemoWorld:
    """The demo ward of one country. Raises msgspec.ValidationError when a file does not fit."""
    departments = read_file("departments.json", dict[Country, _Departments])[country]
    people = read_file("people.json", dict[Country, _People])[country]
    return DemoWorld(
        country=country,
        areas=(_FOLDER / f"areas_{country.lower()}.geojson").read_bytes(),
        templates=departments.templates,
        departments=departments.departments,
        categories=departments.categories,
        people=people.people,
        reports=people.reports,
    )


_T = TypeVar("_T")
_FOLDER = Path(__file__).parent


def read_file(name: str, kind: type[_T]) -> _T:
    """A file of the demo. Raises msgspec.ValidationError when it does not fit `kind`."""
    return msgspec.json.decode((_FOLDER / name).read_bytes(), type=kind)
