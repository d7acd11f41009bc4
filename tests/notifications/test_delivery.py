"""From what happened to the phone that buzzes: once, in order, and no other phone."""

import asyncio
import json
import os
import signal
import sys
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from pgqueuer import PgQueuer
from pgqueuer.types import QueueExecutionMode

from backend import db
from backend.db import write_tx
from backend.notifications import queries, worker
from backend.notifications.delivery import (
    AGE_MAX,
    BACK_OFF_MAX,
    BATCH,
    LEASE,
    REJECTIONS_MAX,
    UNHEARD_FOR,
    DeliveryOffice,
    back_off,
)
from backend.notifications.push import PushSender
from backend.notifications.schemas import NotificationKind
from backend.settings import get_settings
from tests.conftest import World
from tests.fixtures.push_service import BrowserSubscription, PushService, ReceivedPush
from tests.notifications.phones import pass_time, phone_of, phones_by_hand, tell

DAY = 24 * 3600
A_WHILE = timedelta(hours=1)


def said(message: ReceivedPush) -> dict[str, object]:
    spoken: dict[str, object] = json.loads(message.payload)
    return spoken


def notifications_in(messages: list[ReceivedPush]) -> list[object]:
    return [said(message)["notification"] for message in messages]


async def states_of(notification_id: uuid.UUID) -> list[str]:
    rows = await db.fetch(
        "SELECT state FROM push_delivery WHERE notification_id = $1", notification_id
    )
    return [row["state"] for row in rows]


async def is_subscribed(browser: BrowserSubscription) -> bool:
    rows = await db.fetch("SELECT 1 FROM push_subscription WHERE endpoint = $1", browser.endpoint)
    return bool(rows)


# what a phone is told ------------------------------------------------------------------------


