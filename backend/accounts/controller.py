"""`/api/me`, `/api/sessions`, `/api/invitations`."""

from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post, put
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from backend.accounts import guests, service
from backend.accounts.allowances import block_of
from backend.accounts.schemas import (
    DeviceList,
    GuestIn,
    InvitationCode,
    InvitationIn,
    InvitationList,
    InvitationOut,
    InvitationPreview,
    MeOut,
    MePatch,
    SessionIn,
    TrackingCode,
)
from backend.actor import Actor, anyone, heads_and_admins, signed_in
from backend.settings import Settings, get_settings


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to this host and to HTTPS (RFC 6265bis §4.1.3.2)."""
    return "__Host-khupho" if settings.secure else "khupho"


def session_cookie(value: str | None) -> Cookie:
    """The session's cookie; None removes it."""
    settings = get_settings()
    return Cookie(
        key=cookie_name(settings),
        value=value or "",
        max_age=int(service.SESSION_LIFETIME.total_seconds()) if value else 0,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )


class SessionController(Controller):
    path = "/api/sessions"
    tags = ("people",)

    @put("/{session_id:uuid}", policy=anyone, own=True, operation_id="join")
    async def join(self, session_id: FromPath[UUID], data: JSONBody[SessionIn]) -> Response[MeOut]:
        me, token, fresh = await service.join(session_id, data)
        return Response(me, status_code=201 if fresh else 200, cookies=[session_cookie(token)])


class GuestController(Controller):
    path = "/api/guests"
    tags = ("people",)

    @put("/sessions/{session_id:uuid}", policy=anyone, own=True, operation_id="enterAsGuest")
    async def enter(
        self,
        session_id: FromPath[UUID],
        data: JSONBody[GuestIn],
        request: Request[object, object, State],
    ) -> Response[MeOut]:
        me, token, fresh = await guests.enter(session_id, data, block_of(request))
        return Response(me, status_code=201 if fresh else 200, cookies=[session_cookie(token)])


class MeController(Controller):
    path = "/api/me"
    tags = ("people",)

    @get(policy=signed_in, guests=True, operation_id="getMe")
    async def get_me(self, actor: NamedDependency[Actor]) -> MeOut:
        return await service.get_me(actor)

    @patch(policy=signed_in, own=True, guests=True, operation_id="changeMe")
    async def change_me(self, actor: NamedDependency[Actor], data: JSONBody[MePatch]) -> MeOut:
        return await service.change_me(actor, data)

    @get("/sessions", policy=signed_in, operation_id="listDevices")
    async def list_devices(self, actor: NamedDependency[Actor]) -> DeviceList:
        return DeviceList(await service.list_devices(actor))

    @delete(
        "/sessions/{session_id:uuid}",
        policy=signed_in,
        own=True,
        guests=True,
        operation_id="revokeDevice",
        status_code=204,
    )
    async def revoke_device(
        self, actor: NamedDependency[Actor], session_id: FromPath[UUID]
    ) -> Response[None]:
        await service.revoke_device(actor, session_id)
        own = session_id == actor.session_id
        return Response(None, status_code=204, cookies=[session_cookie(None)] if own else [])

    @put("/guest", policy=signed_in, own=True, operation_id="claimGuest", status_code=204)
    async def claim_guest(
        self,
        actor: NamedDependency[Actor],
        data: JSONBody[TrackingCode],
        request: Request[object, object, State],
    ) -> None:
        await guests.claim(actor, data.code, block_of(request))

    @put(
        "/device-links/{link_id:uuid}", policy=signed_in, own=True, operation_id="createDeviceLink"
    )
    async def create_device_link(
        self, actor: NamedDependency[Actor], link_id: FromPath[UUID]
    ) -> InvitationOut:
        return await service.create_device_link(actor, link_id)


class InvitationController(Controller):
    path = "/api/invitations"
    tags = ("people",)

    @post("/preview", policy=anyone, own=True, operation_id="previewInvitation", status_code=200)
    async def preview(self, data: JSONBody[InvitationCode]) -> InvitationPreview:
        return await service.preview_invitation(data.code)

    @put("/{invitation_id:uuid}", policy=heads_and_admins, operation_id="invite")
    async def invite(
        self,
        actor: NamedDependency[Actor],
        invitation_id: FromPath[UUID],
        data: JSONBody[InvitationIn],
    ) -> InvitationOut:
        return await service.invite(actor, invitation_id, data)

    @get(policy=heads_and_admins, operation_id="listInvitations")
    async def list_invitations(
        self, actor: NamedDependency[Actor], area_id: FromQuery[UUID]
    ) -> InvitationList:
        return InvitationList(await service.list_invitations(actor, area_id))

    @delete(
        "/{invitation_id:uuid}",
        policy=heads_and_admins,
        operation_id="revokeInvitation",
        status_code=204,
    )
    async def revoke(self, actor: NamedDependency[Actor], invitation_id: FromPath[UUID]) -> None:
        await service.revoke_invitation(actor, invitation_id)
