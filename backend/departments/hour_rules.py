"""When work is done: the hours of a department or an area, and days that are declared free (`W3`).

As in `rules`: what was promised stays.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import uuid_utils.compat as uuids
from msgspec import UNSET
from msgspec.structs import replace

from backend.actor import Actor
from backend.db import write_tx
from backend.departments import rule_queries, service
from backend.departments.clocks import (
    NeverOpen,
    Week,
    check_week,
    due_at,
    make_calendar,
    week_minutes,
)
from backend.departments.policy import keeps_rules_of
from backend.departments.public_holidays import WEEKS, holidays_in, name_holidays
from backend.departments.rule_changes import (
    RuleChange,
    fingerprint,
    kept_ward,
    readable_ward,
    require_unchanged,
    today_in,
    touches_ward,
    unknown_area,
)
from backend.departments.rule_queries import Ward
from backend.departments.rule_schemas import (
    ChangeReceipt,
    ClosureIn,
    ClosureOut,
    DaysOffOut,
    HolidayOut,
    HoursIn,
    RuleDiff,
    RuleState,
    WardHoursOut,
)
from backend.errors import Conflict, InvalidField, NotFound
from backend.i18n import N_
from backend.text import clean_text

SHORTEST_WEEK: Final = 60
"""Open minutes a week; less is a slip."""
LONGEST_CLOSURE: Final = timedelta(days=366)
OLDEST_CLOSURE: Final = timedelta(days=31)
FARTHEST: Final = timedelta(days=3 * 366)
OPEN_AGAIN: Final = timedelta(days=400)
"""Every office is open for an hour within this time, whatever is declared."""
REASON_LENGTH: Final = 300
YEARS: Final = range(2000, 2101)


class NeverOpens(InvalidField):
    """Hours and closures would leave an office shut for good."""

    def __init__(self, field: str, name: str) -> None:
        super().__init__(
            field,
            "never_open",
            N_("So “{name}” would never be open. Please leave at least one hour a week."),
            name=name,
        )


class ClosureOver(Conflict):
    """The days are past; nobody can work on them any more."""

    code = "closure_over"
    title = N_("These days are over")
    message = N_("This closure is over. Days that have passed are not changed any more.")


# hours -------------------------------------------------------------------------------------------


async def read_ward_hours(actor: Actor, ward_id: UUID) -> WardHoursOut:
    """Raises NotFound for what is missing or foreign."""
    ward = await readable_ward(actor, ward_id)
    usual = [list(spans) for spans in WEEKS[ward.country]]
    return WardHoursOut(ward.time_zone, usual, await rule_queries.list_hours(ward))


async def change_hours(
    actor: Actor, ward_id: UUID, change_id: UUID, wish: HoursIn
) -> tuple[ChangeReceipt, bool]:
    """Work at other hours from a day on, tomorrow at the earliest; open cases are counted anew.

    Returns the receipt, and whether the change is new.

    Raises:
        NotFound, Forbidden, IdReused, ChangedMeanwhile
        NeverOpens: naming the office.
        InvalidField: unknown_scope, bad_week, hours_in_past, too_far.
    """
    ward = await kept_ward(actor, ward_id)
    path = await _scope_path(actor, ward, wish.scope_id)
    week = None if wish.week is None else checked_week(wish.week)
    change = RuleChange(actor, ward, change_id, "hours", fingerprint(wish))
    return await change.make(lambda now: _store_hours(actor, ward, path, wish, week, now))


async def _store_hours(
    actor: Actor, ward: Ward, path: list[UUID], wish: HoursIn, week: Week | None, now: datetime
) -> tuple[UUID, list[RuleDiff]]:
    from_day = _check_from_day(wish.from_day, today_in(ward, now))
    versions = await rule_queries.list_versions(wish.scope_id)
    last = versions[-1].week if versions else None
    if wish.was is not UNSET and wish.was != (None if last is None else _listed(last)):
        await require_unchanged(ward, "hours", ["week"])
    held = None
    for version in versions:
        if version.from_day <= from_day:
            held = version.week
    await rule_queries.set_hours(wish.scope_id, from_day, week)
    await _require_open(actor, ward, path, now, "week")
    area_id = ward.id if ward.id in path else path[0]
    diff = RuleDiff(
        scope_id=wish.scope_id,
        from_day=from_day,
        before=None if held is None else RuleState(week=_listed(held)),
        after=None if week is None else RuleState(week=_listed(week)),
    )
    await rule_queries.ask_for_recount(await rule_queries.list_ward_ids(area_id))
    return area_id, [diff]


async def _scope_path(actor: Actor, ward: Ward, scope_id: UUID) -> list[UUID]:
    """The areas down to where a department or area stands whose hours this person keeps."""
    departments = await rule_queries.list_department_areas([scope_id])
    area_id = departments.get(scope_id, scope_id)
    path = (await rule_queries.list_paths([area_id])).get(area_id)
    if path is None or not touches_ward(ward, path) or not keeps_rules_of(actor, path, ward.id):
        raise InvalidField(
            "scope_id", "unknown_scope", N_("There is no such department or area in your ward.")
        )
    return path


def checked_week(week: Sequence[Sequence[tuple[int, int]]]) -> Week:
    """Raises InvalidField (bad_week, never_open)."""
    try:
        checked = check_week(week)
    except ValueError as error:
        raise InvalidField(
            "week",
            "bad_week",
            N_("Hours begin before they end, within their day, and do not overlap."),
        ) from error
    if week_minutes(checked) < SHORTEST_WEEK:
        raise InvalidField(
            "week",
            "never_open",
            N_("With these hours nobody ever works. Please leave at least one hour a week."),
        )
    return checked


def _check_from_day(wanted: date | None, today: date) -> date:
    if wanted is None:
        return today + timedelta(days=1)
    if wanted <= today:
        raise InvalidField(
            "from_day", "hours_in_past", N_("Hours can be changed from tomorrow on.")
        )
    if wanted > today + FARTHEST:
        raise InvalidField("from_day", "too_far", N_("This day is too far away."))
    return wanted


def _listed(week: Week) -> list[list[tuple[int, int]]]:
    return [list(spans) for spans in week]


# days off ----------------------------------------------------------------------------------------


async def read_days_off(actor: Actor, ward_id: UUID, year: int) -> DaysOffOut:
    """Raises InvalidField for a year that is not in `YEARS`."""
    ward = await readable_ward(actor, ward_id)
    if year not in YEARS:
        raise InvalidField("year", "unknown_year", N_("The holidays of this year are not known."))
    await service.read_hours(ward_id)
    holidays = name_holidays(ward.country, year, actor.language)
    closures = await rule_queries.list_closures(ward, date(year, 1, 1), date(year, 12, 31))
    return DaysOffOut(closures, [HolidayOut(day, name) for day, name in holidays.items()])


async def declare_closure(
    actor: Actor, ward_id: UUID, closure_id: UUID, wish: ClosureIn
) -> tuple[ClosureOut, bool]:
    """No work on some days, of the last month at the earliest; open cases are counted anew.

    Returns the closure, and whether it is new.

    Raises:
        NotFound, Forbidden, IdReused
        NeverOpens: naming the office.
        InvalidField: unknown_area, ends_before_begins, closure_too_long, too_long_ago, too_far,
            reason_needed, too_long.
    """
    ward = await kept_ward(actor, ward_id)
    reason = clean_text(wish.reason, REASON_LENGTH, field="reason")
    if not reason:
        raise InvalidField("reason", "reason_needed", N_("Please give a reason."))
    wish = replace(wish, reason=reason)
    path = (await rule_queries.list_paths([wish.area_id])).get(wish.area_id)
    if path is None or not touches_ward(ward, path) or not keeps_rules_of(actor, path, ward.id):
        raise unknown_area("area_id")
    change = RuleChange(actor, ward, closure_id, "closure", fingerprint(wish))
    async with write_tx():
        now = await rule_queries.lock_ward(ward_id)
        shown = ClosureOut(closure_id, wish.area_id, wish.first_day, wish.last_day, reason)
        if await change.find_earlier() is not None:
            return shown, False
        _check_days(wish, today_in(ward, now))
        await rule_queries.insert_closure(closure_id, wish, actor.account_id, change.hash, now)
        await _require_open(actor, ward, path, now, "last_day")
        diff = RuleDiff(scope_id=wish.area_id, after=_state_of(shown))
        await _closure_changed(change, ward, wish.area_id, path, diff, now)
    service.forget_cached_rules()
    return shown, True


async def take_back_closure(actor: Actor, ward_id: UUID, closure_id: UUID) -> None:
    """Work on those of its days that are still to come; today and what has passed stay free.

    Raises:
        NotFound, Forbidden
        ClosureOver: none of its days is to come.
    """
    ward = await kept_ward(actor, ward_id)
    async with write_tx():
        now = await rule_queries.lock_ward(ward_id)
        row = await rule_queries.get_closure(closure_id)
        if row is None:
            raise NotFound
        path = (await rule_queries.list_paths([row["area_id"]]))[row["area_id"]]
        if not touches_ward(ward, path) or not keeps_rules_of(actor, path, ward.id):
            raise NotFound
        today = today_in(ward, now)
        if row["last_day"] < row["first_day"] or row["last_day"] == today:
            return  # taken back before
        if row["last_day"] < today:
            raise ClosureOver
        begun = row["first_day"] <= today
        last_day = today if begun else row["first_day"] - timedelta(days=1)
        await rule_queries.shorten_closure(closure_id, last_day)
        before = ClosureOut(
            closure_id, row["area_id"], row["first_day"], row["last_day"], row["reason"]
        )
        diff = RuleDiff(
            scope_id=row["area_id"],
            before=_state_of(before),
            after=_state_of(replace(before, last_day=last_day)) if begun else None,
        )
        change = RuleChange(actor, ward, uuids.uuid7(), "closure", b"")
        await _closure_changed(change, ward, row["area_id"], path, diff, now)
    service.forget_cached_rules()


async def _closure_changed(
    change: RuleChange,
    ward: Ward,
    area_id: UUID,
    path: Sequence[UUID],
    diff: RuleDiff,
    now: datetime,
) -> None:
    await rule_queries.ask_for_recount(await rule_queries.list_ward_ids(area_id))
    await change.record(ward.id if ward.id in path else area_id, [diff], now)


def _check_days(wish: ClosureIn, today: date) -> None:
    if wish.last_day < wish.first_day:
        raise InvalidField(
            "last_day", "ends_before_begins", N_("The last day is before the first one.")
        )
    if wish.first_day > today + FARTHEST:
        raise InvalidField("first_day", "too_far", N_("This day is too far away."))
    if wish.first_day < today - OLDEST_CLOSURE:
        raise InvalidField(
            "first_day",
            "too_long_ago",
            N_("Days can be declared free for a month back, not longer."),
        )
    if wish.last_day - wish.first_day >= LONGEST_CLOSURE:
        raise InvalidField("last_day", "closure_too_long", N_("A closure lasts a year at most."))


def _state_of(closure: ClosureOut) -> RuleState:
    return RuleState(first_day=closure.first_day, last_day=closure.last_day, reason=closure.reason)


async def _require_open(
    actor: Actor, ward: Ward, path: Sequence[UUID], now: datetime, field: str
) -> None:
    """After a change: every office that works there opens again in time. Raises NeverOpens."""
    hours = await service.read_hours(ward.id)
    if hours is None:
        raise LookupError(f"ward {ward.id}")
    area_path = path if ward.id in path else ward.path
    offices: list[tuple[str, UUID | None]] = [
        (department.names.of(actor.language), department.id)
        for department in await service.list_departments(ward.id)
    ]
    start = now.astimezone(UTC) + timedelta(days=1)
    for name, department_id in [*offices, (ward.name, None)]:
        facts = service.facts_of(hours, department_id, area_path)
        try:
            opens = due_at(start, timedelta(hours=1), make_calendar(facts, holidays_in))
        except NeverOpen:
            raise NeverOpens(field, name) from None
        if opens - start > OPEN_AGAIN:
            raise NeverOpens(field, name)
