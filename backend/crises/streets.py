"""Reports put together by street, so that one machine is sent once. Pure.

The street is read from what people wrote as the address, without house numbers, alleys and marks.
A report that names none belongs to the street of the nearest one that does, up to 100 m away; else
to a square of about 100 m of its own; without a position to its neighbourhood as a whole.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from backend.text import fold

NEAR_M: Final = 100.0
_METRES_A_DEGREE: Final = 111_320.0

_PARTS: Final = re.compile(r"[,،;؛\n]")
_NUMBER: Final = re.compile(r"#?\d+[a-zđ]?(?:[/.-]\d+[a-z]?)*", re.ASCII)
# Words before a number that say "house" or "alley"; as `fold` writes them.
_BEFORE_NUMBERS: Final = frozenset(
    fold(word)
    for word in (
        "số", "nhà", "no", "no.", "house", "hẻm", "ngõ", "ngách", "kiệt", "alley", "lane",
        "پلاک", "شماره", "کوچه", "بن‌بست", "واحد",
    )
)  # fmt: skip
_STREET_WORDS: Final = frozenset(
    fold(word)
    for word in (
        "đường", "phố", "đ.", "street", "st", "st.", "road", "rd", "rd.",
        "خیابان", "خ", "خ.", "بلوار",
    )
)  # fmt: skip


class Spot(Struct, frozen=True):
    """Where a report is. `lat`, `lon` in degrees."""

    id: UUID
    address: str
    lat: float | None
    lon: float | None
    neighbourhood_id: UUID


class Street(Struct, frozen=True):
    """Spots that go together; `label` as somebody wrote it, "" where nobody did."""

    key: str
    label: str
    neighbourhood_id: UUID
    spots: list[Spot]

    @property
    def middle(self) -> tuple[float | None, float | None]:
        """In the midst of those that have a position."""
        points = [(one.lat, one.lon) for one in self.spots if one.lat is not None]
        if not points:
            return None, None
        lats, lons = zip(*points, strict=True)
        return sum(lats) / len(points), sum(lons) / len(points)


def street_of(address: str) -> tuple[str, str] | None:
    """Key and label of the street an address names; None when it names none."""
    for part in _PARTS.split(address):
        words = [(word, fold(word)) for word in part.split()]
        kept = _without_numbers(words)
        key = [folded for _, folded in kept if folded not in _STREET_WORDS]
        if not key and len(kept) > 0:
            # "Đường số 7": there the number is the name.
            kept = words
            key = [folded for _, folded in words if folded not in _STREET_WORDS]
        if any(letter.isalpha() for letter in "".join(key)):
            return " ".join(key), " ".join(word for word, _ in kept)
    return None


def _without_numbers(words: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    kept: list[tuple[str, str]] = []
    for word, folded in words:
        if _NUMBER.fullmatch(folded):
            if kept and kept[-1][1] in _BEFORE_NUMBERS:
                while kept and kept[-1][1] in _BEFORE_NUMBERS:
                    kept.pop()
                continue
            if not kept:
                continue
        kept.append((word, folded))
    return kept


def group(spots: Iterable[Spot]) -> list[Street]:
    """All spots, each in one street; in the order in which their first one came."""
    streets: dict[str, Street] = {}
    nameless: list[Spot] = []
    squares: dict[tuple[int, int], list[tuple[Spot, str]]] = {}
    for spot in spots:
        named = street_of(spot.address)
        if named is None:
            nameless.append(spot)
            continue
        key, label = f"street:{named[0]}", named[1]
        _put(streets, key, label, spot)
        if spot.lat is not None and spot.lon is not None:
            squares.setdefault(_square(spot.lat, spot.lon), []).append((spot, key))
    for spot in nameless:
        if spot.lat is None or spot.lon is None:
            _put(streets, f"area:{spot.neighbourhood_id}", "", spot)
            continue
        found = _nearest(spot.lat, spot.lon, squares)
        row, column = _square(spot.lat, spot.lon)
        _put(streets, found or f"square:{row}:{column}", "", spot)
    return list(streets.values())


def _put(streets: dict[str, Street], key: str, label: str, spot: Spot) -> None:
    street = streets.setdefault(key, Street(key, label, spot.neighbourhood_id, []))
    street.spots.append(spot)


def _square(lat: float, lon: float) -> tuple[int, int]:
    row = math.floor(lat * _METRES_A_DEGREE / NEAR_M)
    # By the row's own latitude, so that all points of a row are cut alike.
    width = math.cos(math.radians(row * NEAR_M / _METRES_A_DEGREE)) * _METRES_A_DEGREE
    return row, math.floor(lon * width / NEAR_M)


def _nearest(
    lat: float, lon: float, squares: dict[tuple[int, int], list[tuple[Spot, str]]]
) -> str | None:
    best, best_m = None, NEAR_M
    for spot, key in _around(lat, lon, squares):
        if spot.lat is None or spot.lon is None:
            continue
        metres = _metres(lat, lon, spot.lat, spot.lon)
        if metres <= best_m:
            best, best_m = key, metres
    return best


def _around(
    lat: float, lon: float, squares: dict[tuple[int, int], list[tuple[Spot, str]]]
) -> Iterator[tuple[Spot, str]]:
    row, _ = _square(lat, lon)
    step = NEAR_M / _METRES_A_DEGREE
    for down in (-1, 0, 1):
        _, column = _square((row + down + 0.5) * step, lon)
        for aside in (-1, 0, 1):
            yield from squares.get((row + down, column + aside), ())


def _metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Flat, which is right over a few hundred metres."""
    north = (other_lat - lat) * _METRES_A_DEGREE
    east = (other_lon - lon) * _METRES_A_DEGREE * math.cos(math.radians(lat))
    return math.hypot(north, east)
