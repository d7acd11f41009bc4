"""Where a pin lies: in a neighbourhood, just outside, or not in our area."""

import json
import math
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry

from backend.areas.geometry import (
    NEARBY_M,
    AreaIndex,
    BadPosition,
    Located,
    metres_per_degree,
    outline,
)

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata" / "areas"
needs_real_areas = pytest.mark.skipif(
    not REAL.is_dir(), reason="the folder of real ward boundaries is not on this machine"
)

NAMESPACE = UUID("2f0b6a5e-6a0e-4a3e-9a43-6a5f4d7f1c11")
WEST, SOUTH, EAST, NORTH = 106.3, 10.3, 107.0, 11.0
CITY_SIZE = 4861


def area_id(number: int) -> UUID:
    return uuid5(NAMESPACE, str(number))


def box(west: float, south: float, east: float, north: float) -> Polygon:
    return shapely.box(west, south, east, north)


@cache
def city() -> list[tuple[UUID, BaseGeometry]]:
    """As many neighbourhoods as Ho Chi Minh City has, without gaps, and some that overlap."""
    seeds = np.random.default_rng(20250701).uniform(
        (WEST, SOUTH), (EAST, NORTH), (CITY_SIZE - 61, 2)
    )
    frame = box(WEST, SOUTH, EAST, NORTH)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=frame))
    cells = shapely.segmentize(shapely.intersection(cells, frame), 0.001)
    overlapping = [
        shapely.Point(*seed).buffer(0.004 + 0.0001 * n) for n, seed in enumerate(seeds[:60])
    ]
    ring_road = (
        shapely.Point(106.65, 10.65)
        .buffer(0.05)
        .difference(shapely.Point(106.65, 10.65).buffer(0.04))
    )
    return [(area_id(n), one) for n, one in enumerate([*cells, *overlapping, ring_road])]


@cache
def city_index() -> AreaIndex:
    return AreaIndex.from_wkb((one, shapely.to_wkb(geometry)) for one, geometry in city())


@cache
def wards() -> list[tuple[UUID, BaseGeometry]]:
    collection = json.loads((REAL / "hcmc_wards_2025.geojson").read_text("utf-8"))
    return [
        (uuid5(NAMESPACE, one["properties"]["code"]), shape(one["geometry"]))
        for one in collection["features"]
    ]


@cache
def ward_index() -> AreaIndex:
    return AreaIndex(wards())


def by_brute_force(areas: list[tuple[UUID, BaseGeometry]], lat: float, lon: float) -> set[UUID]:
    """All areas that may rightly be named: the smallest of those that contain the point."""
    holding = [one for one in areas if shapely.intersects_xy(one[1], lon, lat)]
    if not holding:
        return set()
    smallest = min(geometry.area for _, geometry in holding)
    return {one for one, geometry in holding if geometry.area <= smallest * 1.00001}


def haversine_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    a = (
        math.sin(math.radians(other_lat - lat) / 2) ** 2
        + math.cos(math.radians(lat))
        * math.cos(math.radians(other_lat))
        * math.sin(math.radians(other_lon - lon) / 2) ** 2
    )
    return 2 * 6_371_008.8 * math.asin(math.sqrt(a))


def test_a_pin_inside_belongs_to_its_neighbourhood() -> None:
    index = AreaIndex([(area_id(1), box(106.79, 10.84, 106.80, 10.85))])
    assert index.locate(10.845, 106.795) == Located(area_id(1), False, 0.0)


def test_a_pin_on_the_border_belongs_to_one_of_both_and_always_the_same() -> None:
    left, right = box(106.79, 10.84, 106.80, 10.85), box(106.80, 10.84, 106.81, 10.85)
    found = AreaIndex([(area_id(1), left), (area_id(2), right)]).locate(10.845, 106.80)
    again = AreaIndex([(area_id(2), right), (area_id(1), left)]).locate(10.845, 106.80)
    assert found is not None
    assert not found.outside
    assert found == again


def test_where_neighbourhoods_overlap_the_smaller_has_the_pin() -> None:
    index = AreaIndex(
        [
            (area_id(1), box(106.7, 10.8, 106.9, 10.9)),
            (area_id(2), box(106.79, 10.84, 106.80, 10.85)),
            (area_id(3), box(106.75, 10.82, 106.85, 10.88)),
        ]
    )
    found = index.locate(10.845, 106.795)
    assert found is not None
    assert found.area_id == area_id(2)


