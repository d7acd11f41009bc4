"""SQL of saved lists."""

# ruff: noqa: S608 - the columns are our own; values are arguments

from typing import TYPE_CHECKING, Final
from uuid import UUID

from backend.actor import Actor
from backend.db import execute, fetch, fetch_one, fetch_value, from_json, json_text
from backend.reports.desk_schemas import DeskFilters, DeskViewOut

if TYPE_CHECKING:
    from asyncpg import Record

_VIEW: Final = "id, name, filters, created_at"


async def list_views(actor: Actor) -> list[DeskViewOut]:
    rows = await fetch(
        f"SELECT {_VIEW} FROM desk_view WHERE account_id = $1 ORDER BY created_at, id",
        actor.account_id,
    )
    return [_view_of(row) for row in rows]


async def get_view(actor: Actor, view_id: UUID) -> DeskViewOut | None:
    row = await fetch_one(
        f"SELECT {_VIEW} FROM desk_view WHERE account_id = $1 AND id = $2",
        actor.account_id,
        view_id,
    )
    return None if row is None else _view_of(row)


async def get_saved(view_id: UUID) -> tuple[UUID, bytes] | None:
    """Whose it is and what was saved first, whoever asks: for telling repetitions."""
    row = await fetch_one("SELECT account_id, content_hash FROM desk_view WHERE id = $1", view_id)
    return None if row is None else (row["account_id"], row["content_hash"])


async def count_views(actor: Actor) -> int:
    found = await fetch_value(
        "SELECT count(*) FROM desk_view WHERE account_id = $1", actor.account_id
    )
    assert isinstance(found, int)
    return found


async def lock_person(actor: Actor) -> None:
    """Held until the transaction ends."""
    await execute("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", actor.account_id)


async def insert_view(
    actor: Actor, view_id: UUID, name: str, filters: DeskFilters, content_hash: bytes
) -> DeskViewOut | None:
    """None: the id is taken."""
    row = await fetch_one(
        f"""INSERT INTO desk_view (id, account_id, name, filters, content_hash)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING {_VIEW}""",
        view_id,
        actor.account_id,
        name,
        json_text(filters),
        content_hash,
    )
    return None if row is None else _view_of(row)


async def delete_view(actor: Actor, view_id: UUID) -> None:
    await execute(
        "DELETE FROM desk_view WHERE account_id = $1 AND id = $2", actor.account_id, view_id
    )


def _view_of(row: "Record") -> DeskViewOut:
    return DeskViewOut(
        row["id"], row["name"], from_json(row["filters"], DeskFilters), row["created_at"]
    )
