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
NOTIFICATIONS = 4_000
OUTCOMES_A_PHONE = 5
WAITING_A_PHONE = 2


class EnoughSeenError(Exception):
    """Rolls the filled tables back."""


async def _fill(world: World) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """Phones and notifications; each phone has a few of them behind it and two before it."""
    await db.execute(
        """INSERT INTO push_subscription
               (id, account_id, session_id, endpoint, p256dh, auth, language)
           SELECT gen_random_uuid(), $1, $2, 'https://example.org/' || n, '', '', 'vi'
           FROM generate_series(1, $3::int) n""",
        world.alice.account_id,
        world.alice.session_id,
        PHONES,
    )
    await db.execute(
        """INSERT INTO notification (id, account_id, kind)
           SELECT gen_random_uuid(), $1, 'message' FROM generate_series(1, $2::int)""",
        world.alice.account_id,
        NOTIFICATIONS,
    )
    phones = await _ids_of("push_subscription", world.alice.account_id)
    notifications = await _ids_of("notification", world.alice.account_id)
    await db.execute(
        """INSERT INTO push_delivery (notification_id, subscription_id, state)
           SELECT ($1::uuid[])[1 + (p.place + k * 571) % $3], p.id,
                  CASE WHEN k > $4 THEN 'pending' ELSE 'sent' END
           FROM unnest($2::uuid[]) WITH ORDINALITY AS p(id, place),
                generate_series(1, $5::int) k""",
        notifications,
        phones,
        NOTIFICATIONS,
        OUTCOMES_A_PHONE,
        OUTCOMES_A_PHONE + WAITING_A_PHONE,
    )
    for table in ("push_delivery", "push_subscription", "notification"):
        await db.execute(f"ANALYZE {table}")
    return phones, notifications


async def _ids_of(table: str, account_id: uuid.UUID) -> list[uuid.UUID]:
    rows = await db.fetch(f"SELECT id FROM {table} WHERE account_id = $1", account_id)
    return [row["id"] for row in rows]


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
    share = PHONES * WAITING_A_PHONE // NOTIFICATIONS
    assert len(await queries.list_phones_of(notifications[:1])) == share


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
