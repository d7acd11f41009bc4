"""From a claimed row to a text, and what its outcome means for the row and the number (`N7`).

At least once: a worker that dies after sending and before noting it sends again, under the same
key, which a gateway takes for the same text.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal, assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from backend import metrics
from backend.db import write_tx
from backend.logs import get_logger
from backend.notifications import sms_queries as queries
from backend.notifications.delivery import back_off
from backend.notifications.sms_providers import (
    Later,
    NobodyThere,
    Refused,
    Sent,
    SmsOutcome,
    SmsProvider,
)
from backend.notifications.sms_queries import SmsDelivery
from backend.notifications.sms_texts import text_of

QUIET_FROM: Final = time(21)
QUIET_UNTIL: Final = time(7)
MOST_A_DAY: Final = 3
"""To one person, of what nobody waits for: more would be a nuisance, and a bill."""
MOST_AT_ONCE_A_DAY: Final = 10
"""Calls written down for one number: nobody reports more, but a joker does."""

LEASE: Final = timedelta(minutes=2)
AGE_MAX: Final = timedelta(hours=48)
ATTEMPTS_MAX: Final = 60
KEPT_FOR: Final = timedelta(days=90)
SWEPT_AT_ONCE: Final = 20

Fate = Literal["sent", "postponed", "dropped", "unreachable", "refused", "retry", "late"]


class SmsOffice:
    """Sends texts. One a worker process."""

    def __init__(
        self,
        provider: SmsProvider | None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        stretch: Callable[[], float] = lambda: random.uniform(1.0, 1.2),  # noqa: S311 - no secret
    ) -> None:
        self._provider = provider
        self._now = now
        self._stretch = stretch

    async def deliver(self, delivery_id: UUID) -> None:
        """Send this text, unless its time has not come."""
        await self._round(delivery_id)

    async def sweep(self) -> int:
        """Send what is due, what a dead worker left included; returns how many were looked at."""
        looked = 0
        while count := await self._round(None):
            looked += count
        return looked

    async def forget_finished(self) -> None:
        await queries.delete_finished(self._now() - KEPT_FOR)

    async def _round(self, only: UUID | None) -> int:
        now = self._now()
        async with write_tx():
            claimed = await queries.claim_deliveries(now, LEASE, SWEPT_AT_ONCE, only)
        told: Counter[UUID] = Counter()  # several of one person may have come together
        for delivery in claimed:
            sent_today = delivery.sent_today + told[delivery.account_id]
            fate = await self._handle(replace(delivery, sent_today=sent_today), now)
            told[delivery.account_id] += fate == "sent"
            metrics.TEXTS.labels(fate).inc()
        return len(claimed)

    async def _handle(self, delivery: SmsDelivery, now: datetime) -> Fate:
        number = delivery.number
        if self._provider is None or number is None or not delivery.reachable:
            await queries.finish(delivery, "dropped")
            return "dropped"
        if now - delivery.created_at > AGE_MAX or delivery.attempts > ATTEMPTS_MAX:
            await queries.finish(delivery, "failed", failure="late")
            return "late"
        if delivery.at_once and delivery.sent_today >= MOST_AT_ONCE_A_DAY:
            await queries.finish(delivery, "dropped", failure="too_many")
            return "dropped"
        until = None if delivery.at_once else _not_before(delivery, now)
        if until is not None:
            await queries.postpone(delivery, until, tried=False)
            return "postponed"
        outcome = await self._provider.send(number, text_of(delivery), delivery.id)
        return await self._settle(delivery, number, outcome)

    async def _settle(self, delivery: SmsDelivery, number: str, outcome: SmsOutcome) -> Fate:
        match outcome:
            case Sent(receipt=receipt):
                await queries.finish(delivery, "sent", receipt=receipt)
                return "sent"
            case NobodyThere():
                async with write_tx():
                    await queries.mark_unreachable(delivery.account_id, number)
                    await queries.finish(delivery, "failed", failure="nobody_there")
                return "unreachable"
            case Refused(reason=reason):
                get_logger().warning("text_refused", delivery=str(delivery.id), reason=reason)
                await queries.finish(delivery, "failed", failure=reason)
                return "refused"
            case Later(reason=reason, after=after):
                get_logger().warning("text_later", delivery=str(delivery.id), reason=reason)
                wait = back_off(delivery.attempts, after, self._stretch())
                await queries.postpone(delivery, self._now() + wait, tried=True)
                return "retry"
            case _:
                assert_never(outcome)


def _not_before(delivery: SmsDelivery, now: datetime) -> datetime | None:
    """The next morning, where it is night or they have heard enough for a day; None: now."""
    local = now.astimezone(ZoneInfo(delivery.time_zone))
    morning = local.replace(
        hour=QUIET_UNTIL.hour, minute=QUIET_UNTIL.minute, second=0, microsecond=0
    )
    if local.time() < QUIET_UNTIL:
        return morning
    if local.time() >= QUIET_FROM or delivery.sent_today >= MOST_A_DAY:
        return morning + timedelta(days=1)
    return None
