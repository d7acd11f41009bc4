"""Jobs of this slice: `deliver` and `text` at once, what is due again every half minute, tidying
daily.
"""

import msgspec
from pgqueuer import PgQueuer
from pgqueuer.models import Job, Schedule

from backend import metrics
from backend.notifications.delivery import DeliveryOffice
from backend.notifications.push import PushSender
from backend.notifications.schemas import DeliverJob, SmsJob
from backend.notifications.service import push_identity
from backend.notifications.sms_office import SmsOffice
from backend.notifications.sms_providers import SmsProvider, provider_from
from backend.settings import get_settings

_sender: PushSender | None = None
_provider: SmsProvider | None = None
_decode = msgspec.json.Decoder(DeliverJob).decode
_decode_sms = msgspec.json.Decoder(SmsJob).decode


def register(pgq: PgQueuer) -> None:
    """Take on the jobs. Again after a lost database connection; the sender stays the same."""
    office = DeliveryOffice(_open_sender())

    @pgq.entrypoint("deliver")
    async def deliver(job: Job) -> None:
        await office.deliver(_decode(job.payload or b"{}").notifications)
        metrics.JOBS.labels("deliver", "done").inc()

    texts = SmsOffice(_open_provider())

    @pgq.entrypoint("text")
    async def text(job: Job) -> None:
        await texts.deliver(_decode_sms(job.payload or b"{}").delivery)
        metrics.JOBS.labels("text", "done").inc()

    @pgq.schedule("text_due", "* * * * * */30")
    async def text_due(_schedule: Schedule) -> None:
        await texts.sweep()

    # A sixth field is seconds; the scheduler looks a second after.
    @pgq.schedule("deliver_due", "* * * * * */30")
    async def deliver_due(_schedule: Schedule) -> None:
        await office.sweep()

    @pgq.schedule("forget_deliveries", "40 3 * * *")
    async def forget_deliveries(_schedule: Schedule) -> None:
        await office.forget_finished()
        await texts.forget_finished()


def _open_sender() -> PushSender:
    global _sender  # noqa: PLW0603 - one a process
    if _sender is None:
        identity = push_identity()
        _sender = PushSender(identity.keys, contact=identity.contact, services=identity.services)
    return _sender


def _open_provider() -> SmsProvider | None:
    global _provider  # noqa: PLW0603 - one a process
    if _provider is None:
        _provider = provider_from(get_settings())
    return _provider


async def close_sender() -> None:
    """At the end of the worker, when all jobs are done."""
    global _sender, _provider  # noqa: PLW0603
    if _provider is not None:
        await _provider.aclose()
        _provider = None
    if _sender is not None:
        await _sender.aclose()
        _sender = None
