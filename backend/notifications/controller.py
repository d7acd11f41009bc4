"""`/api/notifications` and `/api/push/subscriptions`."""

from uuid import UUID

from litestar import Controller, Response, delete, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from backend.actor import Actor, signed_in
from backend.notifications import service
from backend.notifications.schemas import ReadNotifications, SubscriptionIn, SubscriptionOut


class NotificationController(Controller):
    path = "/api/notifications"
    tags = ("notifications",)

    @put(
        "/read",
        policy=signed_in,
        own=True,
        guests=True,
        operation_id="readNotifications",
        status_code=204,
    )
    async def read(self, actor: NamedDependency[Actor], data: JSONBody[ReadNotifications]) -> None:
        await service.read_notifications(actor, data.ids)


class PushController(Controller):
    path = "/api/push/subscriptions"
    tags = ("notifications",)

    @put(
        "/{subscription_id:uuid}", policy=signed_in, own=True, guests=True, operation_id="subscribe"
    )
    async def subscribe(
        self,
        actor: NamedDependency[Actor],
        subscription_id: FromPath[UUID],
        data: JSONBody[SubscriptionIn],
    ) -> Response[SubscriptionOut]:
        fresh = await service.subscribe(actor, subscription_id, data)
        return Response(SubscriptionOut(subscription_id), status_code=201 if fresh else 200)

    @delete(
        "/{subscription_id:uuid}",
        policy=signed_in,
        own=True,
        guests=True,
        operation_id="unsubscribe",
        status_code=204,
    )
    async def unsubscribe(
        self, actor: NamedDependency[Actor], subscription_id: FromPath[UUID]
    ) -> None:
        await service.unsubscribe(actor, subscription_id)
