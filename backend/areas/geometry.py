"""Which neighbourhood a point lies in (`R10`), and the outline of an area for phones.

Boundaries stay in memory: a city of 4,861 neighbourhoods is a few dozen megabytes, and asking the
tree costs a few microseconds where a query costs a thousand. Coordinates are WGS 84; shapely's x is
the longitude.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import InvalidField
from backend.i18n import N_

NEARBY_M = 200.0
"""How far outside every boundary a point may lie and still be given to the nearest area."""

_DECIMALS = 5
"""1e-5 degrees are 1.1 m: finer than any phone, and half the bytes of full precision."""


class BadPosition(InvalidField):
    """A latitude or longitude that is no place on Earth. `field` says which one."""

    def __init__(self, field: str) -> None:
        super().__init__(
            field,
            "bad_position",
            N_("This is not a position on the map. Please set the pin again."),
        )


class Located(msgspec.Struct, frozen=True):
    """Where a point was found.

    `outside` is true when it lies in no area and the nearest one took it; `distance_m` is then the
    distance to that boundary in metres, otherwise 0.
    """

    area_id: UUID
    outside: bool
    distance_m: float


class AreaIndex:
    """All neighbourhoods of the database, ready to be asked where a point lies.

    Immutable: after an import, build a new one. Geometries are prepared at the first point that
    falls into their box, so that start-up and memory are spent only on what is used.
    """

    def __init__(self, areas: Iterable[tuple[UUID, BaseGeometry]]) -> None:
        """`areas`: id and (multi)polygon, lon/lat degrees."""
        pairs = list(areas)
        geometries = np.empty(len(pairs), dtype=object)
        geometries[:] = [geometry for _, geometry in pairs]
        self._build([area_id for area_id, _ in pairs], geometries)

    @classmethod
    def from_wkb(cls, areas: Iterable[tuple[UUID, bytes]]) -> AreaIndex:
        """As the constructor, from the WKB that the `area` table keeps.

        Raises `shapely.errors.GEOSException` for bytes that are no geometry.
        """
        pairs = list(areas)
        index = cls.__new__(cls)
        blobs = np.array([bytes(wkb) for _, wkb in pairs], dtype=object)
        index._build([area_id for area_id, _ in pairs], shapely.from_wkb(blobs))
        return index

    def _build(self, ids: list[UUID], geometries: npt.NDArray[np.object_]) -> None:
        # Positions in the arrays are ranks: where areas overlap, the lowest wins. Longitude degrees
        # shrink with the cosine of the latitude, or areas further north would look larger.
        sizes = shapely.area(geometries) * np.cos(np.radians(shapely.bounds(geometries)[:, 1]))
        order = sorted(range(len(ids)), key=lambda position: (sizes[position], ids[position]))
        self._ids = [ids[position] for position in order]
        self._geometries = list(geometries[order])
        self._tree = shapely.STRtree(self._geometries)

    def __len__(self) -> int:
        return len(self._ids)

    def locate(self, lat: float, lon: float) -> Located | None:
        """The area that contains the point, else the nearest within 200 m, else None.

        A boundary belongs to its area. Where areas overlap the smallest one has the point, of equal
        ones the lower id. Areas across the 180th meridian from the point are not seen.

        Raises `BadPosition` for NaN, infinity and anything outside ±90, ±180.
        """
        check_position(lat, lon)
        candidates = self._tree.query(shapely.points(lon, lat))
        if candidates.size:
            for rank in sorted(candidates.tolist()):
                if shapely.intersects_xy(self._geometries[rank], lon, lat):
                    return Located(self._ids[rank], False, 0.0)
        return self._nearest(lat, lon)

    def _nearest(self, lat: float, lon: float) -> Located | None:
        lat_m, lon_m = metres_per_degree(lat)
        reach_lat, reach_lon = NEARBY_M / lat_m, NEARBY_M / lon_m
        box = shapely.box(lon - reach_lon, lat - reach_lat, lon + reach_lon, lat + reach_lat)
        found: tuple[float, int] | None = None
        for rank in sorted(self._tree.query(box).tolist()):
            flat = shapely.transform(
                self._geometries[rank], lambda points: (points - (lon, lat)) * (lon_m, lat_m)
            )
            distance = float(shapely.distance(flat, _ORIGIN))
            if distance <= NEARBY_M and (found is None or distance < found[0]):
                found = (distance, rank)
        if found is None:
            return None
        return Located(self._ids[found[1]], True, found[0])


_ORIGIN = shapely.Point(0.0, 0.0)


def check_position(lat: float, lon: float) -> None:
    """Raise `BadPosition` unless the two are finite and on Earth. 0/0 is a place: the Atlantic."""
    if not -90.0 <= lat <= 90.0:
        raise BadPosition("lat")
    if not -180.0 <= lon <= 180.0:
        raise BadPosition("lon")


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres per degree of latitude and of longitude at `lat` degrees, on the WGS 84 ellipsoid.

    Series of the meridian and parallel arcs (NIMA TR 8350.2 constants); within 200 m of the point
    the flat map made of them is true to a few millimetres below 80° of latitude. At the poles a
    degree of longitude is given a metre, so that nothing divides by nought.
    """
    angle = math.radians(lat)
    lat_m = 111132.954 - 559.822 * math.cos(2 * angle) + 1.175 * math.cos(4 * angle)
    lon_m = 111412.84 * math.cos(angle) - 93.5 * math.cos(3 * angle) + 0.118 * math.cos(5 * angle)
    return lat_m, max(lon_m, 1.0)


def outline(geometry: BaseGeometry, tolerance_m: float) -> list[list[tuple[float, float]]]:
    """`geometry` thinned for a phone's map: closed rings of (lat, lon), 5 decimals.

    No point of the true boundary lies further than `tolerance_m` metres from the thinned one. Outer
    rings come first, the largest leading, then holes; drawn together by the even-odd rule they give
    the area. Parts and holes smaller than a square of the tolerance are left out, but never all.
    """
    lat_m, lon_m = metres_per_degree(geometry.centroid.y)
    scale = np.array((lon_m, lat_m))
    flat = shapely.transform(geometry, lambda points: points * scale)
    thin = shapely.simplify(flat, tolerance_m, preserve_topology=True)
    parts = sorted(shapely.get_parts(thin), key=lambda part: -part.area)
    smallest = tolerance_m * tolerance_m
    kept = [part for part in parts if part.area >= smallest] or parts[:1]
    shells = [part.exterior for part in kept]
    holes = [
        hole for part in kept for hole in part.interiors if shapely.Polygon(hole).area >= smallest
    ]
    rings = [_rounded(shapely.get_coordinates(ring) / scale) for ring in (*shells, *holes)]
    return [ring for ring in rings if len(ring) >= 4]


def _rounded(lon_lat: npt.NDArray[np.float64]) -> list[tuple[float, float]]:
    ring: list[tuple[float, float]] = []
    for lon, lat in np.round(lon_lat, _DECIMALS).tolist():
        if not ring or ring[-1] != (lat, lon):
            ring.append((lat, lon))
    return ring