def test_of_two_equal_neighbourhoods_the_lower_id_has_the_pin() -> None:
    same = box(106.79, 10.84, 106.80, 10.85)
    low, high = sorted([area_id(1), area_id(2)])
    for areas in ([(low, same), (high, same)], [(high, same), (low, same)]):
        found = AreaIndex(areas).locate(10.845, 106.795)
        assert found is not None
        assert found.area_id == low


def test_a_hole_is_not_inside() -> None:
    holed = box(106.7, 10.8, 106.9, 11.0).difference(box(106.75, 10.85, 106.85, 10.95))
    assert AreaIndex([(area_id(1), holed)]).locate(10.9, 106.8) is None


@pytest.mark.parametrize(("lat", "lon"), [(10.845, 106.795), (37.55, 45.07), (64.1, -21.9)])
@pytest.mark.parametrize("bearing", range(0, 360, 45))
def test_a_pin_up_to_200_metres_outside_goes_to_the_nearest_neighbourhood(
    lat: float, lon: float, bearing: int
) -> None:
    north, east = math.cos(math.radians(bearing)), math.sin(math.radians(bearing))
    lat_m, lon_m = metres_per_degree(lat)
    speck = box(lon - 1e-9, lat - 1e-9, lon + 1e-9, lat + 1e-9)
    index = AreaIndex([(area_id(1), speck)])

    def walk(metres: float) -> Located | None:
        return index.locate(lat + north * metres / lat_m, lon + east * metres / lon_m)

    found = walk(150)
    assert found is not None
    assert found.outside
    assert found.distance_m == pytest.approx(150, abs=0.01)
    assert walk(NEARBY_M - 0.05) is not None
    assert walk(NEARBY_M + 0.05) is None


def test_of_two_neighbourhoods_nearby_the_nearer_one_is_meant() -> None:
    # A degree of longitude is much shorter in Urmia: nearer in degrees is not nearer on the ground.
    lat_m, lon_m = metres_per_degree(37.55)
    to_the_north = box(45.0, 37.55 + 140 / lat_m, 45.1, 37.60)
    to_the_east = box(45.07 + 130 / lon_m, 37.50, 45.1, 37.551)
    assert 140 / lat_m < 130 / lon_m
    found = AreaIndex([(area_id(1), to_the_north), (area_id(2), to_the_east)]).locate(37.55, 45.07)
    assert found is not None
    assert (found.area_id, found.outside) == (area_id(2), True)
    assert found.distance_m == pytest.approx(130, abs=0.01)


@pytest.mark.parametrize(
    ("lat", "lon"), [(0.0, 0.0), (-0.0, 0.0), (9.0, 108.5), (90.0, 0.0), (-90.0, 180.0), (10, 106)]
)
def test_the_sea_and_the_poles_are_not_our_area(lat: float, lon: float) -> None:
    assert city_index().locate(lat, lon) is None


@pytest.mark.parametrize(
    ("lat", "lon", "field"),
    [
        (math.nan, 106.8, "lat"),
        (10.8, math.nan, "lon"),
        (math.inf, 106.8, "lat"),
        (10.8, -math.inf, "lon"),
        (106.8, 10.8, "lat"),
        (90.0001, 0.0, "lat"),
        (10.8, 180.0001, "lon"),
    ],
)
def test_what_is_no_position_is_refused_by_field(lat: float, lon: float, field: str) -> None:
    with pytest.raises(BadPosition) as caught:
        city_index().locate(lat, lon)
    (problem,) = caught.value.field_problems("en")
    assert (problem.field, problem.code) == (field, "bad_position")


def test_a_city_without_neighbourhoods_has_no_place_for_a_pin() -> None:
    assert AreaIndex([]).locate(10.84, 106.79) is None
    assert AreaIndex.from_wkb([]).locate(10.84, 106.79) is None


def test_bytes_that_are_no_geometry_are_refused() -> None:
    with pytest.raises(shapely.errors.GEOSException):
        AreaIndex.from_wkb([(area_id(1), b"\x01\x02\x03")])


@settings(deadline=None)
@given(
    st.floats(SOUTH - 0.01, NORTH + 0.01, allow_nan=False),
    st.floats(WEST - 0.01, EAST + 0.01, allow_nan=False),
)
def test_every_point_of_a_large_city_is_found_where_looking_at_each_polygon_finds_it(
    lat: float, lon: float
) -> None:
    found = city_index().locate(lat, lon)
    expected = by_brute_force(city(), lat, lon)
    if expected:
        assert found is not None
        assert found.area_id in expected
        assert (found.outside, found.distance_m) == (False, 0.0)
    else:
        nearest = min(shapely.distance(g, shapely.Point(lon, lat)) for _, g in city())
        if found is None:
            assert nearest * 111_500 > NEARBY_M * 0.98
        else:
            assert found.outside
            assert found.distance_m <= NEARBY_M
            assert found.distance_m <= nearest * 111_500


