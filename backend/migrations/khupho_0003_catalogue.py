"""Departments and kinds of problems edited in the app; questions about a kind of problem."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from backend.db import ENGINE

ID = "0003"
VERSION = "1.38.0"
DESCRIPTION = "catalogue"

_BACK = """
DELETE FROM rule_change WHERE subject IN ('department', 'category');
ALTER TABLE rule_change
    DROP CONSTRAINT rule_change_subject_check,
    ADD CONSTRAINT rule_change_subject_check CHECK (
        subject IN ('routing', 'clocks', 'hours', 'closure'));
ALTER TABLE report DROP COLUMN answers;
DROP TABLE category_questions;
ALTER TABLE category DROP COLUMN revision, DROP COLUMN questions, DROP COLUMN questions_version;
ALTER TABLE department DROP COLUMN revision, DROP COLUMN retired_at;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khupho", description=DESCRIPTION)

    async def up() -> None:
        await _run((Path(__file__).parent / "0003_catalogue.sql").read_text("utf-8"))

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
