"""SQL of the demo: rows with fixed ids, written once and left alone afterwards."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from backend.db import execute, execute_many, fetch, json_text
from backend.demo.data import CategoryEntry, DepartmentEntry

AreaRow = tuple[uuid.UUID, list[uuid.UUID], str]


async def list_demo_areas() -> dict[str, AreaRow]:
    """Code → (id, path, name) of the demo's areas."""
    rows = await fetch("SELECT code, id, path, name FROM area WHERE demo")
    return {row["code"]: (row["id"], row["path"], row["name"]) for row in rows}


async def list_known(ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of `ids` that are already accounts, departments or categories."""
    rows = await fetch(
        """SELECT id FROM account WHERE id = ANY($1)
           UNION ALL SELECT id FROM department WHERE id = ANY($1)
           UNION ALL SELECT id FROM category WHERE id = ANY($1)""",
        list(ids),
    )
    return {row["id"] for row in rows}


async def insert_departments(
    ward_id: uuid.UUID, departments: Sequence[tuple[uuid.UUID, DepartmentEntry]]
) -> None:
    await execute_many(
        """INSERT INTO department (id, area_id, code, names) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING""",
        [(one, ward_id, entry.code, json_text(entry.names)) for one, entry in departments],
    )


async def insert_categories(
    ward_id: uuid.UUID, categories: Sequence[tuple[uuid.UUID, CategoryEntry]]
) -> None:
    """In the order given, which is the order people see."""
    await execute_many(
        """INSERT INTO category (id, area_id, code, names, icon, colour, urgent, private,
                                 accept_hours, solve_hours, accept_always, solve_always,
                                 needs_result_photo, keywords, sort, questions, questions_version)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15, $16)
           ON CONFLICT DO NOTHING""",
        [
            (
                one,
                ward_id,
                entry.code,
                json_text(entry.names),
                entry.icon,
                entry.colour,
                entry.urgent,
                entry.private,
                entry.accept_hours,
                entry.solve_hours,
                True if entry.always else None,
                entry.needs_result_photo,
                json_text(entry.keywords),
                place * 10,
                json_text(entry.questions),
                1 if entry.questions else 0,
            )
            for place, (one, entry) in enumerate(categories, start=1)
        ],
    )
    await execute_many(
        """INSERT INTO category_questions (category_id, version, questions) VALUES ($1, 1, $2)
           ON CONFLICT DO NOTHING""",
        [(one, json_text(entry.questions)) for one, entry in categories if entry.questions],
    )


async def insert_routes(
    rows: Sequence[tuple[uuid.UUID, uuid.UUID, uuid.UUID, uuid.UUID]],
) -> None:
    """Id, category, area, department."""
    await execute_many(
        """INSERT INTO routing_rule (id, category_id, area_id, department_id)
           VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING""",
        rows,
    )


async def insert_households(rows: Sequence[tuple[uuid.UUID, uuid.UUID, str]]) -> None:
    """Id, neighbourhood, label."""
    await execute_many(
        "INSERT INTO household (id, area_id, label) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        rows,
    )


async def insert_accounts(
    rows: Sequence[tuple[uuid.UUID, str, str, uuid.UUID | None, uuid.UUID | None, int]],
) -> None:
    """Id, name, language, neighbourhood, household, version of the consent given."""
    await execute_many(
        """INSERT INTO account (id, name, language, neighbourhood_id, household_id,
                                consent_version, consented_at)
           VALUES ($1, $2, $3, $4, $5, $6, now()) ON CONFLICT DO NOTHING""",
        rows,
    )


async def insert_grants(
    rows: Sequence[tuple[uuid.UUID, uuid.UUID, str, uuid.UUID]],
) -> None:
    """Id, account, role, scope."""
    await execute_many(
        """INSERT INTO account_grant (id, account_id, role, scope_id) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING""",
        rows,
    )


async def list_known_reports(ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    rows = await fetch("SELECT id FROM report WHERE id = ANY($1)", list(ids))
    return {row["id"] for row in rows}


async def list_shown_messages(report_id: uuid.UUID) -> list[uuid.UUID]:
    """Everything in a thread but the internal notes."""
    rows = await fetch("SELECT id FROM message WHERE thread_id = $1 AND kind <> 'note'", report_id)
    return [row["id"] for row in rows]


async def update_message_times(report_id: uuid.UUID, times: Sequence[tuple[int, datetime]]) -> None:
    """Each (number, time) holds for that entry and all after it, until the next one's."""
    await execute_many(
        "UPDATE message SET created_at = $3 WHERE thread_id = $1 AND seq >= $2",
        [(report_id, seq, at) for seq, at in times],
    )


async def update_notification_times(report_id: uuid.UUID, read_before: datetime) -> None:
    """As old as the entry they tell of; what is older than `read_before` was read."""
    await execute(
        """UPDATE notification n
           SET created_at = m.created_at,
               read_at = CASE WHEN m.created_at < $2 THEN m.created_at END
           FROM message m WHERE m.id = n.message_id AND n.report_id = $1""",
        report_id,
        read_before,
    )
