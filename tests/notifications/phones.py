"""Steps the tests of notifications share."""

import json
import uuid
from collections.abc import Sequence
from datetime import timedelta

from backend import db
from backend.accounts.service import actor_of_cookie
from backend.actor import Actor
from backend.db import write_tx
from backend.notifications import service
from backend.notifications.schemas import NotificationKind
from tests.conftest import Person
from tests.fixtures.push_service import BrowserSubscription, PushService


async def actor_of(person: Person) -> Actor:
    actor = await actor_of_cookie(person.client.cookies["khupho"])
    assert actor is not None
    return actor


def wish(browser: BrowserSubscription, language: str = "vi") -> dict[str, str]:
    """The body of a subscription's PUT."""
    return {
        "endpoint": browser.endpoint,
        "p256dh": browser.p256dh,
        "auth": browser.auth,
        "language": language,
    }


async def phone_of(
    person: Person, push_service: PushService, language: str = "vi"
) -> BrowserSubscription:
    """The person allows notifications on the device they are signed in on."""
    browser = push_service.subscribe(service.push_key())
    answer = await person.put(f"/api/push/subscriptions/{uuid.uuid4()}", wish(browser, language))
    assert answer.status_code == 201, answer.text
    return browser


async def another_session(person: Person) -> uuid.UUID:
    """The person signs in on one more device."""
    session_id = uuid.uuid4()
    await db.execute(
        """INSERT INTO session (id, account_id, token_hash, label, expires_at)
           VALUES ($1, $2, $3, 'second phone', now() + interval '1 day')""",
        session_id,
        person.account_id,
        uuid.uuid4().bytes,
    )
    return session_id


async def phones_by_hand(
    person: Person, push_service: PushService, count: int
) -> list[BrowserSubscription]:
    """Many phones at once, without the detour over HTTP."""
    browsers = [push_service.subscribe() for _ in range(count)]
    session_id = await another_session(person)
    await db.execute_many(
        """INSERT INTO push_subscription
               (id, account_id, session_id, endpoint, p256dh, auth, language)
           VALUES ($1, $2, $3, $4, $5, $6, 'vi')""",
        [
            (uuid.uuid4(), person.account_id, session_id, b.endpoint, b.p256dh, b.auth)
            for b in browsers
        ],
    )
    return browsers


async def tell(
    *people: Person,
    kind: NotificationKind = "message",
    report_id: uuid.UUID | None = None,
    detail: str | None = None,
    urgent: bool = False,
) -> list[uuid.UUID]:
    """Something happened: the notifications of one committed change, in the order of `people`."""
    report_id = report_id or uuid.uuid4()
    message_id = uuid.uuid4()
    async with write_tx():
        await service.notify(
            [person.account_id for person in people], kind, report_id, message_id, detail, urgent
        )
    rows = await db.fetch(
        "SELECT account_id, id FROM notification WHERE report_id = $1 AND message_id = $2",
        report_id,
        message_id,
    )
    ids: dict[uuid.UUID, uuid.UUID] = {row["account_id"]: row["id"] for row in rows}
    return [ids[person.account_id] for person in people]


async def jobs_about(notification_ids: Sequence[uuid.UUID]) -> list[dict[str, list[str]]]:
    """Payloads of the waiting `deliver` jobs that name one of the notifications."""
    wanted = {str(thing_id) for thing_id in notification_ids}
    rows = await db.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'deliver'")
    payloads = [json.loads(row["payload"]) for row in rows]
    return [payload for payload in payloads if wanted & set(payload["notifications"])]


async def pass_time(notification_id: uuid.UUID, time: timedelta) -> None:
    """As if `time` had gone by for everything that waits about this notification."""
    await db.execute(
        "UPDATE push_delivery SET next_at = next_at - $2::interval WHERE notification_id = $1",
        notification_id,
        time,
    )
