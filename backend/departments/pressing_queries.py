"""SQL of promises that go before all others."""

from collections.abc import Sequence
from uuid import UUID

from backend.db import execute, fetch_value
from backend.departments.schemas import ClockTimes


async def revive_category(ward_id: UUID, code: str) -> UUID | None:
    """The ward's own category of that code, in use from now on."""
    found = await fetch_value(
        """UPDATE category SET active = true,
                  revision = revision + CASE WHEN active THEN 0 ELSE 1 END
           WHERE area_id = $1 AND code = $2 RETURNING id""",
        ward_id,
        code,
    )
    return found if isinstance(found, UUID) else None


async def replace_clocks(
    source_id: UUID, category_id: UUID, areas: Sequence[UUID], times: ClockTimes
) -> None:
    await execute(
        """WITH gone AS (
               DELETE FROM pressing_clock WHERE source_id = $1 AND area_id <> ALL($3))
           INSERT INTO pressing_clock AS p (source_id, category_id, area_id, accept_minutes,
                                            solve_minutes, escalate_minutes)
           SELECT $1, $2, area_id, $4, $5, $6 FROM unnest($3::uuid[]) AS a(area_id)
           ON CONFLICT (source_id, area_id) DO UPDATE
               SET accept_minutes = excluded.accept_minutes,
                   solve_minutes = excluded.solve_minutes,
                   escalate_minutes = excluded.escalate_minutes""",
        source_id,
        category_id,
        list(areas),
        times.accept_minutes,
        times.solve_minutes,
        times.escalate_minutes,
    )


async def delete_clocks(source_id: UUID) -> None:
    await execute("DELETE FROM pressing_clock WHERE source_id = $1", source_id)
