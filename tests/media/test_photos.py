"""Photos: named before or after their bytes, made into pictures without a trace of the phone."""

import asyncio
import contextvars
import os
import random
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import asyncpg
import pytest
from PIL import Image

from backend import db
from backend.errors import InvalidField, NotFound
from backend.media import queries, service, uploads
from backend.media.schemas import PhotoNamed, PhotoOut, PhotoReceipt
from backend.media.worker import make_pictures, register
from media_store import MediaStore
from tests.conftest import Person, World
from tests.media.phone import (
    TUS,
    append,
    create,
    location,
    offset_of,
    part_of,
    send,
    sha256,
    upload_id,
)
from tests.media.pictures import encoded, four_corners, png_bomb, webp_chunks
from tests.media.stores import store

__all__ = ["store"]

Connection = asyncpg.Connection  # type: ignore[type-arg]


def named(data: bytes, content_type: str = "image/jpeg") -> PhotoNamed:
    return PhotoNamed(sha256(data), len(data), content_type)


async def name(
    person: Person, *photos: PhotoNamed, message_id: uuid.UUID | None = None
) -> tuple[uuid.UUID, list[PhotoReceipt]]:
    """A message of a thread of its own with these photos."""
    message_id = message_id or uuid.uuid4()
    async with db.write_tx():
        receipts = await service.name_photos(person.account_id, message_id, message_id, photos)
    return message_id, receipts


async def shown(message_id: uuid.UUID) -> list[PhotoOut]:
    return (await service.list_photos([message_id])).get(message_id, [])


async def read(photo_id: uuid.UUID, variant: str) -> bytes:
    picture = await service.open_variant(photo_id, variant)  # type: ignore[arg-type]
    data = b"".join([chunk async for chunk in picture.chunks])
    assert len(data) == picture.size
    return data


async def jobs_for(connection: Connection, photo_id: uuid.UUID) -> int:
    return int(
        await connection.fetchval(
            """SELECT count(*) FROM pgqueuer WHERE entrypoint = 'process_photo'
               AND convert_from(payload, 'utf8')::json->>'photo_id' = $1""",
            str(photo_id),
        )
    )


@pytest.fixture
async def heard() -> AsyncIterator[list[tuple[uuid.UUID, uuid.UUID]]]:
    """What the owner of the threads is told."""
    told: list[tuple[uuid.UUID, uuid.UUID]] = []

    async def listener(thread_id: uuid.UUID, message_id: uuid.UUID) -> None:
        assert db.in_transaction()
        told.append((thread_id, message_id))

    service.on_photo_changed.append(listener)
    yield told
    service.on_photo_changed.remove(listener)


# named and stored --------------------------------------------------------------------------------


async def test_a_photo_named_first_is_stored_when_its_bytes_are_whole(
    world: World,
    store: MediaStore,
    connection: Connection,
    heard: list[tuple[uuid.UUID, uuid.UUID]],
) -> None:
    data = os.urandom(100_000)
    message_id, (receipt,) = await name(world.alice, named(data))
    assert (receipt.sha256, receipt.stored) == (sha256(data), False)
    assert [photo.state for photo in await shown(message_id)] == ["expected"]
    assert await jobs_for(connection, receipt.id) == 0

    url = await location(world.alice, data)
    await append(world.alice, url, 0, data[:50_000])
    assert await service.photo_receipts(message_id) == [receipt]
    await append(world.alice, url, 50_000, data[50_000:])

    assert await service.photo_receipts(message_id) == [
        PhotoReceipt(receipt.id, receipt.sha256, True)
    ]
    assert [photo.state for photo in await shown(message_id)] == ["stored"]
    assert heard == [(message_id, message_id)]
    assert await jobs_for(connection, receipt.id) == 1
    key = await queries.get_unprocessed_key(receipt.id)
    assert key is not None
    assert await store.read(key) == data


async def test_a_photo_whose_bytes_came_first_is_stored_at_once(
    world: World, connection: Connection
) -> None:
    data = os.urandom(5000)
    await send(world.alice, data)
    _, (receipt,) = await name(world.alice, named(data))
    assert receipt.stored
    assert await jobs_for(connection, receipt.id) == 1


