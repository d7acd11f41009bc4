"""What a drop costs, and how soon sending goes on: measured with the app's own code in Chromium."""

import random
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.faults.browsers import Phone
from tests.faults.fleet import Fleet, fleet
from tests.faults.weather import Fault, Weather
from tests.faults.wire import Asked

pytestmark = pytest.mark.faults

PHOTO_BYTES = 300_000
MOST_RESENT_BYTES = 64 * 1024
MOST_SECONDS = 5.0


class DropsEveryOtherPiece(Weather):
    """Each piece of a photo is cut off near its end once, and gets through the second time."""

    pieces = 0

    def next_fault(self, asked: Asked) -> Fault | None:
        if asked.method != "PATCH":
            return None
        self.pieces += 1
        return Fault("drop_mid_body", share=0.95) if self.pieces % 2 else None


@pytest.fixture
async def running() -> AsyncIterator[Fleet]:
    async with fleet([0]) as started:
        yield started


async def test_a_drop_costs_64_kb_at_most(running: Fleet) -> None:
    house = running.houses["main"]
    line, ward = house.lines[0], house.wards[0]
    phone = Phone(running.browser, line.proxy.origin("drops"), "drops")
    await phone.sign_in(ward.people["alice"].token("phone"))
    await phone.open()
    await phone.call("settle")
    line.proxy.weather["drops"] = DropsEveryOtherPiece(random.Random(1), 1.0, ())
    lat, lon = ward.here
    report = {"id": str(uuid4()), "category_id": str(ward.id("category", "lamp")), "lat": lat}
    shots = [{"seed": 1, "bytes": PHOTO_BYTES}]
    await phone.call("report", {**report, "lon": lon, "description": "", "shots": shots})
    left = {"left": [{}]}
    while left["left"]:
        await phone.call("wake")
        left = await phone.call("emptied", 1000)
    (upload,) = line.proxy.resent.furthest
    breaks = line.proxy.resent.breaks[upload]
    assert line.proxy.resent.furthest[upload] == PHOTO_BYTES
    assert breaks == -(-PHOTO_BYTES // MOST_RESENT_BYTES)
    assert line.proxy.resent.again[upload] <= breaks * MOST_RESENT_BYTES
    rows = await house.rows(
        "SELECT state FROM photo WHERE message_id = $1 AND media_key IS NOT NULL", report["id"]
    )
    assert len(rows) == 1


async def test_sending_begins_within_five_seconds_of_the_line_without_background_sync(
    running: Fleet,
) -> None:
    assert await running.reconnect_seconds() <= MOST_SECONDS
