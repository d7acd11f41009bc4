"""SQL of backups: a snapshot others can look through, and what a restore makes different."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, cast

from backend.db import fetch, fetch_value, pool

if TYPE_CHECKING:
    from asyncpg import Connection, Record

LOCK: Final = 0x6B687562  # "khub"

# What a migrated database has before anybody used it.
_NEVER_EMPTY: Final = ("audit_walk", "epoch", "migration", "pgqueuer", "pgqueuer_log",
                       "pgqueuer_schedules", "pgqueuer_statistics")  # fmt: skip

EMPTY_THE_SCHEMA: Final = """
DO $$
DECLARE
    thing record;
BEGIN
    FOR thing IN
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                              WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
               c.oid::regclass::text AS name
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
          AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid
                          AND d.classid = 'pg_class'::regclass AND d.deptype IN ('e', 'i'))
        ORDER BY c.relkind = 'S'
    LOOP
        EXECUTE format('DROP %s IF EXISTS %s CASCADE', thing.kind, thing.name);
    END LOOP;
    FOR thing IN
        SELECT p.oid::regprocedure::text AS name FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
          AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid
                          AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', thing.name);
    END LOOP;
    FOR thing IN
        SELECT t.oid::regtype::text AS name FROM pg_type t
        WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd')
          AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid
                          AND d.classid = 'pg_type'::regclass AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', thing.name);
    END LOOP;
END
$$;
"""
"""Everything of ours; extensions stay, which only their owner could make anew."""

# - Another history: phones see another epoch and start their copy over.
# - What was waiting to be pushed or texted then has gone out since, or is in the inbox.
# - Versions of the feed are transaction numbers. This server may count from lower ones, and would
#   send everything above its own again at every pull, until it has caught up.
# - Likewise the trail: its entries are chained in the order of transactions, era by era.
BEGIN_A_NEW_HISTORY: Final = """
RESET search_path;
SET search_path = public, pg_catalog;
UPDATE epoch SET id = gen_random_uuid(), since = now();
DELETE FROM push_delivery WHERE state = 'pending';
UPDATE sms_delivery SET state = 'dropped', finished_at = now() WHERE state = 'pending';
UPDATE change SET version = pg_current_xact_id();
DO $$
BEGIN
    EXECUTE format('ALTER TABLE audit_entry ALTER COLUMN era SET DEFAULT %s',
                   (SELECT coalesce(max(era), 0) + 1 FROM audit_entry));
END
$$;
INSERT INTO audit_entry (subject_kind, subject_id, action, details)
SELECT 'database', id, 'database.restored', '{}' FROM epoch;
"""


class Snapshot:
    """The database at one moment, on a connection that keeps it."""

    def __init__(self, connection: "Connection[Record]", name: str, server: int) -> None:
        self.connection = connection
        self.name = name
        self.server = server

    async def migrations(self) -> list[str]:
        rows = await self.connection.fetch(
            "SELECT name FROM migration WHERE app_name = 'khupho' ORDER BY name"
        )
        return [row["name"] for row in rows]

    async def epoch(self) -> str:
        return cast("str", await self.connection.fetchval("SELECT id::text FROM epoch"))


@asynccontextmanager
async def snapshot() -> AsyncIterator[Snapshot | None]:
    """None when another backup of this database is being made."""
    async with (
        pool().acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
            yield None
            return
        name = await connection.fetchval("SELECT pg_export_snapshot()")
        yield Snapshot(cast("Connection[Record]", connection), name, await get_server_major())


async def get_server_major() -> int:
    """18 of 18.6."""
    number = await fetch_value("SELECT current_setting('server_version_num')::int")
    return cast("int", number) // 10000


async def list_filled_tables() -> list[str]:
    """Names of tables somebody has used."""
    rows = await fetch(
        """SELECT tablename AS name, quote_ident(tablename) AS quoted FROM pg_tables
           WHERE schemaname = 'public' AND tablename <> ALL($1) ORDER BY tablename""",
        list(_NEVER_EMPTY),
    )
    return [
        row["name"]
        for row in rows
        if await fetch_value(f"SELECT EXISTS (SELECT 1 FROM public.{row['quoted']})")  # noqa: S608
    ]


async def count_other_clients() -> int:
    """Connections to this database besides this one. Nothing else of ours may be open."""
    count = await fetch_value(
        """SELECT count(*) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()
             AND backend_type = 'client backend'"""
    )
    return cast("int", count)
