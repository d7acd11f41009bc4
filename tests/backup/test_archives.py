"""A backup is whole or says what is wrong with it, as one file and as a set that grows."""

import hashlib
import io
import shutil
import tarfile
import tracemalloc
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.backup.archive import HashedFile, MediaObject, Member
from backend.backup.errors import ArchiveDamaged, BackupError
from backend.backup.manifest import (
    ABOUT,
    DATABASE,
    FORMAT,
    MANIFEST,
    About,
    Line,
    ManifestWriter,
    encode_about,
    read_manifest,
)
from backend.backup.repository import (
    Place,
    RepositoryReader,
    RepositoryWriter,
    open_place,
    prune,
)
from backend.backup.service import check_backup
from backend.backup.tar_file import TarReader, TarWriter
from tests.backup.house import files_of
from tests.fixtures.s3 import S3Server

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
PHOTOS = {f"original/a/{number}": bytes([number]) * 700 * number for number in range(1, 20)}


def about(moment: datetime = MONDAY, written: int = FORMAT) -> About:
    return About(written, "0.1.0", ["0001"], "e", moment, 18, 18)


def filled(data: bytes) -> Callable[[HashedFile], None]:
    return lambda file: file.write(data)


class Media:
    """A media store's objects, and how often each was asked for."""

    def __init__(self, photos: dict[str, bytes]) -> None:
        self.photos = photos
        self.asked: list[str] = []

    async def fetch(self, key: str, path: Path) -> bool:
        self.asked.append(key)
        if key in self.photos:
            path.write_bytes(self.photos[key])
        return key in self.photos

    def wanted(self, *more: str) -> list[MediaObject]:
        return [
            MediaObject(key, hashlib.sha256(data).hexdigest()) for key, data in self.photos.items()
        ] + [MediaObject(key, None) for key in more]


async def write_tar(path: Path, media: Media, *lost: str) -> None:
    writer = TarWriter(path)
    try:
        await writer.add(ABOUT, filled(encode_about(about())))
        await writer.add(DATABASE, filled(b"PGDMP" * 1000))
        await writer.add_media(media.wanted(*lost), media.fetch)
        await writer.finish()
    finally:
        writer.close()


async def add_snapshot(place: Place, media: Media, moment: datetime, *lost: str) -> None:
    writer = RepositoryWriter(place, moment)
    try:
        await writer.begin()
        await writer.add(ABOUT, filled(encode_about(about(moment))))
        await writer.add(DATABASE, filled(b"PGDMP" * 1000))
        await writer.add_media(media.wanted(*lost), media.fetch)
        await writer.finish()
    finally:
        writer.close()


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    """A set in a folder, and below a prefix of a bucket (keys from the environment)."""
    if request.param == "local":
        opened = open_place(str(tmp_path / "set"), make=True)
    else:
        server: S3Server = request.getfixturevalue("s3_server")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
        address = f"s3://{server.endpoint}/{server.new_bucket()}/ward/backups?secure=0"
        opened = open_place(address, make=True)
        assert server.secret_key not in opened.name
    yield opened
    await opened.store.close()


async def contents(reader: TarReader | RepositoryReader) -> dict[str, bytes]:
    found: dict[str, bytes] = {}

    async def take(member: Member) -> None:
        found[member.name] = b"".join([chunk async for chunk in member.chunks])

    await reader.visit(take, lambda _: None)
    return found


# one file --------------------------------------------------------------------------------------


