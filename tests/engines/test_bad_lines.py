"""Ten seeds of the fault plan in WebKit and in Firefox, through the same bad line."""

import asyncio
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from backend import db, migrate
from backend.settings import get_settings
from tests.engines.driving import Browser, WebKit
from tests.engines.playing import NOT_PLAYED, Phone, Seed, choose_seeds
from tests.faults.plan import make_plan
from tests.faults.stack import Line, build_client
from tests.faults.weather import KINDS
from tests.faults.world import Ward, build_wards

SEEDS: Final = choose_seeds(10)
SEED_SECONDS: Final = 150.0


@dataclass
class Stage:
    """One server behind the bad line; a ward for each seed, once for each engine."""

    line: Line
    wards: dict[int, Ward]
    folder: Path


@pytest.fixture(scope="module")
async def stage(database_url: str) -> AsyncIterator[Stage]:
    folder = Path(tempfile.mkdtemp(prefix="khupho-engines-"))
    pages = await asyncio.to_thread(build_client, folder / "pages")
    await db.open_pool(get_settings(), size=6)
    await migrate.migrate()
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        wards = await build_wards(
            connection, [place for seed in SEEDS for place in (20_000 + seed, 30_000 + seed)]
        )
    await connection.close()
    line = Line(database_url, folder, pages, "line")
    await line.start()
    try:
        yield Stage(line, wards, folder)
    finally:
        await line.stop()
        await db.close_pool()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.engines
def test_every_kind_of_fault_is_among_them() -> None:
    devices = [make_plan(seed).devices[0] for seed in SEEDS]
    assert {kind for device in devices for kind in device.kinds} == set(KINDS)
    done = {act.do for device in devices for act in device.tabs[0]}
    assert done >= {"report", "reply", "edit", "reload", "close", "set_clock", "revoke_session"}
    assert {act for act in done if not hasattr(Seed, f"_do_{act}")} <= set(NOT_PLAYED)


@pytest.mark.engines
async def test_bad_lines_lose_nothing_and_double_nothing(
    engine: type[Browser],
    browser: Browser,
    stage: Stage,
    capsys: pytest.CaptureFixture[str],
) -> None:
    findings: list[str] = []
    faults: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    begun = asyncio.get_running_loop().time()
    for number in SEEDS:
        ward = stage.wards[number + (20_000 if engine is WebKit else 30_000)]
        label = f"e{ward.seed}-{random.randrange(16**6):06x}"
        phone = Phone(browser, stage.line.proxy, label)
        seed = Seed(number, ward, phone, stage.line.url, stage.folder / "media")
        async with asyncio.timeout(SEED_SECONDS):
            await seed.play()
        faults += seed.faults
        actions += seed.actions
        findings += [f"seed {number} in {engine.name}: {found}" for found in seed.findings]
        if findings:
            break
    took = asyncio.get_running_loop().time() - begun
    with capsys.disabled():
        print(
            f"\n{engine.name}: seeds {SEEDS} in {took:.0f} s, {actions.total()} acts "
            f"{dict(sorted(actions.items()))}, {faults.total()} faults "
            f"{dict(sorted(faults.items()))}"
        )
    assert findings == []
