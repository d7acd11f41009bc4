"""The demo wards hang together before anything is loaded."""

import re
from functools import cache
from pathlib import Path
from uuid import uuid5

import pytest
import shapely

from backend.areas.geojson import AreaDraft, parse_areas
from backend.areas.geometry import AreaIndex
from backend.areas.schemas import Country
from backend.demo.data import COUNTRIES, DemoWorld, read_world
from backend.i18n import LANGUAGES
from tests.areas.test_geometry import NAMESPACE

ICONS = Path(__file__).resolve().parents[2] / "pwa" / "node_modules" / "lucide-static" / "icons"

read = cache(read_world)
in_both_countries = pytest.mark.parametrize("country", COUNTRIES)


@cache
def drafts(country: Country) -> list[AreaDraft]:
    return parse_areas(read(country).areas, country=country)


def neighbourhoods(country: Country) -> list[AreaDraft]:
    return [draft for draft in drafts(country) if draft.level == "neighbourhood"]


def staff_of(world: DemoWorld, role: str) -> set[str]:
    return {grant.scope for one in world.people for grant in one.roles if grant.role == role}


@pytest.mark.parametrize(("country", "count"), [("VN", 12), ("IR", 8)])
def test_neighbourhoods_tile_their_ward_without_gap_or_overlap(
    country: Country, count: int
) -> None:
    assert len(neighbourhoods(country)) == count
    shapes = [draft.geometry.geoms[0] for draft in neighbourhoods(country)]
    assert all(len(draft.geometry.geoms) == 1 for draft in neighbourhoods(country))
    assert shapely.coverage_is_valid(shapes)
    (ward,) = (draft for draft in drafts(country) if draft.level == "ward")
    together = shapely.coverage_union_all(shapes)
    assert shapely.equals(together, ward.geometry)
    (city,) = (draft for draft in drafts(country) if draft.level == "city")
    assert city.geometry.contains(ward.geometry)
    assert all(draft.repairs == () for draft in drafts(country))


@in_both_countries
def test_sample_reports_lie_where_they_say(country: Country) -> None:
    ids = {uuid5(NAMESPACE, draft.code): draft for draft in neighbourhoods(country)}
    index = AreaIndex((one, draft.geometry) for one, draft in ids.items())
    for report in read(country).reports:
        found = index.locate(report.lat, report.lon)
        assert found is not None, report.key
        assert not found.outside, report.key
        assert ids[found.area_id].code == report.neighbourhood, report.key


@in_both_countries
def test_every_category_has_a_department_with_an_officer(country: Country) -> None:
    world = read(country)
    codes = {department.code for department in world.departments}
    assert {category.department for category in world.categories} <= codes
    assert staff_of(world, "officer") == codes
    assert len({category.code for category in world.categories}) == len(world.categories)


@in_both_countries
def test_everything_is_named_in_three_languages(country: Country) -> None:
    world = read(country)
    for thing in (*world.departments, *world.categories):
        assert set(thing.names) == set(LANGUAGES)
        assert all(name.strip() for name in thing.names.values())


@in_both_countries
def test_clocks_and_flags_make_sense(country: Country) -> None:
    for category in read(country).categories:
        assert category.accept_hours <= category.solve_hours <= 240
        assert category.solve_hours == 4 if category.urgent else category.solve_hours >= 8
        assert re.fullmatch("#[0-9a-f]{6}", category.colour)
        assert category.private == (category.department == "security" and category.code != "fire")


@in_both_countries
def test_white_icons_stand_out_on_every_category_colour(country: Country) -> None:
    """WCAG 2.2 AA, criterion 1.4.3: 4.5 to 1."""
    for category in read(country).categories:
        channels = [int(category.colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (luminance + 0.05) >= 4.5, category.code


@pytest.mark.skipif(not ICONS.is_dir(), reason="the app's packages are not installed")
@in_both_countries
def test_every_category_icon_exists(country: Country) -> None:
    for category in read(country).categories:
        assert (ICONS / f"{category.icon}.svg").is_file(), category.icon


@in_both_countries
def test_people_hold_roles_in_places_that_exist(country: Country) -> None:
    world = read(country)
    areas = {draft.code: draft.level for draft in drafts(country)}
    departments = {department.code for department in world.departments}
    assert len({person.key for person in world.people}) == len(world.people)
    for person in world.people:
        assert person.neighbourhood is None or areas[person.neighbourhood] == "neighbourhood"
        assert (person.neighbourhood is None) == (person.household is None)
        for grant in person.roles:
            if grant.role == "officer":
                assert grant.scope in departments
            else:
                level = {"head": "neighbourhood", "admin": "city"}.get(grant.role, "ward")
                assert areas[grant.scope] == level
    assert len(staff_of(world, "head")) == 3
    assert len(staff_of(world, "dispatcher")) == len(staff_of(world, "leader")) == 1


@in_both_countries
def test_sample_reports_are_told_by_people_who_may_tell_them(country: Country) -> None:
    world = read(country)
    people = {person.key: person for person in world.people}
    categories = {category.code: category for category in world.categories}
    assert len(world.reports) >= 8
    for report in world.reports:
        category = categories[report.category]
        assert people[report.author].neighbourhood == report.neighbourhood
        at = 0.0
        charge = category.department
        for step in report.steps:
            assert at < step.hours_after < report.hours_ago, report.key
            at = step.hours_after
            assert step.move or step.text or step.hand_over or step.split
            if step.hand_over:
                assert step.reason
            if step.move in {"rejected", "disputed"}:
                assert step.reason
            if step.move == "resolved":
                assert step.text
                assert step.drawing or not category.needs_result_photo
            roles = {(grant.role, grant.scope) for grant in people[step.by].roles}
            working = {("officer", code) for code in (charge, step.part_done) if code}
            assert step.by == report.author or not working.isdisjoint(roles)
            charge = step.hand_over or charge