async def test_the_phone_learns_ids_a_kind_and_a_state_and_not_a_word_more(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    await phone_of(world.alice, push_service)
    report_id = uuid.uuid4()
    (told,) = await tell(world.alice, kind="state", report_id=report_id, detail="resolved")
    await office.deliver([told])
    (message,) = push_service.messages
    assert said(message) == {
        "v": 1,
        "kind": "state",
        "report": str(report_id),
        "notification": str(told),
        "detail": "resolved",
        "lang": "vi",
    }
    assert push_service.refusals == []


async def test_each_phone_is_told_in_its_own_language(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    people = {"vi": world.alice, "fa": world.dariush, "en": world.emine}
    phones = {
        (await phone_of(person, push_service, language)).id: language
        for language, person in people.items()
    }
    await office.deliver(await tell(*people.values()))
    spoken = {m.subscription.id: said(m)["lang"] for m in push_service.messages}
    assert spoken == phones


@pytest.mark.parametrize(
    ("kind", "urgent", "wakes", "kept"),
    [
        ("report_new", False, "normal", 3 * DAY),
        ("report_new", True, "high", DAY),
        ("message", False, "normal", 3 * DAY),
        ("question", False, "high", DAY),
        ("answer", False, "normal", 3 * DAY),
        ("state", False, "normal", 3 * DAY),
    ],
)
async def test_what_presses_wakes_the_phone_and_does_not_come_days_late(
    world: World,
    push_service: PushService,
    office: DeliveryOffice,
    kind: NotificationKind,
    urgent: bool,
    wakes: str,
    kept: int,
) -> None:
    await phone_of(world.alice, push_service)
    detail = "accepted" if kind == "state" else None
    await office.deliver(await tell(world.alice, kind=kind, urgent=urgent, detail=detail))
    (message,) = push_service.messages
    assert message.urgency == wakes
    assert kept - 60 <= message.ttl <= kept


async def test_a_newer_state_replaces_the_older_and_messages_replace_nothing(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    await phone_of(world.alice, push_service)
    one, other = uuid.uuid4(), uuid.uuid4()
    told: list[uuid.UUID] = []
    for kind, report_id, detail in (
        ("state", one, "accepted"),
        ("state", one, "in_progress"),
        ("state", other, "in_progress"),
        ("message", one, None),
        ("message", one, None),
        ("question", one, None),
    ):
        told += await tell(world.alice, kind=kind, report_id=report_id, detail=detail)  # type: ignore[arg-type]
        await office.deliver(told[-1:])
    topics = [message.topic for message in push_service.messages]
    assert topics[:3] == [one.hex, one.hex, other.hex]
    assert topics[3:] == [told[3].hex, told[4].hex, told[5].hex]


# in order, once, and only while it matters ---------------------------------------------------


async def test_a_phone_hears_in_order_and_of_states_only_the_newest(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    await phone_of(world.alice, push_service)
    report_id = uuid.uuid4()
    accepted, first, second, resolved = [
        (await tell(world.alice, kind=kind, report_id=report_id, detail=detail))[0]  # type: ignore[arg-type]
        for kind, detail in (
            ("state", "accepted"),
            ("message", None),
            ("message", None),
            ("state", "resolved"),
        )
    ]
    await office.deliver([resolved])
    expected = [str(first), str(second), str(resolved)]
    assert notifications_in(push_service.messages) == expected
    assert await states_of(accepted) == []


async def test_an_older_state_never_comes_after_a_newer_one(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browser = await phone_of(world.alice, push_service)
    report_id = uuid.uuid4()
    push_service.answer_with(browser, 503)
    (older,) = await tell(world.alice, kind="state", report_id=report_id, detail="in_progress")
    await office.deliver([older])
    push_service.answer_with(browser, 201)
    (newer,) = await tell(world.alice, kind="state", report_id=report_id, detail="resolved")
    await office.deliver([newer])
    assert push_service.messages == []  # it waits behind the one that is tried again soon
    await pass_time(older, A_WHILE)
    await office.sweep()
    assert notifications_in(push_service.messages) == [str(newer)]


async def test_what_was_read_in_the_app_does_not_buzz_any_more(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    await phone_of(world.alice, push_service)
    read, unread = [(await tell(world.alice))[0] for _ in range(2)]
    await world.alice.put("/api/notifications/read", {"ids": [str(read)]})
    await office.deliver([read, unread])
    assert notifications_in(push_service.messages) == [str(unread)]


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE session SET revoked_at = now() WHERE account_id = $1",
        "UPDATE session SET expires_at = now() WHERE account_id = $1",
        "UPDATE account SET disabled_at = now() WHERE id = $1",
    ],
)
async def test_a_phone_that_may_not_sign_in_any_more_is_not_told(
    world: World, push_service: PushService, office: DeliveryOffice, end: str
) -> None:
    browser = await phone_of(world.alice, push_service)
    told = await tell(world.alice)
    await db.execute(end, world.alice.account_id)
    await office.deliver(told)
    assert push_service.attempts == []
    assert not await is_subscribed(browser)


async def test_after_a_day_of_trying_the_inbox_has_to_do(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    await phone_of(world.alice, push_service)
    (told,) = await tell(world.alice)
    await db.execute(
        "UPDATE notification SET created_at = created_at - $2::interval WHERE id = $1",
        told,
        AGE_MAX,
    )
    await office.deliver([told])
    assert push_service.attempts == []
    assert await states_of(told) == ["failed"]


async def test_two_workers_do_not_tell_anybody_twice(
    world: World, push_service: PushService, sender: PushSender
) -> None:
    await phones_by_hand(world.alice, push_service, 150)
    told = [(await tell(world.alice))[0] for _ in range(2)]
    offices = [DeliveryOffice(sender) for _ in range(3)]
    await asyncio.gather(
        *(office.deliver(told) for office in offices), *(office.sweep() for office in offices)
    )
    seen = [(m.subscription.id, said(m)["notification"]) for m in push_service.messages]
    assert len(seen) == len(set(seen)) == 300


async def test_what_one_worker_is_taking_another_passes_by(
    world: World, push_service: PushService
) -> None:
    (phone_id,) = await _phones_of(world, push_service)
    first: list[queries.Delivery] = []
    taken, passed_by = asyncio.Event(), asyncio.Event()

    async def take_slowly() -> None:
        async with write_tx():
            first.extend(await queries.claim_deliveries([phone_id], LEASE))
            taken.set()
            await passed_by.wait()

    taking = asyncio.create_task(take_slowly())
    await taken.wait()
    try:
        async with asyncio.timeout(10), write_tx():
            second = await queries.claim_deliveries([phone_id], LEASE)
    finally:
        passed_by.set()
        await taking
    assert (len(first), second) == (1, [])


async def _phones_of(world: World, push_service: PushService) -> list[uuid.UUID]:
    """Alice has a phone that waits for two notifications."""
    await phone_of(world.alice, push_service)
    told = [(await tell(world.alice))[0] for _ in range(2)]
    return await queries.list_phones_of(told)


async def test_everybody_of_a_crowd_is_told(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browsers = await phones_by_hand(world.alice, push_service, 3 * BATCH + 5)
    silent = browsers[7]
    push_service.answer_with(silent, 410)
    (told,) = await tell(world.alice)
    await office.deliver([told])
    heard = {message.subscription.id for message in push_service.messages}
    assert heard == {browser.id for browser in browsers} - {silent.id}
    assert await states_of(told) == ["sent"] * (len(browsers) - 1)


# when the push service answers something else ------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
async def test_a_phone_that_is_gone_is_forgotten(
    world: World, push_service: PushService, office: DeliveryOffice, status: int
) -> None:
    gone = await phone_of(world.alice, push_service)
    await phone_of(world.bang, push_service)
    push_service.answer_with(gone, status)
    told = await tell(world.alice, world.bang)
    await office.deliver(told)
    assert not await is_subscribed(gone)
    assert [await states_of(thing_id) for thing_id in told] == [[], ["sent"]]
    await office.deliver(await tell(world.alice))
    assert push_service.attempts.count(gone.id) == 1


async def test_a_phone_that_came_back_while_its_old_address_failed_stays(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    old, new, phone_id = push_service.subscribe(), push_service.subscribe(), uuid.uuid4()
    address = f"/api/push/subscriptions/{phone_id}"
    body = {"p256dh": old.p256dh, "auth": old.auth, "language": "vi"}
    await world.alice.put(address, body | {"endpoint": old.endpoint})
    (told,) = await tell(world.alice)
    async with write_tx():
        claimed = await queries.claim_deliveries([phone_id], LEASE)
    renewed = {"endpoint": new.endpoint, "p256dh": new.p256dh, "auth": new.auth}
    await world.alice.put(address, body | renewed)
    async with write_tx():
        await queries.delete_gone(claimed)
    assert await is_subscribed(new)
    await pass_time(told, LEASE)
    await office.sweep()
    assert notifications_in(push_service.messages) == [str(told)]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_push_service_that_asks_for_time_gets_it(
    world: World, push_service: PushService, office: DeliveryOffice, status: int
) -> None:
    browser = await phone_of(world.alice, push_service)
    push_service.answer_with(browser, status, retry_after="120")
    told = [(await tell(world.alice))[0] for _ in range(2)]
    await office.deliver(told)
    wait = await db.fetch_value(
        "SELECT next_at - now() FROM push_delivery WHERE notification_id = $1", told[0]
    )
    assert isinstance(wait, timedelta)
    assert timedelta(seconds=110) < wait <= timedelta(seconds=120)
    await office.sweep()
    assert len(push_service.attempts) == 1  # the other one waits as well
    push_service.answer_with(browser, 201)
    await pass_time(told[0], timedelta(seconds=121))
    await office.sweep()
    assert notifications_in(push_service.messages) == [str(thing_id) for thing_id in told]


def test_waiting_grows_up_to_a_limit_and_is_never_shorter_than_asked() -> None:
    waits = [back_off(attempts, timedelta(seconds=30), 1.0) for attempts in range(1, 10)]
    assert [wait.total_seconds() for wait in waits] == [30, 60, 120, 240, 480, 600, 600, 600, 600]
    assert back_off(10_000, timedelta(0), 1.0) == BACK_OFF_MAX
    assert back_off(1, timedelta(hours=1), 1.0) == timedelta(hours=1)


async def test_a_push_that_is_refused_is_not_repeated(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browser = await phone_of(world.alice, push_service)
    push_service.answer_with(browser, 400)
    (told,) = await tell(world.alice)
    await office.deliver([told])
    assert await states_of(told) == ["failed"]
    await pass_time(told, A_WHILE)
    await office.sweep()
    assert len(push_service.attempts) == 1


async def test_a_phone_that_refuses_again_and_again_is_forgotten(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browser = await phone_of(world.alice, push_service)
    await db.execute(
        "UPDATE push_subscription SET created_at = now() - $2::interval WHERE endpoint = $1",
        browser.endpoint,
        UNHEARD_FOR,
    )
    push_service.answer_with(browser, 403)
    for _ in range(REJECTIONS_MAX):
        assert await is_subscribed(browser)
        await office.deliver(await tell(world.alice))
    assert not await is_subscribed(browser)


async def test_one_push_taken_makes_up_for_refusals(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browser = await phone_of(world.alice, push_service)
    for status in (*[400] * (REJECTIONS_MAX - 1), 201, 400):
        push_service.answer_with(browser, status)
        await office.deliver(await tell(world.alice))
    failures = await db.fetch_value(
        "SELECT failures FROM push_subscription WHERE endpoint = $1", browser.endpoint
    )
    assert failures == 1


async def test_a_fault_of_ours_does_not_cost_everybody_their_subscription(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browser = await phone_of(world.alice, push_service)
    push_service.answer_with(browser, 401)  # say, our clock is wrong for an hour
    for _ in range(REJECTIONS_MAX + 2):
        await office.deliver(await tell(world.alice))
    assert await is_subscribed(browser)


async def test_an_address_that_turned_inward_is_never_called(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browser = await phone_of(world.alice, push_service)
    inside = f"http://169.254.169.254:{push_service.port}/{browser.id}"
    await db.execute(
        "UPDATE push_subscription SET endpoint = $2 WHERE endpoint = $1", browser.endpoint, inside
    )
    (told,) = await tell(world.alice)
    await office.deliver([told])
    assert await states_of(told) == ["failed"]


# the worker process --------------------------------------------------------------------------


async def test_a_job_of_the_queue_makes_the_phone_buzz(
    world: World, push_service: PushService, sender: PushSender
) -> None:
    browser = await phone_of(world.alice, push_service)
    (told,) = await tell(world.alice, kind="question")
    queue = PgQueuer.from_asyncpg_pool(db.pool())
    worker.register(queue)
    try:
        await queue.qm.run(mode=QueueExecutionMode.drain)
    finally:
        await worker.close_sender()
    own = [m for m in push_service.messages if m.subscription.id == browser.id]
    assert notifications_in(own) == [str(told)]


KILLED_WHILE_SENDING = """
import asyncio, sys, uuid
import msgspec
from backend import db
from backend.notifications import service
from backend.notifications.delivery import DeliveryOffice
from backend.notifications.push import PushSender
from backend.settings import get_settings

async def main():
    settings = msgspec.structs.replace(get_settings(), push_test_origin=sys.argv[1])
    await db.open_pool(settings)
    service.open_keys(settings)
    identity = service.push_identity()
    sender = PushSender(identity.keys, contact=identity.contact, services=identity.services)
    await DeliveryOffice(sender).deliver([uuid.UUID(sys.argv[2])])

asyncio.run(main())
"""


async def test_what_a_killed_worker_had_in_hand_is_taken_up_by_the_next(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browser = await phone_of(world.alice, push_service)
    (told,) = await tell(world.alice)
    push_service.answer_with(browser, 201, hang=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        KILLED_WHILE_SENDING,
        push_service.origin,
        str(told),
        env=os.environ | {"DATABASE_URL": get_settings().database_url or ""},
    )
    try:
        async with asyncio.timeout(30):
            while browser.id not in push_service.attempts:
                assert process.returncode is None
                await asyncio.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    push_service.answer_with(browser, 201)
    await office.sweep()
    assert push_service.messages == []  # not yet: it could still be alive
    await pass_time(told, LEASE)
    await office.sweep()
    await office.sweep()
    assert notifications_in(push_service.messages) == [str(told)]
    assert await states_of(told) == ["sent"]


async def test_old_outcomes_are_forgotten_and_what_still_waits_is_not(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browser = await phone_of(world.alice, push_service)
    (done,) = await tell(world.alice)
    await office.deliver([done])
    push_service.answer_with(browser, 503)
    (waiting,) = await tell(world.alice)
    await office.deliver([waiting])
    await queries.delete_finished(datetime.now(UTC) - timedelta(days=1))
    assert await states_of(done) == ["sent"]
    await queries.delete_finished(datetime.now(UTC) + timedelta(seconds=1))
    assert (await states_of(done), await states_of(waiting)) == ([], ["pending"])
    assert await db.fetch("SELECT 1 FROM notification WHERE id = $1", done)
