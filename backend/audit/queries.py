"""SQL of the audit trail."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

from backend.audit.chain import NOTHING, Entry, Head, Link
from backend.db import execute, execute_many, fetch, fetch_one, fetch_value, from_json
from backend.departments.schemas import Names

if TYPE_CHECKING:
    from asyncpg import Record

LOCK: Final = 0x6B687563  # "khuc": one worker chains at a time

_ENTRY: Final = ", ".join(f"e.{column}" for column in Entry.__struct_fields__)

# Behind the last link, in the order of the chain.
_LAST: Final = """
(SELECT e.era, e.xid, e.id FROM audit_entry e
 JOIN audit_chain c ON c.entry_id = e.id ORDER BY c.seq DESC LIMIT 1)
"""


async def lock_chain() -> bool:
    """Until the transaction ends; False when another worker has it."""
    return bool(await fetch_value("SELECT pg_try_advisory_xact_lock($1)", LOCK))


async def get_head() -> Head:
    row = await fetch_one("SELECT seq, hash FROM audit_chain ORDER BY seq DESC LIMIT 1")
    return NOTHING if row is None else Head(row["seq"], row["hash"])


async def list_unchained(limit: int) -> list[Entry]:
    """The next entries, of transactions before which none can still appear.

    Transactions do not become visible in the order of their numbers; all below the horizon are
    over. Numbers of another era are another server's, whose transactions are all over.
    """
    rows = await fetch(
        f"""WITH last AS {_LAST}
            SELECT {_ENTRY} FROM audit_entry e
            WHERE ((SELECT count(*) FROM last) = 0
                   OR (e.era, e.xid, e.id) > (SELECT era, xid, id FROM last))
              AND (e.xid < pg_snapshot_xmin(pg_current_snapshot())
                   OR e.era < (SELECT max(era) FROM audit_entry))
            ORDER BY e.era, e.xid, e.id LIMIT $1""",  # noqa: S608
        limit,
    )
    return [_entry(row) for row in rows]


async def insert_links(links: Sequence[Link]) -> None:
    await execute_many(
        "INSERT INTO audit_chain (seq, entry_id, previous, hash) VALUES ($1, $2, $3, $4)",
        [
            (link.seq, link.entry.id, link.previous, link.hash)
            for link in links
            if link.entry is not None
        ],
    )


async def list_links(after: int, limit: int) -> list[Link]:
    rows = await fetch(
        f"""SELECT c.seq, c.previous, c.hash, {_ENTRY}
            FROM audit_chain c LEFT JOIN audit_entry e ON e.id = c.entry_id
            WHERE c.seq > $1 ORDER BY c.seq LIMIT $2""",  # noqa: S608
        after,
        limit,
    )
    return [_link(row) for row in rows]


async def count_unchained() -> tuple[int, int]:
    """Entries not yet chained; and how many of them never can be, put in behind the chain's end."""
    row = await fetch_one(
        f"""WITH last AS {_LAST}
            SELECT count(*) AS waiting,
                   count(*) FILTER (WHERE (e.era, e.xid, e.id) <= (SELECT era, xid, id FROM last))
                       AS smuggled
            FROM audit_entry e
            WHERE NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.entry_id = e.id)"""  # noqa: S608
    )
    if row is None:
        raise RuntimeError("count(*) gives a row")
    return row["waiting"], row["smuggled"]


async def save_walk(last_seq: int, broken_seq: int | None) -> None:
    await execute(
        """INSERT INTO audit_walk (walked_at, last_seq, broken_seq)
           VALUES (clock_timestamp(), $1, $2)
           ON CONFLICT (singleton) DO UPDATE SET walked_at = excluded.walked_at,
               last_seq = excluded.last_seq, broken_seq = excluded.broken_seq""",
        last_seq,
        broken_seq,
    )


async def get_walk() -> "Record | None":
    return await fetch_one("SELECT walked_at, last_seq, broken_seq FROM audit_walk")


async def list_history(subject_id: UUID, after: int, limit: int) -> "list[Record]":
    """Entries of a thing, oldest first, with their links as far as they have one.

    `before_hash` is that of the link before; null before the first.
    """
    return await fetch(
        f"""SELECT {_ENTRY}, c.seq, c.previous, c.hash, b.hash AS before_hash, a.name
            FROM audit_entry e
            LEFT JOIN audit_chain c ON c.entry_id = e.id
            LEFT JOIN audit_chain b ON b.seq = c.seq - 1
            LEFT JOIN account a ON a.id = e.actor_id
            WHERE e.subject_id = $1 AND e.id > $2 ORDER BY e.id LIMIT $3""",  # noqa: S608
        subject_id,
        after,
        limit,
    )


async def list_department_names(ids: Sequence[UUID]) -> dict[UUID, Names]:
    rows = await fetch("SELECT id, names FROM department WHERE id = ANY($1)", list(ids))
    return {row["id"]: from_json(row["names"], Names) for row in rows}


def entry_of(row: "Record") -> Entry:
    return _entry(row)


def link_of(row: "Record") -> Link | None:
    """The link of a row of `list_history`."""
    return None if row["seq"] is None else _link(row)


def _entry(row: "Record") -> Entry:
    return Entry(**{column: row[column] for column in Entry.__struct_fields__})


def _link(row: "Record") -> Link:
    entry = None if row["id"] is None else _entry(row)
    return Link(row["seq"], row["previous"], row["hash"], entry)