async def test_bytes_of_somebody_else_do_not_complete_my_photo(world: World) -> None:
    data = os.urandom(5000)
    await send(world.dariush, data)
    message_id, (receipt,) = await name(world.alice, named(data))
    assert not receipt.stored
    await send(world.bang, data)
    assert not (await service.photo_receipts(message_id))[0].stored
    await send(world.alice, data)
    assert (await service.photo_receipts(message_id))[0].stored


async def test_the_same_photo_in_two_messages_is_sent_once(
    world: World, heard: list[tuple[uuid.UUID, uuid.UUID]]
) -> None:
    data = os.urandom(5000)
    one, _ = await name(world.alice, named(data))
    other, _ = await name(world.alice, named(data))
    await send(world.alice, data)
    third, (late,) = await name(world.alice, named(data))
    for message_id in (one, other, third):
        assert [receipt.stored for receipt in await service.photo_receipts(message_id)] == [True]
    assert sorted(heard) == sorted([(one, one), (other, other)])
    assert late.stored


async def test_photos_keep_the_order_in_which_they_were_named(world: World) -> None:
    photos = [named(os.urandom(100)) for _ in range(5)]
    message_id, receipts = await name(world.alice, *photos)
    assert [receipt.sha256 for receipt in receipts] == [photo.sha256 for photo in photos]
    _, again = await name(world.alice, *photos, message_id=message_id)
    assert again == receipts
    assert [photo.sha256 for photo in await shown(message_id)] == [p.sha256 for p in photos]


async def test_the_same_photo_twice_in_one_message_counts_once(world: World) -> None:
    photo = named(b"photo")
    _, receipts = await name(world.alice, photo, photo)
    assert len(receipts) == 1


MEGABYTE = 1024 * 1024
GOOD = sha256(b"photo")
REFUSED = {
    "too_many_photos": [PhotoNamed(sha256(bytes([n])), 1, "image/jpeg") for n in range(6)],
    "photo_too_large": [PhotoNamed(GOOD, 26 * MEGABYTE, "image/jpeg")],
    "photo_empty": [PhotoNamed(GOOD, 0, "image/jpeg")],
    "photo_type": [PhotoNamed(GOOD, 1, "text/html")],
    "bad_sha256": [PhotoNamed("../../etc/passwd", 1, "image/jpeg")],
}


@pytest.mark.parametrize("code", REFUSED)
async def test_photos_that_cannot_be_are_refused_by_name(world: World, code: str) -> None:
    message_id = uuid.uuid4()
    with pytest.raises(InvalidField) as refusal:
        await name(world.alice, *REFUSED[code], message_id=message_id)
    assert refusal.value.code == code
    assert refusal.value.field_problems("en")[0].field == "photos"
    assert await shown(message_id) == []


async def test_a_message_that_fails_names_nothing(world: World) -> None:
    data = os.urandom(5000)
    await send(world.alice, data)
    message_id = uuid.uuid4()

    async def fail() -> None:
        async with db.write_tx():
            await service.name_photos(world.alice.account_id, message_id, message_id, [named(data)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await shown(message_id) == []


# the race of naming and finishing ----------------------------------------------------------------


async def _someone_waits(connection: Connection) -> None:
    """Until a transaction of this database waits for an advisory lock."""
    async with asyncio.timeout(5):
        while not await connection.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ):
            await asyncio.sleep(0.002)


async def test_an_upload_that_finishes_while_its_message_is_written_waits_for_it(
    world: World, connection: Connection
) -> None:
    data = os.urandom(5000)
    url = await location(world.alice, data)
    message_id = uuid.uuid4()
    outside = contextvars.copy_context()
    async with db.write_tx():
        (receipt,) = await service.name_photos(
            world.alice.account_id, message_id, message_id, [named(data)]
        )
        assert not receipt.stored
        finishing = asyncio.create_task(append(world.alice, url, 0, data), context=outside)
        await _someone_waits(connection)
    assert (await finishing).status_code == 204
    assert [receipt.stored for receipt in await service.photo_receipts(message_id)] == [True]


async def test_a_message_written_while_its_upload_finishes_waits_for_it(
    world: World, connection: Connection
) -> None:
    data = os.urandom(5000)
    url = await location(world.alice, data)
    first, _ = await name(world.alice, named(data))
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_thread_id: uuid.UUID, _message_id: uuid.UUID) -> None:
        inside.set()
        await go_on.wait()

    service.on_photo_changed.append(hold)
    try:
        finishing = asyncio.create_task(append(world.alice, url, 0, data))
        await inside.wait()
        naming = asyncio.create_task(name(world.alice, named(data)))
        await _someone_waits(connection)
        go_on.set()
        assert (await finishing).status_code == 204
        second, (receipt,) = await naming
    finally:
        service.on_photo_changed.remove(hold)
    assert receipt.stored
    for message_id in (first, second):
        assert [photo.state for photo in await shown(message_id)] == ["stored"]


