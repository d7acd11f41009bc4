"""The tree of areas: import, and which neighbourhood a point lies in."""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import uuid_utils.compat as uuids

from backend.areas import queries
from backend.areas.geojson import AreaDraft, AreaProperties, parse_areas
from backend.areas.geometry import AreaIndex, check_position, outline
from backend.areas.schemas import AreaOut, Country, CountryFacts, EmergencyNumber, Place
from backend.changes import touch
from backend.db import json_text, write_tx
from backend.errors import InvalidField
from backend.i18n import N_

OUTLINE_TOLERANCE_M: Final = 10.0
REFRESH_SECONDS: Final = 10.0

COUNTRIES: Final[Mapping[Country, CountryFacts]] = {
    "VN": CountryFacts(
        "Asia/Ho_Chi_Minh",
        "gregorian",
        [
            EmergencyNumber("113", {"vi": "Công an", "fa": "پلیس", "en": "Police"}),
            EmergencyNumber("114", {"vi": "Cứu hỏa", "fa": "آتش‌نشانی", "en": "Fire"}),
            EmergencyNumber("115", {"vi": "Cấp cứu", "fa": "اورژانس", "en": "Ambulance"}),
        ],
    ),
    "IR": CountryFacts(
        "Asia/Tehran",
        "jalali",
        [
            EmergencyNumber("110", {"vi": "Công an", "fa": "پلیس", "en": "Police"}),
            EmergencyNumber("125", {"vi": "Cứu hỏa", "fa": "آتش‌نشانی", "en": "Fire"}),
            EmergencyNumber("115", {"vi": "Cấp cứu", "fa": "اورژانس", "en": "Ambulance"}),
            EmergencyNumber("137", {"vi": "Tòa thị chính", "fa": "شهرداری", "en": "City hall"}),
        ],
    ),
}


class OutsideArea(InvalidField):
    """The point lies in no area of ours, and not within 200 m of one."""

    def __init__(self) -> None:
        super().__init__(
            "lat",
            "outside_area",
            N_(
                "This place is outside the area we serve. Your draft is kept: move the pin, "
                "or choose your neighbourhood by hand."
            ),
        )


class _Map(msgspec.Struct):
    index: AreaIndex
    paths: dict[uuid.UUID, list[uuid.UUID]]
    fingerprint: str
    checked_at: float


_map: _Map | None = None
_loading = asyncio.Lock()


async def _current_map() -> _Map:
    """The boundaries in memory; an import is seen by every process within ten seconds."""
    global _map  # noqa: PLW0603 - one copy of some megabytes a process
    if _map is not None and time.monotonic() - _map.checked_at < REFRESH_SECONDS:
        return _map
    async with _loading:
        fingerprint = await queries.get_fingerprint()
        if _map is None or _map.fingerprint != fingerprint:
            shapes = await queries.list_neighbourhood_shapes()
            index = await asyncio.to_thread(
                AreaIndex.from_wkb, [(area_id, wkb) for area_id, wkb, _ in shapes]
            )
            paths = {area_id: path for area_id, _, path in shapes}
            _map = _Map(index, paths, fingerprint, time.monotonic())
        _map.checked_at = time.monotonic()
    return _map


def forget_map() -> None:
    """Read the boundaries anew at the next question."""
    global _map  # noqa: PLW0603
    _map = None


async def warm_up() -> None:
    """Load the boundaries before the first person waits for them."""
    await _current_map()


async def locate(lat: float, lon: float) -> Place:
    """The neighbourhood of a point (R10).

    Raises:
        BadPosition: no place on Earth.
        OutsideArea: more than 200 m from every neighbourhood.
    """
    check_position(lat, lon)
    current = await _current_map()
    found = current.index.locate(lat, lon)
    if found is None:
        raise OutsideArea
    city_id, ward_id, neighbourhood_id = current.paths[found.area_id]
    return Place(neighbourhood_id, ward_id, city_id, found.outside)


async def place_of(area_id: uuid.UUID) -> Place:
    """A neighbourhood chosen by hand. Raises InvalidField for anything else."""
    found = await queries.get_path(area_id)
    if found is None or found[0] != "neighbourhood":
        raise InvalidField("area_id", "unknown_area", N_("This neighbourhood is not known."))
    city_id, ward_id, neighbourhood_id = found[1]
    return Place(neighbourhood_id, ward_id, city_id)


async def load_areas(area_ids: Sequence[uuid.UUID]) -> list[AreaOut]:
    return await queries.list_areas(area_ids)


async def import_areas(
    data: bytes,
    country: Country,
    *,
    properties: AreaProperties | None = None,
    level: str | None = None,
    parent_code: str | None = None,
    demo: bool = False,
) -> list[AreaDraft]:
    """Add or renew the areas of a GeoJSON file, all or none; existing codes keep their ids.

    Returns what was read, with the repairs made. Raises `BadArea`, naming each wrong feature.
    """
    known = await queries.list_levels()
    drafts = parse_areas(
        data,
        properties=properties,
        level=level,  # type: ignore[arg-type] # the command line offers only the three levels
        parent_code=parent_code,
        country=country,
        known={code: found[0] for code, found in known.items()},  # type: ignore[misc]
    )
    facts = COUNTRIES[country]
    places = {code: (found[1], found[2]) for code, found in known.items()}
    rows, touched = [], []
    for draft in drafts:
        parent_id, parent_path = places.get(draft.parent_code or "", (None, []))
        area_id = places[draft.code][0] if draft.code in places else uuids.uuid7()
        path = [*parent_path, area_id]
        places[draft.code] = (area_id, path)
        middle = draft.geometry.representative_point()
        rows.append(
            (
                area_id,
                parent_id,
                draft.level,
                draft.code,
                draft.name,
                country,
                facts.time_zone,
                facts.calendar,
                json_text(facts.emergency_numbers),
                draft.geometry.wkb,
                json_text(outline(draft.geometry, OUTLINE_TOLERANCE_M)),
                middle.y,
                middle.x,
                path,
                demo,
            )
        )
        if draft.level != "city":
            touched.append((path[1], "area", area_id))
    async with write_tx():
        await queries.upsert_areas(rows)
        touch(touched)
    forget_map()
    return drafts


async def has_real_areas() -> bool:
    """Whether anything but the demo was imported."""
    return await queries.count_real_areas() > 0
