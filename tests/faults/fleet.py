"""Many seeds at once: bad lines side by side, killings one after the other."""

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

import asyncpg
import psutil
from playwright.async_api import Playwright, async_playwright

from backend import db, migrate
from backend.settings import get_settings
from tests.faults import promises
from tests.faults.acting import Outcome, Play
from tests.faults.browsers import Browser, Phone
from tests.faults.plan import Lane, lane_of, make_plan
from tests.faults.proxy import Asked, Resent
from tests.faults.stack import SLOW_COMMITS, Database, Line, Worker, build_client
from tests.faults.world import Ward, build_wards

SIDE_BY_SIDE: Final = int(os.environ.get("FAULTS_SIDE_BY_SIDE", "8"))
BATCH: Final = 500
"""Seeds for which one world is built; then all starts fresh."""

SEED_SECONDS: Final = 300.0

Tell = Callable[[Outcome], None]


class Found(Exception):
    """Enough was found; the rest need not be played."""


@dataclass
class Bench:
    """What one seed runs on."""

    browser: Browser
    line: Line
    database: Database
    worker: Worker


@dataclass
class Fleet:
    """One world, and the processes it runs in."""

    folder: Path
    wards: dict[int, Ward]
    playwright: Playwright
    browser: Browser
    steady: Line
    fragile: Line
    database: Database
    worker: Worker

    async def run(self, seeds: Sequence[int], tell: Tell) -> None:
        """Plays the seeds and tells of each as it ends; ends early when `tell` raises Found."""
        lanes: dict[Lane, list[int]] = {"line": [], "browser": [], "server": [], "database": []}
        for seed in seeds:
            lanes[lane_of(seed)].append(seed)
        queue = iter(lanes["line"])
        runners = [self._work(queue, tell) for _ in range(SIDE_BY_SIDE)]
        runners += [self._work(iter(lanes[lane]), tell) for lane in ("browser", "server")]
        with contextlib.suppress(Found):
            try:
                async with asyncio.TaskGroup() as group:
                    for runner in runners:
                        group.create_task(runner)
            except* Found as found:
                raise found.exceptions[0] from None
            await self._work(iter(lanes["database"]), tell)

    async def _work(self, seeds: Iterator[int], tell: Tell) -> None:
        for seed in seeds:
            tell(await self.play(seed))

    async def play(self, seed: int) -> Outcome:
        """One seed from its first act to the last look."""
        plan = make_plan(seed)
        begun, clock = datetime.now(UTC), time.monotonic()
        browser = self.browser
        line = self.fragile if plan.lane == "server" else self.steady
        if plan.lane == "browser":
            browser = Browser(self.playwright, self.folder / f"phone-{seed}")
            await browser.start()
        if plan.lane == "server":
            line.kill()
            await line.start(plan.failpoints or SLOW_COMMITS)
            line.deaths = 0
        play = Play(plan, self.wards[seed], Bench(browser, line, self.database, self.worker))
        try:
            async with asyncio.timeout(SEED_SECONDS):
                await play.act()
                await play.heal()
                await promises.check(play, self.folder / "media", begun)
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
        ward = next(iter(self.wards.values()))
        origin = self.steady.proxy.origin(f"reconnect-{ward.seed}")
        phone = Phone(self.browser, origin, "reconnect")
        await phone.sign_in(ward.people["alice"].token("phone"))
        await phone.open()
        await phone.call("settle")
        await phone.set_offline(offline=True)
        lat, lon = ward.here
        wish = {"category_id": str(ward.id("category", "lamp")), "description": "", "shots": []}
        await phone.call("report", {**wish, "id": str(uuid4()), "lat": lat, "lon": lon})
        await phone.call("sendNow")
        asked = asyncio.Event()

        def saw(request: Asked) -> None:
            if request.method == "PUT" and request.path.startswith("/api/reports/"):
                asked.set()

        self.steady.proxy.on_request = saw
        begun = time.monotonic()
        await phone.set_offline(offline=False)
        await asyncio.wait_for(asked.wait(), 60)
        seconds = time.monotonic() - begun
        self.steady.proxy.on_request = None
        await phone.close()
        return seconds

    def cpu_seconds(self) -> Counter[str]:
        """Who has computed for how long so far, browsers that are still open included."""
        seconds: Counter[str] = Counter({"harness": time.process_time()})
        servers = {
            line.process.pid: "server"
            for line in (self.steady, self.fragile)
            if line.process is not None
        }
        if self.worker.process is not None:
            servers[self.worker.process.pid] = "worker"
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                used = process.cpu_times()
                name = servers.get(os.getpgid(process.pid), process.name())
                command = " ".join(process.cmdline())
                kind = command.partition("--type=")[2].partition(" ")[0]
                seconds[f"{name} {kind}".strip()] += used.user + used.system
                if name in {"server", "worker"}:
                    seconds[name] += used.children_user + used.children_system
        seconds["postgres"] += self.database.cpu_seconds()
        return seconds

    def resent(self) -> list[Resent]:
        return [self.steady.proxy.resent, self.fragile.proxy.resent]


@contextlib.asynccontextmanager
async def fleet(
    seeds: Sequence[int], *, client_mutant: str | None = None, server_mutant: str | None = None
) -> AsyncIterator[Fleet]:
    """Builds a world for these seeds and starts everything; all is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="khupho-faults-"))
    database = Database(folder / "postgres")
    os.environ["DATABASE_URL"] = database.url
    os.environ["KHUPHO_VAR_DIR"] = str(folder)
    get_settings.cache_clear()
    pages = await asyncio.to_thread(build_client, folder / "pages", client_mutant)
    await asyncio.to_thread(build_client, pages / "next", "next_version")
    await db.open_pool(get_settings(), size=10)
    steady = Line(database.url, folder, pages, "steady", server_mutant)
    fragile = Line(database.url, folder, pages, "fragile", server_mutant)
    worker = Worker(database.url, folder)
    try:
        await migrate.migrate()
        connection = await asyncpg.connect(database.url)
        async with connection.transaction():
            wards = await build_wards(connection, seeds)
        await connection.close()
        worker.start()
        await steady.start()
        if any(lane_of(seed) == "server" for seed in seeds):
            await fragile.proxy.start()
        async with async_playwright() as playwright:
            browser = Browser(playwright, folder / "phones")
            await browser.start()
            try:
                yield Fleet(folder, wards, playwright, browser, steady, fragile, database, worker)
            finally:
                await browser.stop()
    finally:
        await steady.stop()
        await fragile.stop()
        worker.kill()
        await db.close_pool()
        database.stop()
        if not os.environ.get("FAULTS_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
