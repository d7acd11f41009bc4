"""What was done by whom, and the chain of hashes over it."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from backend.db import ENGINE

ID = "0008"
VERSION = "1.38.0"
DESCRIPTION = "audit"

_BACK = """
DROP TABLE audit_walk;
DROP TABLE audit_chain;
DROP TABLE audit_entry;
DROP FUNCTION refuse_change();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khupho", description=DESCRIPTION)

    async def up() -> None:
        await _run((Path(__file__).parent / "0008_audit.sql").read_text("utf-8"))

    async def down() -> None:
        await _run(_BACK)

    manager.add_raw(up)
    manager.add_raw_backwards(down)
    return manager


async def _run(sql: str) -> None:
    """Several statements at once, in the migration's own transaction."""
    transaction = ENGINE.current_transaction.get()
    if transaction is None:
        raise RuntimeError("migrations run in a transaction")
    await transaction.connection.execute(sql)
