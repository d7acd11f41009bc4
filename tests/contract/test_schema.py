"""Migrations back and forth on a filled database; Piccolo's tables against the real ones."""

import importlib
import inspect
import uuid
from pathlib import Path

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Column,
    DoublePrecision,
    Integer,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from backend import db, migrate
from tests.conftest import World
from tests.fixtures.databases import own_database

BACKEND = Path(__file__).resolve().parents[2] / "backend"
TYPES: dict[type[Column], str] = {
    UUID: "uuid",
    Text: "text",
    Timestamptz: "timestamp with time zone",
    Integer: "integer",
    BigInt: "bigint",
    Boolean: "boolean",
    Bytea: "bytea",
    JSONB: "jsonb",
    DoublePrecision: "double precision",
    Array: "ARRAY",
}


def tables() -> list[type[Table]]:
    found = []
    for path in sorted(BACKEND.glob("*/tables.py")):
        module = importlib.import_module(f"backend.{path.parent.name}.tables")
        found += [
            item
            for _, item in inspect.getmembers(module, inspect.isclass)
            if issubclass(item, Table) and item.__module__ == module.__name__
        ]
    return found


async def test_piccolo_knows_the_tables_as_they_are(world: World) -> None:
    assert len(tables()) >= 10
    for table in tables():
        rows = await db.fetch(
            """SELECT column_name, data_type, is_nullable = 'YES' AS nullable
               FROM information_schema.columns WHERE table_name = $1""",
            table._meta.tablename,
        )
        real = {row["column_name"]: (row["data_type"], row["nullable"]) for row in rows}
        declared = {
            column._meta.name: (TYPES[type(column)], column._meta.null)
            for column in table._meta.columns
        }
        assert declared == real, table.__name__


async def test_migrations_go_back_and_forth_on_a_filled_database(database_url: str) -> None:
    async with own_database(database_url):
        await migrate.migrate()
        assert await migrate.pending_migrations() == []
        first = await _schema()
        await db.execute(
            """INSERT INTO area (id, level, code, name, country, time_zone, calendar, path)
               VALUES ($1, 'city', 'x', 'x', 'VN', 'Asia/Ho_Chi_Minh', 'gregorian', $2)""",
            uuid.UUID(int=1),
            [uuid.UUID(int=1)],
        )
        await migrate.roll_back("0001")
        assert "area" not in {table for table, _ in await _schema()}
        assert "0001" in await migrate.pending_migrations()
        await migrate.migrate()
        assert await _schema() == first


async def _schema() -> set[tuple[str, str]]:
    rows = await db.fetch(
        """SELECT table_name, column_name FROM information_schema.columns
           WHERE table_schema = 'public'"""
    )
    return {(row["table_name"], row["column_name"]) for row in rows}
