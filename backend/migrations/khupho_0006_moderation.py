"""What heads decide about reports, and reports on a neighbour's behalf."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from backend.db import ENGINE

ID = "0006"
VERSION = "1.38.0"
DESCRIPTION = "moderation"

_BACK = """
DROP TABLE report_behalf;
ALTER TABLE report DROP CONSTRAINT report_private_stays_private, DROP COLUMN moderation,
    DROP COLUMN hidden_reason, DROP COLUMN moderation_appealed, DROP COLUMN verified_at;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khupho", description=DESCRIPTION)

    async def up() -> None:
        await _run((Path(__file__).parent / "0006_moderation.sql").read_text("utf-8"))

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
