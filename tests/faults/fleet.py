"""Many seeds at once, side by side; what ruins a house, one after the other in its own."""

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec
import psutil

from backend import db
from backend.settings import get_settings
from tests.faults import promises
from tests.faults.acting import Bench, Outcome, Play
from tests.faults.browsers import Browser, Phone
from tests.faults.house import (
    House,
    migrated,
    move_log,
    new_database,
    new_house,
    small_disks,
    store_far_away,
)
from tests.faults.plan import lane_of, make_plan
from tests.faults.stack import SLOW_COMMITS, Database, build_client
from tests.faults.weather import Resent
from tests.faults.wire import Asked

SIDE_BY_SIDE: Final = int(os.environ.get("FAULTS_SIDE_BY_SIDE", "8"))
FRAGILE: Final = 2
"""Servers that are killed, each for one seed at a time."""

RUINOUS: Final = frozenset({"database", "disk", "restore"})
"""Lanes that ruin a whole house: one seed after the other, in a house of their own."""

BATCH: Final = 500
"""Seeds for which houses are built; then all starts fresh."""

SEED_SECONDS: Final = 600.0

Tell = Callable[[Outcome], None]


class Found(Exception):
    """Enough was found; the rest need not be played."""


@dataclass
class Fleet:
    """Houses, and the browser that is everybody's phone."""

    folder: Path
    houses: dict[str, House]
    browser: Browser

    async def run(self, seeds: Sequence[int], tell: Tell) -> None:
        """Plays the seeds and tells of each as it ends; ends early when `tell` raises Found."""
        queues: dict[str, Iterator[int]] = {
            kind: iter([seed for seed in seeds if _kind_of(seed) == kind])
            for kind in ("line", "browser", "server", "store", "ruin")
        }
        house = self.houses.get("main")
        fragile = house.lines[1:] if house is not None else []
        runners = [self._work(queues["line"], tell, 0) for _ in range(SIDE_BY_SIDE)]
        runners += [self._work(queues[kind], tell, 0) for kind in ("browser", "store", "ruin")]
        runners += [self._work(queues["server"], tell, 1 + n) for n in range(len(fragile))]
        with contextlib.suppress(Found):
            try:
                async with asyncio.TaskGroup() as group:
                    for runner in runners:
                        group.create_task(runner)
            except* Found as found:
                raise found.exceptions[0] from None

    async def _work(self, seeds: Iterator[int], tell: Tell, line: int) -> None:
        for seed in seeds:
            tell(await self.play(seed, line))

    async def play(self, seed: int, number: int) -> Outcome:
        """One seed from its first act to the last look, over the house's line of that number."""
        plan = make_plan(seed)
        begun, clock = datetime.now(UTC), time.monotonic()
        browser, house = self.browser, self.houses[_house_of(seed)]
        line = house.lines[number]
        if plan.lane == "browser":
            browser = Browser(self.folder / f"phone-{seed}")
            await browser.start()
        if plan.lane == "server":
            line.kill()
            await line.start(plan.failpoints or SLOW_COMMITS)
            line.deaths = 0
        play = Play(plan, house.wards[seed], Bench(browser, line, house))
        try:
            async with asyncio.timeout(SEED_SECONDS):
                await play.act()
                await play.heal()
                await promises.check(play, begun)
        except Exception:
            play.find(f"the harness broke: {traceback.format_exc()[-1500:]}")
        finally:
            if plan.lane == "server":
                play.outcome.faults["server_died"] = line.deaths
            await play.close()
            if browser is not self.browser:
                await browser.stop()
        play.outcome.seconds = time.monotonic() - clock
        return play.outcome

    async def reconnect_seconds(self) -> float:
        """From the browser's having a line again to the first request of the queue; no worker."""
        house = next(iter(self.houses.values()))
        line, ward = house.lines[0], next(iter(house.wards.values()))
        origin = line.proxy.origin(f"reconnect-{ward.seed}")
        phone = Phone(self.browser, origin, "reconnect")
        await phone.sign_in(ward.people["alice"].token("phone"))
        await phone.open()
        await phone.call("settle")
        await phone.call("withoutSync")
        await phone.set_offline(offline=True)
        lat, lon = ward.here
        wish = {"category_id": str(ward.id("category", "lamp")), "description": "", "shots": []}
        await phone.call("report", {**wish, "id": str(uuid4()), "lat": lat, "lon": lon})
        await phone.call("sendNow")
        asked = asyncio.Event()

        def saw(request: Asked) -> None:
            if request.method == "PUT" and request.path.startswith("/api/reports/"):
                asked.set()

        line.proxy.on_request = saw
        begun = time.monotonic()
        await phone.set_offline(offline=False)
        await asyncio.wait_for(asked.wait(), 60)
        seconds = time.monotonic() - begun
        line.proxy.on_request = None
        await phone.close()
        return seconds

    def cpu_seconds(self) -> Counter[str]:
        """Who has computed for how long so far, of what is still running."""
        seconds: Counter[str] = Counter({"harness": time.process_time()})
        groups = {}
        for house in self.houses.values():
            for process, name in [
                (house.worker.process, "worker"),
                *((line.process, "server") for line in house.lines),
            ]:
                if process is not None:
                    groups[process.pid] = name
        for database in {house.database for house in self.houses.values()}:
            seconds["postgres"] += database.cpu_seconds()
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                used = child.cpu_times()
                name = groups.get(os.getpgid(child.pid), child.name())
                if name == "postgres":
                    continue
                kind = " ".join(child.cmdline()).partition("--type=")[2].partition(" ")[0]
                seconds[f"{name} {kind}".strip()] += used.user + used.system
                if child.pid in groups:
                    seconds[name] += used.children_user + used.children_system
        return seconds

    def resent(self) -> list[Resent]:
        return [line.proxy.resent for house in self.houses.values() for line in house.lines]


