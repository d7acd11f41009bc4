"""SQL of what lies near a place: by the index on the position, however many reports there are."""

# ruff: noqa: S608 - what is put together here are our own fragments; values are arguments

from collections.abc import Sequence
from math import cos, radians
from typing import TYPE_CHECKING, Final
from uuid import UUID

from backend.actor import Actor
from backend.db import fetch, fetch_value

if TYPE_CHECKING:
    from asyncpg import Record

LOOKED_AT: Final = 100
"""The nearest so many are compared; closer ones than that are the likely ones."""
_DEGREE_M: Final = 111_195.0

# Word for word the condition of the partial index `report_point`.
_OPEN: Final = """r.lat IS NOT NULL AND NOT r.private
AND r.state NOT IN ('closed', 'rejected', 'merged', 'withdrawn')"""

_NEAR: Final = f"""
SELECT r.id, r.category_id, r.state, r.created_at, r.lat, r.lon, r.description, r.address,
       r.followers, r.moderation, r.account_id = $1 AS mine, c.names, c.icon, c.colour,
       CASE WHEN $7 = '' OR r.description = '' THEN 0
            ELSE similarity(folded(r.description), $7) END AS alike,
       EXISTS (SELECT 1 FROM follower f WHERE f.report_id = r.id AND f.account_id = $1) AS followed,
       (SELECT p.id FROM photo p WHERE p.thread_id = r.id AND p.message_id = r.id
          AND p.state = 'ready' AND p.seconds IS NULL ORDER BY p.position LIMIT 1) AS photo_id
FROM (
    SELECT r.* FROM report r
    WHERE {_OPEN} AND point(r.lon, r.lat) <@ box(point($2, $3), point($4, $5))
      AND r.ward_id = ANY($6) AND (r.moderation <> 'hidden' OR r.account_id = $1)
    ORDER BY point(r.lon, r.lat) <-> point($8, $9) LIMIT {LOOKED_AT}
) r JOIN category c ON c.id = r.category_id
"""


async def get_near_m(category_id: UUID) -> int | None:
    """How far apart, in metres, reports of a kind may lie and still be about the same thing."""
    value = await fetch_value("SELECT near_m FROM category WHERE id = $1", category_id)
    return value if isinstance(value, int) else None


async def list_near(
    actor: Actor, wards: Sequence[UUID], lat: float, lon: float, near_m: float, key: str
) -> "list[Record]":
    """Open reports in a box of `near_m` metres around a place, the nearest first."""
    up = near_m / _DEGREE_M
    across = up / max(0.01, cos(radians(lat)))
    return await fetch(
        _NEAR,
        actor.account_id,
        lon - across,
        lat - up,
        lon + across,
        lat + up,
        list(wards),
        key,
        lon,
        lat,
    )
