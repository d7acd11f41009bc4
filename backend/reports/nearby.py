"""Open reports close to where somebody is about to report something (`R6`).

A neighbour learns that there is one, of what kind, where, how old and in what state; what was
written and photographed only where the head has approved it, who wrote it never. Private and hidden
reports, and those of other wards, are not found.
"""

from datetime import UTC, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING, Final
from uuid import UUID

from backend.actor import Actor
from backend.db import from_json
from backend.departments.schemas import Names
from backend.errors import InvalidField
from backend.reports import nearby_queries
from backend.reports.content import clean_position
from backend.reports.intake import UnknownCategory
from backend.reports.policy import wards_of
from backend.reports.schemas import NearbyList, NearbyOut
from backend.text import fold

if TYPE_CHECKING:
    from asyncpg import Record

SHOWN: Final = 5
COMPARED: Final = 300
"""So many letters of what was typed are compared."""
WORDS_SHOWN: Final = 140
ALIKE: Final = 0.35
"""Trigram similarity from which another kind of report may be the same thing."""
OLD: Final = timedelta(days=60)
_EARTH_M: Final = 6_371_008.8


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres along the sphere (haversine)."""
    up, across = radians(other_lat - lat) / 2, radians(other_lon - lon) / 2
    half = sin(up) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(across) ** 2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(half)))


def likeness(distance: float, near_m: float, age: timedelta, alike: float) -> float:
    """How likely two reports are about one thing, 0 to 1: most by place, then words, then age."""
    close = max(0.0, 1 - distance / near_m)
    fresh = max(0.0, 1 - age / OLD)
    return 0.55 * close + 0.3 * alike + 0.15 * fresh


async def find_nearby(
    actor: Actor, category_id: UUID, lat: float, lon: float, words: str
) -> NearbyList:
    """The most likely first, at most `SHOWN`.

    Raises:
        InvalidField: bad_position, unknown_category.
    """
    placed_lat, placed_lon = clean_position(lat, lon)
    if placed_lat is None or placed_lon is None:
        raise InvalidField("lat", "bad_position", "")
    near_m = await nearby_queries.get_near_m(category_id)
    if near_m is None:
        raise UnknownCategory
    key = fold(words[:COMPARED])
    rows = await nearby_queries.list_near(actor, wards_of(actor), lat, lon, near_m, key)
    now = datetime.now(UTC)
    found: list[tuple[float, NearbyOut]] = []
    for row in rows:
        distance = distance_m(lat, lon, row["lat"], row["lon"])
        alike = row["alike"] or 0.0
        if distance > near_m or (row["category_id"] != category_id and alike < ALIKE):
            continue
        rank = likeness(distance, near_m, now - row["created_at"], alike)
        found.append((rank, _shown(row, distance)))
    found.sort(key=lambda one: -one[0])
    return NearbyList([report for _, report in found[:SHOWN]])


def _shown(row: "Record", distance: float) -> NearbyOut:
    told = row["mine"] or row["moderation"] == "approved"
    return NearbyOut(
        id=row["id"],
        category_id=row["category_id"],
        category_names=from_json(row["names"], Names),
        category_icon=row["icon"],
        category_colour=row["colour"],
        state=row["state"],
        created_at=row["created_at"],
        distance_m=round(distance),
        description=row["description"][:WORDS_SHOWN] if told else "",
        address=row["address"] if told else "",
        photo_id=row["photo_id"] if told else None,
        followers=row["followers"],
        mine=row["mine"],
        followed=row["followed"],
    )
