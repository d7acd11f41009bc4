"""SQL of what wards learn from their reports (`R5`)."""

from typing import TYPE_CHECKING
from uuid import UUID

from backend.db import execute, fetch, fetch_one, json_text
from backend.reports.suggesting import Said, SuggestionModel

if TYPE_CHECKING:
    from asyncpg import Record

MOST_REPORTS = 20_000
MOST_NAMES = 200_000
MOST_LETTERS = 600


async def claim_ward() -> UUID | None:
    """A ward whose model is a day old, or missing; nobody else takes it meanwhile."""
    row = await fetch_one(
        """INSERT INTO suggestion_model (ward_id, version, trained_at)
           SELECT w.id, '', now() FROM area w
           LEFT JOIN suggestion_model m ON m.ward_id = w.id
           WHERE w.level = 'ward' AND coalesce(m.trained_at, '-infinity') < now() -
                 CASE WHEN m.version = '' THEN interval '10 minutes' ELSE interval '20 hours' END
             AND EXISTS (SELECT 1 FROM category c WHERE c.area_id = ANY(w.path))
           ORDER BY m.trained_at NULLS FIRST LIMIT 1
           ON CONFLICT (ward_id) DO UPDATE SET trained_at = excluded.trained_at
           WHERE suggestion_model.trained_at < excluded.trained_at - interval '10 minutes'
           RETURNING ward_id"""
    )
    return None if row is None else row["ward_id"]


async def list_wards() -> list[UUID]:
    """All that offer anything to report."""
    rows = await fetch(
        """SELECT w.id FROM area w WHERE w.level = 'ward'
           AND EXISTS (SELECT 1 FROM category c WHERE c.area_id = ANY(w.path)) ORDER BY w.id"""
    )
    return [row["id"] for row in rows]


async def list_said(ward_id: UUID) -> list[Said]:
    """Words of the ward's newest reports, with the kind they were in the end.

    Of those that somebody in charge has accepted; not of private ones, and not of people without
    an account, who might be one and the same.
    """
    rows = await fetch(
        f"""SELECT r.account_id, r.category_id, left(r.description, {MOST_LETTERS}) AS description
            FROM report r JOIN account a ON a.id = r.account_id
            WHERE r.ward_id = $1 AND r.accepted_at IS NOT NULL AND NOT r.private
              AND r.state NOT IN ('rejected', 'merged', 'withdrawn')
              AND r.description <> '' AND a.guest_ward_id IS NULL
            ORDER BY r.created_at DESC LIMIT {MOST_REPORTS}""",  # noqa: S608
        ward_id,
    )
    return [Said(row["account_id"], row["category_id"], row["description"]) for row in rows]


async def list_names(ward_id: UUID) -> list[str]:
    """Of the people who live in a ward, and of those for whom was reported there."""
    rows = await fetch(
        f"""SELECT DISTINCT a.name FROM account a JOIN area n ON n.id = a.neighbourhood_id
            WHERE n.path @> ARRAY[$1::uuid]
            UNION SELECT b.name FROM report_behalf b JOIN report r ON r.id = b.report_id
            WHERE r.ward_id = $1 LIMIT {MOST_NAMES}""",  # noqa: S608
        ward_id,
    )
    return [row["name"] for row in rows]


async def set_model(ward_id: UUID, version: str, model: SuggestionModel, learned: int) -> None:
    await execute(
        """INSERT INTO suggestion_model (ward_id, version, model, learned, trained_at)
           VALUES ($1, $2, $3, $4, now())
           ON CONFLICT (ward_id) DO UPDATE SET version = excluded.version,
               model = excluded.model, learned = excluded.learned, trained_at = now()""",
        ward_id,
        version,
        json_text(model),
        learned,
    )


async def get_model(ward_id: UUID) -> "Record | None":
    """Columns version and model."""
    return await fetch_one(
        "SELECT version, model FROM suggestion_model WHERE ward_id = $1 AND version <> ''", ward_id
    )
