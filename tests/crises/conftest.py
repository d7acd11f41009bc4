"""Emine also dispatches a ward of another city; Ines inspects the ward of every test."""

import uuid
from dataclasses import dataclass

import pytest

from backend import db
from backend.accounts import service as accounts
from tests.conftest import Person, World


@dataclass
class OtherWard:
    """Emine's. `neighbourhood_id` lies in it."""

    ward_id: uuid.UUID
    neighbourhood_id: uuid.UUID
    dispatcher: Person


@pytest.fixture
async def elsewhere(world: World) -> OtherWard:
    city, ward, home = (uuid.uuid4() for _ in range(3))
    for area_id, level, path in (
        (city, "city", [city]),
        (ward, "ward", [city, ward]),
        (home, "neighbourhood", [city, ward, home]),
    ):
        await db.execute(
            """INSERT INTO area (id, level, code, name, country, time_zone, calendar, path)
               VALUES ($1, $2, $3, 'x', 'IR', 'Asia/Tehran', 'jalali', $4)""",
            area_id,
            level,
            area_id.hex,
            path,
        )
    await db.execute(
        "UPDATE account_grant SET revoked_at = now() WHERE account_id = $1", world.emine.account_id
    )
    await accounts.grant_role(world.emine.account_id, "dispatcher", ward)
    return OtherWard(ward, home, world.emine)


@pytest.fixture
async def ines(world: World) -> Person:
    """Chi, who inspects the ward instead of answering in it."""
    await db.execute(
        "UPDATE account_grant SET revoked_at = now() WHERE account_id = $1", world.chi.account_id
    )
    await accounts.grant_role(world.chi.account_id, "inspector", world.ward_id)
    return world.chi
