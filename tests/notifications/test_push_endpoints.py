"""A subscription is an address a stranger asks us to call: what is taken and what is not."""

from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend.notifications.endpoints import (
    PushServices,
    Subscription,
    SubscriptionRefused,
    validate_subscription,
)

SERVICES = PushServices.from_settings()
WITH_TEST_SERVICE = PushServices.from_settings(loopback_origin="http://127.0.0.1:9123")
POINT = (
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
)
COMPRESSED = b"\x02" + POINT[1:33]


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


P256DH = text(POINT)
AUTH = text(bytes(range(16)))


def subscribe(endpoint: str, services: PushServices = SERVICES) -> Subscription:
    return validate_subscription(endpoint, P256DH, AUTH, services)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/eX:APA91b-_",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://db5p.notify.windows.com/w/?token=BQYAAAB%2fq%3d",
        "https://web.push.apple.com/QGH-123",
    ],
)
def test_the_browsers_own_push_services_are_taken(endpoint: str) -> None:
    assert subscribe(endpoint) == Subscription(endpoint, P256DH, AUTH)


def test_an_endpoint_has_one_spelling() -> None:
    spelt = validate_subscription(
        "HTTPS://FCM.googleapis.com:443/Send/A", P256DH + "=", AUTH + "==", SERVICES
    )
    assert spelt == Subscription("https://fcm.googleapis.com/Send/A", P256DH, AUTH)


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("http://fcm.googleapis.com/x", "endpoint_not_https"),
        ("ftp://fcm.googleapis.com/x", "endpoint_not_https"),
        ("file:///etc/passwd", "endpoint_not_https"),
        ("https://fcm.googleapis.com:8443/x", "endpoint_port"),
        ("https://fcm.googleapis.com:80/x", "endpoint_port"),
        ("https://169.254.169.254/latest/meta-data/", "endpoint_ip_address"),
        ("https://10.0.0.5/x", "endpoint_ip_address"),
        ("https://127.0.0.1/x", "endpoint_ip_address"),
        ("https://127.0.0.1:9123/x", "endpoint_ip_address"),
        ("https://2130706433/x", "endpoint_ip_address"),
        ("https://0x7f000001/x", "endpoint_ip_address"),
        ("https://127.1/x", "endpoint_ip_address"),
        ("https://8.8.8.8./x", "endpoint_ip_address"),
        ("https://[::1]/x", "endpoint_ip_address"),
        ("https://[::ffff:10.0.0.1]/x", "endpoint_ip_address"),
        ("https://localhost/x", "endpoint_host_not_allowed"),
        ("https://evil.example/x", "endpoint_host_not_allowed"),
        ("https://fcm.googleapis.com.evil.example/x", "endpoint_host_not_allowed"),
        ("https://evilfcm.googleapis.com/x", "endpoint_host_not_allowed"),
        ("https://notify.windows.com.evil.example/x", "endpoint_host_not_allowed"),
        ("https://evilnotify.windows.com/x", "endpoint_host_not_allowed"),
        ("https://fcm.googleapis.com./x", "endpoint_host_not_allowed"),
        ("https://fcm.googleapis.com@10.0.0.1/x", "endpoint_userinfo"),
        ("https://user:pass@fcm.googleapis.com/x", "endpoint_userinfo"),
        ("https://evil.example\\@fcm.googleapis.com/x", "endpoint_malformed"),
        ("https://evil.example#@fcm.googleapis.com/x", "endpoint_malformed"),
        ("https://fcm.googleapis.com", "endpoint_malformed"),
        ("https://fcm.googleapis.com/x#y", "endpoint_malformed"),
        ("https://fcm.googleapis.com/x\r\nHost: evil.example", "endpoint_malformed"),
        ("https://fcm.googleapis.com/x\n", "endpoint_malformed"),
        ("https://fcm%2egoogleapis.com/x", "endpoint_malformed"),
        ("https://fcm.googleapis。com/x", "endpoint_malformed"),
        ("https:///x", "endpoint_malformed"),
        ("//fcm.googleapis.com/x", "endpoint_malformed"),
        ("", "endpoint_malformed"),
        ("https://fcm.googleapis.com/" + "x" * 2048, "endpoint_too_long"),
    ],
)
def test_an_address_that_is_no_push_service_is_refused(endpoint: str, code: str) -> None:
    with pytest.raises(SubscriptionRefused) as refused:
        subscribe(endpoint)
    assert (refused.value.field, refused.value.code) == ("endpoint", code)


