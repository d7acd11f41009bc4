"""The tables of the main job: areas, people, reports, threads, photos, notifications, sync."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from backend.db import ENGINE

ID = "0001"
VERSION = "1.38.0"
DESCRIPTION = "ground"

TABLES = (
    "change", "push_delivery", "push_subscription", "notification", "read_marker", "message",
    "report", "photo", "upload", "routing_rule", "category", "department", "invitation",
    "session", "account_grant", "account", "household", "area", "epoch",
)  # fmt: skip


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khupho", description=DESCRIPTION)

    async def up() -> None:
        sql = (Path(__file__).parent / "0001_ground.sql").read_text("utf-8")
        await _connection_execute(sql)

    async def down() -> None:
        await _connection_execute(f"DROP TABLE {', '.join(TABLES)}")

    manager.add_raw(up)
    manager.add_raw_backwards(down)
    return manager


async def _connection_execute(sql: str) -> None:
    """Several statements at once, in the migration's own transaction."""
    transaction = ENGINE.current_transaction.get()
    if transaction is None:
        raise RuntimeError("migrations run in a transaction")
    await transaction.connection.execute(sql)
