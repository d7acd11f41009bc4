"""The server with one promise broken on purpose: `KHUPHO_TEST_MUTANT` names which."""

import os
import uuid
from collections.abc import Callable
from typing import Any, Final

import backend.server
from backend.sync import service as sync
from backend.threads import queries as thread_queries
from backend.threads import service as threads


def no_unique_key() -> None:
    """A repeated message is not recognised, and what is taken gets a new key."""
    insert = thread_queries.insert_messages

    async def find_nothing(*_: object) -> None:
        return None

    async def insert_under_any_key(messages: Any) -> int:
        import msgspec

        free = []
        for message in messages:
            taken = await thread_queries.get_message(message.id) is not None
            free.append(msgspec.structs.replace(message, id=uuid.uuid4()) if taken else message)
        return await insert(free)

    threads.find_repeat = find_nothing  # type: ignore[assignment]
    thread_queries.insert_messages = insert_under_any_key


def cursor_by_id() -> None:
    """The next sync starts after the newest transaction, not before the oldest unfinished one."""
    from backend.db import fetch_one

    async def get_newest() -> tuple[uuid.UUID, int]:
        row = await fetch_one(
            "SELECT id, pg_snapshot_xmax(pg_current_snapshot())::text AS horizon FROM epoch"
        )
        assert row is not None
        return row["id"], int(row["horizon"])

    sync.get_horizon = get_newest  # type: ignore[attr-defined]


MUTANTS: Final[dict[str, Callable[[], None]]] = {
    "no_unique_key": no_unique_key,
    "cursor_by_id": cursor_by_id,
}


def create_app() -> object:
    """What granian loads in its own process: the mutant, then the app."""
    MUTANTS[os.environ["KHUPHO_TEST_MUTANT"]]()
    from backend.app import create_app as create

    return create()


def main() -> None:
    from backend.cli import main as run

    real = backend.server.Granian

    def granian(_target: str, **settings: Any) -> object:
        return real("tests.faults.mutants.server:create_app", **settings)

    backend.server.Granian = granian  # type: ignore[assignment,misc]
    run()


if __name__ == "__main__":
    main()