async def test_naming_and_finishing_at_once_never_miss_each_other(world: World) -> None:
    dice = random.Random(20260131)
    for _ in range(40):
        data = os.urandom(200)
        url = await location(world.alice, data)

        async def finish(url: str = url, data: bytes = data, late: float = dice.random()) -> None:
            await asyncio.sleep(late / 200)
            assert (await append(world.alice, url, 0, data)).status_code == 204

        async def write(data: bytes = data, late: float = dice.random()) -> uuid.UUID:
            await asyncio.sleep(late / 200)
            return (await name(world.alice, named(data)))[0]

        _, *messages = await asyncio.gather(finish(), write(), write())
        for message_id in messages:
            assert [r.stored for r in await service.photo_receipts(message_id)] == [True]


async def test_a_message_is_never_the_one_that_gives_way(
    world: World, connection: Connection
) -> None:
    """A message holds its report and waits for the photo; the upload does the reverse."""
    data = os.urandom(5000)
    url = await location(world.alice, data)
    first, _ = await name(world.alice, named(data))
    second = uuid.uuid4()
    report = "SELECT 1 FROM area WHERE id = $1 FOR UPDATE"  # any row will do
    report_held, photo_held, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def touch_report(_thread_id: uuid.UUID, _message_id: uuid.UUID) -> None:
        photo_held.set()
        await go_on.wait()
        await db.execute(report, world.ward_id)

    async def write_message() -> list[PhotoReceipt]:
        async with db.write_tx():
            await db.execute(report, world.ward_id)
            report_held.set()
            await photo_held.wait()
            return await service.name_photos(world.alice.account_id, second, second, [named(data)])

    service.on_photo_changed.append(touch_report)
    try:
        writing = asyncio.create_task(write_message())
        await report_held.wait()
        finishing = asyncio.create_task(append(world.alice, url, 0, data))
        await _someone_waits(connection)
        go_on.set()
        await writing
        assert (await finishing).status_code == 204
    finally:
        service.on_photo_changed.remove(touch_report)
    for message_id in (first, second):
        assert [r.stored for r in await service.photo_receipts(message_id)] == [True]


# pictures ----------------------------------------------------------------------------------------


async def processed(person: Person, data: bytes, content_type: str = "image/jpeg") -> PhotoOut:
    """What becomes of a photo: named, sent, worked on."""
    message_id, (receipt,) = await name(person, named(data, content_type))
    await send(person, data, content_type)
    await make_pictures(receipt.id)
    (photo,) = await shown(message_id)
    return photo


async def test_a_photo_becomes_two_pictures_without_a_trace_of_the_phone(
    world: World, store: MediaStore, photos: Path
) -> None:
    data = (photos / "gps_iphone6_large.jpg").read_bytes()
    photo = await processed(world.alice, data)
    assert photo.state == "ready"
    full, thumb = await read(photo.id, "full"), await read(photo.id, "thumb")
    with Image.open(BytesIO(full)) as picture:
        assert picture.format == "WEBP"
        assert picture.size == (photo.width, photo.height)
        assert max(picture.size) == 1600
        assert not picture.getexif()
    assert len(thumb) <= 15 * 1024
    for made in (full, thumb):
        assert {b"EXIF", b"XMP ", b"ICCP"}.isdisjoint(webp_chunks(made))
        assert b"Apple" not in made


async def test_a_heic_photo_is_shown_as_webp(world: World, photos: Path) -> None:
    data = (photos / "gps_iphone11promax.heic").read_bytes()
    photo = await processed(world.alice, data, "image/heic")
    assert photo.state == "ready"
    webp_chunks(await read(photo.id, "full"))


