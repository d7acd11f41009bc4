"""From a claimed row to a push, and what its outcome means for the row and the phone (N1, N4).

Delivery is at least once: a worker that dies after sending and before writing that down lets the
push go out again, under the same topic and for the same notification.
"""

import asyncio
import random
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, assert_never

import msgspec

from backend import metrics
from backend.db import write_tx
from backend.logs import get_logger
from backend.notifications import queries
from backend.notifications.endpoints import Subscription
from backend.notifications.push import (
    Delivered,
    Gone,
    PushMessage,
    PushOutcome,
    PushSender,
    Rejected,
    Retry,
    Urgency,
)
from backend.notifications.queries import Delivery
from backend.notifications.schemas import PushPayload

BATCH: Final = 96
"""Phones told at once by one round."""

ROUNDS_AT_ONCE: Final = 2
"""Twice a batch fits the sender's lanes, so that a round ends well within its lease even when every
push service hangs."""

SWEPT_AT_ONCE: Final = 20 * BATCH

SINGLY: Final = 8
"""Up to so many are not a broadcast, and use the lanes kept free of broadcasts."""

LEASE: Final = timedelta(seconds=60)
"""How long a worker that claimed a delivery may be silent before another takes over."""

ATTEMPTS_MAX: Final = 150
AGE_MAX: Final = timedelta(hours=24)
BACK_OFF_FIRST: Final = timedelta(seconds=30)
BACK_OFF_MAX: Final = timedelta(minutes=10)

REJECTIONS_MAX: Final = 5
UNHEARD_FOR: Final = timedelta(days=1)

TTL_PRESSING: Final = timedelta(days=1)
TTL: Final = timedelta(days=3)
TTL_LEAST: Final = timedelta(minutes=1)

KEPT_FOR: Final = timedelta(days=30)

Fate = Literal["sent", "gone", "retry", "rejected", "late"]
"""What becomes of a try. `late`: given up; `gone`: the phone is not told anything any more."""

_encode = msgspec.json.Encoder().encode


def push_message(delivery: Delivery, now: datetime) -> PushMessage:
    """What a phone gets for a notification: ids, a kind and a state (N5).

    The topic is the report's for a change of state, where only the newest counts, and else the
    notification's own: then nothing replaces it but a second copy of itself.
    """
    pressing = delivery.urgent or delivery.kind == "question"
    age = max(now - delivery.created_at, timedelta(0))
    payload = PushPayload(
        v=1,
        kind=delivery.kind,
        report=delivery.report_id,
        notification=delivery.notification_id,
        detail=delivery.detail,
        lang=delivery.language,
    )
    about = delivery.report_id if delivery.kind == "state" else None
    return PushMessage(
        Subscription(delivery.endpoint, delivery.p256dh, delivery.auth),
        _encode(payload),
        ttl=max((TTL_PRESSING if pressing else TTL) - age, TTL_LEAST),
        urgency=Urgency.HIGH if pressing else Urgency.NORMAL,
        topic=(about or delivery.notification_id).hex,
    )


def back_off(attempts: int, asked: timedelta, stretch: float) -> timedelta:
    """How long to wait after so many attempts: doubling, and never less than the service `asked`.

    `stretch` (1.0 to 1.2) keeps phones that failed together from coming back together.
    """
    doubled: timedelta = BACK_OFF_FIRST * 2 ** min(attempts - 1, 20)
    return max(asked, min(doubled, BACK_OFF_MAX)) * stretch


