"""A seed always stands for the same day, and no kind of misfortune is left out of five hundred."""

import asyncio
from collections import Counter

import pytest

from tests.faults.plan import DISKS, LANES, Plan, lane_of, make_plan
from tests.faults.store_line import StoreLine
from tests.faults.weather import KINDS

RUN = 500
SHARE = 0.005

TROUBLES = (
    "reload", "close", "set_clock", "fill_storage", "revoke_session", "update_app", "lose_grant",
    "stop_worker", "kill_browser", "kill_server", "kill_worker", "kill_database", "cut_store",
    "slow_store", "restore", "fill_disk",
)  # fmt: skip


def plans() -> list[Plan]:
    return [make_plan(seed) for seed in range(RUN)]


def acts_of(plan: Plan) -> set[str]:
    tabs = [tab for device in plan.devices for tab in device.tabs]
    return {act.do for script in (*tabs, plan.desk) for act in script}


def test_a_seed_stands_for_the_same_day_whenever_it_is_played() -> None:
    assert [make_plan(seed) for seed in range(60)] == [make_plan(seed) for seed in range(60)]


def test_every_misfortune_occurs_in_a_fair_share_of_the_seeds() -> None:
    met: Counter[str] = Counter()
    for plan in plans():
        met.update(acts_of(plan) | {plan.lane} | {f"store {plan.lane == 'store'}"})
        met.update({kind for device in plan.devices if device.chance for kind in device.kinds})
        met.update(f"{act.wish['disk']} disk" for act in plan.desk if act.do == "fill_disk")
        met.update({f"sync {device.has_sync}" for device in plan.devices})
        met.update({"wrong clock"} & {d.wrong_by_ms and "wrong clock" for d in plan.devices})
        met.update({"two tabs"} & {len(d.tabs) > 1 and "two tabs" for d in plan.devices})
        met.update({"worker"} & {d.worker and "worker" for d in plan.devices})
        if plan.failpoints:
            met[plan.failpoints.partition("=")[0]] += 1
    wanted = {*TROUBLES, *KINDS, *LANES.values(), "line", "sync False", "worker", "two tabs"}
    wanted |= {"before_commit", "after_commit", "file_stored", "part_written", "wrong clock"}
    assert {name: met[name] for name in wanted if met[name] < RUN * SHARE} == {}
    assert all(met[f"{disk} disk"] >= 3 for disk in DISKS)


def test_an_older_backup_is_taken_before_it_is_restored_and_full_disks_are_freed() -> None:
    for plan in plans():
        order = [act.do for act in plan.desk]
        for first, then in (("back_up", "restore"), ("fill_disk", "free_disk")):
            assert (first in order) == (then in order)
            assert first not in order or order.index(first) < order.index(then)


def test_most_seeds_are_played_side_by_side() -> None:
    assert sum(lane_of(seed) == "line" for seed in range(RUN)) >= 0.7 * RUN


@pytest.fixture
async def echo() -> "asyncio.Server":
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4))
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


async def ask(line: StoreLine) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    writer.write(b"ping")
    try:
        return await reader.read()
    except OSError:
        return b""
    finally:
        writer.close()


async def test_the_line_to_the_store_can_be_cut_and_mended(echo: asyncio.Server) -> None:
    line = StoreLine(echo.sockets[0].getsockname()[1])
    await line.start()
    assert await ask(line) == b"ping"
    line.set("down")
    assert await ask(line) == b""
    line.set("slow")
    assert await ask(line) == b"ping"
    line.set("up")
    assert await ask(line) == b"ping"
    await line.stop()
    echo.close()
