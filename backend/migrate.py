"""Bring the database to the schema this code expects; or, in tests, back again."""

import contextlib
import io
from typing import TYPE_CHECKING, cast

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from piccolo.apps.migrations.commands.backwards import BackwardsMigrationManager
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration

from backend.db import pool

if TYPE_CHECKING:
    import asyncpg

LOCK = 0x6B687570  # "khup": two servers starting together migrate once


class MigrationFailed(Exception):
    """A migration did not apply; the text is Piccolo's."""


async def migrate() -> None:
    """Apply all migrations, then install or upgrade the job queue's own tables."""
    async with pool().acquire() as guard:
        await guard.execute("SELECT pg_advisory_lock($1)", LOCK)
        try:
            await _piccolo(ForwardsMigrationManager(app_name="khupho"))
            queries = Queries(AsyncpgDriver(cast("asyncpg.Connection[asyncpg.Record]", guard)))
            if not await queries.has_table("pgqueuer"):
                await queries.install()
            else:
                await queries.upgrade()
        finally:
            await guard.execute("SELECT pg_advisory_unlock($1)", LOCK)


def known_migrations() -> list[str]:
    """Ids of all migrations this code has, oldest first."""
    manager = ForwardsMigrationManager(app_name="khupho")
    app = manager.get_app_config(app_name="khupho")
    return sorted(manager.get_migration_modules(app.resolved_migrations_folder_path))


async def pending_migrations() -> list[str]:
    """Ids of migrations this database has not seen."""
    known = known_migrations()
    if not await Migration.table_exists():
        return known
    done = await Migration.get_migrations_which_ran(app_name="khupho")
    return sorted(set(known) - set(done))


async def roll_back(migration_id: str) -> None:
    """Undo migrations down to and including `migration_id`."""
    await _piccolo(
        BackwardsMigrationManager(app_name="khupho", migration_id=migration_id, auto_agree=True)
    )


async def _piccolo(manager: ForwardsMigrationManager | BackwardsMigrationManager) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        result = await manager.run()
    if not result.success:
        raise MigrationFailed(printed.getvalue())