class DeliveryOffice:
    """Tells phones. One a worker process."""

    def __init__(
        self,
        sender: PushSender,
        *,
        lease: timedelta = LEASE,
        stretch: Callable[[], float] = lambda: random.uniform(1.0, 1.2),  # noqa: S311 - no secret
    ) -> None:
        self._sender = sender
        self._lease = lease
        self._stretch = stretch
        self._rounds = asyncio.Semaphore(ROUNDS_AT_ONCE)

    async def deliver(self, notification_ids: Sequence[uuid.UUID]) -> None:
        """Tell the phones that wait for these notifications, and whatever else they wait for."""
        await self._tell_all(await queries.list_phones_of(notification_ids))

    async def sweep(self) -> int:
        """Take up what a dead worker left and what is due again. Returns how many were tried."""
        tried = 0
        while phones := await queries.list_due_phones(SWEPT_AT_ONCE):
            told = await self._tell_all(phones)
            if not told:  # another worker is at them
                break
            tried += told
        return tried

    async def forget_finished(self) -> None:
        """Once a day: what became of pushes a month ago is of no use."""
        await queries.delete_finished(datetime.now(UTC) - KEPT_FOR)

    async def _tell_all(self, phones: Sequence[uuid.UUID]) -> int:
        """In rounds, a few at once. Returns the number of tries."""
        if len(phones) <= SINGLY:
            return await self._tell(phones)
        async with asyncio.TaskGroup() as group:
            rounds = []
            for start in range(0, len(phones), BATCH):
                await self._rounds.acquire()
                telling = group.create_task(self._tell(phones[start : start + BATCH]))
                telling.add_done_callback(lambda _: self._rounds.release())
                rounds.append(telling)
        return sum(telling.result() for telling in rounds)

    async def _tell(self, phones: Sequence[uuid.UUID]) -> int:
        """Send each of these phones what it waits for, in turn. Returns the number of tries."""
        tried = 0
        while True:
            async with write_tx():
                claimed = await queries.claim_deliveries(phones, self._lease)
            if not claimed:
                return tried
            tried += len(claimed)
            await self._record(claimed, await self._send(claimed))
            phones = [delivery.subscription_id for delivery in claimed]

    async def _send(self, claimed: Sequence[Delivery]) -> list[PushOutcome | None]:
        """None for what is not to be sent any more."""
        now = datetime.now(UTC)
        places = [
            place
            for place, delivery in enumerate(claimed)
            if delivery.signed_in and not _is_late(delivery, now)
        ]
        messages = [push_message(claimed[place], now) for place in places]
        if len(messages) <= SINGLY:
            async with asyncio.TaskGroup() as group:
                sending = [
                    group.create_task(
                        self._sender.send(
                            message.subscription,
                            message.payload,
                            ttl=message.ttl,
                            urgency=message.urgency,
                            topic=message.topic,
                        )
                    )
                    for message in messages
                ]
            sent = [task.result() for task in sending]
        else:
            sent = await self._sender.send_many(messages)
        outcomes: list[PushOutcome | None] = [None] * len(claimed)
        for place, outcome in zip(places, sent, strict=True):
            outcomes[place] = outcome
        return outcomes

    async def _record(
        self, claimed: Sequence[Delivery], outcomes: Sequence[PushOutcome | None]
    ) -> None:
        groups: defaultdict[Fate, list[Delivery]] = defaultdict(list)
        waits = []
        for delivery, outcome in zip(claimed, outcomes, strict=True):
            groups[_fate_of(delivery, outcome)].append(delivery)
            if isinstance(outcome, Retry):
                waits.append(back_off(delivery.attempts, outcome.after, self._stretch()))
        async with write_tx():
            if gone := groups["gone"]:
                await queries.delete_gone(gone)
            if rejected := groups["rejected"]:
                await queries.count_rejections(rejected, REJECTIONS_MAX, UNHEARD_FOR)
            if sent := groups["sent"]:
                await queries.record_sent(sent)
            if failed := groups["rejected"] + groups["late"]:
                await queries.record_failed(failed)
            if waiting := groups["retry"]:
                await queries.record_waiting(waiting, waits)
        for fate, deliveries in groups.items():
            metrics.PUSHES.labels(fate).inc(len(deliveries))


def _fate_of(delivery: Delivery, outcome: PushOutcome | None) -> Fate:
    match outcome:
        case Delivered():
            return "sent"
        case Gone():
            return "gone"
        case Retry():
            return "retry"
        case Rejected(code=code, detail=detail):
            phone = str(delivery.subscription_id)
            get_logger().warning("push_rejected", subscription=phone, code=code, detail=detail)
            return "rejected"
        case None:
            return "late" if delivery.signed_in else "gone"
        case _:
            assert_never(outcome)


def _is_late(delivery: Delivery, now: datetime) -> bool:
    """Tried for so long that the inbox will have to do."""
    return now - delivery.created_at > AGE_MAX or delivery.attempts > ATTEMPTS_MAX
