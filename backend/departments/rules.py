"""Changing a ward's rules: who gets what (`W1`), what is promised, and when work is done (`W3`).

Each change has an id made by the client, is checked whole, and leaves who did what in the history.

What was promised stays. Routes and promises hold for reports sent from then on. Hours change from
tomorrow at the earliest and closures may be declared for days that are past, so that a calendar
only ever gives time back: open cases are counted anew (`recount`), but a deadline that has passed
stays where it was, and what was said about it stays said.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import uuid_utils.compat as uuids
from msgspec import Struct
from msgspec.structs import replace

from backend.actor import Actor
from backend.changes import touch
from backend.db import write_tx
from backend.departments import rule_queries, service
from backend.departments.clocks import (
    DAY_MINUTES,
    NeverOpen,
    Week,
    check_week,
    due_at,
    make_calendar,
    week_minutes,
)
from backend.departments.policy import keeps_rules, keeps_rules_of, reads_rules
from backend.departments.public_holidays import WEEKS, holidays_in, name_holidays
from backend.departments.rule_queries import Ward
from backend.departments.rule_schemas import (
    ChangeReceipt,
    ClockIn,
    ClocksIn,
    ClocksOut,
    ClosureIn,
    ClosureOut,
    DaysOffOut,
    HolidayOut,
    HoursIn,
    RouteIn,
    RoutingIn,
    RoutingOut,
    RuleChangesOut,
    RuleDiff,
    RuleState,
    Subject,
    WardHoursOut,
)
from backend.departments.schemas import ClockTimes
from backend.errors import Conflict, Forbidden, IdReused, InvalidField, NotFound
from backend.i18n import N_
from backend.text import clean_text

LONGEST_CLOCK: Final = 366 * DAY_MINUTES
SHORTEST_WEEK: Final = 60
"""Open minutes a week; less is a slip."""
LONGEST_CLOSURE: Final = timedelta(days=366)
OLDEST_CLOSURE: Final = timedelta(days=31)
FARTHEST: Final = timedelta(days=3 * 366)
OPEN_AGAIN: Final = timedelta(days=400)
"""Every office is open for an hour within this time, whatever is declared."""
REASON_LENGTH: Final = 300
HISTORY_PAGE: Final = 50
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


class CheckedRoutes(Struct, frozen=True):
    """Rules fit to be set. `area_id`: the ward, or its city if they touch a rule of the city."""

    ward: Ward
    rules: list[RouteIn]
    area_id: UUID


# reading -------------------------------------------------------------------------------------


async def read_routing(actor: Actor, ward_id: UUID) -> RoutingOut:
    """Raises NotFound, as all of these, for what is missing or foreign."""
    return RoutingOut(await rule_queries.list_routes(await _readable(actor, ward_id)))


async def read_clocks(actor: Actor, ward_id: UUID) -> ClocksOut:
    ward = await _readable(actor, ward_id)
    own = {}
    for category in await service.list_categories(ward_id):
        own[category.id] = (await service.find_category(category.id)).times
    return ClocksOut(own, await rule_queries.list_clocks(ward))


async def read_ward_hours(actor: Actor, ward_id: UUID) -> WardHoursOut:
    ward = await _readable(actor, ward_id)
    usual = [list(spans) for spans in WEEKS[ward.country]]
    return WardHoursOut(ward.time_zone, usual, await rule_queries.list_hours(ward))


async def read_days_off(actor: Actor, ward_id: UUID, year: int) -> DaysOffOut:
    """Raises InvalidField for a year that is not in `YEARS`."""
    ward = await _readable(actor, ward_id)
    if year not in YEARS:
        raise InvalidField("year", "unknown_year", N_("The holidays of this year are not known."))
    await service.read_hours(ward_id)
    holidays = name_holidays(ward.country, year, actor.language)
    closures = await rule_queries.list_closures(ward, date(year, 1, 1), date(year, 12, 31))
    return DaysOffOut(closures, [HolidayOut(day, name) for day, name in holidays.items()])


async def read_changes(
    actor: Actor, ward_id: UUID, subject: Subject | None, cursor: UUID | None
) -> RuleChangesOut:
    """Who changed what when, the newest first."""
    ward = await _readable(actor, ward_id)
    found = await rule_queries.list_changes(ward, subject, cursor, HISTORY_PAGE + 1)
    shown = found[:HISTORY_PAGE]
    return RuleChangesOut(shown, shown[-1].id if len(found) > HISTORY_PAGE else None)


# routing -------------------------------------------------------------------------------------


async def check_routes(actor: Actor, ward_id: UUID, wish: RoutingIn) -> CheckedRoutes:
    """Rules as they could be set by this person.

    Raises:
        NotFound, Forbidden: a foreign ward; one this person only oversees.
        InvalidField: naming the rule (unknown_category, unknown_area, unknown_department, twice).
    """
    ward = await _kept(actor, ward_id)
    pairs = [(rule.category_id, rule.area_id) for rule in wish.rules]
    paths = await _check_places(actor, ward, "rules", pairs)
    wanted = [rule.department_id for rule in wish.rules if rule.department_id is not None]
    departments = await rule_queries.list_department_areas(wanted)
    for number, rule in enumerate(wish.rules):
        if rule.department_id is None:
            continue
        # A ward's department does not answer for the whole city, nor another ward's for this one.
        if departments.get(rule.department_id) not in paths[rule.area_id]:
            raise InvalidField(
                f"rules[{number}].department_id",
                "unknown_department",
                N_("This department does not work in that area."),
            )
    return CheckedRoutes(ward, wish.rules, _widest(ward, paths))


async def change_routing(
    actor: Actor, ward_id: UUID, change_id: UUID, wish: RoutingIn
) -> tuple[ChangeReceipt, bool]:
    """Set or take away rules, all or none; they hold for reports sent from now on.

    Returns the receipt, and whether the change is new. Raises as `check_routes`, and IdReused.
    """
    checked = await check_routes(actor, ward_id, wish)
    change = _Change(actor, checked.ward, change_id, "routing", _fingerprint(wish))
    async with write_tx():
        now = await rule_queries.lock_ward(ward_id)
        earlier = await change.find_earlier()
        if earlier is not None:
            return earlier, False
        present = {
            (rule.category_id, rule.area_id): rule.department_id
            for rule in await rule_queries.list_routes_of(
                sorted({rule.category_id for rule in checked.rules})
            )
        }
        diffs = []
        for rule in checked.rules:
            before = present.get((rule.category_id, rule.area_id))
            if before != rule.department_id:
                diffs.append(
                    RuleDiff(
                        scope_id=rule.area_id,
                        category_id=rule.category_id,
                        before=RuleState(department_id=before) if before else None,
                        after=RuleState(department_id=rule.department_id)
                        if rule.department_id
                        else None,
                    )
                )
        await rule_queries.set_routes(
            [(rule.category_id, rule.area_id, rule.department_id) for rule in checked.rules]
        )
        receipt = await change.record(checked.area_id, diffs, now)
    service.forget_cached_rules()
    return receipt, True


# clocks --------------------------------------------------------------------------------------


async def change_clocks(
    actor: Actor, ward_id: UUID, change_id: UUID, wish: ClocksIn
) -> tuple[ChangeReceipt, bool]:
    """Promise other times; they hold for reports sent from now on.

    Returns the receipt, and whether the change is new.

    Raises:
        NotFound, Forbidden, IdReused
        InvalidField: naming the clock (clock_zero, clock_too_long, solve_before_accept,
            unknown_category, unknown_area, twice).
    """
    ward = await _kept(actor, ward_id)
    for number, clock in enumerate(wish.clocks):
        if clock.times is not None:
            _check_times(f"clocks[{number}].times", clock.times)
    pairs = [(clock.category_id, clock.area_id) for clock in wish.clocks]
    paths = await _check_places(actor, ward, "clocks", pairs)
    change = _Change(actor, ward, change_id, "clocks", _fingerprint(wish))
    area_id = _widest(ward, paths)
    async with write_tx():
        now = await rule_queries.lock_ward(ward_id)
        earlier = await change.find_earlier()
        if earlier is not None:
            return earlier, False
        diffs = await _clock_diffs(wish.clocks)
        await rule_queries.set_clocks(
            [(clock.category_id, clock.area_id, clock.times) for clock in wish.clocks]
        )
        wards = await rule_queries.list_ward_ids(area_id)
        touch(
            (one, "category", category_id)
            for one in wards
            for category_id in {diff.category_id for diff in diffs if diff.category_id}
        )
        receipt = await change.record(area_id, diffs, now)
    service.forget_cached_rules()
    return receipt, True


async def _clock_diffs(wanted: Sequence[ClockIn]) -> list[RuleDiff]:
    present = {
        (clock.category_id, clock.area_id): clock.times
        for clock in await rule_queries.list_clocks_of(
            sorted({clock.category_id for clock in wanted})
        )
    }
    diffs = []
    for clock in wanted:
        before = present.get((clock.category_id, clock.area_id))
        if before != clock.times:
            diffs.append(
                RuleDiff(
                    scope_id=clock.area_id,
                    category_id=clock.category_id,
                    before=RuleState(times=before) if before else None,
                    after=RuleState(times=clock.times) if clock.times else None,
                )
            )
    return diffs


def _check_times(field: str, times: ClockTimes) -> None:
    for name in ("accept_minutes", "solve_minutes", "escalate_minutes"):
        minutes: int = getattr(times, name)
        if minutes <= 0:
            raise InvalidField(
                f"{field}.{name}", "clock_zero", N_("A promise takes at least one minute.")
            )
        if minutes > LONGEST_CLOCK:
            raise InvalidField(
                f"{field}.{name}", "clock_too_long", N_("A promise is kept within a year.")
            )
    if times.accept_always == times.solve_always and times.solve_minutes < times.accept_minutes:
        raise InvalidField(
            f"{field}.solve_minutes",
            "solve_before_accept",
            N_("Solving it cannot take less time than accepting it."),
        )


# hours ---------------------------------------------------------------------------------------


async def change_hours(
    actor: Actor, ward_id: UUID, change_id: UUID, wish: HoursIn
) -> tuple[ChangeReceipt, bool]:
    """Work at other hours from a day on, tomorrow at the earliest; open cases are counted anew.

    Returns the receipt, and whether the change is new.

    Raises:
        NotFound, Forbidden, IdReused
        NeverOpens: naming the office.
        InvalidField: unknown_scope, bad_week, hours_in_past, too_far.
    """
    ward = await _kept(actor, ward_id)
    path = await _scope_path(actor, ward, wish.scope_id)
    week = None if wish.week is None else _check_week(wish.week)
    change = _Change(actor, ward, change_id, "hours", _fingerprint(wish))
    async with write_tx():
        now = await rule_queries.lock_ward(ward_id)
        earlier = await change.find_earlier()
        if earlier is not None:
            return earlier, False
        from_day = _check_from_day(wish.from_day, _today(ward, now))
        held = None
        for version in await rule_queries.list_versions(wish.scope_id):
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
        receipt = await change.record(area_id, [diff], now)
    service.forget_cached_rules()
    return receipt, True


async def _scope_path(actor: Actor, ward: Ward, scope_id: UUID) -> list[UUID]:
    """The areas down to where a department or area stands whose hours this person keeps."""
    departments = await rule_queries.list_department_areas([scope_id])
    area_id = departments.get(scope_id, scope_id)
    path = (await rule_queries.list_paths([area_id])).get(area_id)
    if path is None or not _touches(ward, path) or not keeps_rules_of(actor, path, ward.id):
        raise InvalidField(
            "scope_id", "unknown_scope", N_("There is no such department or area in your ward.")
        )
    return path


def _check_week(week: Sequence[Sequence[tuple[int, int]]]) -> Week:
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


# closures ------------------------------------------------------------------------------------


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
    ward = await _kept(actor, ward_id)
    reason = clean_text(wish.reason, REASON_LENGTH, field="reason")
    if not reason:
        raise InvalidField("reason", "reason_needed", N_("Please give a reason."))
    wish = replace(wish, reason=reason)
    path = (await rule_queries.list_paths([wish.area_id])).get(wish.area_id)
    if path is None or not _touches(ward, path) or not keeps_rules_of(actor, path, ward.id):
        raise _unknown_area("area_id")
    change = _Change(actor, ward, closure_id, "closure", _fingerprint(wish))
    async with write_tx():
        now = await rule_queries.lock_ward(ward_id)
        shown = ClosureOut(closure_id, wish.area_id, wish.first_day, wish.last_day, reason)
        if await change.find_earlier() is not None:
            return shown, False
        _check_days(wish, _today(ward, now))
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
    ward = await _kept(actor, ward_id)
    async with write_tx():
        now = await rule_queries.lock_ward(ward_id)
        row = await rule_queries.get_closure(closure_id)
        if row is None:
            raise NotFound
        path = (await rule_queries.list_paths([row["area_id"]]))[row["area_id"]]
        if not _touches(ward, path) or not keeps_rules_of(actor, path, ward.id):
            raise NotFound
        today = _today(ward, now)
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
        change = _Change(actor, ward, uuids.uuid7(), "closure", b"")
        await _closure_changed(change, ward, row["area_id"], path, diff, now)
    service.forget_cached_rules()


async def _closure_changed(
    change: "_Change",
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


# together ------------------------------------------------------------------------------------


class _Change:
    """One change by one person: found again if it was made before, recorded once."""

    def __init__(
        self, actor: Actor, ward: Ward, change_id: UUID, subject: Subject, content_hash: bytes
    ) -> None:
        self._account_id = actor.account_id
        self._id = change_id
        self._subject: Subject = subject
        # The ward belongs to what was said: the same id elsewhere is another change.
        self.hash = content_hash + ward.id.bytes

    async def find_earlier(self) -> ChangeReceipt | None:
        """Raises IdReused if the id stands for something else."""
        earlier = await rule_queries.get_change(self._id)
        if earlier is None:
            return None
        if (earlier.account_id, earlier.content_hash) != (self._account_id, self.hash):
            raise IdReused
        return ChangeReceipt(self._id, earlier.created_at)

    async def record(
        self, area_id: UUID, diffs: Sequence[RuleDiff], now: datetime
    ) -> ChangeReceipt:
        fresh = await rule_queries.insert_change(
            self._id, area_id, self._subject, self._account_id, self.hash, diffs, now
        )
        if not fresh:
            raise IdReused
        return ChangeReceipt(self._id, now)


async def _readable(actor: Actor, ward_id: UUID) -> Ward:
    ward = await rule_queries.get_ward(ward_id)
    if ward is None or not reads_rules(actor, ward.path):
        raise NotFound
    return ward


async def _kept(actor: Actor, ward_id: UUID) -> Ward:
    ward = await _readable(actor, ward_id)
    if not keeps_rules(actor, ward.path):
        raise Forbidden
    return ward


def _touches(ward: Ward, path: Sequence[UUID]) -> bool:
    """Whether an area lies in the ward, or the ward in it."""
    return ward.id in path or path[-1] in ward.path


def _widest(ward: Ward, paths: dict[UUID, list[UUID]]) -> UUID:
    """The ward; its city, if a rule of the city is among them."""
    return ward.id if all(ward.id in path for path in paths.values()) else ward.path[0]


async def _check_places(
    actor: Actor, ward: Ward, field: str, pairs: Sequence[tuple[UUID, UUID]]
) -> dict[UUID, list[UUID]]:
    """Paths of the areas of (category, area) pairs, all of which this person may set.

    Raises InvalidField (unknown_area, unknown_category, twice).
    """
    paths = await rule_queries.list_paths(_distinct(area_id for _, area_id in pairs))
    categories = await rule_queries.list_category_areas(_distinct(one for one, _ in pairs))
    seen: set[tuple[UUID, UUID]] = set()
    for number, (category_id, area_id) in enumerate(pairs):
        path = paths.get(area_id)
        if path is None or not _touches(ward, path) or not keeps_rules_of(actor, path, ward.id):
            raise _unknown_area(f"{field}[{number}].area_id")
        if categories.get(category_id) not in path:
            raise InvalidField(
                f"{field}[{number}].category_id",
                "unknown_category",
                N_("This kind of problem is not offered there."),
            )
        if (category_id, area_id) in seen:
            raise InvalidField(
                f"{field}[{number}].category_id",
                "twice",
                N_("There are two rules for the same kind of problem and area."),
            )
        seen.add((category_id, area_id))
    return paths


def _fingerprint(wish: RoutingIn | ClocksIn | HoursIn | ClosureIn) -> bytes:
    """Tells a repetition from another change under the same id."""
    return hashlib.sha256(msgspec.json.encode(wish, order="deterministic")).digest()


def _distinct(ids: Iterable[UUID]) -> list[UUID]:
    return sorted(set(ids))


def _unknown_area(field: str) -> InvalidField:
    return InvalidField(field, "unknown_area", N_("This area is not in your ward."))


def _today(ward: Ward, now: datetime) -> date:
    return now.astimezone(ZoneInfo(ward.time_zone)).date()


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
