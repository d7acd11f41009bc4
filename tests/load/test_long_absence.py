"""Sixty days without a line: thirty reports wait in the pocket, and the world has gone on.

The phone is the app's own data layer in Chromium (as in `tests/faults`). The sixty days pass in the
phone's clock and in the server's rows.
"""

import asyncio
import hashlib
import os
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from backend import db
from backend.media import service as media
from backend.media.uploads import sweep_uploads
from backend.settings import get_settings
from tests.faults.browsers import Browser, Phone
from tests.faults.proxy import FaultProxy
from tests.faults.stack import build_client
from tests.faults.weather import Fault, Weather
from tests.faults.wire import Asked
from tests.faults.world import Ward, id_of, sign_in_again
from tests.load.conftest import AWAY, Server

REPORTS = 30
REPLIES = 3
ELSEWHERE = 450
DAYS = timedelta(days=60)
DAY_MS = 86_400_000
PAGE = 200


@dataclass
class Line(Weather):
    """A line that is there or not, and may break after so many pieces of a photo."""

    there: bool = True
    pieces: int | None = None
    asked: list[Asked] = field(default_factory=list)

    def next_fault(self, asked: Asked) -> Fault | None:
        self.requests += 1
        if self.there and asked.method == "PATCH" and self.pieces is not None:
            self.there = self.pieces > 0
            self.pieces -= 1
        if not self.there:
            return Fault("drop_before")
        self.asked.append(asked)
        return None


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    running = Browser(tmp_path_factory.mktemp("phone"))
    await running.start()
    yield running
    await running.stop()


@pytest.fixture(scope="module")
async def proxy(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FaultProxy]:
    pages = await asyncio.to_thread(build_client, tmp_path_factory.mktemp("pages"))
    running = FaultProxy(server.port, pages)
    await running.start()
    yield running
    await running.stop()


async def others_go_on(server: Server, ward: Ward, seed: int) -> None:
    """What happens in the neighbourhood meanwhile."""
    lat, lon = ward.here
    cookie = {"cookie": f"khupho={ward.people['alice'].token('desk')}"}
    numbers = iter(range(ELSEWHERE))

    async def some(client: httpx.AsyncClient) -> None:
        for number in numbers:
            body = {
                "category_id": str(ward.id("category", "lamp")),
                "description": f"Đèn số {number}",
                "lat": lat,
                "lon": lon,
                "accuracy_m": 10.0,
                "located_by": "gps",
                "photos": [],
            }
            path = f"/api/reports/{id_of(seed, 'elsewhere', number)}"
            answer = await client.put(path, json=body, headers=cookie)
            assert answer.status_code == 201, answer.text

    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        await asyncio.gather(*(some(client) for _ in range(4)))


async def sixty_days_pass(ward: Ward, *, signed_out: bool) -> int:
    """The server's rows grow old; returns how many unfinished uploads were swept away."""
    someone = ward.people["bang"]
    async with db.pool().acquire() as connection:
        await connection.execute(
            "UPDATE upload SET created_at = created_at - $2::interval, expires_at = expires_at - $2"
            " WHERE account_id = $1 AND completed_at IS NULL",
            someone.account_id,
            DAYS,
        )
        await connection.execute(
            "UPDATE session SET last_seen_at = now() - $2::interval, expires_at = $3 WHERE id = $1",
            someone.session_id("phone"),
            DAYS,
            datetime.now(UTC) + (timedelta(days=-1) if signed_out else timedelta(days=340)),
        )
    media.open_store(get_settings())
    return await sweep_uploads()


async def queue_thirty(phone: Phone, ward: Ward, seed: int) -> list[dict[str, Any]]:
    """Thirty reports of one to three photos, the first few with replies behind them."""
    dice = Random(seed)
    lat, lon = ward.here
    told = []
    for number in range(REPORTS):
        shots = [
            {"seed": dice.randrange(2**31), "bytes": dice.choice((9_000, 70_000, 150_000))}
            for _ in range(dice.randint(1, 3))
        ]
        if number == 0:
            shots = [{"seed": dice.randrange(2**31), "bytes": 200_000}]
        report_id = str(id_of(seed, "mine", number))
        wish = {"id": report_id, "category_id": str(ward.id("category", "waste")), "lat": lat}
        wish |= {"lon": lon, "description": f"Rác lần {number}", "shots": shots}  # type: ignore[dict-item]
        told.append(await phone.call("report", wish))
        if number == 0:
            # Its words and the first pieces of its photo still go out; then there is no line.
            await phone.call("emptied", 2_000)
    for number in range(REPLIES):
        for reply in range(3):
            wish = {"id": str(uuid.uuid4()), "reportId": told[number]["id"], "question": False}  # type: ignore[dict-item]
            told.append(await phone.call("reply", {**wish, "text": f"Thêm {reply}", "shots": []}))
    return told


async def pages_from(server: Server, token: str, cursor: str) -> list[int]:
    """How many things each page of a sync from `cursor` has."""
    sizes = []
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        for _ in range(50):
            answer = await client.get(
                "/api/sync", params={"cursor": cursor}, headers={"cookie": f"khupho={token}"}
            )
            assert answer.status_code == 200, answer.text
            page = msgspec.json.decode(answer.content)
            assert not page["reset"]
            groups = [*page["upserts"].values(), *page["removals"].values()]
            sizes.append(sum(len(group or []) for group in groups))
            cursor = page["cursor"]
            if not page["more"]:
                return sizes
    raise AssertionError("it never ends")


