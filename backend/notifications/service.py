"""The inbox, and the phones that are told what is in it (N1, N2, N4)."""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import uuid_utils.compat as uuids

from backend.actor import Actor
from backend.changes import touch
from backend.db import transaction_connection, write_tx
from backend.errors import IdReused
from backend.jobs import enqueue
from backend.notifications import queries
from backend.notifications.endpoints import PushServices, validate_subscription
from backend.notifications.schemas import (
    DeliverJob,
    NotificationKind,
    NotificationOut,
    SubscriptionIn,
)
from backend.notifications.vapid import VapidHeaders, VapidKeys, load_or_create_vapid
from backend.settings import PREFIX, Settings, SettingsError

NOTIFICATIONS_A_JOB: Final = 1000
_DETAIL: Final = re.compile(r"[a-z_]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PushIdentity:
    """Who we are to push services, and which of them we talk to."""

    keys: VapidKeys
    contact: str
    services: PushServices


_identity: PushIdentity | None = None


def open_keys(settings: Settings) -> None:
    """Reads the VAPID keys, made at the first start under `var_dir`. Both processes call it.

    Raises:
        SettingsError: naming the setting.
        VapidKeyError: the file holds something else.
    """
    global _identity  # noqa: PLW0603 - one a process, opened at its start
    keys = load_or_create_vapid(settings.var_dir / "vapid.pem")
    try:
        VapidHeaders(keys, settings.contact)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}CONTACT: {error}") from error
    try:
        services = PushServices.from_settings(settings.push_hosts)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}PUSH_HOSTS: {error}") from error
    if settings.push_test_origin is not None:
        try:
            services = PushServices.from_settings(settings.push_hosts, settings.push_test_origin)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}PUSH_TEST_ORIGIN: {error}") from error
    _identity = PushIdentity(keys, settings.contact, services)


def push_identity() -> PushIdentity:
    if _identity is None:
        raise RuntimeError("open_keys() was not called at start")
    return _identity


def push_key() -> str:
    """What the browser's `pushManager.subscribe` takes as `applicationServerKey`."""
    return push_identity().keys.application_server_key


async def notify(
    recipients: Iterable[uuid.UUID],
    kind: NotificationKind,
    report_id: uuid.UUID | None,
    message_id: uuid.UUID | None = None,
    detail: str | None = None,
    urgent: bool = False,
) -> None:
    """Put a line into the inbox of each recipient and have their phones told.

    Part of the caller's transaction, which has locked the report: both happen exactly when the
    change commits (I6). `detail` is a state's name. Recipients named twice are told once; accounts
    that are disabled or gone, never.

    Raises:
        RuntimeError: outside `write_tx()`.
        ValueError: `detail` is not a state's name; what people write never leaves by push (N5).
    """
    if detail is not None and not _DETAIL.fullmatch(detail):
        raise ValueError("the detail of a notification is the name of a state")
    transaction_connection()  # before anything is written outside of one
    account_ids = list(dict.fromkeys(recipients))
    if not account_ids:
        return
    ids = [uuids.uuid7() for _ in account_ids]
    written = await queries.insert_notifications(
        ids,
        account_ids,
        kind,
        report_id=report_id,
        message_id=message_id,
        detail=detail,
        urgent=urgent,
    )
    touch([(line.account_id, "notification", line.id) for line in written])
    pushed = [line.id for line in written if line.pushed]
    await enqueue(
        "deliver",
        *(
            DeliverJob(pushed[start : start + NOTIFICATIONS_A_JOB])
            for start in range(0, len(pushed), NOTIFICATIONS_A_JOB)
        ),
    )


async def load_notifications(actor: Actor, ids: Sequence[uuid.UUID]) -> list[NotificationOut]:
    """Those of `ids` that are the actor's own, oldest first."""
    return await queries.list_notifications(actor, ids)


async def read_notifications(actor: Actor, ids: Sequence[uuid.UUID]) -> None:
    """Mark one's own as read; others are left alone, silently. What is read is not pushed."""
    async with write_tx():
        read = await queries.mark_read(actor, ids)
        touch([(actor.account_id, "notification", thing_id) for thing_id in read])


async def subscribe(actor: Actor, subscription_id: uuid.UUID, wish: SubscriptionIn) -> bool:
    """Have this device told of what happens. Returns whether the subscription is new.

    A device has one subscription, and an endpoint one owner: a renewed one takes the place of the
    device's old one with what it still had to tell, and on a shared phone the newcomer takes the
    endpoint over, without what was meant for somebody else.

    Raises:
        SubscriptionRefused: naming the field that is wrong.
        IdReused: the id belongs to another device of somebody else.
    """
    subscription = validate_subscription(
        wish.endpoint, wish.p256dh, wish.auth, push_identity().services
    )
    async with write_tx():
        present = await queries.lock_subscriptions(
            subscription_id, actor.session_id, subscription.endpoint
        )
        own = [row["id"] for row in present if row["account_id"] == actor.account_id]
        foreign = [
            row["id"]
            for row in present
            if row["account_id"] != actor.account_id and row["endpoint"] == subscription.endpoint
        ]
        replaced = [own_id for own_id in own if own_id != subscription_id]
        unsent = await queries.list_unsent(replaced)
        await queries.delete_subscriptions([*replaced, *foreign])
        fresh = await queries.upsert_subscription(
            subscription_id, actor, subscription, wish.language
        )
        if fresh is None:
            raise IdReused
        if unsent:
            await queries.insert_deliveries(unsent, subscription_id)
            await enqueue("deliver", DeliverJob(unsent[:NOTIFICATIONS_A_JOB]))
    return fresh


async def unsubscribe(actor: Actor, subscription_id: uuid.UUID) -> None:
    """Leave this device in peace. Nothing happens when it is gone already, or not one's own."""
    await queries.delete_subscription(actor, subscription_id)


async def hand_over(account_id: uuid.UUID, heir_id: uuid.UUID) -> None:
    """Inside `write_tx()`: what one account was told, the other was."""
    moved = await queries.hand_over(account_id, heir_id)
    touch([(heir_id, "notification", one) for one in moved])
