"""A real PostgreSQL, the real app, and the people of every test.

Alice is a resident, Bằng heads her neighbourhood, Chi answers at the lighting department, Dariush
lives in another neighbourhood, Emine answers at another department, Farid dispatches the ward.
Every test has a ward of its own, at a place of its own: nothing is cleaned up, nothing is shared.
"""

import asyncio
import itertools
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
import shapely

_VAR = Path(tempfile.mkdtemp(prefix="khupho-test-"))
os.environ.update(
    {
        "KHUPHO_VAR_DIR": str(_VAR),
        "KHUPHO_PUBLIC_URL": "http://localhost:8000",
        "KHUPHO_LOG_LEVEL": "error",
        "KHUPHO_SECRET_KEY": "0" * 64,
    }
)
os.environ.pop("DATABASE_URL", None)

pytest_plugins = ["tests.fixtures.s3"]


@pytest.fixture(scope="session")
def database_url(worker_id: str) -> Iterator[str]:
    """A database of this test process, migrated, on an embedded server of its own."""
    from backend.embedded import start_embedded, stop_embedded
    from backend.settings import get_settings

    os.environ["DATABASE_URL"] = start_embedded(_VAR / "postgres")
    get_settings.cache_clear()
    yield os.environ["DATABASE_URL"]
    stop_embedded()


@pytest.fixture(scope="session")
async def api(database_url: str) -> AsyncIterator[object]:
    """The running API (pool, media store, keys, listener), without the built app in front."""
    from backend import db, migrate
    from backend.app import create_api
    from backend.logs import configure_logs
    from backend.settings import get_settings

    configure_logs(get_settings().log_level)
    await db.open_pool(get_settings(), size=2)
    await migrate.migrate()
    await db.close_pool()
    app = create_api(get_settings())
    started, done = asyncio.Event(), asyncio.Event()

    async def live() -> None:  # one task enters and leaves: fixtures are torn down in another
        async with app.lifespan():
            started.set()
            await done.wait()

    task = asyncio.create_task(live())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        task.result()
    yield app
    done.set()
    await task


@dataclass
class Person:
    """Someone with a browser. `nobody` has no session."""

    name: str
    client: httpx.AsyncClient
    account_id: uuid.UUID = field(default_factory=lambda: uuid.UUID(int=0))
    session_id: uuid.UUID = field(default_factory=lambda: uuid.UUID(int=0))

    async def get(self, path: str, **kwargs: object) -> httpx.Response:
        return await self.client.get(path, **kwargs)  # type: ignore[arg-type]

    async def put(self, path: str, body: object = None, **kwargs: object) -> httpx.Response:
        return await self.client.put(path, json=body, **kwargs)  # type: ignore[arg-type]

    async def post(self, path: str, body: object = None, **kwargs: object) -> httpx.Response:
        return await self.client.post(path, json=body, **kwargs)  # type: ignore[arg-type]

    async def patch(self, path: str, body: object = None, **kwargs: object) -> httpx.Response:
        return await self.client.patch(path, json=body, **kwargs)  # type: ignore[arg-type]

    async def delete(self, path: str, **kwargs: object) -> httpx.Response:
        return await self.client.delete(path, **kwargs)  # type: ignore[arg-type]


@dataclass
class World:
    """One ward: two neighbourhoods side by side, two departments, a few categories, the people.

    `lat, lon` lies in Alice's neighbourhood; `far` in Dariush's. `categories` maps code to id:
    lamp (lighting), waste (waste, needs a result photo), fire (urgent, lighting), theft (private,
    waste), orphan (routed to nobody).
    """

    city_id: uuid.UUID
    ward_id: uuid.UUID
    neighbourhood_id: uuid.UUID
    other_neighbourhood_id: uuid.UUID
    lighting_id: uuid.UUID
    waste_id: uuid.UUID
    categories: dict[str, uuid.UUID]
    lat: float
    lon: float
    far: tuple[float, float]
    alice: Person
    bang: Person
    chi: Person
    dariush: Person
    emine: Person
    farid: Person
    gita: Person  # leader of the ward
    nobody: Person


_places = itertools.count()


