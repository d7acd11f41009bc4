"""What may be reported where, who answers for it, and by when (`W1`, `W3`)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from backend.departments import queries
from backend.departments.cache import CategoryCache
from backend.departments.schemas import CategoryOut, DepartmentOut, RoutedCategory

_categories = CategoryCache(queries.get_routed_category)


async def list_categories(ward_id: UUID) -> list[CategoryOut]:
    """What can be reported in a ward: its own categories and its city's, in the order shown."""
    return await queries.list_categories(ward_id)


async def load_categories(ids: Sequence[UUID]) -> list[CategoryOut]:
    """Those of `ids` still offered. For sync: a feed names only what its listeners may see."""
    return await queries.list_categories_by_id(ids)


async def list_departments(ward_id: UUID) -> list[DepartmentOut]:
    return await queries.list_departments(ward_id)


async def load_departments(ids: Sequence[UUID]) -> list[DepartmentOut]:
    """Those of `ids` that exist. For sync, as `load_categories`."""
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


def deadlines(category: CategoryOut, start: datetime) -> tuple[datetime, datetime]:
    """When a report must be accepted and solved (`W3`). The clocks run day and night."""
    return (
        start + timedelta(hours=category.accept_hours),
        start + timedelta(hours=category.solve_hours),
    )


def forget_cached_categories() -> None:
    """After a category or a route was changed by this process, or its database was."""
    _categories.forget()
