"""Phones that want to be told: taken, renewed, handed on, refused."""

import asyncio
import uuid
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from backend import db
from backend.i18n import Language, gettext
from backend.notifications import service
from backend.notifications.delivery import DeliveryOffice
from backend.settings import Settings, SettingsError, get_settings
from tests.conftest import Person, World
from tests.fixtures.push_service import PushService
from tests.notifications.phones import another_session, phone_of, tell, wish

ADDRESS = "/api/push/subscriptions"


async def owners_of(endpoint: str) -> list[uuid.UUID]:
    rows = await db.fetch("SELECT account_id FROM push_subscription WHERE endpoint = $1", endpoint)
    return [row["account_id"] for row in rows]


async def test_everybody_who_is_signed_in_may_be_told(
    world: World, push_service: PushService
) -> None:
    for person in (world.alice, world.bang, world.chi, world.dariush, world.farid, world.gita):
        browser = await phone_of(person, push_service)
        assert await owners_of(browser.endpoint) == [person.account_id]


async def test_asking_twice_is_asking_once(world: World, push_service: PushService) -> None:
    browser, address = push_service.subscribe(), f"{ADDRESS}/{uuid.uuid4()}"
    answers = [await world.alice.put(address, wish(browser)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert {answer.text for answer in answers} == {
        msgspec.json.encode({"id": address[-36:]}).decode()
    }
    assert await owners_of(browser.endpoint) == [world.alice.account_id]


async def test_a_renewed_endpoint_is_told_what_the_old_one_was_not(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    old, new = push_service.subscribe(), push_service.subscribe()
    address = f"{ADDRESS}/{uuid.uuid4()}"
    await world.alice.put(address, wish(old))
    told = await tell(world.alice)
    assert (await world.alice.put(address, wish(new))).status_code == 200
    await office.deliver(told)
    assert [message.subscription.id for message in push_service.messages] == [new.id]


async def test_a_renewal_under_a_new_id_takes_the_place_of_the_old_one(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    old, new = await phone_of(world.alice, push_service), push_service.subscribe()
    told = await tell(world.alice)
    assert (await world.alice.put(f"{ADDRESS}/{uuid.uuid4()}", wish(new))).status_code == 201
    assert await owners_of(old.endpoint) == []
    await office.deliver(told)
    assert [message.subscription.id for message in push_service.messages] == [new.id]


async def test_a_persons_other_phone_keeps_its_own(world: World, push_service: PushService) -> None:
    first = await phone_of(world.alice, push_service)
    second = push_service.subscribe()
    await db.execute(
        """INSERT INTO push_subscription
               (id, account_id, session_id, endpoint, p256dh, auth, language)
           VALUES ($1, $2, $3, $4, $5, $6, 'vi')""",
        uuid.uuid4(),
        world.alice.account_id,
        await another_session(world.alice),
        second.endpoint,
        second.p256dh,
        second.auth,
    )
    await world.alice.put(f"{ADDRESS}/{uuid.uuid4()}", wish(first))
    assert await owners_of(second.endpoint) == [world.alice.account_id]


async def test_a_shared_phone_tells_whoever_uses_it_now(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browser, subscription_id = push_service.subscribe(), uuid.uuid4()
    await world.alice.put(f"{ADDRESS}/{subscription_id}", wish(browser))
    meant_for_alice = await tell(world.alice)
    for new_id in (subscription_id, uuid.uuid4()):
        answer = await world.bang.put(f"{ADDRESS}/{new_id}", wish(browser))
        assert answer.status_code == 201 if new_id == subscription_id else 200
        assert await owners_of(browser.endpoint) == [world.bang.account_id]
    await office.deliver(meant_for_alice)
    assert push_service.messages == []
    (for_bang,) = await tell(world.bang)
    await office.deliver([for_bang])
    (message,) = push_service.messages
    assert msgspec.json.decode(message.payload)["notification"] == str(for_bang)


async def test_somebody_elses_id_cannot_be_taken(world: World, push_service: PushService) -> None:
    theirs, mine = push_service.subscribe(), push_service.subscribe()
    address = f"{ADDRESS}/{uuid.uuid4()}"
    await world.alice.put(address, wish(theirs))
    answer = await world.dariush.put(address, wish(mine))
    assert (answer.status_code, answer.json()["code"]) == (422, "id_reused")
    assert await owners_of(theirs.endpoint) == [world.alice.account_id]
    assert await owners_of(mine.endpoint) == []


async def test_two_tabs_asking_at_once_leave_one_subscription(
    world: World, push_service: PushService
) -> None:
    browser = push_service.subscribe()
    answers = await asyncio.gather(
        *(world.alice.put(f"{ADDRESS}/{uuid.uuid4()}", wish(browser)) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert await owners_of(browser.endpoint) == [world.alice.account_id]


async def test_leaving_is_possible_once_and_harmless_again(
    world: World, push_service: PushService
) -> None:
    browser, address = push_service.subscribe(), f"{ADDRESS}/{uuid.uuid4()}"
    await world.alice.put(address, wish(browser))
    for _ in range(2):
        assert (await world.alice.delete(address)).status_code == 204
        assert await owners_of(browser.endpoint) == []


async def test_nobody_can_silence_a_neighbour(world: World, push_service: PushService) -> None:
    browser, address = push_service.subscribe(), f"{ADDRESS}/{uuid.uuid4()}"
    await world.alice.put(address, wish(browser))
    for person in (world.bang, world.chi, world.dariush, world.farid):
        foreign = await person.delete(address)
        missing = await person.delete(f"{ADDRESS}/{uuid.uuid4()}")
        assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
    assert await owners_of(browser.endpoint) == [world.alice.account_id]


async def test_a_device_that_is_signed_out_is_not_told(
    world: World, push_service: PushService, office: DeliveryOffice
) -> None:
    browser = await phone_of(world.alice, push_service)
    told = await tell(world.alice)
    answer = await world.alice.delete(f"/api/me/sessions/{world.alice.session_id}")
    assert answer.status_code == 204
    assert await owners_of(browser.endpoint) == []
    await office.deliver(told)
    assert push_service.attempts == []


METADATA = "https://169.254.169.254/latest/meta-data/"
ANSWERS: dict[str, str] = {
    "endpoint": "Notifications cannot be sent through this browser's push service.",
    "keys": "The browser's notification key is damaged. Turn notifications on again.",
}


@pytest.mark.parametrize(
    ("field", "value", "code", "words"),
    [
        ("endpoint", METADATA, "endpoint_ip_address", ANSWERS["endpoint"]),
        ("endpoint", "https://localhost/x", "endpoint_host_not_allowed", ANSWERS["endpoint"]),
        ("endpoint", "http://fcm.googleapis.com/x", "endpoint_not_https", ANSWERS["endpoint"]),
        ("endpoint", "https://[::1]/x", "endpoint_ip_address", ANSWERS["endpoint"]),
        (
            "endpoint",
            "https://fcm.googleapis.com/" + "x" * 3000,
            "endpoint_too_long",
            "The browser's notification address is too long.",
        ),
        ("p256dh", "AA", "p256dh_malformed", ANSWERS["keys"]),
        ("p256dh", "", "p256dh_malformed", ANSWERS["keys"]),
        ("auth", "AA", "auth_malformed", ANSWERS["keys"]),
    ],
)
@pytest.mark.parametrize(
    ("name", "language"), [("alice", "vi"), ("dariush", "fa"), ("emine", "en")]
)
async def test_a_subscription_we_cannot_use_is_refused_in_the_persons_words(
    world: World,
    push_service: PushService,
    name: str,
    language: Language,
    field: str,
    value: str,
    code: str,
    words: str,
) -> None:
    person: Person = getattr(world, name)
    subscription_id = uuid.uuid4()
    body = wish(push_service.subscribe()) | {field: value}
    answer = await person.put(f"{ADDRESS}/{subscription_id}", body)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == code
    assert problem["errors"] == [{"field": field, "code": code, "detail": gettext(language, words)}]
    assert not await db.fetch("SELECT 1 FROM push_subscription WHERE id = $1", subscription_id)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body | {"language": "de"},
        lambda body: {name: value for name, value in body.items() if name != "language"},
        lambda body: body | {"endpoint": None},
        lambda body: body | {"auth": 7},
        lambda _: [],
    ],
)
async def test_a_body_of_another_shape_is_refused(
    world: World,
    push_service: PushService,
    change: Callable[[dict[str, str]], object],
) -> None:
    answer = await world.alice.put(
        f"{ADDRESS}/{uuid.uuid4()}", change(wish(push_service.subscribe()))
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


def test_the_key_browsers_subscribe_with_stays_the_same(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(get_settings(), var_dir=tmp_path)
    try:
        service.open_keys(settings)
        first = service.push_key()
        service.open_keys(settings)
        assert service.push_key() == first
        point = urlsafe_b64decode(first + "=")
        assert (len(point), point[0]) == (65, 4)
    finally:
        service.open_keys(get_settings())


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"contact": "the ward"}, "KHUPHO_CONTACT"),
        ({"push_hosts": ("not a host",)}, "KHUPHO_PUSH_HOSTS"),
        ({"push_test_origin": "http://10.0.0.1:80"}, "KHUPHO_PUSH_TEST_ORIGIN"),
    ],
)
def test_a_wrong_push_setting_stops_the_start_by_name(
    tmp_path: Path, wrong: dict[str, object], setting: str
) -> None:
    settings: Settings = msgspec.structs.replace(get_settings(), var_dir=tmp_path, **wrong)
    with pytest.raises(SettingsError, match=setting):
        service.open_keys(settings)
