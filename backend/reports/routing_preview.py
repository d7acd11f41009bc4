"""Trying routing rules on what was reported before they are saved (`W1`)."""

from collections import Counter
from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backend.actor import Actor
from backend.departments import rules
from backend.departments import service as departments
from backend.departments.rule_schemas import RoutingIn
from backend.reports import deadline_queries, queries

LOOKED_BACK: Final = timedelta(days=90)


class MovedOut(Struct, frozen=True):
    """So many reports of a category would have gone elsewhere; null is the dispatcher's tray."""

    category_id: UUID
    from_department_id: UUID | None
    to_department_id: UUID | None
    reports: int


class RoutingPreview(Struct, frozen=True):
    """What rules would have done to the reports of the last `days`.

    `reports` were of a category and area that the rules are about; `moved` of them would have gone
    to another department than by the rules of today; `unrouted` is how many would have waited for
    the dispatcher, today and then.
    """

    days: int
    reports: int
    moved: int
    unrouted_now: int
    unrouted_then: int
    moves: list[MovedOut]


async def preview_routing(actor: Actor, ward_id: UUID, wish: RoutingIn) -> RoutingPreview:
    """Nothing is changed. Compares the rules of today with those of then, on places and categories;
    what people passed on by hand later does not count.

    Raises as `departments.rules.check_routes`.
    """
    checked = await rules.check_routes(actor, ward_id, wish)
    category_ids = sorted({rule.category_id for rule in checked.rules})
    since = await deadline_queries.get_time() - LOOKED_BACK
    moves: Counter[tuple[UUID, UUID | None, UUID | None]] = Counter()
    total, unrouted_now, unrouted_then = 0, 0, 0
    for place in await queries.count_places(checked.area_id, category_ids, since):
        category = await departments.find_category(place.category_id)
        changed = dict(category.routes)
        for rule in checked.rules:
            if rule.category_id == place.category_id:
                changed.pop(rule.area_id, None)
                if rule.department_id is not None:
                    changed[rule.area_id] = rule.department_id
        before = departments.route(category, place.path)
        after = departments.route(replace(category, routes=changed), place.path)
        total += place.reports
        unrouted_now += place.reports if before is None else 0
        unrouted_then += place.reports if after is None else 0
        if before != after:
            moves[place.category_id, before, after] += place.reports
    return RoutingPreview(
        days=LOOKED_BACK.days,
        reports=total,
        moved=moves.total(),
        unrouted_now=unrouted_now,
        unrouted_then=unrouted_then,
        moves=[MovedOut(*key, reports) for key, reports in moves.most_common()],
    )
