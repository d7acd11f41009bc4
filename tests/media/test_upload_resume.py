"""What is left of an upload when connections, disks, stores and servers fail (I1, I2, O4)."""

import asyncio
import contextlib
import errno
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from media_store import MediaStore
from tests.conftest import Person, World
from tests.media.phone import (
    CHUNK,
    Wire,
    append,
    checksum,
    create,
    location,
    offset_of,
    part_of,
    send,
    upload_id,
)
from tests.media.stores import store, using

__all__ = ["store"]


def _patch(offset: int, length: int, **headers: str) -> dict[str, str]:
    return {**CHUNK, "Upload-Offset": str(offset), "Content-Length": str(length), **headers}


async def test_what_came_before_the_connection_broke_is_kept(api: object, world: World) -> None:
    photo = os.urandom(200_000)
    url = await location(world.alice, photo)
    wire = Wire(api, world.alice, "PATCH", url, _patch(0, 200_000))
    wire.arrives([photo[:16_000], photo[16_000:90_001]])
    wire.breaks_off()
    await wire.run()
    assert await offset_of(world.alice, url) == 90_001
    rest = await append(world.alice, url, 90_001, photo[90_001:])
    assert (rest.status_code, rest.headers["upload-offset"]) == (204, "200000")


async def test_a_connection_that_breaks_at_every_byte_loses_none(api: object, world: World) -> None:
    photo = os.urandom(40)
    url = await location(world.alice, photo)
    for at in range(39):
        wire = Wire(api, world.alice, "PATCH", url, _patch(at, 40 - at))
        wire.arrives([photo[at : at + 1]])
        wire.breaks_off()
        await wire.run()
        assert await offset_of(world.alice, url) == at + 1
    assert (await append(world.alice, url, 39, photo[39:])).status_code == 204
    assert await offset_of(world.alice, url) == 40