@pytest.fixture
async def world(api: object) -> AsyncIterator[World]:
    from backend import db
    from backend.accounts.codes import hash_token, new_token
    from backend.areas.service import forget_map
    from backend.db import json_text

    number = next(_places)
    south = 8.0 + (number % 100) * 0.1
    west = 102.0 + (number // 100) * 0.1
    now = datetime.now(UTC)
    city, ward, here, there = (uuid.uuid4() for _ in range(4))

    async def area(
        area_id: uuid.UUID,
        level: str,
        path: list[uuid.UUID],
        box: tuple[float, float, float, float],
    ) -> None:
        await db.execute(
            """INSERT INTO area (id, parent_id, level, code, name, country, time_zone, calendar,
                                 geometry, lat, lon, path)
               VALUES ($1, $2, $3, $4, $5, 'VN', 'Asia/Ho_Chi_Minh', 'gregorian',
                       $6, $7, $8, $9)""",
            area_id,
            path[-2] if len(path) > 1 else None,
            level,
            area_id.hex,
            f"{level} {number}",
            shapely.MultiPolygon([shapely.box(*box)]).wkb,
            (box[1] + box[3]) / 2,
            (box[0] + box[2]) / 2,
            path,
        )

    await area(city, "city", [city], (west, south, west + 0.04, south + 0.02))
    await area(ward, "ward", [city, ward], (west, south, west + 0.04, south + 0.02))
    await area(here, "neighbourhood", [city, ward, here], (west, south, west + 0.02, south + 0.02))
    await area(
        there, "neighbourhood", [city, ward, there], (west + 0.02, south, west + 0.04, south + 0.02)
    )
    departments = {}
    for code in ("lighting", "waste"):
        departments[code] = uuid.uuid4()
        await db.execute(
            "INSERT INTO department (id, area_id, code, names) VALUES ($1, $2, $3, $4)",
            departments[code],
            ward,
            code,
            json_text({"vi": f"Tổ {code}", "fa": f"واحد {code}", "en": f"{code} unit"}),
        )
    categories = {}
    for sort, (code, department, urgent, private, needs_photo) in enumerate(
        (
            ("lamp", "lighting", False, False, False),
            ("waste", "waste", False, False, True),
            ("fire", "lighting", True, False, False),
            ("theft", "waste", False, True, False),
            ("orphan", None, False, False, False),
        )
    ):
        categories[code] = uuid.uuid4()
        await db.execute(
            """INSERT INTO category (id, area_id, code, names, icon, colour, urgent, private,
                                     accept_hours, solve_hours, needs_result_photo, sort)
               VALUES ($1, $2, $3, $4, 'lamp', '#b45309', $5, $6, 8, 48, $7, $8)""",
            categories[code],
            ward,
            code,
            json_text({"vi": code, "fa": code, "en": code}),
            urgent,
            private,
            needs_photo,
            sort,
        )
        if department:
            await db.execute(
                """INSERT INTO routing_rule (id, category_id, area_id, department_id)
                   VALUES ($1, $2, $3, $4)""",
                uuid.uuid4(),
                categories[code],
                ward,
                departments[department],
            )

    clients: list[httpx.AsyncClient] = []

    def browser(cookie: str | None, language: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=api),  # type: ignore[arg-type]
            base_url="http://localhost:8000",
            headers={"Accept-Language": language},
            cookies={"khupho": cookie} if cookie else None,
        )
        clients.append(client)
        return client

    async def person(
        name: str, home: uuid.UUID | None, *grants: tuple[str, uuid.UUID], language: str = "vi"
    ) -> Person:
        account_id, session_id, token = uuid.uuid4(), uuid.uuid4(), new_token()
        await db.execute(
            """INSERT INTO account (id, name, language, neighbourhood_id, consent_version,
                                    consented_at) VALUES ($1, $2, $3, $4, 1, $5)""",
            account_id,
            name,
            language,
            home,
            now,
        )
        for role, scope_id in grants:
            await db.execute(
                """INSERT INTO account_grant (id, account_id, role, scope_id)
                   VALUES ($1, $2, $3, $4)""",
                uuid.uuid4(),
                account_id,
                role,
                scope_id,
            )
        await db.execute(
            """INSERT INTO session (id, account_id, token_hash, label, expires_at)
               VALUES ($1, $2, $3, 'test', $4)""",
            session_id,
            account_id,
            hash_token(token),
            now + timedelta(days=1),
        )
        return Person(name, browser(token, language), account_id, session_id)

    forget_map()
    yield World(
        city_id=city,
        ward_id=ward,
        neighbourhood_id=here,
        other_neighbourhood_id=there,
        lighting_id=departments["lighting"],
        waste_id=departments["waste"],
        categories=categories,
        lat=south + 0.01,
        lon=west + 0.01,
        far=(south + 0.01, west + 0.03),
        alice=await person("Alice", here, ("resident", here)),
        bang=await person("Bằng", here, ("resident", here), ("head", here)),
        chi=await person("Chi", None, ("officer", departments["lighting"])),
        dariush=await person("Dariush", there, ("resident", there), language="fa"),
        emine=await person("Emine", None, ("officer", departments["waste"]), language="en"),
        farid=await person("Farid", None, ("dispatcher", ward)),
        gita=await person("Gita", None, ("leader", ward)),
        nobody=Person("nobody", browser(None, "en")),
    )
    for client in clients:
        await client.aclose()


@pytest.fixture
async def connection(
    database_url: str, api: object
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the test's own, to look at rows or to hold a transaction open."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()
