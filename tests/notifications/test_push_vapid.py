"""The installation's push key: made once, kept, private; and the token it signs."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backend.notifications.vapid import (
    VapidHeaders,
    VapidKeyError,
    load_or_create_vapid,
)
from tests.fixtures.push_service import check_vapid

FCM = "https://fcm.googleapis.com"
CONTACT = "mailto:ward@example.vn"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_key_is_made_at_first_start_and_kept_after(tmp_path: Path) -> None:
    path = tmp_path / "var" / "vapid.pem"
    first = load_or_create_vapid(path)
    assert load_or_create_vapid(path) == first
    assert len(first.application_server_key) == 87
    assert list(path.parent.iterdir()) == [path]


def test_only_the_owner_can_read_the_key_file(tmp_path: Path) -> None:
    path = tmp_path / "vapid.pem"
    load_or_create_vapid(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_server_and_worker_starting_together_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "vapid.pem"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: load_or_create_vapid(path), range(8)))
    assert len({key.application_server_key for key in keys}) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a key",
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
        ec.generate_private_key(ec.SECP384R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    ],
    ids=["empty", "text", "ed25519", "p-384"],
)
def test_a_wrong_key_file_is_named_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vapid.pem"
    path.write_bytes(content)
    with pytest.raises(VapidKeyError, match=r"vapid\.pem"):
        load_or_create_vapid(path)
    assert path.read_bytes() == content


def test_the_private_key_does_not_show_in_a_log(tmp_path: Path) -> None:
    assert "PRIVATE" not in repr(load_or_create_vapid(tmp_path / "vapid.pem"))


def test_a_push_service_accepts_the_token(tmp_path: Path) -> None:
    keys = load_or_create_vapid(tmp_path / "vapid.pem")
    header = VapidHeaders(keys, CONTACT).header_for("https://push.example:8443")
    claims, key = check_vapid(header, "https://push.example:8443")
    assert key == keys.application_server_key
    assert claims["sub"] == CONTACT


def test_one_signature_serves_an_origin_for_eleven_hours(tmp_path: Path) -> None:
    clock = Clock()
    headers = VapidHeaders(load_or_create_vapid(tmp_path / "k.pem"), CONTACT, clock=clock)
    first = headers.header_for(FCM)
    clock.now = 11 * 3600 - 1
    assert headers.header_for(FCM) == first
    clock.now = 11 * 3600
    assert headers.header_for(FCM) != first


def test_each_push_service_gets_a_token_of_its_own(tmp_path: Path) -> None:
    headers = VapidHeaders(load_or_create_vapid(tmp_path / "k.pem"), CONTACT)
    assert headers.header_for(FCM) != headers.header_for("https://web.push.apple.com")


def test_a_contact_no_push_service_can_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="contact"):
        VapidHeaders(load_or_create_vapid(tmp_path / "k.pem"), "ward@example.vn")
