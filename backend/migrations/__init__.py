"""The schema's steps: `000N_name.sql` leads on, `khupho_000N_name.py` knows the way back."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from backend.db import ENGINE


def sql_step(
    migration_id: str, description: str, back: str
) -> Callable[[], Awaitable[MigrationManager]]:
    """What Piccolo asks of a migration as `forwards`.

    Forwards runs this folder's `{migration_id}_{description}.sql`, backwards the statements `back`.
    """

    async def up() -> None:
        file = Path(__file__).parent / f"{migration_id}_{description}.sql"
        await _run(file.read_text("utf-8"))

    async def down() -> None:
        await _run(back)

    async def forwards() -> MigrationManager:
        manager = MigrationManager(
            migration_id=migration_id, app_name="khupho", description=description
        )
        manager.add_raw(up)
        manager.add_raw_backwards(down)
        return manager

    return forwards


async def _run(sql: str) -> None:
    """Several statements at once, in the migration's own transaction."""
    transaction = ENGINE.current_transaction.get()
    if transaction is None:
        raise RuntimeError("migrations run in a transaction")
    await transaction.connection.execute(sql)
