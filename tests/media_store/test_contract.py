"""What every media store promises, tried on each of them."""

import asyncio
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from media_store import (
    InvalidMediaKey,
    MediaNotFound,
    MediaRangeInvalid,
    MediaStore,
)
from media_store.protocol import CHUNK_BYTES

PHOTO = "photos/3f/3f2a91/full.webp"
WEBP = "image/webp"


async def test_bytes_come_back_as_they_went_in(store: MediaStore) -> None:
    data = os.urandom(3000)
    assert await store.put_bytes(PHOTO, data, content_type=WEBP) == 3000
    assert await store.read(PHOTO) == data


async def test_an_empty_object_is_an_object(store: MediaStore) -> None:
    await store.put_bytes("empty", b"", content_type=WEBP)
    assert await store.read("empty") == b""
    assert (await store.stat("empty")).size == 0
    async with await store.open("empty") as reader:
        assert [chunk async for chunk in reader] == []


async def test_a_file_of_25_mebibytes_goes_and_comes_whole(
    store: MediaStore, tmp_path: Path
) -> None:
    sent, fetched = tmp_path / "sent.jpg", tmp_path / "fetched.jpg"
    sent.write_bytes(os.urandom(25 * 1024 * 1024))
    assert await store.put_file(PHOTO, sent, content_type="image/jpeg") == sent.stat().st_size
    assert await store.get_file(PHOTO, fetched) == sent.stat().st_size
    assert _sha256(fetched) == _sha256(sent)
    assert sent.exists(), "the caller's own file is left alone"


async def test_fetching_replaces_a_longer_file(store: MediaStore, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"x" * 100)
    await store.put_bytes(PHOTO, b"short", content_type=WEBP)
    await store.get_file(PHOTO, target)
    assert target.read_bytes() == b"short"


async def test_a_source_that_is_gone_is_the_callers_error(
    store: MediaStore, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        await store.put_file(PHOTO, tmp_path / "gone.jpg", content_type=WEBP)
    assert not await store.exists(PHOTO)


async def test_a_large_object_is_read_in_bounded_chunks(store: MediaStore) -> None:
    data = os.urandom(CHUNK_BYTES * 2 + 7)
    await store.put_bytes(PHOTO, data, content_type=WEBP)
    async with await store.open(PHOTO) as reader:
        assert (reader.size, reader.offset, reader.length) == (len(data), 0, len(data))
        chunks = [chunk async for chunk in reader]
    assert b"".join(chunks) == data
    assert max(len(chunk) for chunk in chunks) <= CHUNK_BYTES


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, 1, b"0"),
        (0, 10, b"0123456789"),
        (3, 4, b"3456"),
        (3, None, b"3456789"),
        (9, None, b"9"),
        (8, 100, b"89"),
        (0, 100, b"0123456789"),
    ],
)
async def test_a_part_can_be_read(
    store: MediaStore, offset: int, length: int | None, expected: bytes
) -> None:
    await store.put_bytes(PHOTO, b"0123456789", content_type=WEBP)
    async with await store.open(PHOTO, offset=offset, length=length) as reader:
        assert (reader.size, reader.offset, reader.length) == (10, offset, len(expected))
        assert b"".join([chunk async for chunk in reader]) == expected


@pytest.mark.parametrize("offset", [10, 11])
async def test_a_part_beyond_the_end_is_refused(store: MediaStore, offset: int) -> None:
    await store.put_bytes(PHOTO, b"0123456789", content_type=WEBP)
    with pytest.raises(MediaRangeInvalid):
        await store.open(PHOTO, offset=offset)


async def test_a_reader_may_be_closed_early_and_twice(store: MediaStore) -> None:
    await store.put_bytes(PHOTO, os.urandom(CHUNK_BYTES * 3), content_type=WEBP)
    for _ in range(12):  # more than there are connections: none may leak
        reader = await store.open(PHOTO)
        async for _chunk in reader:
            break
        await reader.close()
        await reader.close()
    assert len(await store.read(PHOTO)) == CHUNK_BYTES * 3


async def test_what_is_not_there_is_said_to_be_missing(store: MediaStore, tmp_path: Path) -> None:
    assert not await store.exists(PHOTO)
    with pytest.raises(MediaNotFound):
        await store.read(PHOTO)
    with pytest.raises(MediaNotFound):
        await store.open(PHOTO)
    with pytest.raises(MediaNotFound):
        await store.stat(PHOTO)
    with pytest.raises(MediaNotFound):
        await store.get_file(PHOTO, tmp_path / "target")


