"""One ward for each seed: two neighbourhoods, two departments, and people of its own.

All wards of a run are there before the server starts, because it keeps the map in memory.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import shapely

from backend.accounts.codes import hash_token
from backend.db import json_text

_NAMES: Final = uuid.UUID("3f0c2d5e-6a55-4d0c-9a3d-6b1f0a4c2e77")
NAMES: Final = ("alice", "bang", "chi", "dariush", "emine", "farid")
CATEGORIES: Final = ("lamp", "waste", "orphan")


def id_of(seed: int, *words: object) -> uuid.UUID:
    """The same thing has the same id whenever a seed is played."""
    return uuid.uuid5(_NAMES, ":".join(map(str, (seed, *words))))


@dataclass(frozen=True)
class Someone:
    """A person of a seed. `grants` are (role, scope)."""

    seed: int
    name: str
    home: uuid.UUID | None
    grants: tuple[tuple[str, uuid.UUID], ...]

    @property
    def account_id(self) -> uuid.UUID:
        return id_of(self.seed, "account", self.name)

    def session_id(self, device: str) -> uuid.UUID:
        return id_of(self.seed, "session", self.name, device)

    def token(self, device: str) -> str:
        return f"fault-test-{self.seed}-{self.name}-{device}"


@dataclass(frozen=True)
class Ward:
    """The place of one seed. Alice and Bằng live `here`, Dariush lives `there`.

    Alice is a resident, Bằng heads her neighbourhood, Chi answers at lighting (categories lamp),
    Emine at waste, Farid dispatches the ward (and gets what is routed to nobody: orphan).
    """

    seed: int
    place: int

    def id(self, *words: object) -> uuid.UUID:
        return id_of(self.seed, *words)

    @property
    def corner(self) -> tuple[float, float]:
        """South-west (lat, lon)."""
        return 8.0 + (self.place % 100) * 0.1, 102.0 + (self.place // 100) * 0.1

    @property
    def here(self) -> tuple[float, float]:
        south, west = self.corner
        return south + 0.01, west + 0.01

    @property
    def there(self) -> tuple[float, float]:
        south, west = self.corner
        return south + 0.01, west + 0.03

    @property
    def people(self) -> dict[str, Someone]:
        here, there = self.id("here"), self.id("there")
        everyone = (
            Someone(self.seed, "alice", here, (("resident", here),)),
            Someone(self.seed, "bang", here, (("resident", here), ("head", here))),
            Someone(self.seed, "chi", None, (("officer", self.id("lighting")),)),
            Someone(self.seed, "dariush", there, (("resident", there),)),
            Someone(self.seed, "emine", None, (("officer", self.id("waste")),)),
            Someone(self.seed, "farid", None, (("dispatcher", self.id("ward")),)),
        )
        return {someone.name: someone for someone in everyone}


async def build_wards(
    connection: "asyncpg.Connection[asyncpg.Record]", seeds: Sequence[int]
) -> dict[int, Ward]:
    """Areas, departments, categories, people and one session a device name used by `plan`."""
    wards = {seed: Ward(seed, place) for place, seed in enumerate(seeds)}
    now = datetime.now(UTC)
    areas, departments, categories, rules = [], [], [], []
    accounts, grants, sessions, changes = [], [], [], []
    for seed, ward in wards.items():
        south, west = ward.corner
        ids = [ward.id(name) for name in ("city", "ward", "here", "there")]
        boxes = ((0.0, 0.04), (0.0, 0.04), (0.0, 0.02), (0.02, 0.04))
        levels = ("city", "ward", "neighbourhood", "neighbourhood")
        for place, (area_id, level, (left, right)) in enumerate(
            zip(ids, levels, boxes, strict=True)
        ):
            path = [*ids[: min(place, 2)], area_id]
            shape = shapely.box(west + left, south, west + right, south + 0.02)
            areas.append(
                (
                    area_id,
                    path[-2] if len(path) > 1 else None,
                    level,
                    area_id.hex,
                    f"{level} {seed}",
                    shapely.MultiPolygon([shape]).wkb,
                    south + 0.01,
                    west + (left + right) / 2,
                    path,
                )
            )
            changes.append((ward.id("ward"), "area", area_id))
        names = json_text({"vi": "Tổ", "fa": "واحد", "en": "Unit"})
        for code in ("lighting", "waste"):
            departments.append((ward.id(code), ward.id("ward"), code, names))
            changes.append((ward.id("ward"), "department", ward.id(code)))
        for sort, code in enumerate(CATEGORIES):
            category_id = ward.id("category", code)
            categories.append((category_id, ward.id("ward"), code, names, sort))
            changes.append((ward.id("ward"), "category", category_id))
            if code != "orphan":
                desk = ward.id("lighting" if code == "lamp" else "waste")
                rules.append((ward.id("rule", code), category_id, ward.id("ward"), desk))
        for someone in ward.people.values():
            accounts.append((someone.account_id, someone.name, someone.home, now))
            changes.append((someone.account_id, "me", someone.account_id))
            for role, scope_id in someone.grants:
                grant_id = ward.id("grant", someone.name, role)
                grants.append((grant_id, someone.account_id, role, scope_id))
            for device in ("desk", "phone", "tablet"):
                sessions.append(_session(someone, device, now))
    await connection.executemany(
        """INSERT INTO area (id, parent_id, level, code, name, country, time_zone, calendar,
                             geometry, lat, lon, path)
           VALUES ($1, $2, $3, $4, $5, 'VN', 'Asia/Ho_Chi_Minh', 'gregorian', $6, $7, $8, $9)""",
        areas,
    )
    await connection.executemany(
        "INSERT INTO department (id, area_id, code, names) VALUES ($1, $2, $3, $4)", departments
    )
    await connection.executemany(
        """INSERT INTO category (id, area_id, code, names, icon, colour, accept_hours, solve_hours,
                                 sort) VALUES ($1, $2, $3, $4, 'lamp', '#b45309', 8, 48, $5)""",
        categories,
    )
    await connection.executemany(
        """INSERT INTO routing_rule (id, category_id, area_id, department_id)
           VALUES ($1, $2, $3, $4)""",
        rules,
    )
    await connection.executemany(
        """INSERT INTO account (id, name, language, neighbourhood_id, consent_version, consented_at)
           VALUES ($1, $2, 'vi', $3, 1, $4)""",
        accounts,
    )
    await connection.executemany(
        "INSERT INTO account_grant (id, account_id, role, scope_id) VALUES ($1, $2, $3, $4)", grants
    )
    await connection.executemany(_SESSION, sessions)
    await connection.executemany(
        """INSERT INTO change (scope, kind, id, version) VALUES ($1, $2, $3, pg_current_xact_id())
           ON CONFLICT DO NOTHING""",
        changes,
    )
    await connection.execute("ANALYZE")
    return wards


_SESSION: Final = """
INSERT INTO session (id, account_id, token_hash, label, expires_at) VALUES ($1, $2, $3, $4, $5)
"""


def _session(someone: Someone, device: str, now: datetime) -> tuple[object, ...]:
    return (
        someone.session_id(device),
        someone.account_id,
        hash_token(someone.token(device)),
        device,
        now + timedelta(days=1),
    )


async def sign_in_again(
    connection: "asyncpg.Connection[asyncpg.Record]", someone: Someone, device: str
) -> None:
    """A new session under the name `device`, as after joining with a device link."""
    await connection.execute(_SESSION, *_session(someone, device, datetime.now(UTC)))


async def revoke_session(
    connection: "asyncpg.Connection[asyncpg.Record]", someone: Someone, device: str
) -> None:
    """As when the person signs this device out from another one."""
    await connection.execute(
        "UPDATE session SET revoked_at = now() WHERE id = $1", someone.session_id(device)
    )
