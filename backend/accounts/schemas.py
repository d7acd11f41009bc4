"""What goes in and out of `/api/me`, `/api/sessions` and `/api/invitations`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from backend.actor import Role
from backend.i18n import Language

CONSENT_VERSION = 1

Name = Annotated[str, Meta(max_length=400)]


class GrantOut(Struct, frozen=True):
    role: Role
    scope_id: UUID
    scope_name: str


class MeOut(Struct, frozen=True):
    """The signed-in person. `phone` is E.164: who calls the ward from it is known by name."""

    id: UUID
    name: str
    language: Language
    neighbourhood_id: UUID | None
    ward_id: UUID | None
    country: str | None
    session_id: UUID
    consent_version: int
    guest: bool
    """Without an account: known by a tracking code only (`R8`)."""
    phone: str | None
    grants: list[GrantOut]


class MePatch(Struct, frozen=True):
    """What changes; an empty `phone` is forgotten."""

    name: Name | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    neighbourhood_id: UUID | UnsetType = UNSET
    phone: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET


class SessionIn(Struct, frozen=True):
    """Joining: the code from the invitation, and what the person says of themselves."""

    code: Annotated[str, Meta(max_length=100)]
    language: Language
    consent_version: int
    name: Name = ""
    label: Annotated[str, Meta(max_length=200)] = ""
    guest_code: Annotated[str, Meta(max_length=100)] = ""
    """The tracking code of what was reported before joining, to take it along."""


class GuestIn(Struct, frozen=True):
    """Coming in by a tracking code; a phone that has just made it names the ward it reports to."""

    code: Annotated[str, Meta(max_length=100)]
    language: Language
    consent_version: int
    ward_id: UUID | None = None
    label: Annotated[str, Meta(max_length=200)] = ""


class TrackingCode(Struct, frozen=True):
    code: Annotated[str, Meta(max_length=100)]


class GuestWard(Struct, frozen=True):
    """A ward that takes reports without an account."""

    id: UUID
    name: str
    city_name: str
    country: str


class DeviceOut(Struct, frozen=True):
    """A device that is signed in."""

    id: UUID
    label: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


class DeviceList(Struct, frozen=True):
    sessions: list[DeviceOut]


class InvitationCode(Struct, frozen=True):
    code: Annotated[str, Meta(max_length=100)]


class InvitationPreview(Struct, frozen=True):
    """What a paper invitation says before it is accepted."""

    kind: Literal["person", "device"]
    inviter_name: str | None
    area_name: str | None
    area_path: list[str]
    country: str | None
    role: Role | None
    name: str | None
    household_label: str | None


class InvitationIn(Struct, frozen=True):
    """`role` defaults to a resident of `area_id`; a grant elsewhere names its `scope_id`."""

    area_id: UUID
    role: Role = "resident"
    scope_id: UUID | None = None
    household_label: Annotated[str, Meta(max_length=200)] | None = None
    name: Name | None = None


class InvitationOut(Struct, frozen=True):
    """A fresh invitation. `qr_svg` draws `url`; the code stands only in its fragment."""

    id: UUID
    code: str
    url: str
    qr_svg: str
    expires_at: datetime


class InvitationState(Struct, frozen=True):
    """One invitation in a list: whom it was for and what became of it, never its code."""

    id: UUID
    name: str | None
    household_label: str | None
    role: Role
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


class InvitationList(Struct, frozen=True):
    invitations: list[InvitationState]
