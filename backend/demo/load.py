"""Writing the demo wards into the database.

Loading again adds what is missing and changes nothing else: every row has an id derived from its
name, and what people did with the demo since stays as they left it.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from backend.accounts import guests
from backend.accounts.schemas import CONSENT_VERSION
from backend.actor import Actor, Grant, Role
from backend.areas.geojson import parse_areas
from backend.areas.schemas import Country
from backend.areas.service import has_real_areas, import_areas
from backend.changes import touch
from backend.db import write_tx
from backend.demo import queries
from backend.demo.crises import load_crisis
from backend.demo.data import COUNTRIES, DemoWorld, PersonEntry, demo_id, read_world
from backend.demo.queries import AreaRow
from backend.demo.stories import load_stories
from backend.departments.service import forget_cached_rules
from backend.departments.template_queries import get_template
from backend.departments.template_schemas import TemplateIn
from backend.departments.templates import save_template
from backend.i18n import Language
from backend.media.service import close_store, open_store
from backend.media.store import MediaStoreClosed, media_store
from backend.settings import get_settings

GUESTS_AN_HOUR: Final[dict[Country, int]] = {"VN": 60}
"""Which demo ward takes reports without an account, and how many."""

_SHOWN: Final[dict[Country, tuple[tuple[str, str], ...]]] = {
    "VN": (
        ("vn-mai", "resident"),
        ("vn-head-1", "neighbourhood head"),
        ("vn-officer-lighting", "lighting officer"),
        ("vn-viet", "resident elsewhere"),
        ("vn-dispatcher", "dispatcher"),
        ("vn-leader", "leader"),
        ("vn-inspector", "inspector"),
    ),
    "IR": (
        ("ir-zahra", "resident"),
        ("ir-head-1", "neighbourhood head"),
        ("ir-officer-lighting", "lighting officer"),
        ("ir-mehdi", "resident elsewhere"),
        ("ir-dispatcher", "dispatcher"),
        ("ir-leader", "leader"),
        ("ir-inspector", "inspector"),
    ),
}
"""Whose join links are printed, and as what: enough to play the whole journey."""


class DemoRefused(Exception):
    """The database has areas that are not the demo's; invented people do not belong beside them."""


class DemoPerson(msgspec.Struct, frozen=True):
    """Somebody of the demo whom one can sign in as.

    `area_id` is the neighbourhood or ward they belong to, `scope_id` where they hold `role`.
    """

    account_id: uuid.UUID
    name: str
    title: str
    role: Role
    scope_id: uuid.UUID
    area_id: uuid.UUID
    language: Language


async def load_demo(*, force: bool = False) -> list[DemoPerson]:
    """Load both demo wards; returns the people worth signing in as, Vietnam first.

    Raises:
        DemoRefused: real areas are in the database and `force` is not set.
    """
    if not force and await has_real_areas():
        raise DemoRefused(
            "This database holds real areas. The demo is for an empty one; use --force to load it "
            "all the same."
        )
    people: list[DemoPerson] = []
    async with _open_media():
        for country in COUNTRIES:
            people += await _load_world(read_world(country))
    return people


@contextlib.asynccontextmanager
async def _open_media() -> AsyncIterator[None]:
    """A command has no media store open; a running server has."""
    try:
        media_store()
    except MediaStoreClosed:
        open_store(get_settings())
        try:
            yield
        finally:
            await close_store()
    else:
        yield


async def _load_world(world: DemoWorld) -> list[DemoPerson]:
    known = await queries.list_demo_areas()
    codes = {draft.code for draft in parse_areas(world.areas, country=world.country)}
    if not codes <= known.keys():
        await import_areas(world.areas, world.country, demo=True)
        known = await queries.list_demo_areas()
    areas = {code: known[code] for code in codes}
    async with write_tx():
        await _insert_departments(world, _ward_id(areas))
        await _insert_people(world, areas)
    forget_cached_rules()
    await _save_templates(world, areas)
    actors = {entry.key: _actor(entry, world, areas) for entry in world.people}
    await load_stories(world, actors)
    await load_crisis(world, actors, areas)
    return [_shown(world, areas, key, title) for key, title in _SHOWN[world.country]]


def _ward_id(areas: dict[str, AreaRow]) -> uuid.UUID:
    (ward_id,) = {path[1] for _, path, _ in areas.values() if len(path) > 1}
    return ward_id


