"""SQL of ready-made replies."""

from uuid import UUID

from msgspec import Struct

from backend.db import execute, fetch, fetch_one, from_json, json_text
from backend.departments.template_schemas import TemplateOut, TemplateVersion, Texts

MOST_VERSIONS = 100


class KeptTemplate(Struct, frozen=True):
    """A reply as it stands; removed ones keep their id."""

    department_id: UUID
    version: int
    name: str
    texts: Texts
    account_id: UUID
    removed: bool
    changed_by: str


async def get_department_path(department_id: UUID) -> list[UUID] | None:
    """The areas a department works in: the city and the ward, or a city; None: no such one."""
    row = await fetch_one(
        "SELECT a.path FROM department d JOIN area a ON a.id = d.area_id WHERE d.id = $1",
        department_id,
    )
    return None if row is None else list(row["path"])


async def lock_department(department_id: UUID) -> None:
    """Changes of one department's replies come one after the other."""
    await execute("SELECT 1 FROM department WHERE id = $1 FOR NO KEY UPDATE", department_id)


async def count_templates(department_id: UUID) -> int:
    row = await fetch_one(
        """SELECT count(*) AS n FROM reply_template
           WHERE department_id = $1 AND removed_at IS NULL""",
        department_id,
    )
    return int(row["n"]) if row else 0


async def list_templates(department_id: UUID) -> list[TemplateOut]:
    rows = await fetch(
        """SELECT t.id, t.version, t.name, t.texts, t.changed_at, a.name AS changed_by
           FROM reply_template t JOIN account a ON a.id = t.account_id
           WHERE t.department_id = $1 AND t.removed_at IS NULL ORDER BY t.name, t.id LIMIT 500""",
        department_id,
    )
    return [TemplateOut(**{**dict(row), "texts": from_json(row["texts"], Texts)}) for row in rows]


async def get_template(template_id: UUID) -> KeptTemplate | None:
    row = await fetch_one(
        """SELECT t.department_id, t.version, t.name, t.texts, t.account_id,
                  t.removed_at IS NOT NULL AS removed, a.name AS changed_by
           FROM reply_template t JOIN account a ON a.id = t.account_id WHERE t.id = $1""",
        template_id,
    )
    if row is None:
        return None
    return KeptTemplate(**{**dict(row), "texts": from_json(row["texts"], Texts)})


async def insert_version(
    template_id: UUID, department_id: UUID, version: int, name: str, texts: Texts, account_id: UUID
) -> None:
    """The reply as it is from now on, and in its history."""
    await execute(
        """WITH kept AS (
               INSERT INTO reply_template (id, department_id, version, name, texts, account_id)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (id) DO UPDATE
               SET version = $3, name = $4, texts = $5, account_id = $6,
                   changed_at = clock_timestamp(), removed_at = NULL)
           INSERT INTO reply_template_version (template_id, version, name, texts, account_id)
           VALUES ($1, $3, $4, $5, $6)""",
        template_id,
        department_id,
        version,
        name,
        json_text(texts),
        account_id,
    )


async def remove_template(template_id: UUID, version: int, account_id: UUID) -> None:
    await execute(
        """WITH gone AS (
               UPDATE reply_template SET version = $2, account_id = $3,
                      changed_at = clock_timestamp(), removed_at = clock_timestamp()
               WHERE id = $1)
           INSERT INTO reply_template_version (template_id, version, account_id)
           VALUES ($1, $2, $3)""",
        template_id,
        version,
        account_id,
    )


async def list_versions(template_id: UUID) -> list[TemplateVersion]:
    rows = await fetch(
        f"""SELECT v.version, v.name, v.texts, v.changed_at, a.name AS changed_by
            FROM reply_template_version v JOIN account a ON a.id = v.account_id
            WHERE v.template_id = $1 ORDER BY v.version DESC LIMIT {MOST_VERSIONS}""",  # noqa: S608
        template_id,
    )
    return [
        TemplateVersion(**{**dict(row), "texts": from_json(row["texts"], Texts | None)})  # type: ignore[arg-type]
        for row in rows
    ]
