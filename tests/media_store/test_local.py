"""What only a disk can do wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from media_store import InvalidMediaKey, LocalMediaStore, MediaStoreUnavailable

WEBP = "image/webp"


def files_in(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


async def test_a_file_too_big_for_the_disk_leaves_the_old_one_and_no_rest(tmp_path: Path) -> None:
    # A process with a small file-size limit meets the same refusal as a full disk, without root.
    program = """
import asyncio, resource, sys
from pathlib import Path
from media_store import LocalMediaStore, MediaStoreFull
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
async def main():
    store = LocalMediaStore(Path(sys.argv[1]))
    await store.put_bytes("photo", b"small", content_type="image/webp")
    try:
        await store.put_bytes("photo", bytes(5000), content_type="image/webp")
    except MediaStoreFull:
        assert await store.read("photo") == b"small"
        print("full")
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "media"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "full\n", done.stderr
    assert files_in(tmp_path / "media") == [tmp_path / "media" / "photo"]


async def test_what_a_crash_left_is_removed_after_a_day(tmp_path: Path) -> None:
    LocalMediaStore(tmp_path)
    old, young = tmp_path / ".incoming" / "old", tmp_path / ".incoming" / "young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (0, 0))
    store = LocalMediaStore(tmp_path)
    assert files_in(tmp_path) == [young], "a young one may still be written by another process"
    assert [entry async for entry in store.list()] == []


async def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    store = LocalMediaStore(tmp_path / "media")
    await store.put_bytes("photos/a/b", b"private", content_type=WEBP)
    for path in (tmp_path / "media").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


async def test_an_object_cannot_lie_inside_another(tmp_path: Path) -> None:
    store = LocalMediaStore(tmp_path)
    await store.put_bytes("photo", b"first", content_type=WEBP)
    with pytest.raises(InvalidMediaKey):
        await store.put_bytes("photo/full", b"second", content_type=WEBP)
    await store.put_bytes("folder/photo", b"third", content_type=WEBP)
    with pytest.raises(InvalidMediaKey):
        await store.put_bytes("folder", b"fourth", content_type=WEBP)
    assert len(files_in(tmp_path)) == 2


async def test_a_folder_that_went_away_is_noticed(tmp_path: Path) -> None:
    root = tmp_path / "media"
    store = LocalMediaStore(root)
    (root / ".incoming").rmdir()
    root.rmdir()
    with pytest.raises(MediaStoreUnavailable):
        await store.check()
    with pytest.raises(MediaStoreUnavailable):
        await store.put_bytes("photo", b"data", content_type=WEBP)


async def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "media").write_bytes(b"")
    with pytest.raises(MediaStoreUnavailable):
        LocalMediaStore(tmp_path / "media")


async def test_a_file_cut_short_while_it_is_read_is_never_passed_off_as_whole(
    tmp_path: Path,
) -> None:
    store = LocalMediaStore(tmp_path)
    await store.put_bytes("photo", bytes(1_000_000), content_type=WEBP)
    async with await store.open("photo") as reader:
        (tmp_path / "photo").write_bytes(b"short")
        with pytest.raises(MediaStoreUnavailable):
            _ = [chunk async for chunk in reader]
