"""SQL of crises and their messages."""

# ruff: noqa: S608 - what is put together here are our own fragments; values are arguments

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec import Struct

from backend.actor import Actor
from backend.crises.schemas import (
    CrisisKind,
    CrisisOut,
    CrisisTimes,
    CrisisUpdate,
)
from backend.db import execute, fetch, fetch_one, fetch_value, from_json, json_text
from backend.departments.schemas import Names
from backend.i18n import Language

if TYPE_CHECKING:
    from asyncpg import Record

MOST_UPDATES: Final = 20
MOST_LISTED: Final = 200


class Ward(Struct, frozen=True):
    """`path`: the city and the ward."""

    id: UUID
    name: str
    path: list[UUID]
    country: str


class Crisis(Struct, frozen=True):
    """One row of the table `crisis`."""

    id: UUID
    ward_id: UUID
    kind: CrisisKind
    area_ids: list[UUID]
    texts: Names
    language: Language
    category_id: UUID
    accept_minutes: int
    solve_minutes: int
    account_id: UUID
    content_hash: bytes
    revision: int
    started_at: datetime
    ended_at: datetime | None
    ended_by: UUID | None

    @property
    def times(self) -> CrisisTimes:
        return CrisisTimes(self.accept_minutes, self.solve_minutes)


_ROW: Final = ", ".join(f"c.{column}" for column in Crisis.__struct_fields__)


def _crisis(row: "Record") -> Crisis:
    fields = {column: row[column] for column in Crisis.__struct_fields__}
    return Crisis(**{**fields, "texts": from_json(fields["texts"], Names)})


# places --------------------------------------------------------------------------------------


async def list_wards(ids: Sequence[UUID]) -> list[Ward]:
    """Wards among these areas."""
    rows = await fetch(
        """SELECT id, name, path, country FROM area WHERE level = 'ward' AND id = ANY($1)
           ORDER BY name, id""",
        list(ids),
    )
    return [Ward(**dict(row)) for row in rows]


async def get_ward(ward_id: UUID) -> Ward | None:
    found = await list_wards([ward_id])
    return found[0] if found else None


async def lock_ward(ward_id: UUID) -> None:
    """Declaring and changing come one after the other in a ward; reports go on coming in."""
    await execute("SELECT 1 FROM area WHERE id = $1 FOR NO KEY UPDATE", ward_id)


async def list_neighbourhoods(area_ids: Sequence[UUID]) -> "list[Record]":
    """Id, name and path of all neighbourhoods in these areas, by code."""
    return await fetch(
        """SELECT id, name, path FROM area
           WHERE level = 'neighbourhood' AND path && $1::uuid[] ORDER BY code, id LIMIT 2000""",
        list(area_ids),
    )


