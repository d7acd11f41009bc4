"""Joining, devices, invitations."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, get_args

import uuid_utils.compat as uuids
from msgspec import UNSET

from backend.accounts import numbers, queries, recording
from backend.accounts.codes import (
    hash_code,
    hash_token,
    invitation_code,
    load_secret,
    new_token,
    read_code,
)
from backend.accounts.joining_guests import take_along
from backend.accounts.policy import fits_scope, may_invite
from backend.accounts.schemas import (
    CONSENT_VERSION,
    DeviceOut,
    InvitationIn,
    InvitationOut,
    InvitationPreview,
    InvitationState,
    MeOut,
    MePatch,
    SessionIn,
)
from backend.actor import Actor, Role
from backend.changes import touch
from backend.db import write_tx
from backend.errors import DomainError, Forbidden, Gone, IdReused, InvalidField, NotFound
from backend.i18n import N_
from backend.phones import read_phone
from backend.settings import Settings, get_settings
from backend.text import clean_text

if TYPE_CHECKING:
    from asyncpg import Record

SESSION_LIFETIME: Final = timedelta(days=400)
"""Renewed at every use: nobody is signed out of a phone in their pocket."""

INVITATION_LIFETIME: Final = timedelta(days=30)
DEVICE_LINK_LIFETIME: Final = timedelta(minutes=10)
NAME_LENGTH: Final = 80


class InvitationUnknown(NotFound):
    code = "invitation_unknown"
    title = N_("This invitation is not known")
    message = N_("This invitation is not known. Check the code, or ask who gave it to you.")


class InvitationUsed(Gone):
    code = "invitation_used"
    title = N_("This invitation was already used")
    message = N_(
        "Each invitation lets one person in, once, and this one was used. "
        "Ask your neighbourhood head for a new one."
    )


class InvitationExpired(Gone):
    code = "invitation_expired"
    title = N_("This invitation has expired")
    message = N_("This invitation is too old. Ask your neighbourhood head for a new one.")


class InvitationRevoked(Gone):
    code = "invitation_revoked"
    title = N_("This invitation was withdrawn")
    message = N_("This invitation was withdrawn. Ask your neighbourhood head for a new one.")


async def actor_of_cookie(token: str) -> Actor | None:
    """The person a session cookie stands for, as of now; renews the session once an hour."""
    found = await queries.get_actor(hash_token(token))
    if found is None:
        return None
    actor, stale = found
    if stale:
        await queries.update_last_seen(actor.session_id, SESSION_LIFETIME)
    return actor


async def preview_invitation(code: str) -> InvitationPreview:
    """Who invites, and where, before anything is accepted."""
    row = _usable(await queries.get_invitation(hash_code(code), lock=False), session_id=None)
    return InvitationPreview(
        kind=row["kind"],
        inviter_name=row["inviter_name"],
        area_name=row["area_name"],
        area_path=row["area_path"] or [],
        country=row["country"],
        role=row["role"],
        name=row["name"],
        household_label=row["household_label"],
    )


async def join(session_id: uuid.UUID, joining: SessionIn) -> tuple[MeOut, str, bool]:
    """Accept an invitation: an account (or a device link's account) and a session for this device.

    A phone whose answer was lost repeats with the same session id and code, and is let in again.

    Returns:
        the person, the new cookie's value, and whether the session is new.

    Raises:
        InvitationUnknown, InvitationUsed, InvitationExpired, InvitationRevoked, InvalidField
    """
    if joining.consent_version != CONSENT_VERSION:
        raise InvalidField(
            "consent_version", "consent_needed", N_("Please read and accept the terms first.")
        )
    now = datetime.now(UTC)
    token = new_token()
    async with write_tx():
        row = _usable(
            await queries.get_invitation(hash_code(joining.code), lock=True), session_id=session_id
        )
        again = row["accepted_at"] is not None
        if again:
            await queries.replace_token(session_id, hash_token(token))
            account_id = await _account_of_session(token)
        else:
            account_id = row["account_id"] or await _create_account(row, joining, now)
            await queries.insert_session(
                session_id,
                account_id,
                hash_token(token),
                clean_text(joining.label, 80, field="label"),
                now,
                now + SESSION_LIFETIME,
            )
            await queries.accept_invitation(row["id"], session_id)
            await recording.record_session("started", account_id, session_id)
        if joining.guest_code:
            await take_along(joining.guest_code, account_id)
    return await me_of(account_id, session_id), token, not again


async def _account_of_session(token: str) -> uuid.UUID:
    found = await queries.get_actor(hash_token(token))
    if found is None:  # signed out since: this piece of paper was good once
        raise InvitationUsed
    return found[0].account_id


async def _create_account(row: "Record", joining: SessionIn, now: datetime) -> uuid.UUID:
    name = _clean_name(joining.name) or (row["name"] or "")
    if not name:
        raise InvalidField("name", "name_needed", N_("Please tell us your name."))
    account_id = uuids.uuid7()
    neighbourhood_id = row["area_id"] if row["area_level"] == "neighbourhood" else None
    await queries.insert_account(
        account_id,
        name,
        joining.language,
        neighbourhood_id,
        row["household_id"],
        joining.consent_version,
        now,
    )
    if neighbourhood_id is not None:
        await queries.insert_grant(uuids.uuid7(), account_id, "resident", neighbourhood_id, now)
        await recording.record_grant(
            "given", account_id, "resident", neighbourhood_id, row["created_by"]
        )
    if row["role"] not in {None, "resident"}:
        await queries.insert_grant(uuids.uuid7(), account_id, row["role"], row["scope_id"], now)
        await recording.record_grant(
            "given", account_id, row["role"], row["scope_id"], row["created_by"]
        )
    touch([(account_id, "me", account_id)])
    return account_id


def _clean_name(name: str) -> str:
    """A name on one line, its words one space apart."""
    return " ".join(clean_text(name, NAME_LENGTH, field="name").split())


def _usable(row: "Record | None", session_id: uuid.UUID | None) -> "Record":
    """The invitation, if it may (still, or by the same device again) be accepted."""
    if row is None:
        raise InvitationUnknown
    refusal: DomainError | None = None
    if row["revoked_at"] is not None:
        refusal = InvitationRevoked()
    elif row["accepted_at"] is not None:
        recent = datetime.now(UTC) - row["accepted_at"] < timedelta(days=1)
        refusal = None if recent and row["session_id"] == session_id else InvitationUsed()
    elif row["expires_at"] <= datetime.now(UTC):
        refusal = InvitationExpired()
    if refusal is not None:
        raise refusal
    return row


async def get_me(actor: Actor) -> MeOut:
    return await me_of(actor.account_id, actor.session_id)


async def me_of(account_id: uuid.UUID, session_id: uuid.UUID) -> MeOut:
    """Somebody as they see themselves on one of their devices. Raises NotFound."""
    row = await queries.get_me(account_id)
    if row is None:
        raise NotFound
    return MeOut(**dict(row), session_id=session_id, grants=await queries.list_grants(account_id))


async def change_me(actor: Actor, patch: MePatch) -> MeOut:
    """Name, language, number, or the neighbourhood one lives in (within the same ward); of a guest
    only the language.

    Raises:
        InvalidField, Forbidden
    """
    name: str | None = None
    if isinstance(patch.name, str):
        name = _clean_name(patch.name)
        if not name:
            raise InvalidField("name", "name_needed", N_("Please tell us your name."))
    language = patch.language if isinstance(patch.language, str) else None
    area_id = patch.neighbourhood_id if isinstance(patch.neighbourhood_id, uuid.UUID) else None
    if actor.guest and (name, area_id, patch.phone) != (None, None, UNSET):
        raise Forbidden
    phone = None
    if isinstance(patch.phone, str) and patch.phone.strip():
        country = (await me_of(actor.account_id, actor.session_id)).country or "VN"
        phone = read_phone(patch.phone, country, field="phone")
    async with write_tx():
        if area_id is not None:
            own_ward = [actor.ward_id] if actor.ward_id else []
            level = await queries.get_area_level(area_id)
            if level != "neighbourhood" or not await queries.is_within(area_id, own_ward):
                raise InvalidField(
                    "neighbourhood_id",
                    "unknown_area",
                    N_("This neighbourhood is not in your ward."),
                )
            await queries.move_resident(actor.account_id, uuids.uuid7(), area_id)
            await recording.record_grant(
                "moved", actor.account_id, "resident", area_id, actor.account_id
            )
        if isinstance(patch.phone, str):
            await numbers.give_number(actor.account_id, phone, actor.account_id)
        await queries.update_me(actor.account_id, name, language, area_id)
        touch([(actor.account_id, "me", actor.account_id)])
    return await me_of(actor.account_id, actor.session_id)


async def list_devices(actor: Actor) -> list[DeviceOut]:
    return await queries.list_devices(actor)


async def revoke_device(actor: Actor, session_id: uuid.UUID) -> None:
    """Sign a device of one's own out, at its next request. Raises NotFound for any other."""
    async with write_tx():
        if not await queries.revoke_session(actor, session_id):
            raise NotFound
        await recording.record_session("ended", actor.account_id, session_id)


async def create_device_link(actor: Actor, link_id: uuid.UUID) -> InvitationOut:
    """A code that signs another device of the same person in; ten minutes, once."""
    return await _write_invitation(
        link_id,
        "device",
        DEVICE_LINK_LIFETIME,
        account_id=actor.account_id,
        created_by=actor.account_id,
    )


async def invite(actor: Actor, invitation_id: uuid.UUID, wish: InvitationIn) -> InvitationOut:
    """Write an invitation. The same id again gives the same paper.

    Raises:
        Forbidden: not one's neighbourhood, or a role one may not give.
        InvalidField: a scope the role cannot be held in.
    """
    scope_id = wish.scope_id or wish.area_id
    scope_area = await queries.get_scope_area(scope_id)
    in_own_city = (
        scope_area is not None
        and await queries.is_within(wish.area_id, actor.administers())
        and await queries.is_within(scope_area, actor.administers())
    )
    if scope_area is None or not may_invite(
        actor, wish.role, wish.area_id, in_own_city=in_own_city
    ):
        raise Forbidden
    level = None if scope_area != scope_id else await queries.get_area_level(scope_id)
    if not fits_scope(wish.role, level):
        raise InvalidField(
            "scope_id", "wrong_scope", N_("This role cannot be held there. Choose another place.")
        )
    label = clean_text(wish.household_label or "", 80, field="household_label")
    household_id = None
    if label:
        async with write_tx():
            household_id = await queries.upsert_household(uuids.uuid7(), wish.area_id, label)
    return await _write_invitation(
        invitation_id,
        "person",
        INVITATION_LIFETIME,
        area_id=wish.area_id,
        household_id=household_id,
        role=wish.role,
        scope_id=scope_id,
        name=_clean_name(wish.name or "") or None,
        created_by=actor.account_id,
    )


async def write_invitation_unchecked(
    invitation_id: uuid.UUID,
    *,
    area_id: uuid.UUID,
    role: str,
    scope_id: uuid.UUID,
    household_id: uuid.UUID | None = None,
    name: str | None = None,
    account_id: uuid.UUID | None = None,
    lifetime: timedelta = INVITATION_LIFETIME,
) -> InvitationOut:
    """For the command line and the demo, where no person is asking."""
    return await _write_invitation(
        invitation_id,
        "device" if account_id else "person",
        lifetime,
        area_id=area_id,
        household_id=household_id,
        role=role,
        scope_id=scope_id,
        name=name,
        account_id=account_id,
    )


class InvitationImpossible(Exception):
    """The command line named an area, role or department that does not fit; the text says which."""


async def invite_by_code(
    invitation_id: uuid.UUID,
    area_code: str,
    role: str,
    department_code: str | None,
    name: str | None,
) -> InvitationOut:
    """For `khupho people invite`: an area (and for officers a department) by its code.

    Raises:
        InvitationImpossible
    """
    roles: tuple[Role, ...] = get_args(Role)
    fitting = next((known for known in roles if known == role), None)
    if fitting is None:
        raise InvitationImpossible(f"there is no role {role!r}; roles are {', '.join(roles)}")
    found = await queries.get_scope_by_code(area_code, department_code)
    if found is None:
        raise InvitationImpossible(
            f"no such area or department: {area_code} {department_code or ''}"
        )
    area_id, scope_id, level = found
    if not fits_scope(fitting, level):
        place = f"an area of level {level}" if level else "a department"
        raise InvitationImpossible(f"the role {role} cannot be held in {place}")
    return await _write_invitation(
        invitation_id,
        "person",
        INVITATION_LIFETIME,
        area_id=area_id,
        role=fitting,
        scope_id=scope_id,
        name=name,
    )


async def _write_invitation(
    invitation_id: uuid.UUID,
    kind: str,
    lifetime: timedelta,
    *,
    area_id: uuid.UUID | None = None,
    household_id: uuid.UUID | None = None,
    role: str | None = None,
    scope_id: uuid.UUID | None = None,
    account_id: uuid.UUID | None = None,
    name: str | None = None,
    created_by: uuid.UUID | None = None,
) -> InvitationOut:
    settings = get_settings()
    code = invitation_code(load_secret(settings), invitation_id)
    expires_at = datetime.now(UTC) + lifetime
    async with write_tx():
        fresh = await queries.insert_invitation(
            invitation_id,
            hash_code(code),
            kind,
            area_id=area_id,
            household_id=household_id,
            role=role,
            scope_id=scope_id,
            account_id=account_id,
            name=name,
            created_by=created_by,
            expires_at=expires_at,
        )
        if not fresh:
            row = await queries.get_invitation_by_id(invitation_id)
            asked = (kind, area_id, role, scope_id, account_id, name, created_by)
            if row is None or asked != (
                row["kind"],
                row["area_id"],
                row["role"],
                row["scope_id"],
                row["account_id"],
                row["name"],
                row["created_by"],
            ):
                raise IdReused
            expires_at = row["expires_at"]
    url = join_url(settings, code)
    return InvitationOut(invitation_id, code, url, qr_svg(url), expires_at)


def join_url(settings: Settings, code: str) -> str:
    """The code stands in the fragment: it reaches no server log and no Referer."""
    return f"{settings.public_url.rstrip('/')}/join#{read_code(code)}"


def qr_svg(url: str) -> str:
    import segno  # noqa: PLC0415 - only invitations draw

    return str(segno.make(url, error="m").svg_inline(scale=4, border=4))


async def list_invitations(actor: Actor, area_id: uuid.UUID) -> list[InvitationState]:
    await _require_inviter(actor, area_id)
    return await queries.list_invitations(area_id)


async def revoke_invitation(actor: Actor, invitation_id: uuid.UUID) -> None:
    row = await queries.get_invitation_by_id(invitation_id)
    if row is None or row["area_id"] is None:
        raise NotFound
    await _require_inviter(actor, row["area_id"])
    async with write_tx():
        if not await queries.revoke_invitation(invitation_id):
            raise InvitationUsed


async def _require_inviter(actor: Actor, area_id: uuid.UUID) -> None:
    """Foreign areas look like missing ones."""
    in_own_city = await queries.is_within(area_id, actor.administers())
    if not may_invite(actor, "resident", area_id, in_own_city=in_own_city):
        raise NotFound


async def people_with(role: str, scope_id: uuid.UUID) -> list[uuid.UUID]:
    """Accounts that hold `role` in `scope_id` now: whom to notify."""
    return await queries.list_people_with(role, scope_id)


async def grant_role(account_id: uuid.UUID, role: str, scope_id: uuid.UUID) -> None:
    """Effective on the person's next request."""
    async with write_tx():
        await queries.insert_grant(uuids.uuid7(), account_id, role, scope_id, datetime.now(UTC))
        await recording.record_grant("given", account_id, role, scope_id)
        touch([(account_id, "me", account_id)])


async def revoke_role(account_id: uuid.UUID, role: str, scope_id: uuid.UUID) -> None:
    """Effective on the person's next request; their phone then starts its copy over."""
    async with write_tx():
        if await queries.revoke_grant(account_id, role, scope_id):
            await recording.record_grant("revoked", account_id, role, scope_id)
            touch([(account_id, "me", account_id)])
