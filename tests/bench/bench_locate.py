"""How long it takes to find the neighbourhood of a point in a city of 4,861 neighbourhoods."""

import time
import uuid

import numpy as np
import shapely

from backend.areas.geometry import AreaIndex

NEIGHBOURHOODS = 4861
POINTS = 20_000
WEST, SOUTH, EAST, NORTH = 106.3, 10.3, 107.0, 11.0


def run() -> dict[str, float]:
    """The figures: microseconds a point inside (mean and p99), a point up to 150 m outside and one
    far away; `build_s`, reading all boundaries from WKB; `corners`, the mean of a boundary."""
    chance = np.random.default_rng(1)
    frame = shapely.box(WEST, SOUTH, EAST, NORTH)
    seeds = shapely.multipoints(chance.uniform((WEST, SOUTH), (EAST, NORTH), (NEIGHBOURHOODS, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=frame))
    cells = shapely.segmentize(shapely.intersection(cells, frame), 0.0002)
    stored = [(uuid.uuid4(), wkb) for wkb in shapely.to_wkb(cells)]

    began = time.perf_counter()
    index = AreaIndex.from_wkb(stored)
    build_s = time.perf_counter() - began

    inside = chance.uniform((SOUTH, WEST), (NORTH, EAST), (POINTS, 2)).tolist()
    outside = chance.uniform((SOUTH - 0.0013, WEST), (SOUTH, EAST), (POINTS // 10, 2)).tolist()
    _timed(index, inside)  # the first point in a polygon prepares it
    times = _timed(index, inside)
    return {
        "inside_us": float(times.mean()),
        "inside_p99_us": float(np.percentile(times, 99)),
        "just_outside_us": float(_timed(index, outside).mean()),
        "far_away_us": float(_timed(index, [[0.0, 0.0]] * 2000).mean()),
        "build_s": build_s,
        "corners": float(shapely.get_num_coordinates(cells).mean()),
    }


def _timed(
    index: AreaIndex, points: list[list[float]]
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Microseconds of each question."""
    times = np.empty(len(points))
    for number, (lat, lon) in enumerate(points):
        began = time.perf_counter()
        index.locate(lat, lon)
        times[number] = time.perf_counter() - began
    return times * 1e6
