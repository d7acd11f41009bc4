"""Pushes sent to a service that really decrypts, and to addresses they must never reach."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from backend.notifications.endpoints import PushServices, Subscription, validate_subscription
from backend.notifications.public_network import Resolver, is_public
from backend.notifications.push import (
    PAYLOAD_MAX_BYTES,
    Delivered,
    Gone,
    PayloadTooLargeError,
    PushMessage,
    PushSender,
    Rejected,
    Retry,
    Urgency,
    parse_retry_after,
)
from backend.notifications.vapid import VapidKeys, load_or_create_vapid
from tests.fixtures.push_service import BrowserSubscription, PushService

CONTACT = "mailto:ward@example.vn"
MINUTE = timedelta(minutes=1)
PUBLIC_ADDRESS = "34.107.243.93"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> VapidKeys:
    return load_or_create_vapid(tmp_path_factory.mktemp("keys") / "vapid.pem")


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with PushService() as service:
        yield service


@pytest.fixture
async def sender(service: PushService, keys: VapidKeys) -> AsyncIterator[PushSender]:
    services = PushServices.from_settings(loopback_origin=service.origin)
    async with PushSender(keys, contact=CONTACT, services=services) as sender:
        yield sender


def taken(browser: BrowserSubscription) -> Subscription:
    origin = browser.endpoint.partition("/wpush")[0]
    services = PushServices.from_settings(loopback_origin=origin if "127.0.0.1" in origin else None)
    return validate_subscription(browser.endpoint, browser.p256dh, browser.auth, services)


async def test_the_phone_can_read_what_was_sent(
    service: PushService, sender: PushSender, keys: VapidKeys
) -> None:
    browser = service.subscribe(keys.application_server_key)
    payload = '{"v":1,"kind":"message"} Đèn đường ✓'.encode()
    assert await sender.send(taken(browser), payload, ttl=MINUTE) == Delivered()
    (message,) = service.messages
    assert message.payload == payload
    assert message.claims["sub"] == CONTACT
    assert message.claims["aud"] == f"http://127.0.0.1:{service.port}"
    assert service.refusals == []


@pytest.mark.parametrize("size", [0, 1, PAYLOAD_MAX_BYTES])
async def test_any_size_up_to_the_limit_arrives(
    service: PushService, sender: PushSender, size: int
) -> None:
    assert await sender.send(taken(service.subscribe()), b"x" * size, ttl=MINUTE) == Delivered()
    assert service.messages[0].payload == b"x" * size


async def test_a_payload_too_large_is_refused_before_anything_is_sent(
    service: PushService, sender: PushSender
) -> None:
    with pytest.raises(PayloadTooLargeError):
        await sender.send(taken(service.subscribe()), b"x" * (PAYLOAD_MAX_BYTES + 1), ttl=MINUTE)
    assert service.attempts == []


async def test_nothing_of_one_push_leaks_into_the_next(
    service: PushService, sender: PushSender
) -> None:
    browser = service.subscribe()
    await sender.send(
        taken(browser), b"1", ttl=timedelta(days=1), urgency=Urgency.HIGH, topic="report-7"
    )
    await sender.send(taken(browser), b"2", ttl=timedelta(0))
    await sender.send(taken(browser), b"3", ttl=MINUTE, urgency=Urgency.LOW)
    assert [(m.payload, m.ttl, m.urgency, m.topic) for m in service.messages] == [
        (b"1", 86_400, "high", "report-7"),
        (b"2", 0, "normal", None),
        (b"3", 60, "low", None),
    ]


@pytest.mark.parametrize("topic", ["", "x" * 33, "a b", "a\r\nX: y", "đèn", "a=", "a\n"])
async def test_a_topic_the_services_refuse_is_refused_here(
    service: PushService, sender: PushSender, topic: str
) -> None:
    with pytest.raises(ValueError, match="topic"):
        await sender.send(taken(service.subscribe()), b"", ttl=MINUTE, topic=topic)


async def test_a_negative_ttl_is_refused(service: PushService, sender: PushSender) -> None:
    with pytest.raises(ValueError, match="ttl"):
        await sender.send(taken(service.subscribe()), b"", ttl=-MINUTE)


async def test_the_token_is_signed_once_for_many_messages(
    service: PushService, sender: PushSender
) -> None:
    for _ in range(3):
        await sender.send(taken(service.subscribe()), b"x", ttl=MINUTE)
    assert len({message.headers["authorization"] for message in service.messages}) == 1


async def test_each_message_has_its_own_key_and_salt(
    service: PushService, sender: PushSender
) -> None:
    browser = taken(service.subscribe())
    encrypted = [
        sender._encryption.encrypt(PushMessage(browser, b"same", MINUTE)) for _ in range(2)
    ]
    bodies = [request.body for request in encrypted if not isinstance(request, Rejected)]
    assert bodies[0][:16] != bodies[1][:16]
    assert bodies[0][21:86] != bodies[1][21:86]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_called_gone(
    service: PushService, sender: PushSender, status: int
) -> None:
    browser = service.subscribe()
    service.answer_with(browser, status)
    assert await sender.send(taken(browser), b"x", ttl=MINUTE) == Gone()


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_service_says_when_to_come_back(
    service: PushService, sender: PushSender, status: int
) -> None:
    browser = service.subscribe()
    service.answer_with(browser, status, retry_after="120")
    assert await sender.send(taken(browser), b"x", ttl=MINUTE) == Retry(
        timedelta(seconds=120), f"status_{status}"
    )


async def test_retry_after_may_be_a_date(service: PushService, sender: PushSender) -> None:
    browser = service.subscribe()
    date = dt.datetime.now(UTC) + timedelta(seconds=600)
    service.answer_with(browser, 429, retry_after=format_datetime(date, usegmt=True))
    outcome = await sender.send(taken(browser), b"x", ttl=MINUTE)
    assert isinstance(outcome, Retry)
    assert timedelta(seconds=570) < outcome.after <= timedelta(seconds=600)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("", timedelta(seconds=30)),
        ("soon", timedelta(seconds=30)),
        ("-5", timedelta(seconds=30)),
        ("1e9", timedelta(seconds=30)),
        ("0", timedelta(0)),
        ("999999999", timedelta(hours=1)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", timedelta(0)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(hours=1)),
    ],
)
def test_any_retry_after_ends_between_now_and_an_hour(value: str, wait: timedelta) -> None:
    assert parse_retry_after(value) == wait


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (401, "unauthorized"),
        (403, "forbidden"),
        (413, "payload_too_large"),
        (418, "status_418"),
    ],
)
async def test_a_refusal_says_why(
    service: PushService, sender: PushSender, status: int, code: str
) -> None:
    browser = service.subscribe()
    service.answer_with(browser, status)
    assert await sender.send(taken(browser), b"x", ttl=MINUTE) == Rejected(code)


async def test_a_subscription_made_with_another_key_is_refused(
    service: PushService, sender: PushSender, tmp_path: Path
) -> None:
    other = load_or_create_vapid(tmp_path / "other.pem")
    browser = service.subscribe(other.application_server_key)
    assert await sender.send(taken(browser), b"x", ttl=MINUTE) == Rejected("forbidden")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(
    service: PushService, sender: PushSender, status: int
) -> None:
    browser, elsewhere = service.subscribe(), service.subscribe()
    service.answer_with(browser, status, location=elsewhere.endpoint)
    assert await sender.send(taken(browser), b"x", ttl=MINUTE) == Rejected("redirected")
    assert service.attempts == [browser.id]


async def test_a_service_that_never_answers_is_tried_again_later(
    service: PushService, keys: VapidKeys
) -> None:
    browser = service.subscribe()
    service.answer_with(browser, 201, hang=True)
    services = PushServices.from_settings(loopback_origin=service.origin)
    async with PushSender(
        keys, contact=CONTACT, services=services, timeout=timedelta(milliseconds=300)
    ) as sender:
        outcome = await sender.send(taken(browser), b"x", ttl=MINUTE)
    assert outcome == Retry(timedelta(seconds=30), "timeout")


async def test_a_service_that_is_down_is_tried_again_later(
    service: PushService, sender: PushSender
) -> None:
    browser = service.subscribe()
    await service.stop()
    assert await sender.send(taken(browser), b"x", ttl=MINUTE) == Retry(
        timedelta(seconds=30), "network"
    )


async def test_a_service_that_talks_nonsense_is_tried_again_later(keys: VapidKeys) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    services = PushServices.from_settings(loopback_origin=origin)
    browser = PushService(public_origin=origin).subscribe()
    async with PushSender(keys, contact=CONTACT, services=services) as sender:
        outcome = await sender.send(taken(browser), b"x", ttl=MINUTE)
    server.close()
    assert outcome == Retry(timedelta(seconds=30), "network")


async def test_a_broadcast_reports_each_phone_in_order(
    service: PushService, sender: PushSender
) -> None:
    browsers = [service.subscribe() for _ in range(100)]
    for browser in browsers[::10]:
        service.unsubscribe(browser)
    messages = [
        PushMessage(taken(browser), str(number).encode(), MINUTE)
        for number, browser in enumerate(browsers)
    ]
    outcomes = await sender.send_many(messages)
    assert outcomes == [Delivered() if n % 10 else Gone() for n in range(100)]
    read = {message.subscription.id: message.payload for message in service.messages}
    assert read == {b.id: str(n).encode() for n, b in enumerate(browsers) if n % 10}
    assert service.refusals == []


async def test_an_urgent_push_does_not_wait_for_a_stuck_broadcast(
    service: PushService, sender: PushSender
) -> None:
    stuck, urgent = service.subscribe(), service.subscribe()
    service.answer_with(stuck, 201, hang=True)
    broadcast = asyncio.create_task(
        sender.send_many([PushMessage(taken(stuck), b"x", MINUTE)] * 300)
    )
    await service.wait_until(lambda: len(service.attempts) == 192)
    assert await sender.send(taken(urgent), b"now", ttl=MINUTE) == Delivered()
    assert service.attempts == [stuck.id] * 192 + [urgent.id]
    broadcast.cancel()
    with pytest.raises(asyncio.CancelledError):
        await broadcast


async def test_one_connection_carries_push_after_push(
    service: PushService, sender: PushSender
) -> None:
    for _ in range(3):
        await sender.send(taken(service.subscribe()), b"x", ttl=MINUTE)
    assert service.connections == 1


async def test_a_connection_the_service_closed_is_opened_again(
    service: PushService, sender: PushSender
) -> None:
    browser = taken(service.subscribe())
    await sender.send(browser, b"1", ttl=MINUTE)
    service.drop_connections()
    await service.wait_until(lambda: service.open_connections == 0)
    assert await sender.send(browser, b"2", ttl=MINUTE) == Delivered()
    assert service.connections == 2


async def test_connections_are_closed_when_there_is_nothing_to_send(
    service: PushService, keys: VapidKeys
) -> None:
    services = PushServices.from_settings(loopback_origin=service.origin)
    async with PushSender(
        keys, contact=CONTACT, services=services, close_idle_after=timedelta(0)
    ) as sender:
        browser = taken(service.subscribe())
        assert await sender.send(browser, b"1", ttl=MINUTE) == Delivered()
        await service.wait_until(lambda: service.open_connections == 0)
        assert await sender.send(browser, b"2", ttl=MINUTE) == Delivered()


async def test_a_stored_subscription_is_checked_again_before_sending(
    service: PushService, sender: PushSender
) -> None:
    good = taken(service.subscribe())
    assert await sender.send(
        Subscription("https://169.254.169.254/x", good.p256dh, good.auth), b"x", ttl=MINUTE
    ) == Rejected("endpoint_ip_address")
    damaged = await sender.send(Subscription(good.endpoint, "BA", good.auth), b"x", ttl=MINUTE)
    assert isinstance(damaged, Rejected)
    assert damaged.code == "bad_keys"
    assert service.attempts == []


# -- where a connection may go ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("34.107.243.93", True),
        ("2a00:1450:4005:80b::200a", True),
        ("::ffff:34.107.243.93", True),
        ("64:ff9b::226b:f35d", True),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("127.0.0.53", False),
        ("169.254.169.254", False),
        ("172.31.255.255", False),
        ("192.168.1.1", False),
        ("198.19.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::7f00:1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("2002:a00:1::1", False),
        ("2001:db8::1", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        ("not an address", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


class RecordingNetwork:
    """Notes where a connection would go, and leads it to a local port."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port
        self.connected_to: list[tuple[str, int]] = []

    async def __call__(
        self, address: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.connected_to.append((address, port))
        if self.port is None:
            raise ConnectionRefusedError
        return await asyncio.open_connection("127.0.0.1", self.port)


def resolving_to(*answers: Sequence[str]) -> Resolver:
    """A resolver giving one of `answers` after the other, the last one for ever."""
    left = list(answers)

    async def resolver(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolver


def fcm_subscription() -> Subscription:
    browser = PushService(public_origin="https://fcm.googleapis.com").subscribe()
    return taken(browser)


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.7"],
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:192.168.0.1"],
        ["169.254.169.254"],
        [PUBLIC_ADDRESS, "10.0.0.7"],
    ],
)
async def test_a_name_that_leads_inside_is_never_connected_to(
    keys: VapidKeys, addresses: list[str]
) -> None:
    network = RecordingNetwork()
    async with PushSender(
        keys,
        contact=CONTACT,
        services=PushServices(),
        connector=network,
        resolver=resolving_to(addresses),
    ) as sender:
        outcome = await sender.send(fcm_subscription(), b"x", ttl=MINUTE)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "address_not_public"
    assert network.connected_to == []