async def test_a_picture_may_be_kept_by_the_phone_and_runs_nothing(world: World) -> None:
    photo = await processed(world.alice, encoded(four_corners(300, 200), "JPEG"))
    picture = await service.open_variant(photo.id, "thumb")
    assert picture.headers["Content-Type"] == "image/webp"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert "private" in picture.headers["Cache-Control"]
    assert "immutable" in picture.headers["Cache-Control"]
    full = await service.open_variant(photo.id, "full")
    assert picture.headers["ETag"] != full.headers["ETag"]


def _polyglot() -> bytes:
    return encoded(four_corners(), "JPEG") + b"<script>alert(1)</script>PK\x03\x04evil.zip"


NOT_PICTURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a text": (lambda: b"Tho\xcc\x82ng ba\xcc\x81o\n" * 100, "image_unreadable"),
    "a web page": (lambda: b"<html><script>alert(1)</script></html>", "image_unreadable"),
    "cut short": (lambda: encoded(four_corners(900, 600), "JPEG")[:4000], "image_corrupt"),
    "a bomb": (lambda: png_bomb(30_000, 30_000), "image_too_large"),
}


@pytest.mark.parametrize("kind", NOT_PICTURES)
async def test_what_is_no_picture_is_stored_and_seen_as_failed(
    world: World, connection: Connection, heard: list[tuple[uuid.UUID, uuid.UUID]], kind: str
) -> None:
    make, code = NOT_PICTURES[kind]
    photo = await processed(world.alice, make())
    assert (photo.state, photo.width) == ("failed", None)
    failure = await connection.fetchval("SELECT failure FROM photo WHERE id = $1", photo.id)
    assert failure == code
    assert len(heard) == 2
    with pytest.raises(service.PhotoNotReady):
        await service.open_variant(photo.id, "full")
    # The bytes are safe, so the phone may let go of them.
    message_id = heard[0][1]
    assert [receipt.stored for receipt in await service.photo_receipts(message_id)] == [True]


async def test_what_hides_behind_a_picture_reaches_nobody(world: World) -> None:
    photo = await processed(world.alice, _polyglot())
    assert photo.state == "ready"
    for variant in ("full", "thumb"):
        data = await read(photo.id, variant)
        webp_chunks(data)
        assert b"script" not in data
        assert b"evil" not in data


async def test_working_twice_on_a_photo_changes_nothing(
    world: World, heard: list[tuple[uuid.UUID, uuid.UUID]]
) -> None:
    photo = await processed(world.alice, encoded(four_corners(), "PNG"), "image/png")
    before = await read(photo.id, "full")
    await make_pictures(photo.id)
    assert await read(photo.id, "full") == before
    assert len(heard) == 2
    await make_pictures(uuid.uuid4())


async def test_a_photo_that_is_not_ready_is_not_handed_out(world: World) -> None:
    _, (receipt,) = await name(world.alice, named(b"photo"))
    with pytest.raises(service.PhotoNotReady):
        await service.open_variant(receipt.id, "thumb")
    with pytest.raises(NotFound):
        await service.open_variant(uuid.uuid4(), "thumb")
    place = await service.get_photo(receipt.id)
    assert place is not None
    assert place.account_id == world.alice.account_id
    assert await service.get_photo(uuid.uuid4()) is None


async def test_the_worker_takes_photos_from_the_queue(
    world: World, database_url: str, connection: Connection
) -> None:
    from pgqueuer import PgQueuer
    from pgqueuer.types import QueueExecutionMode

    data = encoded(four_corners(200, 100), "WEBP")
    message_id, (receipt,) = await name(world.alice, named(data, "image/webp"))
    await send(world.alice, data, "image/webp")
    await connection.execute(
        """DELETE FROM pgqueuer WHERE entrypoint = 'process_photo'
           AND convert_from(payload, 'utf8')::json->>'photo_id' <> $1""",
        str(receipt.id),
    )
    queue = PgQueuer.from_asyncpg_connection(await asyncpg.connect(database_url))
    register(queue)
    await asyncio.wait_for(
        queue.qm.run(dequeue_timeout=timedelta(seconds=1), mode=QueueExecutionMode.drain), 30
    )
    assert [photo.state for photo in await shown(message_id)] == ["ready"]
    assert await jobs_for(connection, receipt.id) == 0