def _kind_of(seed: int) -> str:
    lane = lane_of(seed)
    return "ruin" if lane in RUINOUS else lane


def _house_of(seed: int) -> str:
    """Where a seed is played: in the street, with photos in a store far away, or where it burns."""
    kind = _kind_of(seed)
    return kind if kind in {"store", "ruin"} else "main"


@contextlib.asynccontextmanager
async def fleet(
    seeds: Sequence[int], *, client_mutant: str | None = None, server_mutant: str | None = None
) -> AsyncIterator[Fleet]:
    """Builds the houses for these seeds and starts everything; all is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="khupho-faults-"))
    os.environ["KHUPHO_VAR_DIR"] = str(folder)
    get_settings.cache_clear()
    async with contextlib.AsyncExitStack() as stack:
        if not os.environ.get("FAULTS_KEEP"):
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        pages = await asyncio.to_thread(build_client, folder / "pages", client_mutant)
        await asyncio.to_thread(build_client, pages / "next", "next_version")
        builder = _Builder(stack, folder, pages, list(seeds), server_mutant)
        houses = {}
        for name in dict.fromkeys(_house_of(seed) for seed in seeds):
            houses[name] = await builder.build(name)
            stack.push_async_callback(houses[name].stop)
        if "main" in houses:
            settings = msgspec.structs.replace(
                get_settings(), database_url=houses["main"].database_url
            )
            await db.open_pool(settings, size=4)
            stack.push_async_callback(db.close_pool)
        browser = Browser(folder / "phones")
        await browser.start()
        stack.push_async_callback(browser.stop)
        yield Fleet(folder, houses, browser)


@dataclass
class _Builder:
    """Builds houses; what they stand on is pulled down with `stack`."""

    stack: contextlib.AsyncExitStack
    folder: Path
    pages: Path
    seeds: list[int]
    mutant: str | None
    database: Database | None = None
    other_url: str = ""

    async def build(self, name: str) -> House:
        seeds = [seed for seed in self.seeds if _house_of(seed) == name]
        folder = self.folder / name
        folder.mkdir()
        match name:
            case "store":
                return await self._build_far_from_store(folder, seeds)
            case "ruin":
                return await self._build_ruin(folder, seeds)
        lines = 1 + (FRAGILE if any(lane_of(seed) == "server" for seed in seeds) else 0)
        database = await self._street_database()
        return await new_house(
            name, folder, database, database.url, seeds, self.pages,
            lines=lines, mutant=self.mutant,
        )  # fmt: skip

    async def _street_database(self) -> Database:
        if self.database is None:
            self.database = Database(self.folder / "postgres")
            self.stack.callback(self.database.stop)
            await migrated(self.database.url)
            # While nobody is connected: a template for the others.
            self.other_url = await new_database(self.database.url, "other")
        return self.database

    async def _build_far_from_store(self, folder: Path, seeds: list[int]) -> House:
        database = await self._street_database()
        media, line, url = self.stack.enter_context(store_far_away(folder / "s3"))
        await line.start()
        house = await new_house(
            "store", folder, database, self.other_url, seeds, self.pages,
            mutant=self.mutant, media=media, media_url=url.replace("{port}", str(line.port)),
        )  # fmt: skip
        house.store_line = line
        return house

    async def _build_ruin(self, folder: Path, seeds: list[int]) -> House:
        disks = {}
        if any(lane_of(seed) == "disk" for seed in seeds):
            disks = self.stack.enter_context(small_disks(folder / "disks"))
        data = (disks["database"].folder if disks else folder) / "postgres"
        database = Database(data)
        self.stack.callback(database.stop)
        if disks:
            await asyncio.to_thread(move_log, database, data, disks["log"])
        await migrated(database.url)
        house = await new_house(
            "ruin", disks["photos"].folder if disks else folder, database, database.url,
            seeds, self.pages, mutant=self.mutant,
        )  # fmt: skip
        house.disks = disks
        return house
