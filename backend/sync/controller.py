"""`/api/sync` and `/api/events`."""

from collections.abc import AsyncIterator

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import ServerSentEvent, ServerSentEventMessage

from backend.actor import Actor, signed_in
from backend.sync import service
from backend.sync.events import ChangeHub
from backend.sync.schemas import SyncOut


class SyncController(Controller):
    path = "/api"
    tags = ("sync",)

    @get("/sync", policy=signed_in, operation_id="sync", cache_control=None)
    async def sync(
        self, actor: NamedDependency[Actor], cursor: FromQuery[str | None] = None
    ) -> SyncOut:
        return await service.pull(actor, cursor)

    @get("/events", policy=signed_in, operation_id="events")
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
