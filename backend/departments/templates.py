"""Ready-made replies of a department, in the languages of its people (`C4`).

A text may name what differs from case to case in braces: `{name}`, `{code}`. The phone puts it in
when an officer chooses the reply, in the reporter's language; what is sent is what the officer saw.
Replies have versions: who saves what somebody else has changed since is told, and nothing is lost.
"""

import re
from typing import Final
from uuid import UUID

from backend.actor import Actor
from backend.db import write_tx
from backend.departments import template_queries
from backend.departments.policy import keeps_templates, reads_templates
from backend.departments.rule_changes import ChangedMeanwhile
from backend.departments.template_schemas import (
    TemplateIn,
    TemplateOut,
    TemplatesOut,
    TemplateVersions,
    Texts,
)
from backend.errors import Forbidden, IdReused, InvalidField, NotFound
from backend.i18n import LANGUAGES, N_
from backend.text import clean_text
from backend.trail import canonical, record, sha256

VARIABLES: Final = frozenset({"name", "code", "category", "place", "due", "department"})
"""What a text may name; `pwa/src/lib/desk/templates.ts` knows the same."""

NAME_LENGTH: Final = 80
TEXT_LENGTH: Final = 2000
MOST_TEMPLATES: Final = 200

_PLACE: Final = re.compile(r"\{([^{}]*)\}?|\}")


async def read_templates(actor: Actor, department_id: UUID) -> TemplatesOut:
    """Raises NotFound, as all of these, for what is missing or foreign."""
    path = await _readable(actor, department_id)
    found = await template_queries.list_templates(department_id)
    return TemplatesOut(found, keeps_templates(actor, department_id, path))


async def read_versions(actor: Actor, department_id: UUID, template_id: UUID) -> TemplateVersions:
    await _readable(actor, department_id)
    kept = await template_queries.get_template(template_id)
    if kept is None or kept.department_id != department_id:
        raise NotFound
    return TemplateVersions(await template_queries.list_versions(template_id))


async def save_template(
    actor: Actor, department_id: UUID, template_id: UUID, wish: TemplateIn
) -> tuple[TemplateOut, bool]:
    """Write a reply, or another version of it.

    Returns:
        the reply as it is now, and whether this made a new version.

    Raises:
        InvalidField: name_needed, too_long; on texts: text_needed, too_many_templates, and on the
            text of a language: unknown_variable, open_brace.
        Forbidden: may only read them.
        ChangedMeanwhile: somebody has changed or removed it since `version`.
        IdReused: the id is another department's reply.
    """
    name, texts = _clean(wish)
    area_id = await _kept(actor, department_id)
    async with write_tx():
        await template_queries.lock_department(department_id)
        kept = await template_queries.get_template(template_id)
        if kept is not None and kept.department_id != department_id:
            raise IdReused
        version = 0 if kept is None else kept.version
        if kept is not None and version != wish.version:
            repeated = (version, kept.removed, kept.account_id, kept.name, kept.texts)
            if repeated != (wish.version + 1, False, actor.account_id, name, texts):
                raise ChangedMeanwhile(kept.changed_by, "texts")
        elif kept is None and await template_queries.count_templates(department_id) >= (
            MOST_TEMPLATES
        ):
            raise InvalidField(
                "texts",
                "too_many_templates",
                N_("A department has at most {most} ready-made replies."),
                most=MOST_TEMPLATES,
            )
        fresh = kept is None or version == wish.version
        if fresh:
            await template_queries.insert_version(
                template_id, department_id, version + 1, name, texts, actor.account_id
            )
            _record(actor, area_id, department_id, template_id, version + 1, (name, texts))
    found = await template_queries.list_templates(department_id)
    return next(one for one in found if one.id == template_id), fresh


async def remove_template(actor: Actor, department_id: UUID, template_id: UUID) -> None:
    """Take a reply away; its history stays. Nothing happens where it is gone already."""
    area_id = await _kept(actor, department_id)
    async with write_tx():
        await template_queries.lock_department(department_id)
        kept = await template_queries.get_template(template_id)
        if kept is None or kept.department_id != department_id:
            raise NotFound
        if not kept.removed:
            version = kept.version + 1
            await template_queries.remove_template(template_id, version, actor.account_id)
            _record(actor, area_id, department_id, template_id, version, None)


async def _readable(actor: Actor, department_id: UUID) -> list[UUID]:
    path = await template_queries.get_department_path(department_id)
    if path is None or not reads_templates(actor, department_id, path):
        raise NotFound
    return path


async def _kept(actor: Actor, department_id: UUID) -> UUID:
    """The area of a department whose replies this person writes."""
    path = await _readable(actor, department_id)
    if not keeps_templates(actor, department_id, path):
        raise Forbidden
    return path[-1]


def _record(
    actor: Actor,
    area_id: UUID,
    department_id: UUID,
    template_id: UUID,
    version: int,
    written: tuple[str, Texts] | None,
) -> None:
    """`written` is the name and the texts; None: it was removed."""
    record(
        "rules.template",
        ("reply_template", template_id),
        ward_id=area_id,
        actor_id=actor.account_id,
        department_id=department_id,
        version=version,
        removed=written is None or None,
        text_sha256=None if written is None else sha256(canonical(written).decode()),
    )


def _clean(wish: TemplateIn) -> tuple[str, Texts]:
    name = clean_text(wish.name, NAME_LENGTH, field="name")
    if not name:
        raise InvalidField("name", "name_needed", N_("Please give it a name."))
    texts: Texts = {}
    for language in LANGUAGES:
        text = clean_text(wish.texts.get(language, ""), TEXT_LENGTH, field=f"texts.{language}")
        if text:
            check_variables(text, f"texts.{language}")
            texts[language] = text
    if not texts:
        raise InvalidField(
            "texts", "text_needed", N_("Please write the reply in at least one language.")
        )
    return name, texts


def check_variables(text: str, field: str) -> None:
    """Raises InvalidField (unknown_variable, open_brace), naming what stands in braces."""
    for found in _PLACE.finditer(text):
        whole, variable = found.group(0), found.group(1)
        if variable is None or not whole.endswith("}"):
            raise InvalidField(
                field, "open_brace", N_("A brace is opened and not closed, or the other way round.")
            )
        if variable not in VARIABLES:
            raise InvalidField(
                field,
                "unknown_variable",
                N_("Nothing is known by the name “{variable}”. Known are: {known}."),
                variable=variable,
                known=", ".join(sorted(VARIABLES)),
            )
