"""Reading areas from a GeoJSON file (RFC 7946) that somebody else made (`A2`).

Strict, and every refusal names the feature as the file's author knows it. Repaired without asking:
rings that are not closed, a third coordinate, names in decomposed Unicode, and self-intersections
so small that the area stays the same to 0.1 %. Each repair is listed in the draft.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from backend.areas.geometry import metres_per_degree
from backend.errors import FieldProblem, Invalid, Problem
from backend.i18n import N_, Language, gettext
from backend.text import TextTooLong, clean_text

Level = Literal["city", "ward", "neighbourhood"]
Country = Literal["VN", "IR"]

LEVELS: Final[tuple[Level, ...]] = ("city", "ward", "neighbourhood")
"""From the widest to the smallest; a parent stands anywhere before its child."""

REPAIRABLE_CHANGE: Final = 0.001
"""Share of its area that a self-intersecting polygon may gain or lose by being repaired."""

SMALLEST_M2: Final = 1.0

# Where each country lies with its islands and sea, as (west, south, east, north) degrees. Wide on
# purpose: they only have to tell a country from its mirror image with lat and lon exchanged.
_COUNTRY_BOXES: Final[Mapping[Country, tuple[float, float, float, float]]] = {
    "VN": (102.0, 6.0, 118.0, 24.0),
    "IR": (43.5, 24.0, 64.0, 40.5),
}
_KNOWN_CRS: Final = ("CRS84", "EPSG::4326", "EPSG:4326")


class BadArea(Invalid):
    """One thing in an area file that cannot be taken.

    `feature` is the name, else the code, else the number of the feature; "" when the file as a
    whole is meant. `code` is one of area_file, area_crs, area_properties, area_level,
    area_geometry, area_position, area_swapped, area_country, area_duplicate, area_parent,
    area_cycle. `others` are the further problems of the same file, to be mended in one go.
    """

    title = N_("This file of areas cannot be used")

    def __init__(self, code: str, feature: str, reason: str, **params: object) -> None:
        super().__init__(code=code)
        self.message = reason
        self.params = params
        self.feature = feature
        self.others: tuple[BadArea, ...] = ()

    @property
    def reason(self) -> str:
        """What is wrong, in English."""
        return self.reason_in("en")

    def reason_in(self, language: Language) -> str:
        return gettext(language, self.message, **self.params)

    def problem(self, language: Language) -> Problem:
        problem = super().problem(language)
        return msgspec.structs.replace(problem, detail=self._line(language))

    def field_problems(self, language: Language) -> list[FieldProblem]:
        return [
            FieldProblem(bad.feature, bad.code, bad.reason_in(language))
            for bad in (self, *self.others)
        ]

    def __str__(self) -> str:
        return "\n".join(bad._line("en") for bad in (self, *self.others))

    def _line(self, language: Language) -> str:
        reason = self.reason_in(language)
        return f"{self.feature}: {reason}" if self.feature else reason


class AreaProperties(msgspec.Struct, frozen=True):
    """Which property of a feature means what; the defaults are the demo's and most ward lists'.

    `names` maps a language to its property; the first that a feature has becomes its name, after
    `name` itself. `level_values` translates what the file calls a level, e.g. {"Phường": "ward"}.
    """

    code: str = "code"
    name: str = "name"
    names: dict[str, str] = msgspec.field(
        default_factory=lambda: {"vi": "name_vi", "fa": "name_fa", "en": "name_en"}
    )
    level: str = "level"
    level_values: dict[str, Level] = {}
    parent: str = "parent"


class AreaDraft(msgspec.Struct, frozen=True):
    """An area as read, checked and repaired; nothing is in the database yet.

    `geometry` is a valid, two-dimensional MultiPolygon in lon/lat degrees. `properties` holds
    everything the file says, unchanged. `repairs` are English sentences for the log.
    """

    code: str
    name: str
    names: dict[str, str]
    level: Level
    parent_code: str | None
    geometry: MultiPolygon
    properties: dict[str, object]
    repairs: tuple[str, ...] = ()


class _Collection(msgspec.Struct, frozen=True):
    type: Literal["FeatureCollection"]
    features: list[msgspec.Raw]
    crs: object = None


class _Feature(msgspec.Struct, frozen=True):
    type: Literal["Feature"]
    geometry: msgspec.Raw
    properties: dict[str, object] | None = None


class _PolygonJson(msgspec.Struct, frozen=True, tag_field="type", tag="Polygon"):
    coordinates: list[list[list[float]]]


class _MultiPolygonJson(msgspec.Struct, frozen=True, tag_field="type", tag="MultiPolygon"):
    coordinates: list[list[list[list[float]]]]


def parse_areas(
    data: bytes,
    *,
    properties: AreaProperties | None = None,
    level: Level | None = None,
    parent_code: str | None = None,
    country: Country | None = None,
    known: Mapping[str, Level] | None = None,
) -> list[AreaDraft]:
    """The areas in `data`, a FeatureCollection of Polygons and MultiPolygons, parents first.

    `level` and `parent_code` serve features that do not say theirs. With `country` everything has
    to lie there; without, only a file that fits a known country with lat and lon exchanged is
    refused. `known` gives code and level of the areas outside the file that may be parents.

    Raises `BadArea`, carrying all problems of the file.
    """
    mapping = properties or AreaProperties()
    try:
        collection = msgspec.json.decode(data, type=_Collection)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadArea(
            "area_file", "", N_("This is no GeoJSON FeatureCollection: {error}"), error=str(error)
        ) from error
    _check_crs(collection.crs)
    if not collection.features:
        raise BadArea("area_file", "", N_("The file has no features."))
    drafts: list[AreaDraft] = []
    problems: list[BadArea] = []
    for number, raw in enumerate(collection.features, start=1):
        try:
            drafts.append(_read_feature(raw, number, mapping, level, parent_code))
        except BadArea as problem:
            problems.append(problem)
    _refuse(problems)
    _refuse([*_misplaced(drafts, country), *_twice(drafts)])
    _refuse(_without_parent(drafts, known or {}))
    return sorted(drafts, key=lambda draft: LEVELS.index(draft.level))


def _refuse(problems: Iterable[BadArea]) -> None:
    found = list(problems)
    if found:
        first, *others = found
        first.others = tuple(others)
        raise first


def _check_crs(crs: object) -> None:
    """RFC 7946 has no `crs`; older files name one, and anything but WGS 84 would be misread."""
    if crs is None:
        return
    text = msgspec.json.encode(crs).decode()
    if not any(name in text for name in _KNOWN_CRS):
        raise BadArea(
            "area_crs",
            "",
            N_("The coordinates are in another system ({crs}). Export the file as WGS 84."),
            crs=text[:200],
        )


def _read_feature(
    raw: msgspec.Raw,
    number: int,
    mapping: AreaProperties,
    level: Level | None,
    parent_code: str | None,
) -> AreaDraft:
    label = f"#{number}"
    try:
        feature = msgspec.json.decode(raw, type=_Feature)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadArea(
            "area_file", label, N_("This is no GeoJSON feature: {error}"), error=str(error)
        ) from error
    values = feature.properties or {}
    code = _text(values, mapping.code, label)
    label = code or label
    names = {
        language: name
        for language, property_name in mapping.names.items()
        if (name := _text(values, property_name, label))
    }
    name = _text(values, mapping.name, label) or next(iter(names.values()), "")
    label = name or label
    if not code:
        raise BadArea(
            "area_properties", label, N_("The property “{name}” is missing."), name=mapping.code
        )
    if not name:
        missing = " / ".join([mapping.name, *mapping.names.values()])
        raise BadArea(
            "area_properties", label, N_("The property “{name}” is missing."), name=missing
        )
    geometry, repairs = _read_geometry(feature.geometry, label)
    return AreaDraft(
        code=code,
        name=name,
        names=names,
        level=_level(values, mapping, level, label),
        parent_code=_text(values, mapping.parent, label) or parent_code,
        geometry=geometry,
        properties=values,
        repairs=tuple(repairs),
    )


def _text(values: Mapping[str, object], name: str, label: str) -> str:
    """A property that is a text or a whole number, as one line of NFC; "" where it is absent."""
    value = values.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadArea(
            "area_properties", label, N_("The property “{name}” is not a text."), name=name
        )
    try:
        return " ".join(clean_text(str(value), 200).split())
    except TextTooLong as error:
        raise BadArea(
            "area_properties",
            label,
            N_("The property “{name}” is longer than {max_length} characters."),
            name=name,
            max_length=error.max_length,
        ) from error


def _level(
    values: Mapping[str, object], mapping: AreaProperties, default: Level | None, label: str
) -> Level:
    said = _text(values, mapping.level, label)
    for level in LEVELS:
        if mapping.level_values.get(said, said) == level:
            return level
    if said:
        raise BadArea(
            "area_level",
            label,
            N_("“{level}” is no level; there are city, ward and neighbourhood."),
            level=said,
        )
    if default is None:
        raise BadArea("area_level", label, N_("Its level is not given."))
    return default


def _read_geometry(raw: msgspec.Raw, label: str) -> tuple[MultiPolygon, list[str]]:
    try:
        decoded = msgspec.json.decode(raw, type=_PolygonJson | _MultiPolygonJson | None)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadArea(
            "area_geometry",
            label,
            N_("The geometry is no Polygon or MultiPolygon: {error}"),
            error=str(error),
        ) from error
    if decoded is None:
        raise BadArea("area_geometry", label, N_("The geometry is empty."))
    polygons = [decoded.coordinates] if isinstance(decoded, _PolygonJson) else decoded.coordinates
    repairs: list[str] = []
    shapes = [
        shapely.Polygon(rings[0], rings[1:])
        for polygon in polygons
        if (rings := [_read_ring(ring, label, repairs) for ring in polygon])
    ]
    if not shapes:
        raise BadArea("area_geometry", label, N_("The geometry is empty."))
    geometry = _repair_crossings(MultiPolygon(shapes), label, repairs)
    if _square_metres(geometry) < SMALLEST_M2:
        raise BadArea("area_geometry", label, N_("The geometry encloses no area."))
    return geometry, repairs


def _read_ring(
    positions: list[list[float]], label: str, repairs: list[str]
) -> npt.NDArray[np.float64]:
    """A closed ring of (lon, lat), from positions of two or more numbers."""
    if any(len(position) < 2 for position in positions):
        raise BadArea("area_geometry", label, N_("A position has fewer than two numbers."))
    ring = np.array([position[:2] for position in positions], dtype=np.float64).reshape(-1, 2)
    for lon, lat in ring.tolist():
        if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
            if abs(lat) <= 180 and abs(lon) <= 90:
                raise BadArea(
                    "area_swapped",
                    label,
                    N_(
                        "{lon}, {lat}: latitude and longitude are exchanged. Longitude comes first."
                    ),
                    lon=str(lon),
                    lat=str(lat),
                )
            raise BadArea(
                "area_position",
                label,
                N_("{lon}, {lat} is no longitude and latitude in degrees."),
                lon=str(lon),
                lat=str(lat),
            )
    if len(ring) and not np.array_equal(ring[0], ring[-1]):
        ring = np.vstack([ring, ring[:1]])
        repairs.append("A ring was not closed.")
    if len(np.unique(ring, axis=0)) < 3:
        raise BadArea(
            "area_geometry", label, N_("A ring has fewer than three different positions.")
        )
    return ring


def _repair_crossings(geometry: MultiPolygon, label: str, repairs: list[str]) -> MultiPolygon:
    if geometry.is_valid:
        return geometry
    why = shapely.is_valid_reason(geometry)
    mended = _polygons_of(shapely.make_valid(geometry, method="structure", keep_collapsed=False))
    before, after = geometry.area, mended.area
    if after == 0 or abs(after - before) > REPAIRABLE_CHANGE * max(before, after):
        raise BadArea(
            "area_geometry",
            label,
            N_("The boundary crosses itself and cannot be repaired safely ({why})."),
            why=why,
        )
    repairs.append(f"The boundary crossed itself ({why}).")
    return mended


def _polygons_of(geometry: BaseGeometry) -> MultiPolygon:
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def _square_metres(geometry: BaseGeometry) -> float:
    lat_m, lon_m = metres_per_degree(geometry.centroid.y if geometry.area else 0.0)
    return float(geometry.area) * lat_m * lon_m


def _misplaced(drafts: list[AreaDraft], country: Country | None) -> Iterator[BadArea]:
    boxes = [_COUNTRY_BOXES[country]] if country else list(_COUNTRY_BOXES.values())
    bounds = [draft.geometry.bounds for draft in drafts]
    mirrored = [(south, west, north, east) for west, south, east, north in bounds]
    if not any(_meets(box, one) for box in boxes for one in bounds) and any(
        all(_meets(box, one) for one in mirrored) for box in boxes
    ):
        yield BadArea(
            "area_swapped",
            "",
            N_("Latitude and longitude are exchanged in the whole file. Longitude comes first."),
        )
    elif country:
        for draft, one in zip(drafts, bounds, strict=True):
            if not _meets(boxes[0], one):
                yield BadArea(
                    "area_country",
                    draft.name,
                    N_("It lies outside the country {country}."),
                    country=country,
                )


def _meets(
    box: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return box[0] <= other[2] and other[0] <= box[2] and box[1] <= other[3] and other[1] <= box[3]


def _twice(drafts: Iterable[AreaDraft]) -> Iterator[BadArea]:
    first: dict[str, AreaDraft] = {}
    for draft in drafts:
        if draft.code in first:
            yield BadArea(
                "area_duplicate",
                draft.name,
                N_("The code {own} is already that of {other}."),
                own=draft.code,
                other=first[draft.code].name,
            )
        first.setdefault(draft.code, draft)


def _without_parent(drafts: list[AreaDraft], known: Mapping[str, Level]) -> Iterator[BadArea]:
    """Each draft whose parent is missing, stands in a circle, or is not of a wider level."""
    by_code = {draft.code: draft for draft in drafts}
    for draft in drafts:
        if draft.parent_code is None:
            if draft.level != LEVELS[0]:
                yield BadArea("area_parent", draft.name, N_("It belongs to no other area."))
            continue
        parent = by_code.get(draft.parent_code)
        if parent is None and draft.parent_code not in known:
            yield BadArea(
                "area_parent",
                draft.name,
                N_("There is no area {parent} for it to belong to."),
                parent=draft.parent_code,
            )
        elif circle := _circle(draft, by_code):
            yield BadArea(
                "area_cycle",
                draft.name,
                N_("The areas belong to each other in a circle: {areas}."),
                areas=" → ".join(circle),
            )
        else:
            above = parent.level if parent else known[draft.parent_code]
            if LEVELS.index(above) >= LEVELS.index(draft.level):
                yield BadArea(
                    "area_level",
                    draft.name,
                    N_("An area of level {level} cannot belong to one of level {above}."),
                    level=draft.level,
                    above=above,
                )


def _circle(start: AreaDraft, by_code: Mapping[str, AreaDraft]) -> list[str]:
    """The codes from `start` back to itself, or [] when the way up ends."""
    seen = [start.code]
    at: AreaDraft | None = start
    while at is not None and at.parent_code is not None:
        seen.append(at.parent_code)
        if at.parent_code == start.code:
            return seen
        if seen.count(at.parent_code) > 1:
            return []
        at = by_code.get(at.parent_code)
    return []
