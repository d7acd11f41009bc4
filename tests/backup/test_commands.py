"""`khupho backup` and `khupho restore`, and the programs of PostgreSQL they call."""

import asyncio
import itertools
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from backend.backup import postgres
from backend.backup.command import run_backup, run_backup_check, run_backups, run_restore
from backend.backup.errors import BackupError
from backend.backup.manifest import About
from backend.backup.postgres import programs_for, without_password
from backend.backup.queries import list_filled_tables
from backend.backup.service import _require_known_migrations
from backend.backup.timer import keep_taking, read_interval
from backend.settings import get_settings
from tests.backup.conftest import Source
from tests.backup.house import House, rows_of, until
from tests.conftest import World
from tests.reports.steps import send

LOCAL = pytest.mark.parametrize("source", ["local"], indirect=True)


# the programs ----------------------------------------------------------------------------------


def programs(folder: Path, **versions: int) -> Path:
    """A folder of programs that say these versions."""
    folder.mkdir(parents=True)
    for name in ("pg_dump", "pg_restore", "psql"):
        version = versions.get(name, versions.get("all", 0))
        if version:
            path = folder / name
            path.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}.4 (Debian)'\n")
            path.chmod(0o755)
    return folder


def test_the_programs_of_the_servers_own_version_are_taken(tmp_path: Path) -> None:
    folders = [programs(tmp_path / str(major), all=major) for major in (15, 18, 16, 17)]
    assert programs_for(16, folders=folders).folder == tmp_path / "16"
    assert programs_for(14, folders=folders).major == 15
    assert programs_for(16, at_least=17, folders=folders).major == 17


def test_programs_too_old_are_named_with_what_to_install(tmp_path: Path) -> None:
    folders = [programs(tmp_path / "15", all=15), programs(tmp_path / "16", all=16)]
    with pytest.raises(BackupError) as refusal:
        programs_for(17, folders=folders)
    assert "PostgreSQL 17" in str(refusal.value)
    assert f"16 in {tmp_path / '16'}" in str(refusal.value)
    assert "postgresql-client-17" in str(refusal.value)
    with pytest.raises(BackupError, match=r"written by version 18.*postgresql-client-18"):
        programs_for(16, at_least=18, folders=folders)


def test_half_a_set_of_programs_is_none(tmp_path: Path) -> None:
    mixed = programs(tmp_path / "mixed", pg_dump=18, pg_restore=18, psql=15)
    partly = programs(tmp_path / "partly", pg_dump=18)
    with pytest.raises(BackupError, match="found: none"):
        programs_for(18, folders=[mixed, partly, tmp_path / "absent"])


def test_the_embedded_servers_own_programs_are_found() -> None:
    found = programs_for(18)
    assert found.major == 18
    assert Path(found.path("pg_restore")).exists()


@pytest.mark.parametrize(
    ("address", "named", "password"),
    [
        ("postgresql://u:p%40ss@db:5433/x?a=b", "postgresql://u@db:5433/x?a=b", "p@ss"),
        ("postgresql://u@db/x?password=secret", "postgresql://u@db/x", "secret"),
        ("postgresql://u:@/x?host=/run/pg", "postgresql://u@/x?host=/run/pg", None),
        ("postgres://db/x", "postgres://db/x", None),
    ],
)  # fmt: skip
def test_a_password_does_not_stand_on_a_command_line(
    address: str, named: str, password: str | None
) -> None:
    assert without_password(address) == (named, {"PGPASSWORD": password} if password else {})


# taking and putting back -----------------------------------------------------------------------


