"""What a look at all media has seen so far, on disk: a million keys would fill the memory."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

BATCH: Final = 500


class AuditNotes:
    """Objects of the store, whether a row names them, and what is wrong with which key."""

    def __init__(self, path: Path) -> None:
        self._rows = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._rows.executescript(
            """
            PRAGMA journal_mode = off;
            PRAGMA synchronous = off;
            CREATE TABLE object (key TEXT PRIMARY KEY, size INTEGER, modified REAL, named INTEGER)
                WITHOUT ROWID;
            CREATE TABLE wrong (place INTEGER PRIMARY KEY, kind TEXT, key TEXT);
            BEGIN;
            """
        )

    def add(self, key: str, size: int, modified: datetime) -> None:
        """An object of the store."""
        self._rows.execute(
            "INSERT OR REPLACE INTO object VALUES (?, ?, ?, 0)", (key, size, modified.timestamp())
        )

    def name(self, key: str) -> int | None:
        """A row names it. Returns its size in bytes, None if the store did not list it."""
        row = self._rows.execute(
            "UPDATE object SET named = 1 WHERE key = ? RETURNING size", (key,)
        ).fetchone()
        return None if row is None else int(row[0])

    def unnamed(self) -> Iterator[dict[str, datetime]]:
        """In batches: the keys no row names, and when each was written."""
        cursor = self._rows.execute("SELECT key, modified FROM object WHERE named = 0")
        while rows := cursor.fetchmany(BATCH):
            yield {key: datetime.fromtimestamp(modified, UTC) for key, modified in rows}

    def note(self, kind: str, key: str) -> None:
        """Something is wrong with it."""
        self._rows.execute("INSERT INTO wrong (kind, key) VALUES (?, ?)", (kind, key))

    def count(self) -> int:
        """How many were noted."""
        return int(self._rows.execute("SELECT count(*) FROM wrong").fetchone()[0])

    def wrong(self) -> Iterator[tuple[str, str]]:
        """(kind, key), as they were noted."""
        cursor = self._rows.execute("SELECT kind, key FROM wrong ORDER BY place")
        while rows := cursor.fetchmany(BATCH):
            yield from rows

    def close(self) -> None:
        self._rows.close()
