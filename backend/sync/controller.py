"""`/api/sync` and `/api/events`."""

from collections.abc import AsyncIterator
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import ServerSentEvent, ServerSentEventMessage

from backend.actor import Actor, anyone, signed_in
from backend.sync import service
from backend.sync.events import ChangeHub
from backend.sync.schemas import GuestCatalogue, SyncOut


class SyncController(Controller):
    path = "/api"
    tags = ("sync",)

    @get("/sync", policy=signed_in, guests=True, operation_id="sync", cache_control=None)
    async def sync(
        self, actor: NamedDependency[Actor], cursor: FromQuery[str | None] = None
    ) -> SyncOut:
        return await service.pull(actor, cursor)

    @get("/guests/wards/{ward_id:uuid}", policy=anyone, operation_id="getGuestCatalogue")
    async def guest_catalogue(self, ward_id: FromPath[UUID]) -> GuestCatalogue:
        return await service.guest_catalogue(ward_id)

    @get("/events", policy=signed_in, guests=True, operation_id="events")
    async def events(
        self, actor: NamedDependency[Actor], hub: NamedDependency[ChangeHub]
    ) -> ServerSentEvent:
        return ServerSentEvent(_stream(actor, hub), headers={"X-Accel-Buffering": "no"})


async def _stream(actor: Actor, hub: ChangeHub) -> AsyncIterator[ServerSentEventMessage]:
    async for changed in hub.listen(actor.scopes()):
        if changed:
            yield ServerSentEventMessage(event="changed", data="{}")
        else:
            yield ServerSentEventMessage(comment="still here")
