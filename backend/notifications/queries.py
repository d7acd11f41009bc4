"""SQL of the inbox, of subscriptions, and of the deliveries between them.

A delivery is one notification for one phone. Its `next_at` is when it may be tried (again); whoever
claims it moves that into the future, so a worker that dies simply lets go. Locks are always taken
on subscriptions before deliveries, and in the order of their ids.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from backend.actor import Actor
from backend.db import execute, fetch, fetch_one, rows_of
from backend.notifications.endpoints import Subscription
from backend.notifications.schemas import NotificationKind, NotificationOut
from backend.notifications.tables import Notification, PushSubscription

if TYPE_CHECKING:
    from asyncpg import Record

# The share lock keeps a phone that unsubscribes at this moment from breaking the caller's
# transaction with a foreign key; statement time orders notifications of one report as its row's
# lock did, which the transaction's start time does not.
_INSERT: Final = """
WITH recipient AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS r(id, account_id)
), written AS (
    INSERT INTO notification (id, account_id, kind, report_id, message_id, detail, urgent,
                              created_at)
    SELECT r.id, r.account_id, $3, $4, $5, $6, $7, statement_timestamp()
    FROM recipient r JOIN account a ON a.id = r.account_id AND a.disabled_at IS NULL
    RETURNING id, account_id
), phone AS (
    SELECT id, account_id FROM push_subscription WHERE account_id = ANY($2)
    ORDER BY id FOR KEY SHARE
), delivery AS (
    INSERT INTO push_delivery (notification_id, subscription_id, state)
    SELECT w.id, p.id, 'pending' FROM written w JOIN phone p USING (account_id)
    RETURNING notification_id
)
SELECT id, account_id, id IN (SELECT notification_id FROM delivery) AS pushed FROM written
"""

# Of each phone the oldest delivery that is due, unless an earlier one is under way or waits out a
# Retry-After: so one phone hears of one report in order, and a newer state cannot be replaced by an
# older one (Topic). What was read meanwhile, or is no longer the newest state, is dropped unsent.
_CLAIM: Final = """
WITH due AS (
    SELECT d.notification_id, d.subscription_id, n.created_at,
           n.read_at IS NOT NULL OR (n.kind = 'state' AND n.created_at <
               max(n.created_at) FILTER (WHERE n.kind = 'state')
               OVER (PARTITION BY d.subscription_id, n.report_id)) AS pointless
    FROM push_delivery d JOIN notification n ON n.id = d.notification_id
    WHERE d.subscription_id = ANY($1) AND d.state = 'pending'
      AND d.next_at <= statement_timestamp()
      AND NOT EXISTS (SELECT 1 FROM push_delivery other
                      WHERE other.subscription_id = d.subscription_id AND other.state = 'pending'
                        AND other.next_at > statement_timestamp())
), dropped AS (
    DELETE FROM push_delivery d USING due
    WHERE due.pointless AND d.notification_id = due.notification_id
      AND d.subscription_id = due.subscription_id
), chosen AS (
    SELECT DISTINCT ON (subscription_id) notification_id, subscription_id
    FROM due WHERE NOT pointless ORDER BY subscription_id, created_at, notification_id
)
UPDATE push_delivery d
SET attempts = d.attempts + 1, next_at = statement_timestamp() + $2
FROM chosen
JOIN notification n ON n.id = chosen.notification_id
JOIN push_subscription p ON p.id = chosen.subscription_id
JOIN session s ON s.id = p.session_id
JOIN account a ON a.id = p.account_id
WHERE d.notification_id = chosen.notification_id AND d.subscription_id = chosen.subscription_id
RETURNING d.notification_id, d.subscription_id, d.attempts, n.kind, n.report_id, n.detail, n.urgent,
          n.created_at, p.endpoint, p.p256dh, p.auth, p.language,
          s.revoked_at IS NULL AND s.expires_at > now() AND s.account_id = p.account_id
              AND a.disabled_at IS NULL AS signed_in