async def list_names(area_ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await fetch("SELECT id, name FROM area WHERE id = ANY($1)", list(area_ids))
    return {row["id"]: row["name"] for row in rows}


async def list_known(area_ids: Sequence[UUID], ward_id: UUID) -> set[UUID]:
    """Those that are the ward or lie in it."""
    rows = await fetch(
        "SELECT id FROM area WHERE id = ANY($1) AND path @> ARRAY[$2::uuid]",
        list(area_ids),
        ward_id,
    )
    return {row["id"] for row in rows}


async def count_people(neighbourhood_ids: Sequence[UUID]) -> int:
    """Accounts that live there and are in use."""
    count = await fetch_value(
        """SELECT count(*) FROM account
           WHERE neighbourhood_id = ANY($1) AND disabled_at IS NULL""",
        list(neighbourhood_ids),
    )
    return int(str(count))


# crises --------------------------------------------------------------------------------------


async def get_crisis(crisis_id: UUID, *, lock: bool = False) -> Crisis | None:
    row = await fetch_one(
        f"SELECT {_ROW} FROM crisis c WHERE c.id = $1 {'FOR UPDATE' if lock else ''}", crisis_id
    )
    return None if row is None else _crisis(row)


async def insert_crisis(crisis: Crisis) -> bool:
    """False when the id is taken."""
    tag = await fetch_value(
        """INSERT INTO crisis (id, ward_id, kind, area_ids, texts, language, category_id,
                               accept_minutes, solve_minutes, account_id, content_hash, started_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           ON CONFLICT DO NOTHING RETURNING true""",
        crisis.id,
        crisis.ward_id,
        crisis.kind,
        crisis.area_ids,
        json_text(crisis.texts),
        crisis.language,
        crisis.category_id,
        crisis.accept_minutes,
        crisis.solve_minutes,
        crisis.account_id,
        crisis.content_hash,
        crisis.started_at,
    )
    return bool(tag)


async def replace_reach(
    crisis_id: UUID, kind: CrisisKind, neighbourhood_ids: Sequence[UUID]
) -> None:
    """It holds in these neighbourhoods, and in no others."""
    await execute(
        """WITH gone AS (
               DELETE FROM crisis_area WHERE crisis_id = $1 AND neighbourhood_id <> ALL($3))
           INSERT INTO crisis_area (crisis_id, neighbourhood_id, kind)
           SELECT $1, one, $2 FROM unnest($3::uuid[]) AS n(one)
           ON CONFLICT (crisis_id, neighbourhood_id) DO NOTHING""",
        crisis_id,
        kind,
        list(neighbourhood_ids),
    )


async def list_reach(crisis_id: UUID) -> list[UUID]:
    rows = await fetch(
        """SELECT neighbourhood_id FROM crisis_area WHERE crisis_id = $1
           ORDER BY neighbourhood_id""",
        crisis_id,
    )
    return [row["neighbourhood_id"] for row in rows]


async def find_declared(
    kind: CrisisKind, neighbourhood_ids: Sequence[UUID], but: UUID
) -> "Record | None":
    """Another crisis of that kind that lasts in one of them: who declared it, and where."""
    return await fetch_one(
        """SELECT c.id, p.name AS by_name, a.name AS area_name
           FROM crisis_area x JOIN crisis c ON c.id = x.crisis_id
           JOIN account p ON p.id = c.account_id JOIN area a ON a.id = x.neighbourhood_id
           WHERE x.active AND x.kind = $1 AND x.neighbourhood_id = ANY($2) AND c.id <> $3
           ORDER BY a.code LIMIT 1""",
        kind,
        list(neighbourhood_ids),
        but,
    )


async def list_declared(neighbourhood_ids: Sequence[UUID]) -> list[CrisisKind]:
    rows = await fetch(
        """SELECT DISTINCT kind FROM crisis_area WHERE active AND neighbourhood_id = ANY($1)
           ORDER BY kind""",
        list(neighbourhood_ids),
    )
    return [row["kind"] for row in rows]


async def update_crisis(
    crisis_id: UUID, area_ids: Sequence[UUID], texts: Names, language: Language, times: CrisisTimes
) -> None:
    await execute(
        """UPDATE crisis SET area_ids = $2, texts = $3, language = $4, accept_minutes = $5,
                  solve_minutes = $6, revision = revision + 1 WHERE id = $1""",
        crisis_id,
        list(area_ids),
        json_text(texts),
        language,
        times.accept_minutes,
        times.solve_minutes,
    )


async def get_change(change_id: UUID) -> "Record | None":
    return await fetch_one("SELECT * FROM crisis_change WHERE id = $1", change_id)


async def insert_change(
    change_id: UUID, crisis_id: UUID, account_id: UUID, content_hash: bytes
) -> None:
    await execute(
        """INSERT INTO crisis_change (id, crisis_id, account_id, content_hash)
           VALUES ($1, $2, $3, $4)""",
        change_id,
        crisis_id,
        account_id,
        content_hash,
    )


async def end_crisis(crisis_id: UUID, account_id: UUID) -> None:
    """Never before it began, whatever the clock on the wall was set to meanwhile."""
    await execute(
        """UPDATE crisis SET ended_at = greatest(clock_timestamp(), started_at), ended_by = $2,
                  revision = revision + 1 WHERE id = $1""",
        crisis_id,
        account_id,
    )
    await execute("UPDATE crisis_area SET active = false WHERE crisis_id = $1", crisis_id)


async def list_crises(actor: Actor) -> "list[Record]":
    """Of all wards this person watches: those that last first, then the newest."""
    return await fetch(
        f"""SELECT {_ROW}, (SELECT count(*) FROM report r WHERE r.crisis_id = c.id) AS reports,
                  (SELECT count(*) FROM report r WHERE r.crisis_id = c.id AND r.state NOT IN
                      ('resolved', 'closed', 'rejected', 'merged', 'withdrawn')) AS open
           FROM crisis c JOIN area w ON w.id = c.ward_id
           WHERE w.id = ANY($1) OR w.path && $2::uuid[]
           ORDER BY c.ended_at IS NOT NULL, c.started_at DESC, c.id LIMIT {MOST_LISTED}""",
        actor.dispatches(),
        actor.oversees(),
    )


async def get_people(crisis: Crisis) -> tuple[str, str | None]:
    """Who declared it, and who ended it."""
    row = await fetch_one(
        """SELECT (SELECT name FROM account WHERE id = $1) AS by_name,
                  (SELECT name FROM account WHERE id = $2) AS end_name""",
        crisis.account_id,
        crisis.ended_by,
    )
    return (row["by_name"], row["end_name"]) if row else ("", None)


# what phones keep ----------------------------------------------------------------------------


async def load_crises(wards: Sequence[UUID], ids: Sequence[UUID]) -> list[CrisisOut]:
    """Those of `ids` that were declared in one of the wards."""
    rows = await fetch(
        f"""SELECT {_ROW},
                   ARRAY(SELECT neighbourhood_id FROM crisis_area x WHERE x.crisis_id = c.id
                         ORDER BY 1) AS neighbourhood_ids,
                   (SELECT coalesce(jsonb_agg(to_jsonb(u) ORDER BY u.created_at DESC), '[]')
                    FROM (SELECT b.id, b.texts, b.language, b.created_at FROM crisis_broadcast b
                          WHERE b.crisis_id = c.id
                          ORDER BY b.created_at DESC LIMIT {MOST_UPDATES}) u) AS updates
            FROM crisis c WHERE c.id = ANY($1) AND c.ward_id = ANY($2)""",
        list(ids),
        list(wards),
    )
    return [
        CrisisOut(
            id=row["id"],
            ward_id=row["ward_id"],
            kind=row["kind"],
            neighbourhood_ids=row["neighbourhood_ids"],
            texts=from_json(row["texts"], Names),
            language=row["language"],
            category_id=row["category_id"],
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            updates=from_json(row["updates"], list[CrisisUpdate]),
        )
        for row in rows
    ]
