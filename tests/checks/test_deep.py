"""`khupho check --deep`: rows and files agree, or it says where not and mends what is safe."""

import asyncio
import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from backend import db
from backend.checks import run_deep_check
from backend.media.audit import Finding, MediaAudit
from backend.media.store import uploads_folder
from backend.media.worker import make_pictures
from backend.settings import get_settings
from media_store import MediaStore
from tests.backup.house import free_port
from tests.checks.conftest import Source
from tests.conftest import Person, World
from tests.media.phone import append, location, part_of, send, sha256
from tests.media.pictures import encoded, four_corners
from tests.media.recordings import recording
from tests.reports.steps import report_body
from tests.sync.test_pull import pull

_seed = iter(range(40, 4000))


def picture() -> bytes:
    return encoded(four_corners(next(_seed), 60), "JPEG")


class Reported:
    """A report of Alice's with one photo, whose bytes have arrived."""

    def __init__(self, world: World, photo: bytes) -> None:
        self.person: Person = world.alice
        self.photo = photo
        self.path = f"/api/reports/{uuid.uuid4()}"
        self.body = report_body(
            world,
            photos=[{"sha256": sha256(photo), "bytes": len(photo), "type": "image/jpeg"}],
        )

    async def stored(self) -> bool:
        """What the receipt says when the phone asks again."""
        answer = await self.person.put(self.path, self.body)
        assert answer.status_code in {200, 201}, answer.text
        return bool(answer.json()["photos"][0]["stored"])

    async def row(self) -> "asyncpg.Record":
        row = await db.fetch_one(
            "SELECT * FROM photo WHERE message_id = $1", uuid.UUID(self.path.rsplit("/", 1)[1])
        )
        assert row is not None
        return row

    async def shown(self) -> int:
        answer = await self.person.get(f"/api/photos/{(await self.row())['id']}/full")
        return answer.status_code


async def reported(world: World, *, ready: bool = False) -> Reported:
    report = Reported(world, picture())
    await report.stored()
    await send(report.person, report.photo)
    if ready:
        await make_pictures((await report.row())["id"])
    return report


async def look(*, mend: bool = False, later: timedelta = timedelta(0)) -> list[Finding]:
    audit = MediaAudit(mend=mend, now=datetime.now(UTC) + later)
    return [finding async for finding in audit.findings()]


def kinds(findings: list[Finding]) -> list[tuple[str, str, bool]]:
    return sorted((finding.kind, finding.subject, finding.mended) for finding in findings)


async def test_where_all_is_well_nothing_is_found(world: World, source: Source) -> None:
    await reported(world, ready=True)
    await reported(world)
    url = await location(world.alice, photo := picture())
    await append(world.alice, url, 0, photo[:100])
    audit = MediaAudit(mend=True, now=datetime.now(UTC))
    assert [finding async for finding in audit.findings()] == []
    assert audit.objects == 4
    sizes = [entry.size async for entry in source.store.list()]
    assert audit.bytes == sum(sizes)
    assert part_of(world.alice, url).exists()


async def test_files_that_no_row_names_are_deleted_after_a_day(
    world: World, source: Source
) -> None:
    kept = await reported(world, ready=True)
    orphans = [
        f"original/{uuid.uuid4()}/{uuid.uuid4()}",
        f"public/{uuid.uuid4()}/thumb.webp",
        f"public/{uuid.uuid4()}/voice.m4a",
    ]
    not_ours = ["original/notes.txt", "public/logo/full.webp", "elsewhere/file"]
    for key in [*orphans, *not_ours]:
        await source.store.put_bytes(key, b"x", content_type="x/x")
    audit = MediaAudit(mend=True)
    assert [finding async for finding in audit.findings()] == []
    assert audit.young_orphans == 3
    tomorrow = timedelta(hours=25)
    assert kinds(await look(later=tomorrow)) == [
        ("orphan_file", key, False) for key in sorted(orphans)
    ]
    assert kinds(await look(later=tomorrow, mend=True)) == [
        ("orphan_file", key, True) for key in sorted(orphans)
    ]
    left = {entry.key async for entry in source.store.list()}
    assert left & {*orphans, *not_ours} == set(not_ours)
    assert len(left) == len(not_ours) + 3
    assert await kept.shown() == 200


