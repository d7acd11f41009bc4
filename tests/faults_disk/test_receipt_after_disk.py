"""What a receipt says is on the disk, was on the disk before the receipt's first byte left (I2).

Nothing is asked of our own code: the kernel is. strace writes down what the server and PostgreSQL
told it to do, and when.
"""

import re
import time
import uuid
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import World
from tests.faults_disk.conftest import Source
from tests.faults_disk.traced import OPTIONS, Call, read_calls, strace, watched
from tests.media.phone import PIECE, send, sha256
from tests.media.pictures import encoded, four_corners
from tests.reports.steps import report_body

pytestmark = pytest.mark.parametrize("source", ["local"], indirect=True)
FSYNC = ("fsync", "fdatasync")
SEND = ("writev", "write", "sendto", "sendmsg")
SOCKET = "<socket:["


def the_one(calls: list[Call], *names: str, words: str) -> Call:
    (found,) = [call for call in calls if call.name in names and words in call.arguments]
    return found


async def test_photo_and_row_are_on_the_disk_before_the_receipt_leaves(
    world: World,
    source: Source,
    tmp_path: Path,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    assert await connection.fetchval("SHOW synchronous_commit") == "on"
    data_folder = Path(await connection.fetchval("SHOW data_directory"))
    postmaster = int((data_folder / "postmaster.pid").read_text().split("\n", 1)[0])
    photo = encoded(four_corners(333, 222), "JPEG", quality=100)
    assert len(photo) < PIECE
    path = f"/api/reports/{uuid.uuid4()}"
    body = report_body(
        world, photos=[{"sha256": sha256(photo), "bytes": len(photo), "type": "image/jpeg"}]
    )
    of_server, of_database = tmp_path / "server.trace", tmp_path / "database.trace"
    with watched(postmaster, of_database):
        async with (
            source.house.served(strace(), *OPTIONS, "-o", str(of_server)) as served,
            served.visited_by(world.alice) as alice,
        ):
            asked_at = time.time()
            first = await alice.put(path, body)
            assert first.json()["photos"][0]["stored"] is False
            url = await send(alice, photo)
            last = await alice.put(path, body)
            assert last.json()["photos"][0]["stored"] is True
    server, database = read_calls(of_server), read_calls(of_database)

    # The photo: written beside, synced, renamed into place, the folder synced.
    upload_id = url.rsplit("/", 1)[1]
    rename = the_one(server, "rename", "renameat", "renameat2", words=f'{upload_id}"')
    draft, target = re.findall(r'"([^"]+)"', rename.arguments)
    assert "/.incoming/" in draft
    assert f"/media/original/{world.alice.account_id}/" in target
    content = the_one(server, *FSYNC, words=f"<{draft}>")
    folders = [
        call
        for call in server
        if call.name in FSYNC
        and f"<{Path(target).parent}>" in call.arguments
        and call.begun >= rename.ended
    ]
    assert folders
    assert content.result == rename.result == folders[0].result == 0
    assert content.ended <= rename.begun
    finished = the_one(server, *SEND, words=f"upload-offset: {len(photo)}")
    receipts = [
        call
        for call in server
        if call.name in SEND and SOCKET in call.arguments and '\\"stored\\":true' in call.arguments
    ]
    assert len(receipts) == 1
    assert folders[0].ended <= finished.begun <= receipts[0].begun
    # The parts before, too: what the phone was told is kept, is kept.
    part = the_one(server, *FSYNC, words=f"/{upload_id}.part>")
    assert part.ended <= finished.begun

    # The rows: the log of PostgreSQL is on the disk before the commit is told, and that before us.
    answers = [
        call
        for call in server
        if call.name in SEND and "HTTP/1.1 201" in call.arguments and SOCKET in call.arguments
    ]
    for answer, since in ((answers[0], asked_at), (finished, answers[-1].begun)):
        commits = [
            call
            for call in database
            if call.name in SEND
            and "COMMIT\\0" in call.arguments
            and since <= call.begun <= answer.begun
        ]
        assert commits, "no commit before the answer"
        logged = [
            call
            for call in database
            if call.name in FSYNC
            and "/pg_wal/" in call.arguments
            and call.result == 0
            and since <= call.begun
            and call.ended <= commits[-1].begun
        ]
        assert logged, "the commit was told before the log was on the disk"


async def test_the_proof_can_fail(
    world: World,
    source: Source,
    tmp_path: Path,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    """With `synchronous_commit=off` the same look at PostgreSQL finds no such order."""
    data_folder = Path(await connection.fetchval("SHOW data_directory"))
    postmaster = int((data_folder / "postmaster.pid").read_text().split("\n", 1)[0])
    address = str(source.house.database_url)
    trace = tmp_path / "database.trace"
    with watched(postmaster, trace):
        hurried = await asyncpg.connect(address)
        await hurried.execute("SET synchronous_commit = off")
        async with hurried.transaction():
            await hurried.execute("UPDATE account SET name = name")
        await hurried.close()
    calls = read_calls(trace)
    commit = the_one(calls, *SEND, words="COMMIT\\0")
    before = [
        call
        for call in calls
        if call.name in FSYNC and call.thread == commit.thread and call.ended <= commit.begun
    ]
    assert before == []
