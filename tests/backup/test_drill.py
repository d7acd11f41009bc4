"""The drill: a machine burns down, another one takes its place, and the phones go on."""

import asyncio
import uuid
from pathlib import Path

import asyncpg
import pytest

from backend.media.worker import make_pictures
from tests.backup.conftest import Source
from tests.backup.house import House, files_of
from tests.conftest import Person, World
from tests.media.phone import TUS, append, location, send, sha256
from tests.media.pictures import encoded, four_corners
from tests.reports.steps import move, report_body, say
from tests.sync.test_pull import pull

_seed = iter(range(40, 4000))


def picture() -> bytes:
    """One nobody has sent before."""
    return encoded(four_corners(next(_seed), 60), "JPEG")


def named(*photos: bytes) -> list[dict[str, object]]:
    return [
        {"sha256": sha256(photo), "bytes": len(photo), "type": "image/jpeg"} for photo in photos
    ]


async def report(person: Person, world: World, *photos: bytes, sent: bool = True) -> str:
    """Reported with photos, which have arrived unless not `sent`. Returns its id."""
    report_id = str(uuid.uuid4())
    answer = await person.put(
        f"/api/reports/{report_id}", report_body(world, photos=named(*photos))
    )
    assert answer.status_code == 201, answer.text
    for photo in photos if sent else ():
        await send(person, photo)
    return report_id


async def process_all(world: World) -> None:
    from backend import db

    rows = await db.fetch(
        "SELECT id FROM photo WHERE state = 'stored' AND account_id = $1", world.alice.account_id
    )
    for row in rows:
        await make_pictures(row["id"])


