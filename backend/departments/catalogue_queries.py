"""SQL of a ward's departments and kinds of problems, as its administrators see them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from backend.actor import Actor
from backend.db import execute, execute_many, fetch, fetch_one, fetch_value, from_json, json_text
from backend.departments.catalogue_schemas import AreaName, CategoryIn, WardOut
from backend.departments.policy import keeps_rules
from backend.departments.rule_queries import Ward
from backend.departments.schemas import ClockTimes, Names, Question

if TYPE_CHECKING:
    from asyncpg import Record

MOST_WARDS = 500
MOST_THINGS = 1000


async def list_wards(actor: Actor) -> list[WardOut]:
    """Wards whose rules the person may read, by name."""
    rows = await fetch(
        f"""SELECT id, name, path FROM area
            WHERE level = 'ward' AND (id = ANY($1) OR path && $2::uuid[])
            ORDER BY name, id LIMIT {MOST_WARDS}""",  # noqa: S608
        actor.dispatches(),
        actor.oversees(),
    )
    return [WardOut(row["id"], row["name"], keeps_rules(actor, row["path"])) for row in rows]


async def list_areas(ward: Ward) -> list[AreaName]:
    """The city, the ward, its neighbourhoods."""
    rows = await fetch(
        f"""SELECT id, level, name FROM area WHERE id = ANY($1) OR path @> ARRAY[$2::uuid]
            ORDER BY cardinality(path), code LIMIT {MOST_THINGS}""",  # noqa: S608
        ward.path,
        ward.id,
    )
    return [AreaName(**dict(row)) for row in rows]


async def list_departments(ward: Ward) -> "list[Record]":
    return await fetch(
        f"""SELECT d.*, (SELECT count(*) FROM routing_rule r WHERE r.department_id = d.id) AS routes
            FROM department d WHERE d.area_id = ANY($1)
            ORDER BY d.retired_at IS NOT NULL, d.code, d.id LIMIT {MOST_THINGS}""",  # noqa: S608
        ward.path,
    )


async def list_categories(ward: Ward) -> "list[Record]":
    return await fetch(
        f"""SELECT c.*, r.department_id FROM category c
            LEFT JOIN routing_rule r ON r.category_id = c.id AND r.area_id = c.area_id
            WHERE c.area_id = ANY($1) ORDER BY c.sort, c.code LIMIT {MOST_THINGS}""",  # noqa: S608
        ward.path,
    )


async def get_department(department_id: UUID) -> "Record | None":
    return await fetch_one(
        """SELECT d.*, (SELECT count(*) FROM routing_rule r WHERE r.department_id = d.id) AS routes
           FROM department d WHERE d.id = $1 FOR UPDATE""",
        department_id,
    )


async def insert_department(department_id: UUID, area_id: UUID, code: str, names: Names) -> None:
    await execute(
        "INSERT INTO department (id, area_id, code, names) VALUES ($1, $2, $3, $4)",
        department_id,
        area_id,
        code,
        json_text(names),
    )


async def update_department(department_id: UUID, names: Names, *, retired: bool) -> None:
    await execute(
        """UPDATE department SET names = $2, revision = revision + 1,
                  retired_at = CASE WHEN $3 THEN coalesce(retired_at, now()) END
           WHERE id = $1""",
        department_id,
        json_text(names),
        retired,
    )


async def get_category(category_id: UUID) -> "Record | None":
    return await fetch_one("SELECT * FROM category WHERE id = $1 FOR UPDATE", category_id)


async def has_code(table: str, area_id: UUID, code: str) -> bool:
    """`table`: category or department."""
    return bool(
        await fetch_value(
            f"SELECT true FROM {table} WHERE area_id = $1 AND code = $2",  # noqa: S608
            area_id,
            code,
        )
    )


async def insert_category(wish: CategoryIn, area_id: UUID, code: str, times: ClockTimes) -> None:
    """It is shown last; its questions follow by `set_questions`."""
    await execute(
        """INSERT INTO category (id, area_id, code, names, icon, colour, urgent, private,
                                 needs_result_photo, accept_hours, solve_hours, escalate_hours,
                                 active, near_m, sort)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
                   (SELECT coalesce(max(sort), 0) + 10 FROM category WHERE area_id = $2))""",
        wish.category_id,
        area_id,
        code,
        json_text(wish.names),
        wish.icon,
        wish.colour,
        wish.urgent,
        wish.private,
        wish.needs_result_photo,
        times.accept_minutes / 60,
        times.solve_minutes / 60,
        times.escalate_minutes / 60,
        wish.active,
        wish.near_m,
    )


async def update_category(wish: CategoryIn) -> None:
    await execute(
        """UPDATE category SET names = $2, icon = $3, colour = $4, urgent = $5, private = $6,
                  needs_result_photo = $7, active = $8, near_m = $9, revision = revision + 1
           WHERE id = $1""",
        wish.category_id,
        json_text(wish.names),
        wish.icon,
        wish.colour,
        wish.urgent,
        wish.private,
        wish.needs_result_photo,
        wish.active,
        wish.near_m,
    )


async def set_questions(category_id: UUID, questions: Sequence[Question]) -> None:
    """Another version, kept beside all earlier ones."""
    await execute(
        """WITH fresh AS (
               UPDATE category SET questions = $2::jsonb, questions_version = questions_version + 1
               WHERE id = $1 RETURNING questions_version)
           INSERT INTO category_questions (category_id, version, questions)
           SELECT $1, questions_version, $2::jsonb FROM fresh""",
        category_id,
        json_text(list(questions)),
    )


async def set_order(category_ids: Sequence[UUID]) -> None:
    await execute_many(
        "UPDATE category SET sort = $2 WHERE id = $1",
        [(category_id, number * 10) for number, category_id in enumerate(category_ids, 1)],
    )


def names_of(row: "Record") -> Names:
    return from_json(row["names"], Names)


def questions_of(row: "Record") -> list[Question]:
    return from_json(row["questions"], list[Question])
