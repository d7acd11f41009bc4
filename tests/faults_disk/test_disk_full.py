"""The disk is full: it is said, nothing is lost or half kept, and it goes on when there is room."""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from backend.media.audit import MediaAudit
from backend.media.worker import make_pictures
from media_store import MediaStoreFull
from tests.backup.conftest import Source
from tests.backup.house import ROOT, House, free_port, until
from tests.conftest import Person, World
from tests.faults_disk.conftest import Disk
from tests.media.phone import PIECE, TUS, append, location, offset_of, part_of, send, sha256
from tests.media.pictures import encoded
from tests.media.stores import using
from tests.reports.steps import report_body

LOCAL = pytest.mark.parametrize("source", ["local"], indirect=True)
Mount = Callable[[Path, int], Disk]
MB = 1024 * 1024


def big_picture() -> bytes:
    """Some hundred kilobytes that nothing can shrink."""
    from PIL import Image

    noise = Image.frombytes("RGB", (400, 300), secrets.token_bytes(360_000))
    made = encoded(noise, "JPEG", quality=97)
    assert len(made) > 2 * PIECE
    return made


def report_of(world: World, photo: bytes) -> dict[str, object]:
    named = {"sha256": sha256(photo), "bytes": len(photo), "type": "image/jpeg"}
    return report_body(world, photos=[named])


def assert_says_full(answer: httpx.Response) -> None:
    """What the phone shows, and what makes it keep what it has."""
    assert answer.status_code == 507, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["code"] == "storage_full"
    assert problem["status"] == 507
    assert len(problem["detail"]) > 30


async def photo_row(report_path: str) -> dict[str, object]:
    from backend import db

    row = await db.fetch_one(
        "SELECT * FROM photo WHERE message_id = $1", uuid.UUID(report_path.rsplit("/", 1)[1])
    )
    assert row is not None
    return dict(row)


async def no_findings() -> None:
    assert [finding async for finding in MediaAudit(mend=False).findings()] == []


async def test_a_full_media_disk_keeps_the_photo_waiting_and_then_takes_it(
    world: World, api: object, mounted: Mount, tmp_path: Path
) -> None:
    disk = mounted(tmp_path / "small", 2 * MB)
    async for store in using((disk.folder / "media").as_uri()):
        before, photo = big_picture(), big_picture()
        earlier = f"/api/reports/{uuid.uuid4()}"
        await world.alice.put(earlier, report_of(world, before))
        await send(world.alice, before)
        disk.fill(leaving=40_000)

        path = f"/api/reports/{uuid.uuid4()}"
        assert (await world.alice.put(path, report_of(world, photo))).status_code == 201
        url = await location(world.alice, photo)
        for start in range(0, len(photo), PIECE):
            answer = await append(world.alice, url, start, photo[start : start + PIECE])
        assert_says_full(answer)
        again = await world.alice.put(path, report_of(world, photo))
        assert again.json()["photos"][0]["stored"] is False
        # Pictures of what was stored before have no room either, and are made later.
        photo_id = (await photo_row(earlier))["id"]
        with pytest.raises(MediaStoreFull):
            await make_pictures(photo_id)  # type: ignore[arg-type]
        assert (await photo_row(earlier))["state"] == "stored"
        # Nothing half: no row without its file, no file without its row, no leftovers.
        await no_findings()
        assert list((disk.folder / "media" / ".incoming").iterdir()) == []
        assert await store.read(str((await photo_row(earlier))["media_key"])) == before
        assert part_of(world.alice, url).stat().st_size == len(photo)

        disk.make_room()
        # The phone asks how far it is: all of it is here, and now it is stored.
        assert await offset_of(world.alice, url) == len(photo)
        receipt = await world.alice.put(path, report_of(world, photo))
        assert receipt.json()["photos"][0]["stored"] is True
        assert await store.read(str((await photo_row(path))["media_key"])) == photo
        for each in (earlier, path):
            await make_pictures((await photo_row(each))["id"])  # type: ignore[arg-type]
            assert (await photo_row(each))["state"] == "ready"
        await no_findings()


@LOCAL
async def test_a_full_disk_for_uploads_keeps_what_came_and_goes_on_from_there(
    world: World, source: Source, mounted: Mount
) -> None:
    from backend.settings import get_settings

    disk = mounted(get_settings().var_dir / "uploads", 1 * MB)
    photo = big_picture()
    path = f"/api/reports/{uuid.uuid4()}"
    await world.alice.put(path, report_of(world, photo))
    url = await location(world.alice, photo)
    first = await append(world.alice, url, 0, photo[:PIECE])
    assert first.status_code == 204
    disk.fill(leaving=20_000)
    assert_says_full(await append(world.alice, url, PIECE, photo[PIECE : 2 * PIECE]))
    held = await offset_of(world.alice, url)
    assert PIECE <= held < 2 * PIECE
    assert part_of(world.alice, url).read_bytes() == photo[:held]
    disk.fill()
    # Not a byte of room: somebody who only begins is told the same.
    other = big_picture()
    begun = await location(world.bang, other)
    assert_says_full(await append(world.bang, begun, 0, other[:PIECE]))

    disk.make_room()
    held = await offset_of(world.alice, url)
    for start in range(held, len(photo), PIECE):
        answer = await append(world.alice, url, start, photo[start : start + PIECE])
        assert answer.status_code == 204, answer.text
    await send(world.bang, other)
    receipt = await world.alice.put(path, report_of(world, photo))
    assert receipt.json()["photos"][0]["stored"] is True
    assert await source.store.read(str((await photo_row(path))["media_key"])) == photo
    await no_findings()
    gone = await world.alice.client.head(url, headers=TUS)
    assert int(gone.headers["upload-offset"]) == len(photo)


