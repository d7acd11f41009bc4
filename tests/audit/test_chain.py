"""The chain by itself, and in a database of its own where somebody tampers with it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backend import db, migrate, trail
from backend.audit import queries, service
from backend.audit.chain import NOTHING, Entry, Head, Link, follows, link_hash, read_head
from backend.audit.command import run_head, run_verify
from backend.db import write_tx
from tests.audit.conftest import chain_all
from tests.fixtures.databases import own_database

entries = st.builds(
    Entry,
    id=st.integers(1, 2**60),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ward_id=st.none() | st.uuids(),
    actor_id=st.none() | st.uuids(),
    subject_kind=st.sampled_from(["report", "account", "rule_change"]),
    subject_id=st.uuids(),
    action=st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()),
    details=st.dictionaries(st.text(max_size=5), st.integers() | st.booleans()).map(
        lambda found: trail.canonical(found).decode()
    ),
)


def chained(of: list[Entry]) -> list[Link]:
    links, head = [], NOTHING
    for entry in of:
        seq = head.seq + 1
        link = Link(seq, head.hash, link_hash(head.hash, seq, entry), entry)
        links.append(link)
        head = Head(seq, link.hash)
    return links


def first_break(links: list[Link]) -> int | None:
    head = NOTHING
    for link in links:
        if not follows(link, head):
            return head.seq + 1
        head = Head(link.seq, link.hash)
    return None


@given(st.lists(entries, min_size=2, max_size=8), st.data())
def test_any_change_is_found_where_it_is(of: list[Entry], data: st.DataObject) -> None:
    links = chained(of)
    assert first_break(links) is None
    place = data.draw(st.integers(0, len(links) - 1))
    link, entry = links[place], of[place]
    for changed in (
        replace(link, entry=replace(entry, at=entry.at + timedelta(microseconds=1))),
        replace(link, entry=replace(entry, action=entry.action + ".")),
        replace(link, entry=replace(entry, actor_id=uuid.UUID(int=7))),
        replace(link, entry=replace(entry, subject_id=uuid.UUID(int=7))),
        replace(link, entry=replace(entry, details='{"other":1}')),
        replace(link, hash=bytes(31) + b"\x01"),
        replace(link, previous=bytes(31) + b"\x01"),
        replace(link, entry=None),
    ):
        assert first_break([*links[:place], changed, *links[place + 1 :]]) == place + 1
    if place:
        swapped = [*links]
        swapped[place - 1], swapped[place] = (
            replace(links[place - 1], entry=entry),
            replace(link, entry=of[place - 1]),
        )
        assert first_break(swapped) == place
        assert first_break([*links[: place - 1], *links[place:]]) == place


@given(st.integers(1, 2**60), st.binary(min_size=32, max_size=32))
def test_a_head_is_read_as_it_was_printed(seq: int, digest: bytes) -> None:
    assert read_head(f" {Head(seq, digest)}\n") == Head(seq, digest)


@pytest.mark.parametrize("text", ["", "1", "x:00", "1:00", "0:" + "00" * 32, "1:" + "zz" * 32])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - int() and bytes.fromhex() say it their own way
        read_head(text)


async def note(count: int = 1) -> None:
    async with write_tx():
        for number in range(count):
            trail.record(
                "test.done", ("test", uuid.uuid4()), ward_id=None, actor_id=None, number=number
            )


async def note_and_fail() -> None:
    async with write_tx():
        trail.record("test.lost", ("test", uuid.uuid4()), ward_id=None, actor_id=None)
        raise KeyError


async def test_entries_are_chained_once_in_their_order_and_rolled_back_with_the_change(
    database_url: str,
) -> None:
    async with own_database(database_url):
        await migrate.migrate()
        await note(3)
        with pytest.raises(KeyError):
            await note_and_fail()
        await note(2)
        await chain_all()
        links = await queries.list_links(0, 100)
        assert [link.entry.details for link in links if link.entry] == [
            f'{{"number":{number}}}' for number in (0, 1, 2, 0, 1)
        ]
        verdict = await service.verify()
        assert verdict.intact
        assert verdict.waiting == 0
        assert await service.chain_entries() == 0


async def test_what_commits_late_is_waited_for_and_nothing_overtakes_it(
    database_url: str,
) -> None:
    async with own_database(database_url):
        await migrate.migrate()
        slow = await asyncpg.connect(db.ENGINE.config["dsn"])
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(
            """INSERT INTO audit_entry (subject_kind, subject_id, action, details)
               VALUES ('test', gen_random_uuid(), 'test.slow', '{}')"""
        )
        await note()
        assert await service.chain_entries() == 0
        assert (await service.verify()).waiting == 1
        await transaction.commit()
        await slow.close()
        await chain_all()
        links = await queries.list_links(0, 100)
        assert [link.entry.action for link in links if link.entry] == ["test.slow", "test.done"]


async def test_two_workers_at_once_leave_one_chain(database_url: str) -> None:
    async with own_database(database_url):
        await migrate.migrate()

        async def work() -> None:
            for _ in range(10):
                await service.chain_entries()

        async def write() -> None:
            for _ in range(20):
                await note(5)

        await asyncio.gather(work(), write(), work())
        await chain_all()
        verdict = await service.verify()
        assert verdict.intact
        assert verdict.head.seq == 100


async def refused(sql: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await db.execute(sql)


async def test_the_database_refuses_to_change_or_remove_what_was_recorded(
    database_url: str,
) -> None:
    async with own_database(database_url):
        await migrate.migrate()
        await note()
        await chain_all()
        for table in ("audit_entry", "audit_chain"):
            await refused(f"DELETE FROM {table}")
            await refused(f"TRUNCATE {table} CASCADE")
        await refused("UPDATE audit_entry SET action = 'test.undone'")
        await refused("UPDATE audit_chain SET hash = previous")
        # Not even where triggers are told to be silent.
        connection = await asyncpg.connect(db.ENGINE.config["dsn"])
        await connection.execute("SET session_replication_role = replica")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM audit_chain")
        await connection.close()


async def tamper(*statements: str) -> None:
    """As a database's owner can who takes the triggers away."""
    async with db.pool().acquire() as connection, connection.transaction():
        for table in ("audit_entry", "audit_chain"):
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in statements:
            await connection.execute(statement)


