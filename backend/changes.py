"""The change feed: what changed, in which scope, in an order in which nothing is missed.

Every service that changes something a person may see calls `touch` in its transaction. On the
ground floor because every slice writes here; only `sync` reads.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Final

from backend.db import (
    Rows,
    execute,
    fetch,
    fetch_one,
    say_after_commit,
    write_before_commit,
)

CHANNEL: Final = "khupho_changed"

# The order of rows is fixed so that two transactions touching the same scopes cannot deadlock.
_TOUCH = """
INSERT INTO change (scope, kind, id, version)
SELECT DISTINCT scope, kind, id, pg_current_xact_id()
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS t(scope, kind, id)
ORDER BY scope, kind, id
ON CONFLICT (scope, kind, id) DO UPDATE SET version = excluded.version
"""


def touch(rows: Iterable[tuple[uuid.UUID, str, uuid.UUID]]) -> None:
    """Say that (scope, kind, id) changed: in the feed and, once committed, to whoever listens.

    Inside `write_tx()` only. All touches of a transaction are written together at its end: in one
    order for everybody, so that two transactions cannot deadlock, and their locks are short.
    """
    touched = list(rows)
    write_before_commit("touch", touched, _write)
    say_after_commit("touch", {(scope,) for scope, _, _ in touched}, _say)


def say(scopes: Iterable[uuid.UUID]) -> None:
    """A word to whoever listens to these scopes, once committed: something to ask for that no feed
    carries.

    Inside `write_tx()` only.
    """
    say_after_commit("touch", {(scope,) for scope in scopes}, _say)


async def _write(touched: Rows) -> None:
    scopes, kinds, ids = zip(*touched, strict=True) if touched else ((), (), ())
    if scopes:
        await execute(_TOUCH, list(scopes), list(kinds), list(ids))


async def _say(touched: Rows) -> None:
    """A word to every open connection that listens to one of these scopes.

    Not inside the transaction: PostgreSQL lets those that notify commit one by one, each with an
    fsync of its own; without, reports of one moment share theirs.
    """
    scopes = [scope for (scope,) in touched]
    await execute(
        "SELECT pg_notify($1, scope::text) FROM unnest($2::uuid[]) AS s(scope)", CHANNEL, scopes
    )


async def get_horizon() -> tuple[uuid.UUID, int]:
    """The database's epoch, and the version below which nothing can still appear."""
    row = await fetch_one(
        "SELECT id, pg_snapshot_xmin(pg_current_snapshot())::text AS horizon FROM epoch"
    )
    if row is None:
        raise RuntimeError("the database has no epoch; it was not migrated")
    return row["id"], int(row["horizon"])


async def list_changes(
    scopes: Sequence[uuid.UUID], version: int, after: tuple[str, uuid.UUID] | None, limit: int
) -> list[tuple[int, str, uuid.UUID]]:
    """What changed in `scopes` at or after `version`, oldest first.

    `after` continues a page: only rows of `version` beyond that (kind, id), and later versions.
    """
    kind, thing_id = after or ("", uuid.UUID(int=0))
    rows = await fetch(
        """
        SELECT DISTINCT version, kind, id FROM change
        WHERE scope = ANY($1) AND version >= $2::text::xid8
          AND (version > $2::text::xid8 OR (kind, id) > ($3, $4))
        ORDER BY version, kind, id
        LIMIT $5
        """,
        list(scopes),
        str(version),
        kind,
        thing_id,
        limit,
    )
    return [(int(row["version"]), row["kind"], row["id"]) for row in rows]