async def test_files_a_row_may_still_name_are_left_alone(world: World, source: Source) -> None:
    """Stored, and then the power went before the row said so."""
    half = Reported(world, picture())
    await half.stored()
    url = await location(world.alice, half.photo)
    upload_id = url.rsplit("/", 1)[1]
    original = f"original/{world.alice.account_id}/{upload_id}"
    public = f"public/{(await half.row())['id']}/full.webp"
    for key in (original, public):
        await source.store.put_bytes(key, half.photo, content_type="x/x")
    assert await look(later=timedelta(days=2), mend=True) == []
    assert {entry.key async for entry in source.store.list()} == {original, public}


async def lose(store: MediaStore, key: str, how: str) -> None:
    if how == "missing":
        await store.delete(key)
    else:
        rotten = bytearray(await store.read(key))
        rotten[len(rotten) // 2] ^= 1
        await store.put_bytes(key, bytes(rotten), content_type="image/jpeg")


@pytest.mark.parametrize("how", ["missing", "damaged"])
async def test_a_phone_that_still_has_a_lost_photo_is_asked_for_it_again(
    world: World, source: Source, how: str
) -> None:
    report = await reported(world)
    assert await report.stored()
    cursor = str((await pull(world.alice))["cursor"])
    key = (await report.row())["media_key"]
    await lose(source.store, key, how)
    assert kinds(await look()) == [(f"original_{how}", key, False)]
    assert await report.stored()  # looking changes nothing
    assert kinds(await look(mend=True)) == [(f"original_{how}", key, True)]
    assert not await report.stored()
    changed = await pull(world.alice, cursor)
    (seen,) = changed["upserts"]["report"].values()  # type: ignore[index]
    assert seen["photos"][0]["state"] == "expected"

    await send(world.alice, report.photo)
    assert await report.stored()
    assert await source.store.read((await report.row())["media_key"]) == report.photo
    assert await look() == []
    await make_pictures((await report.row())["id"])
    assert await report.shown() == 200


async def test_a_photo_that_failed_because_its_bytes_were_gone_is_asked_for_again(
    world: World, source: Source
) -> None:
    report = await reported(world)
    key = (await report.row())["media_key"]
    await source.store.delete(key)
    await make_pictures((await report.row())["id"])
    assert (await report.row())["state"] == "failed"
    assert kinds(await look(mend=True)) == [("original_missing", key, True)]
    await send(world.alice, report.photo)
    assert await report.stored()
    await make_pictures((await report.row())["id"])
    assert await report.shown() == 200


@pytest.mark.parametrize("how", ["missing", "damaged"])
async def test_a_lost_original_does_not_take_the_picture_with_it(
    world: World, source: Source, how: str
) -> None:
    report = await reported(world, ready=True)
    key = (await report.row())["media_key"]
    await lose(source.store, key, how)
    assert kinds(await look(mend=True)) == [(f"original_{how}", key, True)]
    assert await report.shown() == 200
    # Nothing more can be done from here, and it is not called well.
    assert kinds(await look(mend=True)) == [(f"original_{how}", key, False)]
    # Another report with the same photo does not get the lost bytes, but asks for them.
    again = Reported(world, report.photo)
    assert not await again.stored()
    await send(world.alice, report.photo)
    assert await again.stored()
    assert await look() == []


async def test_a_lost_picture_is_made_again_from_its_original(world: World, source: Source) -> None:
    report = await reported(world, ready=True)
    key = (await report.row())["thumb_key"]
    await source.store.delete(key)
    assert kinds(await look(mend=True)) == [("picture_missing", key, True)]
    assert (await report.row())["state"] == "stored"
    assert await jobs_for(report) >= 1
    await make_pictures((await report.row())["id"])
    assert await look() == []
    assert await report.shown() == 200


async def test_of_a_photo_that_lost_everything_the_phone_is_asked(
    world: World, source: Source
) -> None:
    report = await reported(world, ready=True)
    row = await report.row()
    keys = {row["media_key"], row["full_key"], row["thumb_key"]}
    for key in keys:
        await source.store.delete(key)
    assert {finding.subject for finding in await look(mend=True)} == keys
    assert (await report.row())["state"] == "expected"
    assert not await report.stored()
    await send(world.alice, report.photo)
    await make_pictures((await report.row())["id"])
    assert await look() == []
    assert await report.shown() == 200


@pytest.mark.parametrize("source", ["local"], indirect=True)
async def test_with_the_wrong_media_folder_nothing_is_mended(
    world: World, source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The volume is not mounted: every file is missing, and none is lost."""
    reports = [await reported(world, ready=True), await reported(world)]
    rows = [dict(await report.row()) for report in reports]
    (tmp_path / "empty").mkdir()
    wrong = msgspec.structs.replace(get_settings(), media_url=(tmp_path / "empty").as_uri())
    assert await run_deep_check(wrong, repair=True) == 1
    said = capsys.readouterr().out
    assert "is this the right media store" in said
    assert "4 findings, 0 mended" in said
    assert [dict(await report.row()) for report in reports] == rows
    assert await run_deep_check(wrong, repair=True, accept_many=True) == 0
    assert {(await report.row())["state"] for report in reports} == {"expected"}


async def test_with_the_wrong_database_nothing_is_deleted(world: World, source: Source) -> None:
    """A fresh database names no file; that does not make them orphans."""
    keys = {f"original/{uuid.uuid4()}/{uuid.uuid4()}" for _ in range(10)}
    for key in keys:
        await source.store.put_bytes(key, b"x", content_type="x/x")
    found = await look(mend=True, later=timedelta(hours=25))
    assert kinds(found) == [("orphan_file", key, False) for key in sorted(keys)]
    assert {entry.key async for entry in source.store.list()} == keys


async def jobs_for(report: Reported) -> int:
    photo_id = str((await report.row())["id"])
    return int(
        await db.fetch_value(  # type: ignore[call-overload]
            """SELECT count(*) FROM pgqueuer WHERE entrypoint = 'process_photo'
               AND convert_from(payload, 'UTF8') LIKE '%' || $1 || '%'""",
            photo_id,
        )
    )


async def test_a_photo_whose_job_was_lost_gets_another(world: World, source: Source) -> None:
    report, other = await reported(world), await reported(world)
    await db.execute(
        "DELETE FROM pgqueuer WHERE convert_from(payload, 'UTF8') LIKE '%' || $1 || '%'",
        str((await report.row())["id"]),
    )
    assert await look(later=timedelta(minutes=30)) == []
    photo_id = str((await report.row())["id"])
    later = timedelta(hours=2)
    assert kinds(await look(later=later)) == [("photo_unprocessed", photo_id, False)]
    assert kinds(await look(later=later, mend=True)) == [("photo_unprocessed", photo_id, True)]
    assert await jobs_for(report) == 1
    assert await jobs_for(other) == 1
    assert await look(later=later) == []


async def test_a_photo_that_is_waited_for_although_it_is_here_is_joined(
    world: World, source: Source
) -> None:
    report = await reported(world)
    await db.execute(
        "UPDATE photo SET state = 'expected', media_key = NULL WHERE id = $1",
        (await report.row())["id"],
    )
    await db.execute("UPDATE upload SET expires_at = now() + interval '1 day'")
    photo_id = str((await report.row())["id"])
    later = timedelta(hours=2)
    assert kinds(await look(later=later, mend=True)) == [("photo_unjoined", photo_id, True)]
    assert await report.stored()
    expires = await db.fetch_value("SELECT expires_at = 'infinity' FROM upload")
    assert expires is True
    assert await look(later=later) == []


async def test_photos_that_never_came_are_counted_and_are_nobodys_fault(
    world: World, source: Source
) -> None:
    await Reported(world, picture()).stored()
    audit = MediaAudit(mend=True, now=datetime.now(UTC) + timedelta(days=8))
    assert [finding async for finding in audit.findings()] == []
    assert audit.awaited == 1


@pytest.mark.parametrize("source", ["local"], indirect=True)
async def test_parts_of_uploads_that_no_row_names_are_deleted_after_a_day(
    world: World, source: Source
) -> None:
    url = await location(world.alice, photo := picture())
    await append(world.alice, url, 0, photo[:100])
    kept = part_of(world.alice, url)
    stray = uploads_folder() / str(world.alice.account_id) / f"{uuid.uuid4()}.part"
    stray.write_bytes(b"x")
    assert kinds(await look(mend=True)) == []
    assert stray.exists()
    tomorrow = timedelta(hours=25)
    found = {finding.subject: finding for finding in await look(mend=True, later=tomorrow)}
    assert found[str(stray)].kind == "stray_part"
    assert not stray.exists()
    assert kept.exists()
    assert await look(later=tomorrow) == []


async def test_looking_while_phones_send_finds_nothing(world: World, source: Source) -> None:
    stopping = asyncio.Event()

    async def phone() -> None:
        while not stopping.is_set():
            await reported(world, ready=True)

    phones = [asyncio.create_task(phone()) for _ in range(2)]
    try:
        for _ in range(5):
            assert await look() == []
    finally:
        stopping.set()
        await asyncio.gather(*phones)


@pytest.mark.parametrize("source", ["local"], indirect=True)
async def test_the_command_names_what_is_wrong_and_ends_badly_until_it_is_mended(
    world: World, source: Source, tmp_path: Path
) -> None:
    report = await reported(world, ready=True)
    picture_key = (await report.row())["full_key"]
    await source.store.delete(picture_key)
    orphan = f"original/{uuid.uuid4()}/{uuid.uuid4()}"
    await source.store.put_bytes(orphan, b"x", content_type="x/x")
    (path,) = tmp_path.rglob(orphan.rsplit("/", 1)[1])
    os.utime(path, (0, 0))
    cursor = str((await pull(world.alice))["cursor"])

    looked = source.house.khupho("check", "--deep")
    assert looked.returncode == 1
    assert f"BAD    picture_missing {picture_key}" in looked.stdout
    assert f"BAD    orphan_file {orphan}" in looked.stdout
    assert "2 findings, 0 mended; see --repair." in looked.stdout
    assert path.exists()
    mended = source.house.khupho("check", "--deep", "--repair")
    assert mended.returncode == 0, mended.stdout
    assert mended.stdout.count("mended ") >= 2
    assert not path.exists()
    assert (await report.row())["state"] == "stored"
    assert (await pull(world.alice, cursor))["upserts"]  # the phone hears of it
    assert source.house.khupho("check", "--repair").returncode == 2


async def test_where_the_media_store_is_away_nothing_is_called_missing(
    world: World, source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    report = await reported(world)
    before = dict(await report.row())
    nowhere = f"s3://key:secret@127.0.0.1:{free_port()}/bucket?secure=0"
    away = msgspec.structs.replace(get_settings(), media_url=nowhere)
    assert await run_deep_check(away, repair=True) == 1
    assert "does not answer" in capsys.readouterr().err
    assert dict(await report.row()) == before


async def test_a_voice_note_that_is_lost_is_made_again_from_what_was_recorded(
    world: World, source: Source
) -> None:
    data = recording(seconds=1)
    voice = {"sha256": sha256(data), "bytes": len(data), "type": "audio/webm", "seconds": 1}
    path = f"/api/reports/{uuid.uuid4()}"
    receipt = (await world.alice.put(path, report_body(world, voice=voice))).json()
    await send(world.alice, data, "audio/webm")
    voice_id = uuid.UUID(receipt["voice"]["id"])
    await make_pictures(voice_id)
    assert await look() == []
    key = f"public/{voice_id}/voice.m4a"
    whole = await source.store.read(key)
    await source.store.delete(key)
    assert kinds(await look(mend=True)) == [("picture_missing", key, True)]
    await make_pictures(voice_id)
    assert await source.store.read(key) == whole
    assert await look() == []
    assert (await world.alice.get(f"/api/voices/{voice_id}")).content == whole
