"""Promises that go before all others for a while: what a crisis asks of a category (`W10`).

They hold in neighbourhoods, the nearest area there is, and count day and night. Reports that come
while they hold keep them. Inside the caller's `write_tx()`; it calls `service.forget_cached_rules`
after the commit.
"""

from collections.abc import Sequence
from uuid import UUID

import uuid_utils.compat as uuids

from backend.changes import touch
from backend.departments import catalogue_queries, pressing_queries
from backend.departments.catalogue_schemas import CategoryIn
from backend.departments.schemas import ClockTimes, Names

_CALM_TIMES = ClockTimes(480, False, 1440, False, 480)
_NEAR_M = 100


async def open_own_category(ward_id: UUID, code: str, names: Names, icon: str, colour: str) -> UUID:
    """The ward's category of that code, made or put to use again; it stays when the crisis is over.

    Its own promise is an ordinary one: 8 and 24 hours of working time.
    """
    found = await pressing_queries.revive_category(ward_id, code)
    if found is None:
        found = uuids.uuid7()
        wish = CategoryIn(
            category_id=found, revision=0, names=names, icon=icon, colour=colour, near_m=_NEAR_M
        )
        await catalogue_queries.insert_category(wish, ward_id, code, _CALM_TIMES)
    touch([(ward_id, "category", found)])
    return found


async def press(
    source_id: UUID, ward_id: UUID, category_id: UUID, areas: Sequence[UUID], times: ClockTimes
) -> None:
    """`times` hold in these neighbourhoods of the ward, and in no others, until `release`."""
    await pressing_queries.replace_clocks(source_id, category_id, areas, times)
    touch([(ward_id, "category", category_id)])


async def release(source_id: UUID, ward_id: UUID, category_id: UUID) -> None:
    """From now on what held before holds again."""
    await pressing_queries.delete_clocks(source_id)
    touch([(ward_id, "category", category_id)])
