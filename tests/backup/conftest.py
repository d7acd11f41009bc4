"""The installation of these tests: the running application's database, with media of its own."""

import os
import re
import shutil
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import msgspec
import pytest

from media_store import MediaStore
from tests.backup.house import House


@pytest.fixture
async def api(api: object, database_url: str) -> AsyncIterator[object]:
    """The application on a database of this test's own: a backup takes all there is."""
    from backend import db, migrate
    from backend.settings import get_settings

    name = f"house_{uuid.uuid4().hex[:12]}"
    await db.execute(f"CREATE DATABASE {name}")
    await _move_to(re.sub(r"/postgres\?", f"/{name}?", database_url))
    await migrate.migrate()
    yield api
    await _move_to(database_url)
    assert get_settings().database_url == database_url
    await db.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _move_to(url: str) -> None:
    from backend import db
    from backend.settings import get_settings

    await db.close_pool()
    os.environ["DATABASE_URL"] = url
    get_settings.cache_clear()
    await db.open_pool(get_settings(), size=4)


@pytest.fixture
async def connection(api: object) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the test's own to its own database."""
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    yield connection
    await connection.close()


@dataclass
class Source:
    """The application in this process, seen from the command line, and its media store.

    `backups`: where a backup may go, a file for local media and a prefix of a bucket for S3.
    """

    house: House
    store: MediaStore
    kind: str
    media_url: str
    backups: str


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
async def source(
    request: pytest.FixtureRequest, api: object, tmp_path: Path
) -> AsyncIterator[Source]:
    """Media on a local disk, and in a real S3 bucket."""
    from backend.media import service
    from backend.media.store import media_store
    from backend.settings import get_settings

    if request.param == "s3":
        server = request.getfixturevalue("s3_server")
        url = server.url(server.new_bucket())
        backups = server.url(server.new_bucket()).replace("?", "/ward/hourly?")
    else:
        url = (tmp_path / "media").as_uri()
        backups = str(tmp_path / "khu-pho.tar")
    settings = get_settings()
    shutil.rmtree(settings.var_dir / "uploads", ignore_errors=True)  # parts of earlier databases
    await service.close_store()
    service.open_store(msgspec.structs.replace(settings, media_url=url))
    try:
        house = House(settings.var_dir, settings.database_url, url, settings.secret_key)
        yield Source(house, media_store(), request.param, url, backups)
    finally:
        await service.close_store()
        service.open_store(settings)


@pytest.fixture
def new_house(tmp_path: Path) -> House:
    """A machine on which nothing has run yet."""
    return House(tmp_path / "new" / "var")
