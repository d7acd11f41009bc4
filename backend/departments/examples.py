"""What a promise means, said with an example: sent on a Friday at four, due on Monday at ten."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from backend.actor import Actor
from backend.departments import rule_queries, service
from backend.departments.catalogue_schemas import ExampleIn, ExampleOut
from backend.departments.clocks import Calendar, Hours, NeverOpen, due_at, make_calendar
from backend.departments.hour_rules import checked_week
from backend.departments.public_holidays import holidays_in
from backend.departments.rule_changes import readable_ward, today_in, touches_ward, unknown_area
from backend.departments.rules import check_times
from backend.errors import InvalidField
from backend.i18n import N_

BEFORE_CLOSING: Final = timedelta(hours=1)
LOOKED_AHEAD: Final = 28
_DAY: Final = timedelta(days=1)


async def give_example(actor: Actor, ward_id: UUID, wish: ExampleIn) -> ExampleOut:
    """Nothing is changed.

    Raises:
        NotFound: the ward is missing or foreign.
        InvalidField: as `rules.change_clocks` and `hour_rules.change_hours` would, never_open.
    """
    ward = await readable_ward(actor, ward_id)
    check_times("times", wish.times)
    path = (await rule_queries.list_paths([wish.area_id])).get(wish.area_id)
    if path is None or not touches_ward(ward, path):
        raise unknown_area("area_id")
    area_path = path if ward.id in path else ward.path
    hours = await service.read_hours(ward.id)
    if hours is None:
        raise LookupError(f"ward {ward.id}")
    department_id = await _department(wish, area_path)
    if wish.week is not None:
        scope = wish.department_id or wish.area_id
        tried = (Hours(date.min, checked_week(wish.week)),)
        hours = replace(hours, hours={**hours.hours, scope: tried})
    calendar = make_calendar(service.facts_of(hours, department_id, area_path), holidays_in)
    now = datetime.now(UTC)
    reported_at = _late_in_the_week(calendar, today_in(ward, now), ZoneInfo(hours.time_zone))
    times = wish.times

    def due(minutes: int, always: bool) -> datetime:
        return due_at(reported_at, timedelta(minutes=minutes), None if always else calendar)

    try:
        return ExampleOut(
            reported_at,
            due(times.accept_minutes, times.accept_always),
            due(times.solve_minutes, times.solve_always),
        )
    except NeverOpen:
        raise InvalidField(
            "week", "never_open", N_("With these hours this promise would never end.")
        ) from None


async def _department(wish: ExampleIn, area_path: Sequence[UUID]) -> UUID | None:
    if wish.department_id is not None or wish.category_id is None:
        return wish.department_id
    category = await service.get_category(wish.category_id, area_path)
    return None if category is None else service.route(category, area_path)


def _late_in_the_week(calendar: Calendar, today: date, zone: ZoneInfo) -> datetime:
    """An hour before an office closes for the weekend; tomorrow at four if none ever does."""
    day = today
    for _ in range(LOOKED_AHEAD):
        day += _DAY
        spans = calendar.spans(day)
        if spans and not calendar.spans(day + _DAY):
            closing = datetime.combine(day, time(), zone) + timedelta(minutes=spans[-1][1])
            return (closing - BEFORE_CLOSING).astimezone(UTC)
    return datetime.combine(today + _DAY, time(16), zone).astimezone(UTC)