async def test_after_a_fire_everything_is_as_it_was_and_phones_go_on(
    world: World,
    source: Source,
    new_house: House,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    # A week in the ward.
    ready, stored = picture(), picture()
    first = await report(world.alice, world, ready, picture())
    await process_all(world)
    second = await report(world.alice, world, stored)
    waiting_photo = picture()
    waiting = await report(world.alice, world, waiting_photo, sent=False)
    assert (await say(world.chi, first, "Chúng tôi sẽ đến xem")).status_code == 201
    assert (await move(world.chi, first, "accepted")).status_code in {200, 201}
    await connection.execute(
        """INSERT INTO push_subscription (id, account_id, session_id, endpoint, p256dh, auth,
                                          language) VALUES ($1, $2, $3, $4, 'x', 'y', 'vi')""",
        uuid.uuid4(),
        world.alice.account_id,
        world.alice.session_id,
        f"https://push.example/{uuid.uuid4()}",
    )
    assert (await say(world.chi, second, "Đã nhận")).status_code == 201
    pending = "SELECT count(*) FROM push_delivery WHERE state = 'pending'"
    assert await connection.fetchval(pending) == 1
    for _ in range(2000):  # an old server counts far: its feed must not stand ahead of the new one
        await connection.fetchval("SELECT pg_current_xact_id()")
    cursor = str((await pull(world.alice))["cursor"])
    rows = await source.house.rows()

    archive = source.backups
    source.house.well("backup", archive)
    if source.kind == "local":
        assert Path(archive).stat().st_mode & 0o777 == 0o600
    media = {entry.key async for entry in source.store.list()}
    named_then = {key: await source.store.read(key) for key in media}

    # Work goes on after the backup. The phone still has what it has no full receipt for.
    half_sent = picture()
    later = await report(world.alice, world, half_sent, sent=False)
    lost_url = await location(world.alice, half_sent)
    await append(world.alice, lost_url, 0, half_sent[: len(half_sent) // 2])
    done_with = await report(world.alice, world, picture())
    assert (await say(world.alice, first, "Cảm ơn")).status_code == 201

    # Another machine, on which nothing has run: the command brings its own database.
    if source.kind == "s3":
        new_house.media_url = source.media_url
        for key in media:
            await source.store.delete(key)
    said = new_house.well("restore", archive)
    assert "Phones will start" in said

    with new_house.database():
        again = await new_house.rows()
        for table in ("epoch", "push_delivery"):
            assert again.pop(table) != rows.pop(table), table
        restored = [entry for entry in again["audit_entry"] if "database.restored" in entry]
        assert len(restored) == 1
        again["audit_entry"].remove(restored[0])
        assert again == rows
        if source.kind == "local":
            assert files_of(new_house.var / "media") == named_then
        else:
            for key, data in named_then.items():
                assert await source.store.read(key) == data
        for secret in ("vapid.pem", "secret_key"):
            path = new_house.var / secret
            assert path.stat().st_mode & 0o777 == 0o600
        assert (new_house.var / "vapid.pem").read_bytes() == (
            source.house.var / "vapid.pem"
        ).read_bytes()
        assert (new_house.var / "secret_key").read_text() == source.house.secret_key

        async with new_house.served() as served, served.visited_by(world.alice) as alice:
            # The copy on the phone starts over, and is small again afterwards.
            page = (await alice.get("/api/sync", params={"cursor": cursor})).json()
            assert page["reset"] is True
            copy = await pull(alice, cursor)
            reports = copy["upserts"]["report"]  # type: ignore[index]
            assert {first, second, waiting} <= set(reports)
            assert not {later, done_with} & set(reports)
            idle = await alice.get("/api/sync", params={"cursor": copy["cursor"]})
            assert idle.json()["upserts"] == {}
            assert idle.json()["reset"] is False

            # What waits in its outbox is sent as if nothing had happened.
            never_sent = str(uuid.uuid4())
            for report_id, photo, status in (
                (never_sent, picture(), 201),  # not sent before the fire
                (later, half_sent, 201),  # received after the backup, photo on its way
                (waiting, waiting_photo, 200),  # received before the backup, photo on its way
            ):
                path = f"/api/reports/{report_id}"
                body = report_body(world, photos=named(photo))
                answer = await alice.put(path, body)
                assert answer.status_code == status, answer.text
                assert [each["stored"] for each in answer.json()["photos"]] == [False]
                if report_id == later:  # the phone goes on where it was, and learns better
                    gone = await alice.client.head(lost_url, headers=TUS)
                    assert gone.status_code == 404
                await send(alice, photo)
                receipt = (await alice.put(path, body)).json()
                assert [each["stored"] for each in receipt["photos"]] == [True]
            # What it had let go of after a full receipt is what a restore loses.
            assert (await alice.get(f"/api/reports/{done_with}")).status_code == 404
        deep = new_house.khupho("check", "--deep")
        assert deep.returncode == 0, deep.stdout


@pytest.mark.parametrize("source", ["local"], indirect=True)
async def test_going_back_in_the_same_place_takes_a_word_of_force_and_no_guests(
    world: World,
    source: Source,
    new_house: House,
    tmp_path: Path,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await report(world.alice, world, picture())
    lost_photo = picture()
    with_loss = await report(world.alice, world, lost_photo)
    (lost_key,) = [
        row["media_key"]
        for row in await connection.fetch("SELECT * FROM photo WHERE message_id = $1", with_loss)
    ]
    await source.store.delete(lost_key)
    backups = tmp_path / "backups"
    taken = source.house.khupho("backup", backups)
    assert taken.returncode == 0
    assert lost_key in taken.stderr
    said = new_house.khupho("restore", backups)
    assert said.returncode == 0
    assert "1 files of photos were missing already" in said.stderr
    with new_house.database() as url:
        (epoch,) = (await new_house.rows())["epoch"]
        async with new_house.served() as served, served.visited_by(world.alice) as alice:
            mistake = await report(alice, world, picture())
            # A photo the backup lacks is asked for again, should the phone still have it.
            body = report_body(world, photos=named(lost_photo))
            again = await alice.put(f"/api/reports/{with_loss}", body)
            assert [each["stored"] for each in again.json()["photos"]] == [False]
            refused = new_house.khupho("restore", backups, "--force")
            assert refused.returncode == 1
            assert "stop the server" in refused.stderr
        refused = new_house.khupho("restore", backups)
        assert refused.returncode == 1
        assert "--force" in refused.stderr
        guest = await asyncpg.connect(url)
        assert await guest.fetchval("SELECT count(*) FROM report WHERE id = $1", mistake) == 1
        await guest.close()

        new_house.well("restore", backups, "--force")
        rows = await new_house.rows()
        assert not [row for row in rows["report"] if mistake in row]
        assert rows["epoch"] != [epoch]
        # The file of the mistake is an orphan now, too young to be touched.
        deep = new_house.khupho("check", "--deep", "--repair")
        assert deep.returncode == 0, deep.stdout
        assert "1 files have no row" in deep.stdout


@pytest.mark.parametrize("source", ["local"], indirect=True)
async def test_a_backup_taken_while_phones_send_is_whole(
    world: World, source: Source, new_house: House, tmp_path: Path
) -> None:
    """The database says what belongs to it; every file it names is there, however much comes."""
    taking = asyncio.create_task(
        asyncio.to_thread(source.house.khupho, "backup", tmp_path / "busy")
    )
    sent = 0
    while not taking.done():
        await report(world.alice, world, picture())
        await process_all(world)
        sent += 1
    taken = await taking
    assert taken.returncode == 0, taken.stderr
    assert taken.stderr == ""
    assert sent > 1
    new_house.well("restore", tmp_path / "busy")
    checked = new_house.khupho("check", "--deep")
    assert checked.returncode == 0, checked.stdout