@LOCAL
async def test_the_command_takes_checks_and_says_what_is_wrong(
    world: World, source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = get_settings()
    await send(world.alice, world)
    tar, folder = str(tmp_path / "b.tar"), str(tmp_path / "set")
    assert await run_backup(settings, tar, None) == 0
    assert await run_backup(settings, folder, 2) == 0
    assert await run_backup_check(tar, None) == 0
    assert await run_backup_check(folder, None) == 0
    said = capsys.readouterr()
    assert said.out.count("is whole") == 2
    assert said.err == ""
    for arguments, words in (
        ((tar, None), "exists already"),
        ((str(tmp_path / "c.tar"), 3), "keeps several"),
    ):
        assert await run_backup(settings, *arguments) == 1
        assert words in capsys.readouterr().err
    assert await run_backup_check(tar, "20260101T000000Z") == 1
    assert "--at" in capsys.readouterr().err
    path = Path(tar)
    path.write_bytes(path.read_bytes()[:-4000])
    assert await run_backup_check(tar, None) == 1
    assert "the backup is damaged" in capsys.readouterr().err
    assert not list(tmp_path.glob(".*"))


@LOCAL
async def test_two_backups_of_one_database_do_not_run_at_once(
    source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from backend.backup.queries import snapshot

    async with snapshot() as first:
        assert first is not None
        assert await run_backup(get_settings(), str(tmp_path / "b.tar"), None) == 1
    assert "another backup" in capsys.readouterr().err
    assert await run_backup(get_settings(), str(tmp_path / "b.tar"), None) == 0


@LOCAL
async def test_a_damaged_backup_changes_nothing(
    world: World,
    source: Source,
    new_house: House,
    tmp_path: Path,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await send(world.alice, world)
    folder = tmp_path / "set"
    source.house.well("backup", folder)
    (dump,) = folder.glob("snapshots/*/database.dump")
    dump.write_bytes(dump.read_bytes()[:-1000])
    before = await rows_of(connection)
    await connection.close()
    refused = source.house.khupho("restore", folder, "--force")
    assert refused.returncode == 1
    # The application in this very process uses the database: that is said first.
    assert "stop the server" in refused.stderr
    refused = new_house.khupho("restore", folder)
    assert refused.returncode == 1
    assert "database.dump is damaged" in refused.stderr
    assert not (new_house.var / "vapid.pem").exists()
    assert await source.house.rows() == before


@LOCAL
async def test_a_dump_that_the_database_refuses_changes_nothing(
    world: World, source: Source, tmp_path: Path, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """All in one transaction: what was there before is there after."""
    await send(world.alice, world)
    before = await rows_of(connection)
    dump = tmp_path / "database.dump"
    found = programs_for(18)
    address = str(source.house.database_url)
    from backend.backup.queries import BEGIN_A_NEW_HISTORY, EMPTY_THE_SCHEMA, snapshot

    async with snapshot() as present:
        assert present is not None
        with dump.open("wb") as file:
            await asyncio.to_thread(postgres.dump, found, address, present.name, file.write)
    for spoilt, after in (
        (dump.read_bytes()[:-2000], BEGIN_A_NEW_HISTORY),
        (dump.read_bytes(), BEGIN_A_NEW_HISTORY + "SELECT 1/0;"),
        (b"no dump at all", BEGIN_A_NEW_HISTORY),
    ):
        broken = tmp_path / "broken.dump"
        broken.write_bytes(spoilt)
        with pytest.raises(BackupError):
            await asyncio.to_thread(
                postgres.load,
                found,
                address,
                broken,
                server_major=18,
                before=EMPTY_THE_SCHEMA,
                after=after,
            )
        assert await rows_of(connection) == before


def test_a_backup_of_a_newer_version_is_refused_by_its_migration() -> None:
    about = About(1, "9.9", ["0001", "0999"], "e", datetime.now(UTC), 18, 18)
    with pytest.raises(BackupError, match=r"newer version of khupho \(9\.9.*0999"):
        _require_known_migrations(about)


@LOCAL
async def test_a_backup_from_a_newer_server_is_refused(
    source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set"
    assert await run_backup(get_settings(), str(folder), None) == 0
    (about,) = folder.glob("snapshots/*/about.json")
    about.write_text(about.read_text().replace('"server": 18', '"server": 19'))
    assert await run_restore(get_settings(), str(folder), None, True) == 1
    assert "PostgreSQL 19, this server is 18" in capsys.readouterr().err


@LOCAL
async def test_only_a_database_nobody_used_counts_as_empty(
    source: Source,
) -> None:
    from backend import db

    assert await list_filled_tables() == []
    await db.execute("CREATE TABLE somebody_elses AS SELECT 1 AS number")
    assert await list_filled_tables() == ["somebody_elses"]


async def test_every_column_that_names_an_object_is_in_the_backup(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    """Who adds a column of that kind adds it to what a backup copies, too."""
    from backend.media import audit_queries

    columns = await connection.fetch(
        """SELECT table_name || '.' || column_name AS name FROM information_schema.columns
           WHERE table_schema = 'public' AND column_name LIKE '%\\_key'
             AND table_name NOT LIKE 'pgqueuer%'"""
    )
    assert {row["name"] for row in columns} == {
        "upload.media_key",
        "photo.media_key",
        "photo.full_key",
        "photo.thumb_key",
    }
    for column in ("media_key", "full_key", "thumb_key"):
        assert column in audit_queries._NAMED


# by timer --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("30m", timedelta(minutes=30)),
        ("1h", timedelta(hours=1)),
        ("2d", timedelta(days=2)),
        ("45s", timedelta(seconds=45)),
    ],
)
def test_times_are_read_as_people_write_them(text: str, meant: timedelta) -> None:
    assert read_interval(text) == meant
    for wrong in ("", "h", "0h", "1", "1.5h", "-1h", "1h ", "1w", "99999999d"):
        with pytest.raises(ValueError, match="30m, 1h"):
            read_interval(wrong)


async def test_the_timer_goes_on_after_a_bad_night_and_stops_when_told() -> None:
    stopping = asyncio.Event()
    taken: list[datetime] = []
    said: list[Exception] = []

    async def take() -> None:
        taken.append(datetime.now(UTC))
        if len(taken) == 2:
            raise OSError("no space left on device")
        if len(taken) == 4:
            stopping.set()

    every = timedelta(seconds=0.05)
    await asyncio.wait_for(keep_taking(every, None, take, said.append, stopping), 20)
    assert len(taken) == 4
    assert [str(error) for error in said] == ["no space left on device"]
    assert all(later - earlier >= every for earlier, later in itertools.pairwise(taken))


async def test_the_timer_waits_for_what_is_left_since_the_newest_backup() -> None:
    stopping = asyncio.Event()
    begun = datetime.now(UTC)

    async def take() -> None:
        assert datetime.now(UTC) - begun >= timedelta(seconds=0.2)
        stopping.set()

    last = begun - timedelta(seconds=0.8)
    await asyncio.wait_for(keep_taking(timedelta(seconds=1), last, take, pytest.fail, stopping), 20)


@LOCAL
async def test_by_timer_only_the_newest_are_kept_until_it_is_stopped(
    source: Source, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    running = asyncio.create_task(run_backups(get_settings(), str(folder), timedelta(seconds=1), 2))
    seen: set[str] = set()

    def three_were_taken() -> bool:
        seen.update(path.parent.name for path in folder.glob("snapshots/*/manifest.jsonl"))
        return len(seen) >= 3

    await until(three_were_taken)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(running, 30) == 0
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)
    assert len(list(folder.glob("snapshots/*/manifest.jsonl"))) == 2
    assert await run_backups(get_settings(), "x.tar", timedelta(hours=1), None) == 1