async def test_a_connection_that_breaks_after_the_last_byte_still_finishes(
    api: object, world: World, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    photo = os.urandom(5000)
    url = await location(world.alice, photo)
    wire = Wire(api, world.alice, "PATCH", url, {**CHUNK, "Upload-Offset": "0"})
    wire.arrives([photo])
    wire.breaks_off()
    await wire.run()
    assert await offset_of(world.alice, url) == 5000
    assert await connection.fetchval(
        "SELECT completed_at IS NOT NULL FROM upload WHERE id = $1", upload_id(url)
    )


async def test_a_checked_piece_that_breaks_off_is_not_kept(api: object, world: World) -> None:
    photo = os.urandom(100_000)
    url = await location(world.alice, photo)
    headers = _patch(0, 100_000, **checksum(photo))
    wire = Wire(api, world.alice, "PATCH", url, headers)
    wire.arrives([photo[:60_000]])
    wire.breaks_off()
    await wire.run()
    assert await offset_of(world.alice, url) == 0


async def test_a_dead_request_makes_nobody_wait(api: object, world: World) -> None:
    photo = os.urandom(100_000)
    url = await location(world.alice, photo)
    dead = Wire(api, world.alice, "PATCH", url, _patch(0, 100_000))
    dead.arrives([photo[:30_000]])
    waiting = asyncio.create_task(dead.run())
    part = part_of(world.alice, url)
    async with asyncio.timeout(5):
        while not part.exists() or part.stat().st_size < 30_000:
            await asyncio.sleep(0.001)
        assert await offset_of(world.alice, url) == 30_000
        await waiting  # it was cut off: nothing more came for it
    assert dead.status == 409
    assert b"upload_taken" in dead.body
    assert await offset_of(world.alice, url) == 30_000
    assert (await append(world.alice, url, 30_000, photo[30_000:])).status_code == 204
    assert await offset_of(world.alice, url) == 100_000


async def test_a_new_piece_replaces_a_dead_one_without_asking_first(
    api: object, world: World
) -> None:
    photo = os.urandom(100_000)
    url = await location(world.alice, photo)
    dead = Wire(api, world.alice, "PATCH", url, _patch(0, 100_000))
    waiting = asyncio.create_task(dead.run())
    async with asyncio.timeout(5):
        await dead.reading.wait()
        assert (await append(world.alice, url, 0, photo)).status_code == 204
        await waiting
    assert dead.status in {204, 409}
    assert await offset_of(world.alice, url) == 100_000


async def test_a_silent_phone_is_let_go(
    api: object, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.media.uploads.SILENCE_SECONDS", 0.05)
    monkeypatch.setattr("backend.media.tus.SWALLOW_SECONDS", 0.05)
    photo = os.urandom(1000)
    url = await location(world.alice, photo)
    wire = Wire(api, world.alice, "PATCH", url, _patch(0, 1000))
    wire.arrives([photo[:300]])
    await asyncio.wait_for(wire.run(), 5)
    assert wire.status == 408
    assert await offset_of(world.alice, url) == 300


async def test_the_wrong_photo_is_dropped_and_the_right_one_may_follow(
    world: World, store: MediaStore
) -> None:
    photo = os.urandom(50_000)
    url = await location(world.alice, photo)
    wrong = photo[:-1] + bytes([photo[-1] ^ 1])
    answer = await append(world.alice, url, 0, wrong)
    assert answer.status_code == 460
    assert answer.json()["code"] == "content_mismatch"
    assert await offset_of(world.alice, url) == 0
    key = f"original/{world.alice.account_id}/{upload_id(url)}"
    assert not await store.exists(key)

    again = await create(world.alice, photo)
    assert again.headers["location"] == url
    assert (await append(world.alice, url, 0, photo)).status_code == 204
    assert await store.read(key) == photo


async def test_a_finished_photo_is_in_the_store_byte_for_byte(
    world: World, store: MediaStore, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    photo = os.urandom(300_000)
    url = await send(world.alice, photo, "image/webp")
    key = await connection.fetchval("SELECT media_key FROM upload WHERE id = $1", upload_id(url))
    assert key == f"original/{world.alice.account_id}/{upload_id(url)}"
    assert await store.read(key) == photo
    assert not part_of(world.alice, url).exists()
    assert not part_of(world.alice, url).with_suffix(".lock").exists()


async def test_a_store_that_is_away_loses_nothing(
    world: World, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    photo = os.urandom(50_000)
    url = await location(world.alice, photo)
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        port = nobody_listens.getsockname()[1]
        async for _ in using(f"s3://key:secret@127.0.0.1:{port}/bucket?secure=0"):
            answer = await append(world.alice, url, 0, photo)
            assert answer.status_code == 503
            assert answer.json()["code"] == "unavailable"
            assert not await connection.fetchval(
                "SELECT completed_at IS NOT NULL FROM upload WHERE id = $1", upload_id(url)
            )
    # The phone asks how far it is; that is enough.
    assert await offset_of(world.alice, url) == 50_000
    assert await connection.fetchval(
        "SELECT completed_at IS NOT NULL FROM upload WHERE id = $1", upload_id(url)
    )


async def test_a_full_disk_says_so_and_keeps_what_fitted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = os.urandom(50_000)
    url = await location(world.alice, photo)
    assert (await append(world.alice, url, 0, photo[:10_000])).status_code == 204
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) > 5000:
            return write(descriptor, data[:5000])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("backend.media.parts.os.write", full)
    answer = await append(world.alice, url, 10_000, photo[10_000:18_000])
    monkeypatch.undo()
    assert answer.status_code == 507
    assert answer.json()["code"] == "storage_full"
    assert await offset_of(world.alice, url) == 15_000
    assert (await append(world.alice, url, 15_000, photo[15_000:])).status_code == 204


async def test_two_phones_of_one_person_never_mix_their_bytes(world: World) -> None:
    photo = os.urandom(400_000)
    url = await location(world.alice, photo)

    async def push() -> None:
        while (at := await offset_of(world.alice, url)) < len(photo):
            await append(world.alice, url, at, photo[at : at + 50_000])

    async with asyncio.timeout(30):
        await asyncio.gather(push(), push(), push())
    assert await offset_of(world.alice, url) == len(photo)


# a server process of its own ---------------------------------------------------------------------


class Server:
    """The real server, started as people start it, on a free port."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.port = port
        self.process = process

    def request(
        self, person: Person, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> socket.socket:
        """A connection on which these bytes, and no more, were sent."""
        cookies = "; ".join(f"{name}={value}" for name, value in person.client.cookies.items())
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Cookie: {cookies}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        wire = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        wire.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return wire

    def ask(
        self, person: Person, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str]]:
        with self.request(person, method, path, {**headers, "Connection": "close"}, body) as wire:
            answer = b""
            while more := wire.recv(65536):
                answer += more
        status, *lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        return int(status.split()[1]), {name.lower(): value for name, _, value in pairs}

    def offset(self, person: Person, url: str) -> int:
        status, headers = self.ask(person, "HEAD", url, {"Tus-Resumable": "1.0.0"})
        assert status == 200
        return int(headers["upload-offset"])


@contextlib.contextmanager
def running_server(database_url: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--no-ws"),
            *("--host", "127.0.0.1", "--port", str(port), "backend.app:create_app"),
        ],
        env={
            **{name: value for name, value in os.environ.items() if name != "PYTHONSTARTUP"},
            "DATABASE_URL": database_url,
            "KHUPHO_PUBLIC_URL": f"http://127.0.0.1:{port}",
        },
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield Server(port, process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


@pytest.fixture(scope="module")
async def server(database_url: str, api: object) -> AsyncIterator[Server]:
    with running_server(database_url) as server:
        yield server


async def _until_size(person: Person, url: str, size: int) -> None:
    part = part_of(person, url)
    async with asyncio.timeout(10):
        while not part.exists() or part.stat().st_size < size:
            await asyncio.sleep(0.005)


async def test_a_real_connection_cut_in_the_middle_goes_on_from_there(
    server: Server, world: World
) -> None:
    photo = os.urandom(500_000)
    url = await location(world.alice, photo)
    wire = server.request(world.alice, "PATCH", url, _patch(0, 500_000), photo[:200_000])
    await _until_size(world.alice, url, 200_000)
    wire.close()
    assert await asyncio.to_thread(server.offset, world.alice, url) == 200_000
    status, headers = await asyncio.to_thread(
        server.ask, world.alice, "PATCH", url, _patch(200_000, 300_000), photo[200_000:]
    )
    assert (status, headers["upload-offset"]) == (204, "500000")


async def test_a_dead_request_in_another_process_cannot_add_bytes(
    server: Server, world: World
) -> None:
    """The server process holds a request; this process, of the same machine, answers the next."""
    photo = os.urandom(100_000)
    url = await location(world.alice, photo)
    with server.request(world.alice, "PATCH", url, _patch(0, 100_000), photo[:30_000]) as dead:
        await _until_size(world.alice, url, 30_000)
        assert await offset_of(world.alice, url) == 30_000
        dead.sendall(b"x" * 1000)
        answer = await asyncio.to_thread(dead.recv, 65536)
        assert b" 409 " in answer
    assert await offset_of(world.alice, url) == 30_000
    assert (await append(world.alice, url, 30_000, photo[30_000:])).status_code == 204


async def test_a_refused_piece_leaves_the_connection_usable(server: Server, world: World) -> None:
    photo = os.urandom(65_536)
    url = await location(world.alice, photo)
    with server.request(world.alice, "PATCH", url, _patch(7, 65_529), photo[7:]) as wire:
        refusal = await asyncio.to_thread(wire.recv, 65536)
        assert b" 409 " in refusal
        assert b"upload-offset: 0" in refusal
        head = f"HEAD {url} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
        wire.sendall(head.encode())
        assert b" 401 " in await asyncio.to_thread(wire.recv, 65536)


async def test_a_server_killed_in_the_middle_has_kept_what_came(
    database_url: str, world: World
) -> None:
    photo = os.urandom(300_000)
    url = await location(world.alice, photo)
    with running_server(database_url) as doomed:
        wire = doomed.request(world.alice, "PATCH", url, _patch(0, 300_000), photo[:150_000])
        await _until_size(world.alice, url, 150_000)
        os.killpg(doomed.process.pid, 9)
        wire.close()
    assert await offset_of(world.alice, url) == 150_000
    assert (await append(world.alice, url, 150_000, photo[150_000:])).status_code == 204
    assert await offset_of(world.alice, url) == 300_000
