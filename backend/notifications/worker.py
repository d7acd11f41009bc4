"""Jobs of this slice: `deliver` at once, what is due again every half minute, tidying daily."""

import msgspec
from pgqueuer import PgQueuer
from pgqueuer.models import Job, Schedule

from backend import metrics
from backend.notifications.delivery import DeliveryOffice
from backend.notifications.push import PushSender
from backend.notifications.schemas import DeliverJob
from backend.notifications.service import push_identity

_sender: PushSender | None = None
_decode = msgspec.json.Decoder(DeliverJob).decode


def register(pgq: PgQueuer) -> None:
    """Take on the jobs. Again after a lost database connection; the sender stays the same."""
    office = DeliveryOffice(_open_sender())

    @pgq.entrypoint("deliver")
    async def deliver(job: Job) -> None:
        await office.deliver(_decode(job.payload or b"{}").notifications)
        metrics.JOBS.labels("deliver", "done").inc()

    # A sixth field is seconds; the scheduler looks a second after.
    @pgq.schedule("deliver_due", "* * * * * */30")
    async def deliver_due(_schedule: Schedule) -> None:
        await office.sweep()

    @pgq.schedule("forget_deliveries", "40 3 * * *")
    async def forget_deliveries(_schedule: Schedule) -> None:
        await office.forget_finished()


def _open_sender() -> PushSender:
    global _sender  # noqa: PLW0603 - one a process
    if _sender is None:
        identity = push_identity()
        _sender = PushSender(identity.keys, contact=identity.contact, services=identity.services)
    return _sender


async def close_sender() -> None:
    """At the end of the worker, when all jobs are done."""
    global _sender  # noqa: PLW0603
    if _sender is not None:
        await _sender.aclose()
        _sender = None