async def test_a_name_that_does_not_resolve_is_tried_again_later(keys: VapidKeys) -> None:
    async def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such host")

    async with PushSender(
        keys, contact=CONTACT, services=PushServices(), resolver=nowhere
    ) as sender:
        outcome = await sender.send(fcm_subscription(), b"x", ttl=MINUTE)
    assert outcome == Retry(timedelta(seconds=30), "network")


async def test_the_next_address_is_tried_when_one_does_not_answer(keys: VapidKeys) -> None:
    network = RecordingNetwork()
    async with PushSender(
        keys,
        contact=CONTACT,
        services=PushServices(),
        connector=network,
        resolver=resolving_to(["2a00:1450:4005:80b::200a", PUBLIC_ADDRESS]),
    ) as sender:
        outcome = await sender.send(fcm_subscription(), b"x", ttl=MINUTE)
    assert outcome == Retry(timedelta(seconds=30), "network")
    assert network.connected_to == [("2a00:1450:4005:80b::200a", 443), (PUBLIC_ADDRESS, 443)]


async def test_the_checked_address_is_used_and_tls_still_names_the_host(
    keys: VapidKeys, tmp_path: Path
) -> None:
    """The second DNS answer points inside, as in a rebinding attack: it is never asked for."""
    served, trusted = certificate_for("fcm.googleapis.com", tmp_path)
    names: list[str | None] = []
    served.sni_callback = lambda _socket, name, _context: names.append(name)
    async with PushService(tls=served, public_origin="https://fcm.googleapis.com") as service:
        network = RecordingNetwork(service.port)
        async with PushSender(
            keys,
            contact=CONTACT,
            services=PushServices(),
            connector=network,
            resolver=resolving_to([PUBLIC_ADDRESS], ["10.0.0.7"]),
            tls=trusted,
        ) as sender:
            outcome = await sender.send(taken(service.subscribe()), b"hello", ttl=MINUTE)
        assert outcome == Delivered()
        assert network.connected_to == [(PUBLIC_ADDRESS, 443)]
        assert names == ["fcm.googleapis.com"]
        assert service.messages[0].headers["host"] == "fcm.googleapis.com"
        assert service.messages[0].claims["aud"] == "https://fcm.googleapis.com"


async def test_a_server_with_another_certificate_gets_nothing(
    keys: VapidKeys, tmp_path: Path
) -> None:
    served, trusted = certificate_for("evil.example", tmp_path)
    async with PushService(tls=served, public_origin="https://fcm.googleapis.com") as service:
        async with PushSender(
            keys,
            contact=CONTACT,
            services=PushServices(),
            connector=RecordingNetwork(service.port),
            resolver=resolving_to([PUBLIC_ADDRESS]),
            tls=trusted,
        ) as sender:
            outcome = await sender.send(taken(service.subscribe()), b"hello", ttl=MINUTE)
        assert outcome == Retry(timedelta(seconds=30), "network")
        assert service.attempts == []


def certificate_for(host: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's TLS context; the client trusts this certificate only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(file)
    trusted = ssl.create_default_context(cafile=str(file))
    return served, trusted
