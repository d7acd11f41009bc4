"""Departments and categories as phones see them, and a category as the server works with it."""

from uuid import UUID

from msgspec import Struct


class Names(Struct, frozen=True):
    """One thing named in each language."""

    vi: str
    fa: str
    en: str


class DepartmentOut(Struct, frozen=True):
    id: UUID
    area_id: UUID
    code: str
    names: Names


class CategoryOut(Struct, frozen=True):
    """What may be reported. `icon` is a Lucide name, `colour` a CSS colour, the hours are promises.

    `area_id` is the ward or city that offers it. `keywords` are words by language that suggest it.
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
    needs_result_photo: bool
    keywords: dict[str, list[str]]
    sort: int


class RoutedCategory(Struct, frozen=True):
    """A category with its routing rules, `{area: department}`."""

    category: CategoryOut
    active: bool
    routes: dict[UUID, UUID]
