"""Clocks in working time: hours, closures, warnings, and the history of a ward's rules."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from backend.db import ENGINE

ID = "0002"
VERSION = "1.38.0"
DESCRIPTION = "clocks"

_BACK = """
DROP TABLE recount, deadline, rule_change, closure, working_hours, clock;
DROP INDEX routing_rule_area, report_alarm;
ALTER TABLE report DROP COLUMN clocks, DROP COLUMN alarm_at;
ALTER TABLE category DROP CONSTRAINT category_clocks, DROP COLUMN accept_always,
    DROP COLUMN solve_always, DROP COLUMN escalate_hours;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khupho", description=DESCRIPTION)

    async def up() -> None:
        await _run((Path(__file__).parent / "0002_clocks.sql").read_text("utf-8"))

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