async def _insert_departments(world: DemoWorld, ward_id: uuid.UUID) -> None:
    country = world.country
    departments = [(demo_id("department", country, one.code), one) for one in world.departments]
    categories = [(demo_id("category", country, one.code), one) for one in world.categories]
    things = [("department", one) for one, _ in departments]
    things += [("category", one) for one, _ in categories]
    already = await queries.list_known([one for _, one in things])
    await queries.insert_departments(ward_id, departments)
    await queries.insert_categories(ward_id, categories)
    await queries.insert_routes(
        [
            (
                demo_id("route", country, entry.code),
                category_id,
                ward_id,
                demo_id("department", country, entry.department),
            )
            for category_id, entry in categories
        ]
    )
    touch([(ward_id, kind, one) for kind, one in things if one not in already])
    if country in GUESTS_AN_HOUR and not already:
        await guests.set_limit(ward_id, GUESTS_AN_HOUR[country])


async def _save_templates(world: DemoWorld, areas: dict[str, AreaRow]) -> None:
    """Ready-made replies of every department, written by an officer of its own."""
    for entry in world.people:
        for grant in entry.roles:
            if grant.role != "officer":
                continue
            department_id = demo_id("department", world.country, grant.scope)
            actor = _actor(entry, world, areas)
            for template in world.templates:
                template_id = demo_id("template", world.country, grant.scope, template.code)
                # What somebody changed or removed since stays so.
                if await get_template(template_id) is not None:
                    continue
                wish = TemplateIn(template.name[world.country], template.texts)
                await save_template(actor, department_id, template_id, wish)


async def _insert_people(world: DemoWorld, areas: dict[str, AreaRow]) -> None:
    households, accounts, grants = {}, [], []
    for entry in world.people:
        account_id = demo_id("account", entry.key)
        home = areas[entry.neighbourhood][0] if entry.neighbourhood else None
        household_id = None
        if home is not None and entry.household:
            household_id = demo_id("household", str(home), entry.household)
            households[household_id] = (household_id, home, entry.household)
        accounts.append(
            (account_id, entry.name, entry.language, home, household_id, CONSENT_VERSION)
        )
        for role, scope_id in _grants_of(entry, world.country, areas):
            grants.append((demo_id("grant", entry.key, role), account_id, role, scope_id))
    already = await queries.list_known([account[0] for account in accounts])
    await queries.insert_households(list(households.values()))
    await queries.insert_accounts(accounts)
    # A grant that somebody revoked since stays revoked.
    await queries.insert_grants([grant for grant in grants if grant[1] not in already])
    touch([(one[0], "me", one[0]) for one in accounts if one[0] not in already])


def _grants_of(
    entry: PersonEntry, country: Country, areas: dict[str, AreaRow]
) -> list[tuple[Role, uuid.UUID]]:
    """Role and scope of everything a person may do; the weightiest last."""
    grants: list[tuple[Role, uuid.UUID]] = []
    if entry.neighbourhood:
        grants.append(("resident", areas[entry.neighbourhood][0]))
    for grant in entry.roles:
        if grant.role == "officer":
            grants.append((grant.role, demo_id("department", country, grant.scope)))
        else:
            grants.append((grant.role, areas[grant.scope][0]))
    return grants


def _actor(entry: PersonEntry, world: DemoWorld, areas: dict[str, AreaRow]) -> Actor:
    """The person as if signed in, with the rights the demo gives them."""
    return Actor(
        account_id=demo_id("account", entry.key),
        session_id=demo_id("session", entry.key),
        name=entry.name,
        language=entry.language,
        neighbourhood_id=areas[entry.neighbourhood][0] if entry.neighbourhood else None,
        ward_id=_ward_id(areas) if entry.neighbourhood else None,
        grants=tuple(Grant(*held) for held in _grants_of(entry, world.country, areas)),
    )


def _shown(world: DemoWorld, areas: dict[str, AreaRow], key: str, title: str) -> DemoPerson:
    (entry,) = (one for one in world.people if one.key == key)
    role, scope_id = _grants_of(entry, world.country, areas)[-1]
    ward_id = _ward_id(areas)
    area_id = areas[entry.neighbourhood][0] if entry.neighbourhood else ward_id
    (place,) = (name for one, _, name in areas.values() if one == area_id)
    return DemoPerson(
        account_id=demo_id("account", key),
        name=entry.name,
        title=f"{title}, {place}",
        role=role,
        scope_id=scope_id,
        area_id=area_id,
        language=entry.language,
    )