async def forge(seq: int) -> None:
    """Changes an entry and makes its own link fit again, but not those that follow."""
    await tamper(f"UPDATE audit_entry SET action = 'forged' WHERE id = {seq}")
    link = (await queries.list_links(seq - 1, 1))[0]
    assert link.entry is not None
    forged = link_hash(link.previous, seq, link.entry).hex()
    await tamper(f"UPDATE audit_chain SET hash = '\\x{forged}' WHERE seq = {seq}")


def by(*statements: str) -> Callable[[], Awaitable[None]]:
    return lambda: tamper(*statements)


@pytest.mark.parametrize(
    ("change", "broken_seq"),
    [
        (by("UPDATE audit_entry SET action = 'other' WHERE id = 3"), 3),
        (by("""UPDATE audit_entry SET details = '{"number":9}' WHERE id = 4"""), 4),
        (by("UPDATE audit_entry SET at = at - interval '1 hour' WHERE id = 1"), 1),
        (
            by(
                "ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_entry_id_fkey",
                "DELETE FROM audit_entry WHERE id = 2",
            ),
            2,
        ),
        (by("DELETE FROM audit_chain WHERE seq = 3", "DELETE FROM audit_entry WHERE id = 3"), 3),
        (by("DELETE FROM audit_chain WHERE seq = 5"), 5),
        (
            by(
                "UPDATE audit_chain SET entry_id = -1 * entry_id + 9 WHERE seq = 0",
                "ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_entry_id_key",
                "UPDATE audit_chain SET entry_id = 9 - entry_id WHERE seq IN (4, 5)",
            ),
            4,
        ),
        (by("UPDATE audit_chain SET hash = decode(repeat('ab', 32), 'hex') WHERE seq = 6"), 6),
        (by("UPDATE audit_chain SET previous = decode(repeat('ab', 32), 'hex') WHERE seq = 2"), 2),
        (lambda: forge(3), 4),
    ],
    ids=[
        "changed-action", "changed-details", "changed-time", "entry-deleted", "both-deleted",
        "link-deleted", "reordered", "changed-hash", "changed-previous", "forged-with-its-hash",
    ],
)  # fmt: skip
async def test_tampering_is_found_with_its_place(
    database_url: str,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[], Awaitable[None]],
    broken_seq: int,
) -> None:
    async with own_database(database_url):
        await migrate.migrate()
        await note(8)
        await chain_all()
        assert await run_verify(None) == 0
        assert "The chain is intact: 8 entries." in capsys.readouterr().out
        await change()
        assert await run_verify(None) == 1
        assert f"The chain is broken at {broken_seq}:" in capsys.readouterr().err


async def test_an_entry_put_in_later_and_a_cut_off_end_are_found(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with own_database(database_url):
        await migrate.migrate()
        await note(5)
        await chain_all()
        await run_head()
        kept = read_head(capsys.readouterr().out)
        assert await run_verify(kept) == 0
        await db.execute(
            """INSERT INTO audit_entry (xid, subject_kind, subject_id, action, details)
               VALUES ('3', 'test', gen_random_uuid(), 'test.never', '{}')"""
        )
        await service.chain_entries()
        assert await run_verify(kept) == 1
        assert "1 entries were put in behind the end" in capsys.readouterr().err
        await tamper(
            "DELETE FROM audit_chain WHERE seq >= 4",
            "DELETE FROM audit_entry WHERE id >= 4",
        )
        assert await run_verify(None) == 0  # a chain that ends earlier is a chain
        assert await run_verify(kept) == 1
        assert "ends before the head that was kept" in capsys.readouterr().err
        assert await run_verify(Head(2, bytes(32))) == 1


async def test_after_a_restore_the_chain_goes_on(database_url: str) -> None:
    from backend.backup.queries import BEGIN_A_NEW_HISTORY

    async with own_database(database_url):
        await migrate.migrate()
        await note(2)
        await chain_all()
        # A server that counted further than this one; and one entry that was not chained yet.
        await tamper("UPDATE audit_entry SET xid = '900000000000'")
        await db.execute(
            """INSERT INTO audit_entry (xid, subject_kind, subject_id, action, details)
               VALUES ('900000000001', 'test', gen_random_uuid(), 'test.late', '{}')"""
        )
        connection = await asyncpg.connect(db.ENGINE.config["dsn"])
        await connection.execute(BEGIN_A_NEW_HISTORY)
        await connection.close()
        await note(1)
        await chain_all()
        links = await queries.list_links(2, 10)
        actions = [link.entry.action for link in links if link.entry]
        assert actions == ["test.late", "database.restored", "test.done"]
        assert (await service.verify()).intact
