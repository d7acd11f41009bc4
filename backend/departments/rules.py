"""Changing a ward's rules: who gets what (`W1`), and what is promised (`W3`).

Each change has an id made by the client, is checked whole, and leaves who did what in the history.

What was promised stays. Routes and promises hold for reports sent from then on. Hours change from
tomorrow at the earliest and closures may be declared for days that are past (`hour_rules`), so that
a calendar only ever gives time back: open cases are counted anew (`recount`), but a deadline that
has passed stays where it was, and what was said about it stays said.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import UNSET, Struct

from backend.actor import Actor
from backend.changes import touch
from backend.departments import rule_queries, service
from backend.departments.clocks import DAY_MINUTES
from backend.departments.rule_changes import (
    RuleChange,
    check_places,
    fingerprint,
    kept_ward,
    readable_ward,
    require_unchanged,
    widest_area,
)
from backend.departments.rule_queries import Ward
from backend.departments.rule_schemas import (
    ChangeReceipt,
    ClockIn,
    ClocksIn,
    ClocksOut,
    RouteIn,
    RoutingIn,
    RoutingOut,
    RuleChangesOut,
    RuleDiff,
    RuleState,
    Subject,
)
from backend.departments.schemas import ClockTimes
from backend.errors import InvalidField
from backend.i18n import N_

LONGEST_CLOCK: Final = 366 * DAY_MINUTES
HISTORY_PAGE: Final = 50


class CheckedRoutes(Struct, frozen=True):
    """Rules fit to be set. `area_id`: the ward, or its city if they touch a rule of the city."""

    ward: Ward
    rules: list[RouteIn]
    area_id: UUID


# reading -------------------------------------------------------------------------------------


async def read_routing(actor: Actor, ward_id: UUID) -> RoutingOut:
    """Raises NotFound, as all of these, for what is missing or foreign."""
    return RoutingOut(await rule_queries.list_routes(await readable_ward(actor, ward_id)))


async def read_clocks(actor: Actor, ward_id: UUID) -> ClocksOut:
    ward = await readable_ward(actor, ward_id)
    own = {}
    for category in await service.list_categories(ward_id):
        own[category.id] = (await service.find_category(category.id)).times
    return ClocksOut(own, await rule_queries.list_clocks(ward))


async def read_changes(
    actor: Actor, ward_id: UUID, subject: Subject | None, cursor: UUID | None
) -> RuleChangesOut:
    """Who changed what when, the newest first."""
    ward = await readable_ward(actor, ward_id)
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
    ward = await kept_ward(actor, ward_id)
    pairs = [(rule.category_id, rule.area_id) for rule in wish.rules]
    paths = await check_places(actor, ward, "rules", pairs)
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
    return CheckedRoutes(ward, wish.rules, widest_area(ward, paths))


async def change_routing(
    actor: Actor, ward_id: UUID, change_id: UUID, wish: RoutingIn
) -> tuple[ChangeReceipt, bool]:
    """Set or take away rules, all or none; they hold for reports sent from now on.

    Returns the receipt, and whether the change is new. Raises as `check_routes`, IdReused and
    ChangedMeanwhile.
    """
    checked = await check_routes(actor, ward_id, wish)
    change = RuleChange(actor, checked.ward, change_id, "routing", fingerprint(wish))
    return await change.make(lambda _now: _store_routes(checked))


async def _store_routes(checked: CheckedRoutes) -> tuple[UUID, list[RuleDiff]]:
    present = {
        (rule.category_id, rule.area_id): rule.department_id
        for rule in await rule_queries.list_routes_of(
            sorted({rule.category_id for rule in checked.rules})
        )
    }
    await require_unchanged(
        checked.ward,
        "routing",
        [
            f"rules[{number}].department_id"
            for number, rule in enumerate(checked.rules)
            if rule.was is not UNSET and rule.was != present.get((rule.category_id, rule.area_id))
        ],
    )
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
    return checked.area_id, diffs


# clocks --------------------------------------------------------------------------------------


async def change_clocks(
    actor: Actor, ward_id: UUID, change_id: UUID, wish: ClocksIn
) -> tuple[ChangeReceipt, bool]:
    """Promise other times; they hold for reports sent from now on.

    Returns the receipt, and whether the change is new.

    Raises:
        NotFound, Forbidden, IdReused, ChangedMeanwhile
        InvalidField: naming the clock (clock_zero, clock_too_long, solve_before_accept,
            unknown_category, unknown_area, twice).
    """
    ward = await kept_ward(actor, ward_id)
    for number, clock in enumerate(wish.clocks):
        if clock.times is not None:
            check_times(f"clocks[{number}].times", clock.times)
    pairs = [(clock.category_id, clock.area_id) for clock in wish.clocks]
    paths = await check_places(actor, ward, "clocks", pairs)
    change = RuleChange(actor, ward, change_id, "clocks", fingerprint(wish))
    area_id = widest_area(ward, paths)
    return await change.make(lambda _now: _store_clocks(ward, area_id, wish.clocks))


async def _store_clocks(
    ward: Ward, area_id: UUID, wanted: Sequence[ClockIn]
) -> tuple[UUID, list[RuleDiff]]:
    diffs = await _clock_diffs(ward, wanted)
    await rule_queries.set_clocks(
        [(clock.category_id, clock.area_id, clock.times) for clock in wanted]
    )
    wards = await rule_queries.list_ward_ids(area_id)
    touch(
        (one, "category", category_id)
        for one in wards
        for category_id in {diff.category_id for diff in diffs if diff.category_id}
    )
    return area_id, diffs


async def _clock_diffs(ward: Ward, wanted: Sequence[ClockIn]) -> list[RuleDiff]:
    present = {
        (clock.category_id, clock.area_id): clock.times
        for clock in await rule_queries.list_clocks_of(
            sorted({clock.category_id for clock in wanted})
        )
    }
    await require_unchanged(
        ward,
        "clocks",
        [
            f"clocks[{number}].times"
            for number, clock in enumerate(wanted)
            if clock.was is not UNSET
            and clock.was != present.get((clock.category_id, clock.area_id))
        ],
    )
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


def check_times(field: str, times: ClockTimes) -> None:
    """Raises InvalidField (clock_zero, clock_too_long, solve_before_accept)."""
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
