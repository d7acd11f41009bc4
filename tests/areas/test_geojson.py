"""Area files as they come: what is taken, what is mended, what is refused by name."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from backend.areas.geojson import AreaDraft, AreaProperties, BadArea, parse_areas

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata" / "areas"
needs_real_areas = pytest.mark.skipif(
    not REAL.is_dir(), reason="the folder of real ward boundaries is not on this machine"
)

LON, LAT = 106.79, 10.84


def square(
    west: float = LON, south: float = LAT, size: float = 0.01, *, closed: bool = True
) -> list[list[float]]:
    ring = [
        [west, south],
        [west + size, south],
        [west + size, south + size],
        [west, south + size],
        [west, south],
    ]
    return ring if closed else ring[:-1]


def feature(
    name: str = "Phường Hiệp Lộc",
    code: str = "W1",
    level: str | None = "ward",
    parent: str | None = "C1",
    rings: list[list[list[float]]] | None = None,
    geometry: object = None,
    **properties: object,
) -> dict[str, Any]:
    shown: dict[str, object] = {"code": code, "name": name, "level": level, "parent": parent}
    shape = geometry or {"type": "Polygon", "coordinates": rings or [square()]}
    return {"type": "Feature", "properties": {**shown, **properties}, "geometry": shape}


def parsed(*features: object, **options: Any) -> list[AreaDraft]:
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    return parse_areas(data, **{"known": {"C1": "city"}, **options})


def refused(*features: object, **options: Any) -> BadArea:
    with pytest.raises(BadArea) as caught:
        parsed(*features, **options)
    return caught.value


def test_a_ward_is_read_with_all_that_the_file_says() -> None:
    (draft,) = parsed(feature(population=208233, name_en="Hiep Loc Ward"))
    assert (draft.code, draft.name, draft.level, draft.parent_code) == (
        "W1",
        "Phường Hiệp Lộc",
        "ward",
        "C1",
    )
    assert draft.names == {"en": "Hiep Loc Ward"}
    assert draft.properties["population"] == 208233
    assert draft.geometry.geom_type == "MultiPolygon"
    assert draft.geometry.area == pytest.approx(0.0001)
    assert draft.repairs == ()


def test_a_hole_stays_a_hole() -> None:
    (draft,) = parsed(feature(rings=[square(), square(LON + 0.004, LAT + 0.004, 0.002)]))
    assert draft.geometry.area == pytest.approx(0.0001 - 0.000004)


def test_islands_are_taken_together() -> None:
    shape = {"type": "MultiPolygon", "coordinates": [[square()], [square(LON + 0.5)]]}
    (draft,) = parsed(feature(geometry=shape))
    assert len(draft.geometry.geoms) == 2


def test_parents_come_before_their_children() -> None:
    drafts = parsed(
        feature("Khu phố 1", "N1", "neighbourhood", "W1"),
        feature("Phường Hiệp Lộc", "W1", "ward", "C2"),
        feature("Thành phố", "C2", "city", None),
    )
    assert [draft.code for draft in drafts] == ["C2", "W1", "N1"]


def test_an_open_ring_is_closed() -> None:
    (draft,) = parsed(feature(rings=[square(closed=False)]))
    assert draft.geometry.area == pytest.approx(0.0001)
    assert len(draft.repairs) == 1


def test_heights_are_dropped() -> None:
    (draft,) = parsed(feature(rings=[[[*position, 12.5] for position in square()]]))
    assert not draft.geometry.has_z


def test_a_name_in_decomposed_letters_is_composed() -> None:
    (draft,) = parsed(feature(unicodedata.normalize("NFD", "Phường  Bình Định")))
    assert draft.name == "Phường Bình Định"


def test_a_number_can_be_a_code() -> None:
    one = feature()
    one["properties"]["code"] = 26842
    assert parsed(one)[0].code == "26842"


def test_properties_can_have_other_names() -> None:
    one = feature()
    one["properties"] = {"MA_XA": "9", "TEN_XA": "Xã Đông", "LOAI": "Xã", "THUOC": "C1"}
    mapping = AreaProperties(
        code="MA_XA", name="TEN_XA", level="LOAI", level_values={"Xã": "ward"}, parent="THUOC"
    )
    (draft,) = parsed(one, properties=mapping)
    assert (draft.code, draft.name, draft.level, draft.parent_code) == (
        "9",
        "Xã Đông",
        "ward",
        "C1",
    )


def test_level_and_parent_can_be_given_for_the_whole_file() -> None:
    one = feature(level=None, parent=None)
    (draft,) = parsed(one, level="ward", parent_code="C1")
    assert (draft.level, draft.parent_code) == ("ward", "C1")


def test_a_crossing_of_no_size_is_mended() -> None:
    # A spike of some centimetres that folds back over itself.
    ring = square()
    ring[2:2] = [
        [LON + 0.01, LAT + 0.005],
        [LON + 0.0100005, LAT + 0.0050005],
        [LON + 0.01, LAT + 0.0049995],
    ]
    (draft,) = parsed(feature(rings=[ring]))
    assert draft.geometry.is_valid
    assert draft.geometry.area == pytest.approx(0.0001, rel=0.001)
    assert len(draft.repairs) == 1


def test_a_bow_tie_is_refused_by_name() -> None:
    bow_tie = [
        [LON, LAT],
        [LON + 0.01, LAT + 0.01],
        [LON + 0.01, LAT],
        [LON, LAT + 0.01],
        [LON, LAT],
    ]
    problem = refused(feature(rings=[bow_tie]))
    assert (problem.code, problem.feature) == ("area_geometry", "Phường Hiệp Lộc")
    assert "crosses itself" in problem.reason
    assert str(problem).startswith("Phường Hiệp Lộc: ")


def test_parts_that_overlap_are_refused() -> None:
    shape = {"type": "MultiPolygon", "coordinates": [[square()], [square(LON + 0.005)]]}
    assert refused(feature(geometry=shape)).code == "area_geometry"


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [LON, LAT]},
        {"type": "LineString", "coordinates": square()},
        {"type": "Polygon", "coordinates": square()},
        {"type": "Polygon", "coordinates": [[["106.79", "10.84"]]]},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [[[LON]] * 4]},
        {"type": "Polygon", "coordinates": [[[LON, LAT]] * 5]},
        {"type": "Polygon", "coordinates": [[[LON, LAT], [LON + 1, LAT + 1], [LON, LAT]]]},
        {"type": "Polygon", "coordinates": [[[LON, LAT], [LON + 1, LAT + 1], [LON + 2, LAT + 2]]]},
        {"type": "MultiPolygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": [[]]},
        {"type": "GeometryCollection", "geometries": []},
        [1, 2],
        "POLYGON((0 0))",
    ],
    ids=lambda geometry: json.dumps(geometry)[:60],
)
def test_what_is_no_polygon_is_refused_by_name(geometry: object) -> None:
    problem = refused(feature(geometry=geometry))
    assert (problem.code, problem.feature) == ("area_geometry", "Phường Hiệp Lộc")
    assert problem.reason


def test_a_missing_geometry_is_refused_by_name() -> None:
    one = feature()
    one["geometry"] = None
    problem = refused(one)
    assert (problem.code, problem.feature) == ("area_geometry", "Phường Hiệp Lộc")
    del one["geometry"]
    assert refused(one).code == "area_file"


@pytest.mark.parametrize(
    ("position", "code"),
    [
        ([200.0, 10.0], "area_position"),
        ([-181.0, 10.0], "area_position"),
        ([603_000.0, 1_199_000.0], "area_position"),
        ([10.84, 106.79], "area_swapped"),
    ],
)
def test_a_position_that_is_nowhere_is_refused(position: list[float], code: str) -> None:
    ring = square()
    ring[1] = position
    problem = refused(feature(rings=[ring]))
    assert (problem.code, problem.feature) == (code, "Phường Hiệp Lộc")
    assert str(position[0]) in problem.reason


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "null"])
def test_a_position_that_is_no_number_is_refused(number: str) -> None:
    text = json.dumps({"type": "FeatureCollection", "features": [feature()]})
    with pytest.raises(BadArea) as caught:
        parse_areas(text.replace(str(LON + 0.01), number).encode(), known={"C1": "city"})
    assert caught.value.code in {"area_file", "area_geometry", "area_position"}


def test_latitude_first_is_noticed_even_where_both_are_possible() -> None:
    urmia_backwards = square(37.55, 45.07)
    problem = refused(feature("منطقه", rings=[urmia_backwards]))
    assert problem.code == "area_swapped"
    assert refused(feature(rings=[urmia_backwards]), country="IR").code == "area_swapped"


def test_an_area_in_another_country_is_refused_where_the_country_is_said() -> None:
    in_urmia = feature("منطقه", "W2", rings=[square(45.07, 37.55)])
    problem = refused(feature(), in_urmia, country="VN")
    assert (problem.code, problem.feature) == ("area_country", "منطقه")
    assert len(parsed(feature(), in_urmia)) == 2


def test_a_code_given_twice_is_refused() -> None:
    problem = refused(feature(), feature("Phường Khác"))
    assert (problem.code, problem.feature) == ("area_duplicate", "Phường Khác")
    assert "Phường Hiệp Lộc" in problem.reason


def test_an_unknown_parent_is_refused() -> None:
    problem = refused(feature(parent="C9"))
    assert (problem.code, problem.feature) == ("area_parent", "Phường Hiệp Lộc")
    assert "C9" in problem.reason


def test_a_ward_that_belongs_nowhere_is_refused() -> None:
    assert refused(feature(parent=None)).code == "area_parent"


def test_areas_in_a_circle_are_refused() -> None:
    problem = refused(
        feature("A", "A", "neighbourhood", "B"),
        feature("B", "B", "neighbourhood", "A"),
        feature("C", "C", "neighbourhood", "A"),
    )
    assert problem.code == "area_cycle"
    assert "A → B → A" in problem.reason
    assert refused(feature("A", "A", "ward", "A")).code == "area_cycle"


def test_a_ward_inside_a_neighbourhood_is_refused() -> None:
    problem = refused(
        feature("Khu phố 1", "N1", "neighbourhood", "W1"), feature("Phường", "W1", "ward", "N2"),
        known={"N2": "neighbourhood"},
    )  # fmt: skip
    assert (problem.code, problem.feature) == ("area_level", "Phường")


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"code": None}, "area_properties"),
        ({"code": "  "}, "area_properties"),
        ({"code": True}, "area_properties"),
        ({"code": 1.5}, "area_properties"),
        ({"name": None}, "area_properties"),
        ({"name": ["Phường"]}, "area_properties"),
        ({"name": "x" * 201}, "area_properties"),
        ({"level": None}, "area_level"),
        ({"level": "district"}, "area_level"),
    ],
)
def test_properties_that_cannot_be_used_are_refused(
    properties: dict[str, object], code: str
) -> None:
    one = feature()
    one["properties"].update(properties)
    problem = refused(one)
    assert problem.code == code
    assert problem.feature


def test_all_bad_features_of_a_file_are_named_at_once() -> None:
    problem = refused(
        feature("Một", "1", geometry={"type": "Point", "coordinates": [1, 2]}),
        feature("Hai", "2"),
        feature("Ba", "3", level="xyz"),
    )
    assert [one.feature for one in (problem, *problem.others)] == ["Một", "Ba"]
    assert str(problem).count("\n") == 1
    assert [field.field for field in problem.problem("en").errors] == ["Một", "Ba"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"type": "FeatureCollection"}',
        b'{"type": "FeatureCollection", "features": []}',
        b'{"type": "FeatureCollection", "features": [1]}',
        b'{"type": "FeatureCollection", "features": [{"type": "Polygon"}]}',
        b'{"type": "Feature", "geometry": null}',
        b"\xff\xfe\x00",
        b"<kml></kml>",
        b'{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": '
        + b"[" * 100_000,
        b'{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": null, '
        b'"properties": {"name": "\xff"}}]}',
    ],
)
def test_a_file_that_is_no_feature_collection_is_refused(data: bytes) -> None:
    with pytest.raises(BadArea) as caught:
        parse_areas(data)
    assert caught.value.code == "area_file"


def test_a_file_in_another_coordinate_system_is_refused() -> None:
    document = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::9210"}},
        "features": [feature()],
    }
    with pytest.raises(BadArea) as caught:
        parse_areas(json.dumps(document).encode(), known={"C1": "city"})
    assert caught.value.code == "area_crs"
    document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert parse_areas(json.dumps(document).encode(), known={"C1": "city"})


@needs_real_areas
@pytest.mark.parametrize(
    ("file", "count", "country"),
    [
        ("hcmc_wards_2025", 168, "VN"),
        ("gia_lai_binh_dinh_and_neighbours_2025", 8, "VN"),
        ("gia_lai_binh_dinh_full", 1, "VN"),
        ("tang_nhon_phu_full", 1, "VN"),
        ("thanh_hoa_lang_chanh_2025", 7, "VN"),
        ("iran_urmia_county", 1, "IR"),
        ("iran_west_azerbaijan_counties", 20, "IR"),
    ],
)
def test_real_boundaries_are_taken(file: str, count: int, country: Any) -> None:
    drafts = parse_areas(
        (REAL / f"{file}.geojson").read_bytes(),
        level="ward",
        parent_code="C1",
        country=country,
        known={"C1": "city"},
    )
    assert len(drafts) == count
    for draft in drafts:
        assert draft.name == unicodedata.normalize("NFC", draft.name)
        assert draft.geometry.is_valid
        assert draft.names["en"]


@needs_real_areas
def test_a_real_city_stands_above_its_wards() -> None:
    (city,) = parse_areas((REAL / "hcmc_outline_2025.geojson").read_bytes(), level="city")
    assert (city.code, city.name, city.parent_code) == ("79", "Thành phố Hồ Chí Minh", None)
    wards = parse_areas(
        (REAL / "hcmc_wards_2025.geojson").read_bytes(),
        properties=AreaProperties(
            level="kind",
            level_values={"Phường": "ward", "Xã": "ward", "Đặc khu": "ward"},
            parent="province_code",
        ),
        known={city.code: city.level},
    )
    assert {ward.parent_code for ward in wards} == {"79"}
