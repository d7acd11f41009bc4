"""One running product: database, media, a server with a bad line, a worker. Seeds play in one."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from backend import db, migrate
from backend.settings import get_settings
from tests.faults.stack import Database, Line, Worker, run_product
from tests.faults.store_line import StoreLine
from tests.faults.world import Ward, build_wards
from tests.faults_disk.conftest import Disk
from tests.fixtures.s3 import running_s3

MB: Final = 1024 * 1024
MAIN_DATABASE: Final = "postgres"


class NoSmallDisk(Exception):
    """Nobody may mount anything here."""


@dataclass
class House:
    """`lines` are servers, each with its own way to it; `media` is where its bytes lie as files."""

    name: str
    folder: Path
    database: Database
    database_url: str
    media: Path
    lines: list[Line]
    worker: Worker
    wards: dict[int, Ward]
    store_line: StoreLine | None = None
    disks: dict[str, Disk] = field(default_factory=dict)
    _pool: "asyncpg.Pool[asyncpg.Record] | None" = None
    _usable: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(
            self.database_url, min_size=0, max_size=4, command_timeout=30, reset=_as_it_is
        )
        self._usable.set()

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        """What stands in the database, past server and line."""
        await self._usable.wait()
        assert self._pool is not None
        return list(await self._pool.fetch(query, *arguments))

    @contextlib.asynccontextmanager
    async def connection(self) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        await self._usable.wait()
        assert self._pool is not None
        async with self._pool.acquire() as connection:
            yield connection  # type: ignore[misc]

    async def let_go(self) -> None:
        """Nobody of us is connected until `open`."""
        self._usable.clear()
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def back_up(self, place: Path) -> bool:
        """`khupho backup`, as an administrator would; False when it could not."""
        return await self._khupho("backup", str(place))

    async def restore(self, place: Path) -> None:
        """`khupho restore --force`; server and worker are down, and we let go meanwhile."""
        await self.let_go()
        if not await self._khupho("restore", str(place), "--force"):
            raise RuntimeError((self.folder / "khupho.log").read_text()[-2000:])
        await self.open()

    async def _khupho(self, *arguments: str) -> bool:
        line = self.lines[0]
        return await asyncio.to_thread(
            run_product, list(arguments), line.environment, self.folder / "khupho.log"
        )

    async def stop(self) -> None:
        for line in self.lines:
            await line.stop()
        self.worker.kill()
        if self.store_line is not None:
            await self.store_line.stop()
        if self._pool is not None:
            self._pool.terminate()


async def _as_it_is(_connection: object) -> None:
    """Nothing of ours stays behind in a connection, and one that is dying cannot be asked."""


async def migrated(database_url: str) -> None:
    """All tables, in an empty database."""
    await db.open_pool(msgspec.structs.replace(get_settings(), database_url=database_url))
    try:
        await migrate.migrate()
    finally:
        await db.close_pool()


async def new_wards(database_url: str, seeds: list[int]) -> dict[int, Ward]:
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            return await build_wards(connection, seeds)
    finally:
        await connection.close()


async def new_database(main_url: str, name: str) -> str:
    """A copy of the main one, which nobody uses yet. Returns its address."""
    connection = await asyncpg.connect(main_url.replace(f"/{MAIN_DATABASE}?", "/template1?"))
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {MAIN_DATABASE}")
    await connection.close()
    return main_url.replace(f"/{MAIN_DATABASE}?", f"/{name}?")


async def new_house(
    name: str,
    folder: Path,
    database: Database,
    database_url: str,
    seeds: list[int],
    pages: Path,
    *,
    lines: int = 1,
    mutant: str | None = None,
    media: Path | None = None,
    media_url: str | None = None,
) -> House:
    """A house, ready to be opened; only its first line is started."""
    folder.mkdir(exist_ok=True)
    wards = await new_wards(database_url, seeds)
    more = {} if media_url is None else {"KHUPHO_MEDIA_URL": media_url}
    house = House(
        name,
        folder,
        database,
        database_url,
        media or folder / "media",
        [Line(database_url, folder, pages, f"server-{n}", mutant, more) for n in range(lines)],
        Worker(database_url, folder, more),
        wards,
    )
    await house.open()
    house.worker.start()
    await house.lines[0].start()
    return house


@contextlib.contextmanager
def store_far_away(folder: Path) -> Iterator[tuple[Path, StoreLine, str]]:
    """An S3 server behind a line of ours: (its bytes as files, the line, address but the port)."""
    folder.mkdir()
    with running_s3(folder) as server:
        bucket = server.new_bucket()
        line = StoreLine(server.port)
        url = server.url(bucket).replace(f":{server.port}/", ":{port}/")
        yield folder / "data" / bucket, line, url


@contextlib.contextmanager
def small_disks(folder: Path) -> Iterator[dict[str, Disk]]:
    """Three disks in memory: for the database, its log, and photos. Only root may mount."""
    disks: dict[str, Disk] = {}
    try:
        for name, size in (("database", 400 * MB), ("log", 256 * MB), ("photos", 96 * MB)):
            disks[name] = Disk(folder / name, size)
        yield disks
    finally:
        for disk in disks.values():
            disk.unmount()


def move_log(database: Database, data: Path, disk: Disk) -> None:
    """PostgreSQL's write-ahead log goes to a disk of its own. Blocks."""
    database.kill()
    log, place = data / "pg_wal", disk.folder / "pg_wal"
    owner = log.stat()
    shutil.copytree(log, place)
    for path in (place, *place.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    place.chmod(0o700)
    shutil.rmtree(log)
    log.symlink_to(place)
    database.start()
