"""No query of the delivery reads a whole table when there are many phones and many outcomes."""

import contextlib
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from backend import db
from backend.db import write_tx
from backend.notifications import queries
from tests.conftest import World

PHONES = 20_000
OUTCOMES_A_PHONE = 5


class EnoughSeenError(Exception):
    """Rolls the filled tables back."""


async def _fill(world: World) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """Subscriptions and notifications; each phone has old outcomes and two deliveries due."""
    await db.execute(
        """INSERT INTO push_subscription
               (id, account_id, session_id, endpoint, p256dh, auth, language)
           SELECT gen_random_uuid(), $1, $2, 'https://example.org/' || n, '', '', 'vi'
           FROM generate_series(1, $3::int) n""",
        world.alice.account_id,
        world.alice.session_id,
        PHONES,
    )
    rows = await db.fetch(
        """INSERT INTO notification (id, account_id, kind)
           SELECT gen_random_uuid(), $1, 'message' FROM generate_series(1, $2::int)
           RETURNING id""",
        world.alice.account_id,
        OUTCOMES_A_PHONE + 2,
    )
    notifications = [row["id"] for row in rows]
    await db.execute(
        """INSERT INTO push_delivery (notification_id, subscription_id, state)
           SELECT n.id, s.id, CASE WHEN n.place > $3 THEN 'pending' ELSE 'sent' END
           FROM unnest($1::uuid[]) WITH ORDINALITY AS n(id, place), push_subscription s
           WHERE s.account_id = $2""",
        notifications,
        world.alice.account_id,
        OUTCOMES_A_PHONE,
    )
    await db.execute("ANALYZE push_delivery")
    await db.execute("ANALYZE push_subscription")
    await db.execute("ANALYZE notification")
    rows = await db.fetch(
        "SELECT id FROM push_subscription WHERE account_id = $1", world.alice.account_id
    )
    return [row["id"] for row in rows], notifications


async def _whole_reads() -> dict[str, int]:
    """Sequential scans of this transaction so far."""
    rows = await db.fetch(
        """SELECT relname, seq_scan FROM pg_stat_xact_user_tables
           WHERE relname IN ('push_delivery', 'push_subscription')"""
    )
    return {row["relname"]: row["seq_scan"] for row in rows}


Step = Callable[[list[uuid.UUID], list[uuid.UUID]], Awaitable[object]]


async def _claim_and_record(phones: list[uuid.UUID], _notifications: list[uuid.UUID]) -> None:
    claimed = await queries.claim_deliveries(phones[:50], timedelta(minutes=1))
    assert len(claimed) == 50
    await queries.record_sent(claimed[:20])
    await queries.record_waiting(claimed[20:40], [timedelta(0)] * 20)
    await queries.delete_gone(claimed[40:])


async def _find_due(_phones: list[uuid.UUID], _notifications: list[uuid.UUID]) -> None:
    assert await queries.list_due_phones(50)


async def _find_phones(_phones: list[uuid.UUID], notifications: list[uuid.UUID]) -> None:
    assert len(await queries.list_phones_of(notifications[-1:])) == PHONES


async def _leave(phones: list[uuid.UUID], _notifications: list[uuid.UUID]) -> None:
    await queries.delete_subscriptions(phones[:3])


async def _forget(_phones: list[uuid.UUID], _notifications: list[uuid.UUID]) -> None:
    await queries.delete_finished(datetime.now(UTC) - timedelta(days=30))


STEPS: tuple[Step, ...] = (_find_due, _find_phones, _claim_and_record, _leave, _forget)


async def test_no_step_of_the_delivery_reads_everything(world: World) -> None:
    read_whole: dict[str, dict[str, int]] = {}
    with contextlib.suppress(EnoughSeenError):
        async with write_tx():
            phones, notifications = await _fill(world)
            for step in STEPS:
                before = await _whole_reads()
                await step(phones, notifications)
                after = await _whole_reads()
                if after != before:
                    read_whole[step.__name__] = after
            raise EnoughSeenError
    assert read_whole == {}
