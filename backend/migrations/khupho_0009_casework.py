"""Hand-overs, parts of a case, ready-made replies, and who is looking at a case."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from backend.db import ENGINE

ID = "0009"
VERSION = "1.38.0"
DESCRIPTION = "casework"

_BACK = """
DROP TABLE reply_template_version, reply_template, presence, part;
DROP INDEX report_parts;
ALTER TABLE report DROP COLUMN handovers, DROP COLUMN ping_pong, DROP COLUMN part_ids,
    DROP COLUMN open_part_ids;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khupho", description=DESCRIPTION)

    async def up() -> None:
        await _run((Path(__file__).parent / "0009_casework.sql").read_text("utf-8"))

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
