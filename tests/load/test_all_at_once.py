"""A ward is back on line: everybody's phone knocks in the same minute, at one server process."""

import asyncio
import json
import random
import time
import uuid

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend import db
from backend.errors import Busy
from backend.i18n import gettext
from tests.bench.processes import resident_bytes
from tests.faults.world import Ward
from tests.load.conftest import CROWD, Server, settle_residents
from tests.load.crowd import Phone, Seen, come_back

PHONES = 2_000
MINUTE = 60.0
MEMORY_MB = 600


async def watch(server: Server, done: asyncio.Event) -> tuple[float, int]:
    """Asks how the server is, four times a second: the slowest answer, the most memory."""
    slowest, most = 0.0, 0
    async with httpx.AsyncClient(timeout=30) as client:
        while not done.is_set():
            begun = time.monotonic()
            assert (await client.get(f"{server.url}/healthz")).status_code == 200
            slowest = max(slowest, time.monotonic() - begun)
            most = max(most, resident_bytes(server.process.pid))
            await asyncio.sleep(0.25)
    return slowest, most


async def figure(server: Server, name: str) -> float:
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"{server.url}/metrics")).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    )


@pytest.mark.load
async def test_two_thousand_phones_in_the_same_minute_are_all_served(
    server: Server, wards: dict[int, Ward], capsys: pytest.CaptureFixture[str]
) -> None:
    people = await settle_residents([wards[seed] for seed in CROWD], PHONES)
    dice = random.Random(2_000)
    seen = Seen()
    ids = [uuid.uuid4() for _ in people]
    phones = [
        Phone(server.port, token, language, seen, random.Random(dice.random()))
        for _, token, language in people
    ]

    async def knock(phone: Phone, ward: Ward, report_id: uuid.UUID, after: float) -> None:
        await asyncio.sleep(after)
        lat, lon = ward.here
        body = {
            "category_id": str(ward.id("category", "lamp")),
            "description": "Đèn đường trước nhà tôi hỏng từ hôm mất điện.",
            "lat": lat,
            "lon": lon,
            "accuracy_m": 12.0,
            "located_by": "gps",
            "photos": [],
        }
        await come_back(phone, report_id, body)

    done = asyncio.Event()
    watching = asyncio.create_task(watch(server, done))
    begun = time.monotonic()
    try:
        # The power is back: most within seconds, the rest within the minute.
        async with asyncio.TaskGroup() as crowd:
            for phone, (ward, _, _), report_id in zip(phones, people, ids, strict=True):
                after = min(dice.expovariate(1 / 3), MINUTE)
                crowd.create_task(knock(phone, ward, report_id, after))
        took = time.monotonic() - begun
        listeners = await figure(server, "khupho_event_listeners")
    finally:
        done.set()
        for phone in phones:
            phone.hang_up()
    slowest, most = await watching

    served = sorted(seen.seconds)
    with capsys.disabled():
        print(
            f"\n{PHONES} phones, {len(served)} requests served in {took:.0f} s "
            f"({len(served) / took:.0f}/s), asked to come back {len(seen.refusals)} times, "
            f"lost {dict(seen.lost)}; p50 {served[len(served) // 2] * 1000:.0f} ms, "
            f"p95 {served[int(len(served) * 0.95)] * 1000:.0f} ms; health at most "
            f"{slowest * 1000:.0f} ms; memory at most {most / 2**20:.0f} MB"
        )
    arrived = await db.fetch_value("SELECT count(*) FROM report WHERE id = ANY($1)", ids)
    assert arrived == PHONES
    assert listeners == PHONES
    assert set(seen.statuses) <= {200, 201, 503}
    assert seen.lost.total() == 0
    assert most < MEMORY_MB * 2**20
    assert slowest < 5.0
    assert await figure(server, "khupho_busy_total") >= len(seen.refusals)
    for language, answer in seen.refusals[:: max(1, len(seen.refusals) // 200)]:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = json.loads(answer.body)
        assert (problem["status"], problem["code"]) == (503, "busy")
        assert problem["detail"] == gettext(language, Busy.message)  # type: ignore[arg-type]
        assert 5 <= int(answer.headers["retry-after"]) <= 10