async def test_a_folder_of_keys_is_not_itself_an_object(store: MediaStore) -> None:
    await store.put_bytes(PHOTO, b"data", content_type=WEBP)
    assert not await store.exists("photos/3f")
    with pytest.raises(MediaNotFound):
        await store.read("photos/3f")
    assert not await store.exists(f"{PHOTO}/below")
    await store.delete("photos/3f")
    assert await store.exists(PHOTO)


async def test_stat_tells_size_and_time(store: MediaStore) -> None:
    await store.put_bytes(PHOTO, b"12345", content_type=WEBP)
    found = await store.stat(PHOTO)
    assert (found.key, found.size) == (PHOTO, 5)
    assert abs(datetime.now(UTC) - found.modified) < timedelta(minutes=1)


async def test_putting_again_replaces(store: MediaStore) -> None:
    await store.put_bytes(PHOTO, b"first, and longer", content_type=WEBP)
    await store.put_bytes(PHOTO, b"second", content_type=WEBP)
    assert await store.read(PHOTO) == b"second"
    assert [entry.key async for entry in store.list()] == [PHOTO]


async def test_an_open_reader_keeps_the_object_it_opened(store: MediaStore) -> None:
    old, new = b"a" * CHUNK_BYTES * 2, b"b" * CHUNK_BYTES * 2
    await store.put_bytes(PHOTO, old, content_type=WEBP)
    async with await store.open(PHOTO) as reader:
        await store.put_bytes(PHOTO, new, content_type=WEBP)
        assert b"".join([chunk async for chunk in reader]) == old


async def test_deleting_is_for_good_and_may_be_repeated(store: MediaStore) -> None:
    await store.put_bytes(PHOTO, b"data", content_type=WEBP)
    await store.delete(PHOTO)
    await store.delete(PHOTO)
    await store.delete("never/was")
    assert not await store.exists(PHOTO)
    assert [entry async for entry in store.list()] == []


async def test_list_finds_by_prefix(store: MediaStore) -> None:
    keys = {"photos/ab/1", "photos/ab/2", "photos/abc", "photos/b/1", "voice/ab/1", "photosx"}
    for key in keys:
        await store.put_bytes(key, key.encode(), content_type=WEBP)

    async def listed(prefix: str) -> set[str]:
        return {entry.key async for entry in store.list(prefix)}

    assert await listed("") == keys
    assert await listed("photos/") == {key for key in keys if key.startswith("photos/")}
    assert await listed("photos") == {key for key in keys if key.startswith("photos")}
    assert await listed("photos/ab") == {"photos/ab/1", "photos/ab/2", "photos/abc"}
    assert await listed("photos/ab/") == {"photos/ab/1", "photos/ab/2"}
    assert await listed("nothing/here") == set()


async def test_list_tells_sizes_and_has_no_limit(store: MediaStore) -> None:
    # More than a page of S3 (1,000) and more than a batch of ours.
    keys = {f"many/{number:04d}" for number in range(1_020)}
    for start in range(0, 1_020, 60):
        batch = sorted(keys)[start : start + 60]
        await asyncio.gather(*(store.put_bytes(k, b"xyz", content_type=WEBP) for k in batch))
    found = [entry async for entry in store.list("many/")]
    assert len(found) == len(keys)
    assert {entry.key for entry in found} == keys
    assert {entry.size for entry in found} == {3}


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "a//b",
        "a/",
        "..",
        "../outside",
        "a/../../outside",
        "a/./b",
        ".incoming/x",
        "a/.hidden",
        "a\\b",
        "a\0b",
        "a\nb",
        "khu phố",
        "a%2e%2e",
        "a" * 129,
        "/".join(["abcdefgh"] * 60),
    ],
)
async def test_a_key_that_could_lead_elsewhere_is_refused(
    store: MediaStore, key: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    for call in (
        store.put_bytes(key, b"x", content_type=WEBP),
        store.put_file(key, source, content_type=WEBP),
        store.open(key),
        store.read(key),
        store.get_file(key, tmp_path / "target"),
        store.stat(key),
        store.exists(key),
        store.delete(key),
    ):
        with pytest.raises(InvalidMediaKey):
            await call
    if key:
        with pytest.raises(InvalidMediaKey):
            store.list(key + "/..")


async def test_many_writers_of_one_key_leave_one_whole_object(store: MediaStore) -> None:
    versions = [bytes([number]) * 100_000 for number in range(12)]
    await asyncio.gather(*(store.put_bytes(PHOTO, v, content_type=WEBP) for v in versions))
    assert await store.read(PHOTO) in versions


async def test_a_healthy_store_says_so(store: MediaStore) -> None:
    await store.check()
    assert [entry async for entry in store.list()] == []


async def test_the_event_loop_is_free_while_bytes_move(store: MediaStore) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await store.put_bytes(PHOTO, bytes(8 * 1024 * 1024), content_type=WEBP)
    ticking.cancel()
    assert ticks > 1


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