async def stands_as_queued(ward: Ward, told: list[dict[str, Any]], folder: Path) -> None:
    """Every report and reply once, in the order of the queue, every photo byte by byte."""
    someone = ward.people["bang"]
    reports = await db.fetch(
        "SELECT id FROM report WHERE account_id = $1 ORDER BY created_at", someone.account_id
    )
    mine = [one for one in told if one["kind"] == "report"]
    assert [str(row["id"]) for row in reports] == [one["id"] for one in mine]
    for one in mine:
        said = await db.fetch(
            "SELECT id FROM message WHERE thread_id = $1 AND kind = 'message' ORDER BY seq",
            uuid.UUID(one["id"]),
        )
        wanted = [r["id"] for r in told if r["kind"] == "message" and r["reportId"] == one["id"]]
        assert [str(row["id"]) for row in said] == wanted
    rows = await db.fetch(
        "SELECT message_id, sha256, media_key FROM photo WHERE account_id = $1", someone.account_id
    )
    named = sorted((one["id"], photo["sha256"]) for one in told for photo in one["photos"])
    assert sorted((str(row["message_id"]), row["sha256"].hex()) for row in rows) == named
    for row in rows:
        kept = await asyncio.to_thread((folder / row["media_key"]).read_bytes)
        assert hashlib.sha256(kept).digest() == row["sha256"]
    left = await db.fetch_value(
        "SELECT count(*) FROM upload WHERE account_id = $1 AND completed_at IS NULL",
        someone.account_id,
    )
    assert left == 0


@pytest.mark.load
@pytest.mark.parametrize("signed_out", [False, True], ids=["still signed in", "signed out"])
async def test_after_sixty_days_everything_arrives_once_and_the_phone_catches_up(
    signed_out: bool,
    server: Server,
    wards: dict[int, Ward],
    browser: Browser,
    proxy: FaultProxy,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seed = AWAY[signed_out]
    ward = wards[seed]
    someone = ward.people["bang"]
    label = f"away-{seed}"
    line = proxy.weather[label] = Line(Random(seed), 0.0, (), pieces=2)
    phone = Phone(browser, proxy.origin(label), label)
    await phone.sign_in(someone.token("phone"))
    await phone.open()
    await phone.call("settle")
    await phone.call("setClock", -60 * DAY_MS)
    await phone.open()
    await phone.call("pull")
    cursor = (await phone.call("dump"))["meta"][0]

    told = await queue_thirty(phone, ward, seed)
    assert not line.there
    await phone.close()
    began = await db.fetch_value(
        "SELECT count(*) FROM upload WHERE account_id = $1 AND completed_at IS NULL",
        someone.account_id,
    )
    await others_go_on(server, ward, seed)
    swept = await sixty_days_pass(ward, signed_out=signed_out)
    assert (began, swept) == (1, 1)

    line.asked.clear()
    line.there, line.pieces = True, None
    await phone.open()
    await phone.call("setClock", 0)
    await phone.open()
    begun = time.monotonic()
    if signed_out:
        left = await phone.call("emptied", 10_000)
        assert left["paused"]
        assert len(left["left"]) == len(told)
        assert all(entry["state"] == "queued" for entry in left["left"])
        knocks = len(line.asked)
        await phone.call("wake")
        await phone.call("wake")
        # One look a start is daring enough; a wish to send is not answered with thirty refusals.
        assert len(line.asked) - knocks <= 2
        assert len(line.asked) <= 12
        async with db.pool().acquire() as connection:
            assert isinstance(connection, asyncpg.pool.PoolConnectionProxy)
            await sign_in_again(connection, someone, "phone+")  # type: ignore[arg-type]
        await phone.sign_in(someone.token("phone+"))
        await phone.call("settle")
        begun = time.monotonic()
        await phone.open()
    left = await phone.call("emptied", 25_000)
    took = time.monotonic() - begun
    assert left == {"paused": False, "left": []}
    await phone.call("pull")

    await stands_as_queued(ward, told, Path(os.environ["KHUPHO_VAR_DIR"]) / "media")
    shown = await phone.call("dump")
    everything = await db.fetch("SELECT id FROM report WHERE ward_id = $1", ward.id("ward"))
    assert len(everything) == REPORTS + ELSEWHERE
    assert {row["id"] for row in shown["reports"]} == {str(row["id"]) for row in everything}
    assert shown["photos"] == shown["uploads"] == []

    token = someone.token("phone+" if signed_out else "phone")
    sizes = await pages_from(server, token, cursor)
    assert len(sizes) > 3
    assert max(sizes) <= PAGE
    assert sum(sizes) >= 2 * ELSEWHERE
    pulls = [asked for asked in line.asked if asked.path.startswith("/api/sync")]
    sent = sum(asked.length for asked in line.asked)
    named = sum(photo["bytes"] for one in told for photo in one["photos"])
    assert sent < named * 1.05 + 64 * 1024 + 100_000
    await phone.close()
    with capsys.disabled():
        print(
            f"\n{REPORTS} reports, {named // 1024} KB of photos after 60 days: gone out in "
            f"{took:.1f} s, {sent // 1024} KB sent; {len(pulls)} looks, a full one of pages {sizes}"
        )
