"""Ready-made replies of a department (`C4`)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from backend.i18n import Language

Texts = dict[Language, str]
"""A reply in the languages it was written in, with places like `{name}`."""


class TemplateIn(Struct, frozen=True):
    """`version` is the one that was edited, 0 for a new reply: who comes later is told."""

    name: str
    texts: Texts
    version: Annotated[int, Meta(ge=0, le=2**31 - 2)] = 0


class TemplateOut(Struct, frozen=True):
    id: UUID
    version: int
    name: str
    texts: Texts
    changed_at: datetime
    changed_by: str


class TemplatesOut(Struct, frozen=True):
    """A department's replies by name; `editable`: this person may change them."""

    templates: list[TemplateOut]
    editable: bool


class TemplateVersion(Struct, frozen=True):
    """How a reply once was; `name` is null where it was removed."""

    version: int
    name: str | None
    texts: Texts | None
    changed_at: datetime
    changed_by: str


class TemplateVersions(Struct, frozen=True):
    """The newest first."""

    versions: list[TemplateVersion]