def test_a_refusal_names_the_field_in_the_persons_language() -> None:
    with pytest.raises(SubscriptionRefused) as refused:
        subscribe("https://169.254.169.254/")
    problem = refused.value.problem("vi")
    assert (problem.status, problem.code) == (422, "endpoint_ip_address")
    assert [error.field for error in problem.errors] == ["endpoint"]
    assert problem.errors[0].detail


@pytest.mark.parametrize(
    ("p256dh", "code"),
    [
        (text(b"\x04"), "p256dh_malformed"),
        ("", "p256dh_malformed"),
        (text(POINT[:-1]), "p256dh_malformed"),
        (text(COMPRESSED), "p256dh_malformed"),
        (text(COMPRESSED + bytes(32)), "p256dh_malformed"),
        (P256DH.replace("B", "+", 1), "p256dh_malformed"),
        ("\u0661" + P256DH[1:], "p256dh_malformed"),
        ("A" * 10_000, "p256dh_malformed"),
        (text(b"\x04" + bytes(64)), "p256dh_not_on_curve"),
        (text(POINT[:-1] + bytes([POINT[-1] ^ 1])), "p256dh_not_on_curve"),
    ],
    ids=[
        "one byte",
        "empty",
        "short",
        "compressed",
        "compressed, padded",
        "plus sign",
        "arabic digit",
        "very long",
        "zeros",
        "one bit off",
    ],
)
def test_a_damaged_key_is_refused(p256dh: str, code: str) -> None:
    with pytest.raises(SubscriptionRefused) as refused:
        validate_subscription("https://fcm.googleapis.com/x", p256dh, AUTH, SERVICES)
    assert (refused.value.field, refused.value.code) == ("p256dh", code)


@pytest.mark.parametrize("auth", ["", "AA", AUTH + "AA", AUTH[:-1] + "!", "A" * 5])
def test_a_damaged_secret_is_refused(auth: str) -> None:
    with pytest.raises(SubscriptionRefused) as refused:
        validate_subscription("https://fcm.googleapis.com/x", P256DH, auth, SERVICES)
    assert (refused.value.field, refused.value.code) == ("auth", "auth_malformed")


def test_a_ward_can_add_a_push_service() -> None:
    services = PushServices.from_settings(["push.ward.example", "*.up.example"])
    assert subscribe("https://push.ward.example/a", services)
    assert subscribe("https://a.b.up.example/a", services)
    with pytest.raises(SubscriptionRefused):
        subscribe("https://up.example/a", services)


@pytest.mark.parametrize("host", ["*", "*.com.", "10.0.0.1", "https://x.example", "a b.example"])
def test_a_wrong_host_setting_is_named(host: str) -> None:
    with pytest.raises(ValueError, match="host"):
        PushServices.from_settings([host])


def test_the_tests_push_service_is_one_exact_origin() -> None:
    assert subscribe("http://127.0.0.1:9123/a", WITH_TEST_SERVICE)
    for near in (
        "http://127.0.0.1:9124/a",
        "https://127.0.0.1:9123/a",
        "http://127.0.0.1:91230/a",
        "http://localhost:9123/a",
        "http://x@127.0.0.1:9123/a",
        "http://127.0.0.1:9123",
    ):
        with pytest.raises(SubscriptionRefused):
            subscribe(near, WITH_TEST_SERVICE)


@pytest.mark.parametrize(
    "origin",
    ["http://10.0.0.1:80", "http://127.0.0.1", "http://localhost:1", "http://127.0.0.1:1/"],
)
def test_nothing_but_loopback_can_be_a_test_origin(origin: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        PushServices.from_settings(loopback_origin=origin)
