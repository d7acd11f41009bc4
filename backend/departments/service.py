"""What may be reported where, who answers for it, and by when (`W1`, `W3`)."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from backend.departments import queries
from backend.departments.cache import BriefCache
from backend.departments.clocks import Calendar, CalendarFacts, make_calendar
from backend.departments.public_holidays import WEEKS, holidays_in, load_holidays
from backend.departments.questions import understand
from backend.departments.schemas import (
    Answer,
    AnswersIn,
    CategoryOut,
    ClockTimes,
    DepartmentOut,
    RoutedCategory,
    WardHours,
)
from backend.i18n import Language


async def read_hours(ward_id: UUID) -> WardHours | None:
    """What the calendars of a ward are made of, as it is now; with its holidays at hand."""
    hours = await queries.get_ward_hours(ward_id)
    if hours is not None:
        await asyncio.to_thread(load_holidays, hours.country, datetime.now(UTC).year)
    return hours


_categories = BriefCache(queries.get_routed_category)
_hours = BriefCache(read_hours)


async def list_categories(ward_id: UUID) -> list[CategoryOut]:
    """What can be reported in a ward: its own categories and its city's, in the order shown."""
    return await queries.list_categories(ward_id)


async def load_categories(ward_id: UUID, ids: Sequence[UUID]) -> list[CategoryOut]:
    """Those of `ids` still offered in the ward."""
    return await queries.list_categories_by_id(ward_id, ids)


async def list_departments(ward_id: UUID) -> list[DepartmentOut]:
    return await queries.list_departments(ward_id)


async def load_departments(ids: Sequence[UUID]) -> list[DepartmentOut]:
    """Those of `ids` that exist. For sync: a feed names only what its listeners may see."""
    return await queries.list_departments_by_id(ids)


async def get_category(category_id: UUID, area_path: Sequence[UUID]) -> RoutedCategory | None:
    """The category if it is offered somewhere on `area_path` and still in use.

    Args:
        area_path: ids of areas that contain the place, in any order.
    """
    found = await _categories.get(category_id)
    if found is None or not found.active or found.category.area_id not in area_path:
        return None
    return found


async def find_category(category_id: UUID) -> RoutedCategory:
    """The category of an existing report, in use or not."""
    found = await _categories.get(category_id)
    if found is None:
        raise LookupError(f"category {category_id}")  # reports reference their category
    return found


async def understand_answers(
    category: RoutedCategory, answers: AnswersIn | None, language: Language
) -> list[Answer]:
    """What was answered to the category's questions (`R4`). Raises Invalid (bad_answers)."""
    known = category
    if answers is not None and answers.version > category.category.questions_version:
        # The phone has heard of a change before this process has.
        known = await queries.get_routed_category(category.category.id) or category
    return understand(answers, known.asked, known.category.questions_version, language)


def route(category: RoutedCategory, area_path: Sequence[UUID]) -> UUID | None:
    """The department in charge (`W1`): the rule of the nearest area wins.

    Args:
        area_path: from the city down to the neighbourhood.

    Returns:
        None when no rule fits: the report waits for the ward's dispatcher.
    """
    for area_id in reversed(area_path):
        department_id = category.routes.get(area_id)
        if department_id is not None:
            return department_id
    return None


def promise(category: RoutedCategory, area_path: Sequence[UUID]) -> ClockTimes:
    """The times in which a report is to be accepted and solved (`W3`): the nearest area's win.

    Args:
        area_path: from the city down to the neighbourhood.
    """
    for area_id in reversed(area_path):
        times = category.category.clocks.get(area_id)
        if times is not None:
            return times
    return category.times


async def calendar_of(
    ward_id: UUID, department_id: UUID | None, area_path: Sequence[UUID]
) -> Calendar:
    """When work is done on a report: the hours of its department, else of its ward, else of its
    city, else those usual in the country; without the closures of any area it lies in.
    """
    hours = await _hours.get(ward_id)
    if hours is None:
        raise LookupError(f"ward {ward_id}")  # reports reference their ward
    return make_calendar(facts_of(hours, department_id, area_path), holidays_in)


def facts_of(
    hours: WardHours, department_id: UUID | None, area_path: Sequence[UUID]
) -> CalendarFacts:
    """What `calendar_of` goes by. `area_path`: from the city down."""
    scopes = [*area_path] if department_id is None else [*area_path, department_id]
    return CalendarFacts(
        time_zone=hours.time_zone,
        country=hours.country,
        hours=tuple(hours.hours[scope] for scope in reversed(scopes) if scope in hours.hours),
        default=WEEKS[hours.country],
        closures=tuple(closure for area_id, closure in hours.closures if area_id in area_path),
    )


async def works_in(department_id: UUID, area_path: Sequence[UUID]) -> bool:
    """Whether there is such a department, not retired, of one of these areas."""
    return await queries.works_in(department_id, area_path)


def forget_cached_rules() -> None:
    """After categories, routes, clocks, hours or closures were changed by this process."""
    _categories.forget()
    _hours.forget()
