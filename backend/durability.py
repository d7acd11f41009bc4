"""Does this PostgreSQL keep what it says it has kept? Asked at every start, and by `khupho check`.

The receipt a phone gets is as good as these settings: a server that answers before its disk has the
commit may lose, in a power cut, what the phone has already let go of (I2).
"""

from typing import Final

from msgspec import Struct

from backend.db import fetch
from backend.logs import get_logger


class Durable(Struct, frozen=True):
    """A setting, what it is for, the values that keep the promise, and what to do otherwise."""

    setting: str
    words: str
    values: frozenset[str]
    advice: str


WANTED: Final = (
    Durable(
        "synchronous_commit",
        "commits wait for the disk",
        # Everything but "off" waits at least for this server's own disk.
        frozenset({"on", "local", "remote_write", "remote_apply"}),
        "set synchronous_commit = on",
    ),
    Durable("fsync", "the disk is told to write", frozenset({"on"}), "set fsync = on"),
    Durable(
        "full_page_writes",
        "half-written pages are mended",
        frozenset({"on"}),
        "set full_page_writes = on",
    ),
    Durable(
        "data_checksums",
        "pages have checksums",
        frozenset({"on"}),
        "stop the database and run pg_checksums --enable",
    ),
)


async def read_durability() -> list[tuple[Durable, str]]:
    """Each setting and its value, as a new connection of ours gets it."""
    rows = await fetch(
        "SELECT name, setting FROM pg_settings WHERE name = ANY($1)",
        [wanted.setting for wanted in WANTED],
    )
    values = {row["name"]: row["setting"] for row in rows}
    return [(wanted, values.get(wanted.setting, "unknown")) for wanted in WANTED]


async def warn_unless_durable() -> None:
    """A line in the log for each setting that breaks the promise. Never stops the server."""
    for wanted, value in await read_durability():
        if value not in wanted.values:
            get_logger().warning(
                "database_not_durable", setting=wanted.setting, value=value, advice=wanted.advice
            )