def long_report(world: World) -> dict[str, object]:
    """As long as one may be, and nothing can shrink it."""
    return report_body(world, description=secrets.token_urlsafe(2900))


async def fill_with_reports(
    alice: Person, world: World, most: int = 3000
) -> tuple[list[str], str, dict[str, object], httpx.Response]:
    """Reports until one is not taken: the paths of those taken, and the refused one."""
    taken = []
    for _ in range(most):
        path, body = f"/api/reports/{uuid.uuid4()}", long_report(world)
        answer = await alice.put(path, body)
        if answer.status_code != 201:
            return taken, path, body, answer
        taken.append(path)
    raise AssertionError("the disk never was full")


async def assert_all_there(alice: Person, paths: list[str]) -> None:
    for path in paths:
        assert (await alice.get(path)).status_code == 200, path


@LOCAL
async def test_a_full_database_disk_is_said_and_every_report_taken_is_there(
    world: World, source: Source, new_house: House, mounted: Mount, tmp_path: Path
) -> None:
    source.house.well("backup", tmp_path / "b.tar")
    disk = mounted(new_house.var / "postgres", 300 * MB)
    new_house.well("restore", tmp_path / "b.tar")
    with new_house.database():
        async with new_house.served() as served, served.visited_by(world.alice) as alice:
            disk.fill(leaving=2 * MB)
            taken, path, body, refused = await fill_with_reports(alice, world)
            assert_says_full(refused)
            assert taken
            # Reading goes on.
            assert (await alice.get("/api/sync")).status_code == 200
            await assert_all_there(alice, taken)
            assert (await alice.get(path)).status_code == 404  # not half there

            disk.make_room()
            assert (await alice.put(path, body)).status_code == 201
            assert (await alice.put(path, body)).status_code == 200
            await assert_all_there(alice, [*taken, path])


@LOCAL
async def test_without_room_for_its_log_the_database_falls_and_rises_by_itself(
    world: World, source: Source, new_house: House, mounted: Mount, tmp_path: Path
) -> None:
    """PostgreSQL gives up when it cannot write its log; `khupho start` keeps trying to start it."""
    source.house.well("backup", tmp_path / "b.tar")
    new_house.well("restore", tmp_path / "b.tar")
    log = new_house.var / "postgres" / "pg_wal"
    disk = mounted(new_house.var / "wal", 200 * MB)
    used = sum(path.stat().st_size for path in log.rglob("*") if path.is_file())
    shutil.copytree(log, disk.folder / "pg_wal")
    owner = log.stat()
    for path in (disk.folder, *disk.folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    (disk.folder / "pg_wal").chmod(0o700)
    shutil.rmtree(log)
    log.symlink_to(disk.folder / "pg_wal")
    disk.grow(used + 5 * MB)  # less than one segment of the log

    port = free_port()
    url = f"http://localhost:{port}"
    said = tmp_path / "start.log"
    output = said.open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "backend", "start", "--no-demo"],
        env={**new_house.environment, "KHUPHO_PORT": str(port), "KHUPHO_PUBLIC_URL": url},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    try:
        async with httpx.AsyncClient(
            base_url=url, cookies={"khupho": world.alice.client.cookies["khupho"]}, timeout=60
        ) as client:
            alice = Person("Alice", client, world.alice.account_id, world.alice.session_id)
            await answers(alice, "/healthz", 200)
            taken, path, body, refused = await fill_with_reports(alice, world)
            assert refused.status_code in {503, 507}, refused.text
            await answers(alice, "/healthz", 503)
            problem = await alice.put(path, body)
            assert problem.status_code == 503
            assert problem.json()["code"] == "unavailable"
            assert int(problem.headers["retry-after"]) >= 1

            # It cannot even end its recovery, and whoever looks at the terminal is told.
            await until(lambda: "the database does not start" in said.read_text())
            assert (await alice.put(path, body)).status_code == 503

            disk.grow(200 * MB)
            await answers(alice, "/healthz", 200)
            again = await alice.put(path, body)
            # Whether it was committed when the power of the log failed, nobody had told the phone.
            assert again.status_code in {200, 201}, again.text
            assert (await alice.put(path, body)).status_code == 200
            await assert_all_there(alice, [*taken, path])
            copy = (await alice.get("/api/sync")).json()
            assert copy["upserts"]["report"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        output.close()
    assert process.returncode == 0, said.read_text()[-3000:]


async def answers(person: Person, path: str, status: int, seconds: float = 90) -> None:
    """Asks until it does."""
    deadline = time.monotonic() + seconds
    seen: object = None
    while time.monotonic() < deadline:
        try:
            seen = (await person.get(path)).status_code
        except httpx.TransportError as error:
            seen = error
        if seen == status:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{path}: {seen!r} instead of {status}")