"""


class WrittenNotification(Struct, frozen=True):
    """`pushed`: the person has at least one phone that is to be told."""

    id: uuid.UUID
    account_id: uuid.UUID
    pushed: bool


class Delivery(Struct, frozen=True):
    """One push to one phone, claimed for sending. `attempts` counts this one.

    `signed_in`: the session it was bound to may still be told anything.
    """

    notification_id: uuid.UUID
    subscription_id: uuid.UUID
    attempts: int
    kind: NotificationKind
    report_id: uuid.UUID | None
    detail: str | None
    urgent: bool
    created_at: datetime
    endpoint: str
    p256dh: str
    auth: str
    language: str
    signed_in: bool


# inbox ---------------------------------------------------------------------------------------


async def insert_notifications(
    ids: Sequence[uuid.UUID],
    account_ids: Sequence[uuid.UUID],
    kind: NotificationKind,
    *,
    report_id: uuid.UUID | None,
    message_id: uuid.UUID | None,
    detail: str | None,
    urgent: bool,
) -> list[WrittenNotification]:
    """A row for each account that exists and is not disabled, a delivery for each of its phones."""
    rows = await fetch(
        _INSERT, list(ids), list(account_ids), kind, report_id, message_id, detail, urgent
    )
    return [WrittenNotification(**dict(row)) for row in rows]


async def list_notifications(actor: Actor, ids: Sequence[uuid.UUID]) -> list[NotificationOut]:
    rows = (
        await Notification.select(
            Notification.id,
            Notification.kind,
            Notification.report_id,
            Notification.message_id,
            Notification.detail,
            Notification.urgent,
            Notification.created_at,
            Notification.read_at,
        )
        .where((Notification.account_id == actor.account_id) & Notification.id.is_in(list(ids)))
        .order_by(Notification.created_at, Notification.id)
    )
    return [NotificationOut(**row) for row in rows]


async def mark_read(actor: Actor, ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Those of `ids` that are the actor's and were unread until now."""
    rows = await fetch(
        """
        UPDATE notification SET read_at = now()
        WHERE id IN (SELECT id FROM notification
                     WHERE id = ANY($2) AND account_id = $1 AND read_at IS NULL
                     ORDER BY id FOR NO KEY UPDATE)
        RETURNING id
        """,
        actor.account_id,
        list(ids),
    )
    return [row["id"] for row in rows]


# subscriptions -------------------------------------------------------------------------------


async def lock_subscriptions(
    subscription_id: uuid.UUID, session_id: uuid.UUID, endpoint: str
) -> "list[Record]":
    """The rows (id, account_id, endpoint) of this id, this device or this endpoint.

    Nobody else registers this endpoint until the transaction ends.
    """
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", endpoint)
    return await fetch(
        """SELECT id, account_id, endpoint FROM push_subscription
           WHERE id = $1 OR session_id = $2 OR endpoint = $3 ORDER BY id FOR UPDATE""",
        subscription_id,
        session_id,
        endpoint,
    )