async def test_one_file_holds_everything_and_any_tar_can_unpack_it(tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    await write_tar(path, Media(PHOTOS), "public/gone/full.webp")
    assert path.stat().st_mode & 0o777 == 0o600
    found = await contents(TarReader(path))
    assert {name: found[f"media/{name}"] for name in PHOTOS} == PHOTOS
    with tarfile.open(path) as tar:
        names = tar.getnames()
        assert names[0] == ABOUT
        assert names[-1] == MANIFEST
        lines = list(read_manifest(io.BytesIO(tar.extractfile(MANIFEST).read())))  # type: ignore[union-attr]
    assert lines[-1] == Line("media/public/gone/full.webp", lost=True)
    assert (await check_backup(str(path)))[0] == about()
    lost: list[Line] = []

    async def pass_by(_: Member) -> None: ...

    await TarReader(path).visit(pass_by, lost.append)
    assert lost == lines[-1:]


async def test_another_backup_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    path.write_text("the only copy")
    with pytest.raises(BackupError, match="exists already"):
        await write_tar(path, Media(PHOTOS))
    assert path.read_text() == "the only copy"


async def test_a_backup_that_failed_half_way_leaves_nothing(tmp_path: Path) -> None:
    class Burning(Media):
        async def fetch(self, key: str, path: Path) -> bool:
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        await write_tar(tmp_path / "b.tar", Burning(PHOTOS))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", range(0, 100, 3))
async def test_a_changed_byte_anywhere_is_found(tmp_path: Path, where: int) -> None:
    path = tmp_path / "b.tar"
    await write_tar(path, Media({"original/a/1": b"x" * 3000}))
    data = bytearray(path.read_bytes())
    # Between the headers of the files, whose empty fields mean nothing.
    ends = _contents_of(path)
    start, end = ends[where % len(ends)]
    data[start + (end - start) * where // 100] ^= 0x20
    path.write_bytes(data)
    with pytest.raises(ArchiveDamaged):
        await check_backup(str(path))


def _contents_of(path: Path) -> list[tuple[int, int]]:
    with tarfile.open(path) as tar:
        return [(member.offset_data, member.offset_data + member.size) for member in tar]


@pytest.mark.parametrize("kept", [0, 100, 512, 5000, 9000, -3000, -2000, -1100])
async def test_a_backup_that_was_cut_off_is_found(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "b.tar"
    await write_tar(path, Media({"original/a/1": b"x" * 3000}))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ArchiveDamaged):
        await check_backup(str(path))


async def test_a_file_that_was_taken_out_or_put_in_is_found(tmp_path: Path) -> None:
    path, other = tmp_path / "b.tar", tmp_path / "other.tar"
    await write_tar(path, Media(PHOTOS))
    with tarfile.open(path) as old, tarfile.open(other, "w") as new:
        for member in old:
            if member.name != "media/original/a/7":
                new.addfile(member, old.extractfile(member))
    with pytest.raises(ArchiveDamaged, match="original/a/7"):
        await check_backup(str(other))
    with tarfile.open(path) as old, tarfile.open(other, "w") as new:
        for member in old:
            if member.name == MANIFEST:
                extra = tarfile.TarInfo("media/original/a/99")
                new.addfile(extra, io.BytesIO())
            new.addfile(member, old.extractfile(member))
    with pytest.raises(ArchiveDamaged, match="original/a/99 does not belong"):
        await check_backup(str(other))


async def test_a_file_that_is_no_backup_is_refused_in_words(tmp_path: Path) -> None:
    strange = tmp_path / "holiday.tar"
    with tarfile.open(strange, "w") as tar:
        tar.addfile(tarfile.TarInfo("beach.jpg"), io.BytesIO())
    with pytest.raises(ArchiveDamaged, match="no backup of khupho"):
        await check_backup(str(strange))
    (tmp_path / "text.tar").write_text("hello" * 1000)
    with pytest.raises(ArchiveDamaged, match="not a backup"):
        await check_backup(str(tmp_path / "text.tar"))
    with pytest.raises(BackupError, match="there is no backup"):
        await check_backup(str(tmp_path / "nothing.tar"))
    with pytest.raises(BackupError, match="there is no backup"):
        await check_backup(str(tmp_path / "nothing"))


async def test_a_backup_of_a_future_format_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    writer = TarWriter(path)
    await writer.add(ABOUT, filled(encode_about(about(written=FORMAT + 1))))
    await writer.finish()
    writer.close()
    with pytest.raises(BackupError, match=f"format {FORMAT + 1}"):
        await check_backup(str(path))


async def test_memory_does_not_grow_with_the_number_of_photos(tmp_path: Path) -> None:
    """Ten times the photos, and no more memory for writing, listing and reading them."""

    async def peak(photos: int) -> int:
        media = Media({f"original/a/{number:06}": b"x" for number in range(photos)})
        path = tmp_path / f"{photos}.tar"
        batch = 200
        tracemalloc.start()
        try:
            writer = TarWriter(path)
            await writer.add(ABOUT, filled(encode_about(about())))
            keys = iter(media.photos)
            while few := [
                MediaObject(key, None) for key, _ in zip(keys, range(batch), strict=False)
            ]:
                await writer.add_media(few, media.fetch)
                media.asked.clear()
            await writer.finish()
            writer.close()
            await check_backup(str(path))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await peak(10)
    few, many = await peak(400), await peak(4000)
    assert many < few + 700_000, (few, many)  # the keys of this test alone are 400 KB


# a set -----------------------------------------------------------------------------------------


async def test_the_next_backup_copies_only_what_is_new(place: Place) -> None:
    media = Media(dict(PHOTOS))
    await add_snapshot(place, media, MONDAY)
    assert sorted(media.asked) == sorted(PHOTOS)
    media.asked.clear()
    media.photos["original/b/new"] = b"new"
    await add_snapshot(place, media, MONDAY + timedelta(hours=1))
    assert media.asked == ["original/b/new"]
    assert await place.stamps() == ["20260302T080000Z", "20260302T090000Z"]
    newest = await contents(await RepositoryReader.open(place, None))
    assert {key: newest[f"media/{key}"] for key in media.photos} == media.photos
    oldest = await contents(await RepositoryReader.open(place, "20260302T080000Z"))
    assert "media/original/b/new" not in oldest


async def test_what_was_lost_in_the_set_is_copied_again(place: Place) -> None:
    media = Media(dict(PHOTOS))
    await add_snapshot(place, media, MONDAY)
    await place.store.delete(f"{place.prefix}media/original/a/3")
    await place.store.put_bytes(f"{place.prefix}media/original/a/4", b"short", content_type="x/x")
    with pytest.raises(ArchiveDamaged) as damage:
        await contents(await RepositoryReader.open(place, None))
    assert damage.value.findings == [
        "media/original/a/3 is missing",
        "media/original/a/4 is damaged",
    ]
    await add_snapshot(place, media, MONDAY + timedelta(hours=1))
    assert {
        key: data
        for key, data in (await contents(await RepositoryReader.open(place, None))).items()
        if key.startswith("media/")
    } == {f"media/{key}": data for key, data in PHOTOS.items()}


async def test_a_rotten_byte_in_the_set_is_found(place: Place) -> None:
    await add_snapshot(place, Media(dict(PHOTOS)), MONDAY)
    rotten = b"\xff" + PHOTOS["original/a/5"][1:]
    await place.store.put_bytes(f"{place.prefix}media/original/a/5", rotten, content_type="x/x")
    with pytest.raises(ArchiveDamaged, match=r"media/original/a/5 is damaged"):
        await contents(await RepositoryReader.open(place, None))
    manifest = place.snapshot("20260302T080000Z", MANIFEST)
    listed = (await place.store.read(manifest)).replace(b"original/a/6", b"original/a/7")
    await place.store.put_bytes(manifest, listed, content_type="x/x")
    with pytest.raises(ArchiveDamaged, match="changed after it was written"):
        await contents(await RepositoryReader.open(place, None))


async def test_an_unfinished_backup_of_a_set_is_not_one(place: Place) -> None:
    await add_snapshot(place, Media(dict(PHOTOS)), MONDAY)
    cut = RepositoryWriter(place, MONDAY + timedelta(hours=1))
    await cut.begin()
    await cut.add(ABOUT, filled(b"{}"))
    cut.close()
    assert await place.stamps() == ["20260302T080000Z"]
    with pytest.raises(BackupError, match="there are: 20260302T080000Z"):
        await RepositoryReader.open(place, "20260302T090000Z")


async def test_only_the_newest_are_kept_with_all_they_need(place: Place) -> None:
    media = Media(dict(PHOTOS))
    for hour in range(5):
        media.photos.pop(f"original/a/{hour + 1}")
        media.photos[f"original/b/{hour}"] = bytes([hour]) * 10
        await add_snapshot(place, media, MONDAY + timedelta(hours=hour))
    assert await prune(place, 2) == 3
    assert await prune(place, 2) == 0
    assert await place.stamps() == ["20260302T110000Z", "20260302T120000Z"]
    for stamp in await place.stamps():
        await contents(await RepositoryReader.open(place, stamp))
    left = [entry.key.removeprefix(place.prefix) async for entry in place.store.list(place.prefix)]
    assert not [key for key in left if key.startswith("snapshots/20260302T08")]
    # 1 to 4 had gone before the two that are left; 5 was still there at eleven.
    assert {key for key in left if key.startswith("media/")} == {
        *(f"media/{key}" for key in media.photos),
        "media/original/a/5",
    }


async def test_a_set_in_a_folder_is_its_owners_alone(tmp_path: Path) -> None:
    place = open_place(str(tmp_path / "set"), make=True)
    await add_snapshot(place, Media(dict(PHOTOS)), MONDAY)
    files = [path for path in (tmp_path / "set").rglob("*") if path.is_file()]
    assert len(files) == len(PHOTOS) + 3
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    moved = tmp_path / "moved"
    shutil.copytree(tmp_path / "set", moved)  # no absolute paths inside
    assert (await check_backup(str(moved)))[1] == len(PHOTOS) + 2
    assert files_of(moved).keys() == files_of(tmp_path / "set").keys()
    await place.store.close()


def test_a_wrong_address_is_refused_without_telling_the_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    with pytest.raises(BackupError, match="AWS_ACCESS_KEY_ID"):
        open_place("s3://host/bucket/prefix", make=True)
    with pytest.raises(BackupError) as refusal:
        open_place("s3://key:verysecret@host/B!/prefix", make=True)
    assert "verysecret" not in str(refusal.value)


# the list --------------------------------------------------------------------------------------


def test_a_list_says_when_it_was_cut_or_changed() -> None:
    file = io.BytesIO()
    writer = ManifestWriter(file)
    for name in ("a", "b", "c"):
        writer.add(Line(name, 1, "00"))
    writer.seal()
    whole = file.getvalue()
    assert [line.name for line in read_manifest(io.BytesIO(whole))] == ["a", "b", "c"]
    lines = whole.splitlines(keepends=True)
    for changed in (
        whole[:-5],
        b"".join(lines[:-1]),
        b"".join(lines[1:]),
        whole + lines[0],
        whole.replace(b'"b"', b'"x"'),
        b"",
    ):
        with pytest.raises(ArchiveDamaged):
            list(read_manifest(io.BytesIO(changed)))