# what nobody finished ----------------------------------------------------------------------------


async def _age(connection: Connection, url: str, days: int) -> None:
    await connection.execute(
        "UPDATE upload SET expires_at = expires_at - make_interval(days => $2) WHERE id = $1",
        upload_id(url),
        days,
    )


async def _is_there(connection: Connection, url: str) -> bool:
    return bool(await connection.fetchval("SELECT true FROM upload WHERE id = $1", upload_id(url)))


async def test_uploads_left_alone_go_and_all_others_stay(
    world: World, store: MediaStore, connection: Connection
) -> None:
    def key(url: str) -> str:
        return f"original/{world.alice.account_id}/{upload_id(url)}"

    half = os.urandom(5000)
    abandoned = await location(world.alice, half)
    await append(world.alice, abandoned, 0, half[:2000])
    await _age(connection, abandoned, 8)

    other_half = os.urandom(5000)
    going_on = await location(world.alice, other_half)
    await append(world.alice, going_on, 0, other_half[:2000])
    await _age(connection, going_on, 6)

    unnamed, unnamed_data = await _sent(world.alice)
    await _age(connection, unnamed, 8)
    recent, _ = await _sent(world.alice)

    named_first_data = os.urandom(3000)
    await name(world.alice, named(named_first_data))
    named_first = await send(world.alice, named_first_data)
    named_later, named_later_data = await _sent(world.alice)
    await name(world.alice, named(named_later_data))
    for kept in (named_first, named_later):
        await _age(connection, kept, 8)  # of eternity, nothing is missing

    orphan = part_of(world.alice, abandoned).with_name(f"{uuid.uuid4()}.part")
    orphan.write_bytes(b"bytes of no upload")

    assert await uploads.sweep_uploads() >= 2
    for gone in (abandoned, unnamed):
        assert not await _is_there(connection, gone)
        assert not await store.exists(key(gone))
        assert not part_of(world.alice, gone).exists()
    assert not orphan.exists()
    for kept in (recent, named_first, named_later):
        assert await _is_there(connection, kept)
        assert await store.exists(key(kept))
    assert await offset_of(world.alice, going_on) == 2000
    # Sent once more, it is simply a new one.
    again = await create(world.alice, unnamed_data)
    assert again.headers["upload-offset"] == "0"


async def _sent(person: Person) -> tuple[str, bytes]:
    data = os.urandom(3000)
    return await send(person, data), data


async def test_a_photo_of_a_message_cannot_be_taken_back_as_an_upload(
    world: World, connection: Connection
) -> None:
    url, data = await _sent(world.alice)
    _, (receipt,) = await name(world.alice, named(data))
    answer = await world.alice.client.delete(url, headers=TUS)
    assert answer.status_code == 409
    assert answer.json()["code"] == "upload_in_use"
    assert await queries.get_unprocessed_key(receipt.id) is not None

    unnamed, _ = await _sent(world.alice)
    assert (await world.alice.client.delete(unnamed, headers=TUS)).status_code == 204
    assert not await _is_there(connection, unnamed)


async def test_the_sweep_finds_stale_uploads_by_an_index(
    world: World, connection: Connection
) -> None:
    trial = connection.transaction()
    await trial.start()
    try:
        await connection.execute(
            """INSERT INTO upload (id, account_id, sha256, content_type, length, expires_at,
                                   completed_at, media_key)
               SELECT gen_random_uuid(), $1, sha256(n::text::bytea), 'image/jpeg', 1,
                      CASE WHEN n % 1000 = 0 THEN now() ELSE 'infinity' END, now(), n::text
               FROM generate_series(1, 50000) n""",
            world.alice.account_id,
        )
        await connection.execute("ANALYZE upload")
        plan = await connection.fetch(
            """EXPLAIN SELECT id FROM upload
               WHERE expires_at < 'infinity' AND expires_at <= now()
               ORDER BY expires_at LIMIT 500"""
        )
    finally:
        await trial.rollback()
    assert any("upload_expiry" in row[0] for row in plan)