async def list_unsent(subscription_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Notifications these phones have not been told of yet."""
    rows = await fetch(
        """SELECT DISTINCT notification_id FROM push_delivery
           WHERE subscription_id = ANY($1) AND state = 'pending'""",
        list(subscription_ids),
    )
    return [row["notification_id"] for row in rows]


async def insert_deliveries(
    notification_ids: Sequence[uuid.UUID], subscription_id: uuid.UUID
) -> None:
    await execute(
        """INSERT INTO push_delivery (notification_id, subscription_id, state)
           SELECT unnest($1::uuid[]), $2, 'pending' ON CONFLICT DO NOTHING""",
        list(notification_ids),
        subscription_id,
    )


async def delete_subscriptions(ids: Sequence[uuid.UUID]) -> None:
    """Their deliveries go with them."""
    await execute(
        """DELETE FROM push_subscription WHERE id IN (
               SELECT id FROM push_subscription WHERE id = ANY($1) ORDER BY id FOR UPDATE)""",
        list(ids),
    )


async def upsert_subscription(
    subscription_id: uuid.UUID, actor: Actor, subscription: Subscription, language: str
) -> bool | None:
    """True: new. False: one's own, renewed. None: the id is somebody else's."""
    row = await fetch_one(
        """
        INSERT INTO push_subscription AS p
            (id, account_id, session_id, endpoint, p256dh, auth, language)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE
            SET session_id = excluded.session_id, endpoint = excluded.endpoint,
                p256dh = excluded.p256dh, auth = excluded.auth, language = excluded.language,
                failures = CASE WHEN (p.endpoint, p.p256dh) = (excluded.endpoint, excluded.p256dh)
                                THEN p.failures ELSE 0 END
            WHERE p.account_id = excluded.account_id
        RETURNING xmax = 0 AS fresh
        """,
        subscription_id,
        actor.account_id,
        actor.session_id,
        subscription.endpoint,
        subscription.p256dh,
        subscription.auth,
        language,
    )
    return row["fresh"] if row else None


async def delete_subscription(actor: Actor, subscription_id: uuid.UUID) -> None:
    await PushSubscription.delete().where(
        (PushSubscription.id == subscription_id) & (PushSubscription.account_id == actor.account_id)
    )


# deliveries ----------------------------------------------------------------------------------


async def list_phones_of(notification_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Subscriptions that still wait for one of these notifications."""
    rows = await fetch(
        """SELECT DISTINCT subscription_id FROM push_delivery
           WHERE notification_id = ANY($1) AND state = 'pending'""",
        list(notification_ids),
    )
    return [row["subscription_id"] for row in rows]


async def list_due_phones(limit: int) -> list[uuid.UUID]:
    """Subscriptions something is due for and nothing is under way to, those waiting longest."""
    rows = await fetch(
        """
        SELECT d.subscription_id, min(d.next_at) AS since
        FROM (SELECT subscription_id, next_at FROM push_delivery d
              WHERE state = 'pending' AND next_at <= now()
                AND NOT EXISTS (SELECT 1 FROM push_delivery other
                                WHERE other.subscription_id = d.subscription_id
                                  AND other.state = 'pending' AND other.next_at > now())
              ORDER BY next_at LIMIT $1) d
        GROUP BY d.subscription_id ORDER BY since
        """,
        limit,
    )
    return [row["subscription_id"] for row in rows]


async def claim_deliveries(
    subscription_ids: Sequence[uuid.UUID], lease: timedelta
) -> list[Delivery]:
    """At most one delivery a phone; nobody else gets it within `lease`. Inside write_tx.

    Two statements, because the second must see what a worker that held these rows has committed.
    """
    rows = await fetch(
        """SELECT id FROM push_subscription WHERE id = ANY($1)
           ORDER BY id FOR NO KEY UPDATE SKIP LOCKED""",
        list(subscription_ids),
    )
    if not rows:
        return []
    rows = await fetch(_CLAIM, [row["id"] for row in rows], lease)
    return [Delivery(**dict(row)) for row in rows]


async def record_sent(deliveries: Sequence[Delivery]) -> None:
    notification_ids, subscription_ids = _keys(deliveries)
    await execute(
        """UPDATE push_subscription SET last_sent_at = now(), failures = 0
           WHERE id IN (SELECT id FROM push_subscription WHERE id = ANY($1)
                        ORDER BY id FOR NO KEY UPDATE)""",
        subscription_ids,
    )
    await _finish(notification_ids, subscription_ids, "sent")


async def record_failed(deliveries: Sequence[Delivery]) -> None:
    """They will not be tried again."""
    await _finish(*_keys(deliveries), "failed")


async def _finish(
    notification_ids: list[uuid.UUID], subscription_ids: list[uuid.UUID], state: str
) -> None:
    await execute(
        """UPDATE push_delivery d SET state = $3
           FROM unnest($1::uuid[], $2::uuid[]) AS done(notification_id, subscription_id)
           WHERE d.notification_id = done.notification_id
             AND d.subscription_id = done.subscription_id""",
        notification_ids,
        subscription_ids,
        state,
    )


async def record_waiting(deliveries: Sequence[Delivery], waits: Sequence[timedelta]) -> None:
    """Each is tried again after its wait, unless somebody else has claimed it since."""
    notification_ids, subscription_ids = _keys(deliveries)
    await execute(
        """UPDATE push_delivery d SET next_at = now() + again.wait
           FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::interval[])
               AS again(notification_id, subscription_id, attempts, wait)
           WHERE d.notification_id = again.notification_id
             AND d.subscription_id = again.subscription_id
             AND d.attempts = again.attempts AND d.state = 'pending'""",
        notification_ids,
        subscription_ids,
        [delivery.attempts for delivery in deliveries],
        list(waits),
    )


async def count_rejections(
    deliveries: Sequence[Delivery], most: int, unheard_for: timedelta
) -> int:
    """Adds one to each phone's failures in a row, and removes those with `most`.

    A phone that took a push (or came) within `unheard_for` stays: when everything is rejected, the
    fault is more likely ours. Returns how many were removed.
    """
    _, subscription_ids = _keys(deliveries)
    await execute(
        """UPDATE push_subscription SET failures = failures + 1
           WHERE id IN (SELECT id FROM push_subscription WHERE id = ANY($1)
                        ORDER BY id FOR UPDATE)""",
        subscription_ids,
    )
    tag = await execute(
        """DELETE FROM push_subscription
           WHERE id = ANY($1) AND failures >= $2
             AND coalesce(last_sent_at, created_at) < now() - $3::interval""",
        subscription_ids,
        most,
        unheard_for,
    )
    return rows_of(tag)


async def delete_gone(deliveries: Sequence[Delivery]) -> None:
    """Removes the phones, except one that has come back under a new endpoint meanwhile."""
    await execute(
        """DELETE FROM push_subscription WHERE id IN (
               SELECT p.id FROM push_subscription p
               JOIN unnest($1::uuid[], $2::text[]) AS gone(id, endpoint)
                   ON p.id = gone.id AND p.endpoint = gone.endpoint
               ORDER BY p.id FOR UPDATE OF p)""",
        [delivery.subscription_id for delivery in deliveries],
        [delivery.endpoint for delivery in deliveries],
    )


def _keys(deliveries: Sequence[Delivery]) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    return (
        [delivery.notification_id for delivery in deliveries],
        [delivery.subscription_id for delivery in deliveries],
    )


async def delete_finished(before: datetime) -> None:
    """Forgets what became of older deliveries; the notifications stay in the inbox.

    Notification ids are UUIDv7 and begin with the time (RFC 9562 §5.7), so the primary key is the
    index this needs.
    """
    oldest_kept = uuid.UUID(int=int(before.timestamp() * 1000) << 80)
    await execute(
        "DELETE FROM push_delivery WHERE notification_id < $1 AND state <> 'pending'", oldest_kept
    )


async def hand_over(account_id: uuid.UUID, heir_id: uuid.UUID) -> list[uuid.UUID]:
    rows = await fetch(
        "UPDATE notification SET account_id = $2 WHERE account_id = $1 RETURNING id",
        account_id,
        heir_id,
    )
    return [row["id"] for row in rows]