@settings(deadline=None)
@given(st.integers(0, CITY_SIZE - 1), st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_a_point_taken_inside_a_neighbourhood_is_found_in_it_or_in_a_smaller_one_over_it(
    number: int, across: float, along: float
) -> None:
    chosen, geometry = city()[number]
    west, south, east, north = geometry.bounds
    lon, lat = west + across * (east - west), south + along * (north - south)
    if not shapely.contains_xy(geometry, lon, lat):
        inside = geometry.representative_point()
        lon, lat = inside.x, inside.y
    found = city_index().locate(lat, lon)
    assert found is not None
    assert not found.outside
    taken = dict(city())[found.area_id]
    assert found.area_id == chosen or (
        taken.area <= geometry.area * 1.00001 and shapely.intersects_xy(taken, lon, lat)
    )


@needs_real_areas
def test_every_real_ward_contains_its_own_middle() -> None:
    assert len(wards()) == 168
    for ward, geometry in wards():
        middle = geometry.representative_point()
        found = ward_index().locate(middle.y, middle.x)
        assert found == Located(ward, False, 0.0)


@needs_real_areas
@settings(deadline=None)
@given(st.floats(10.3, 11.3), st.floats(106.3, 107.3))
def test_real_wards_are_found_where_looking_at_each_polygon_finds_them(
    lat: float, lon: float
) -> None:
    found = ward_index().locate(lat, lon)
    expected = by_brute_force(wards(), lat, lon)
    if expected:
        assert found is not None
        assert found.area_id in expected
    elif found is not None:
        geometry = dict(wards())[found.area_id]
        nearest = shapely.shortest_line(shapely.Point(lon, lat), geometry).coords[1]
        assert found.outside
        assert found.distance_m <= haversine_m(lat, lon, nearest[1], nearest[0]) * 1.006


@needs_real_areas
def test_a_pin_in_the_river_off_a_real_ward_goes_to_a_ward_or_is_kindly_turned_away() -> None:
    union = shapely.union_all([geometry for _, geometry in wards()])
    outer = max(shapely.get_parts(union), key=lambda part: part.area).exterior
    for share in range(0, 100, 5):
        on_border = outer.interpolate(share / 100, normalized=True)
        found = ward_index().locate(on_border.y, on_border.x)
        assert found is not None
        assert found.distance_m < 1


def test_an_outline_is_closed_rings_of_lat_lon() -> None:
    (ring,) = outline(box(106.79, 10.84, 106.80, 10.85), 5)
    assert sorted(set(ring)) == [(10.84, 106.79), (10.84, 106.80), (10.85, 106.79), (10.85, 106.80)]
    assert ring[0] == ring[-1]


def test_an_outline_keeps_large_holes_and_islands_and_drops_specks() -> None:
    mainland = box(106.7, 10.8, 106.8, 10.9).difference(box(106.74, 10.84, 106.76, 10.86))
    mainland = mainland.difference(box(106.71, 10.81, 106.710001, 10.810001))
    rings = outline(
        MultiPolygon(
            [box(106.9, 10.8, 106.91, 10.81), mainland, box(107, 10, 107.00001, 10.00001)]
        ),
        10,
    )
    assert [len(ring) for ring in rings] == [5, 5, 5]
    assert (10.9, 106.8) in rings[0]
    assert (10.81, 106.91) in rings[1]
    assert (10.86, 106.76) in rings[2]


def test_even_a_tiny_area_has_an_outline() -> None:
    assert len(outline(box(106.79, 10.84, 106.7901, 10.8401), 50)) == 1


@settings(deadline=None)
@given(st.integers(0, CITY_SIZE - 1), st.floats(1, 50))
def test_an_outline_is_never_further_from_the_boundary_than_said(
    number: int, tolerance_m: float
) -> None:
    geometry = city()[number][1]
    lat_m, lon_m = metres_per_degree(geometry.centroid.y)
    drawn = shapely.MultiLineString(
        [
            [(lon * lon_m, lat * lat_m) for lat, lon in ring]
            for ring in outline(geometry, tolerance_m)
        ]
    )
    true = shapely.transform(geometry, lambda points: points * (lon_m, lat_m))
    rounding_m = 0.8
    for corner in shapely.points(shapely.get_coordinates(true)):
        assert drawn.distance(corner) <= tolerance_m + rounding_m
