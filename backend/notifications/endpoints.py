"""Which push subscriptions we take: an endpoint is an address a stranger tells us to call (S5)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from backend.errors import InvalidField
from backend.i18n import N_

# The hosts browsers hand out: Chromium (Chrome, Edge on Android, Samsung, Opera, Cốc Cốc), Firefox,
# Edge on Windows, Safari. `*.` stands for one or more labels.
PUSH_SERVICE_HOSTS: Final = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",
    "web.push.apple.com",
    "*.push.apple.com",
)
ENDPOINT_MAX_LENGTH: Final = 2048

_KEY_LENGTH: Final = 65
_AUTH_LENGTH: Final = 16

# One strict form, so that no two parsers can read two hosts in it: no userinfo, no backslash, no
# fragment, no percent or non-ASCII in the host.
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>/[A-Za-z0-9._~!$&'()*+,;=:@/%?-]*)",
    re.ASCII,
)
_HOST: Final = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*")
_PATTERN: Final = re.compile(rf"(\*\.)?{_HOST.pattern}")
_LOOPBACK_ORIGIN: Final = re.compile(r"https?://127\.0\.0\.1:[1-9][0-9]{0,4}")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}", re.ASCII)


class SubscriptionRefused(InvalidField):
    """One field of a subscription is wrong: `field` is endpoint, p256dh or auth, `code` says how.

    Codes: endpoint_too_long, endpoint_malformed, endpoint_not_https, endpoint_userinfo,
    endpoint_ip_address, endpoint_port, endpoint_host_not_allowed, p256dh_malformed,
    p256dh_not_on_curve, auth_malformed.
    """

    def __init__(self, field: str, code: str) -> None:
        self.field = field
        super().__init__(field, code, _TEXTS.get(code, _TEXTS["endpoint_malformed"]))


_NOT_A_SERVICE: Final = N_("Notifications cannot be sent through this browser's push service.")
_BAD_KEY: Final = N_("The browser's notification key is damaged. Turn notifications on again.")
_TEXTS: Final = {
    "endpoint_malformed": N_("The browser's notification address is damaged."),
    "endpoint_too_long": N_("The browser's notification address is too long."),
    "endpoint_not_https": _NOT_A_SERVICE,
    "endpoint_userinfo": _NOT_A_SERVICE,
    "endpoint_ip_address": _NOT_A_SERVICE,
    "endpoint_port": _NOT_A_SERVICE,
    "endpoint_host_not_allowed": _NOT_A_SERVICE,
    "p256dh_malformed": _BAD_KEY,
    "p256dh_not_on_curve": _BAD_KEY,
    "auth_malformed": _BAD_KEY,
}


@dataclass(frozen=True, slots=True)
class PushServices:
    """The push services we may call.

    `hosts` are names or `*.suffix`. `loopback_origin` is one exact `http(s)://127.0.0.1:port`, for
    the push service of the tests; it is None in any real installation.
    """

    hosts: tuple[str, ...] = PUSH_SERVICE_HOSTS
    loopback_origin: str | None = None

    @classmethod
    def from_settings(
        cls, more_hosts: Iterable[str] = (), loopback_origin: str | None = None
    ) -> "PushServices":
        """The known services, those of `push_hosts`, and `push_test_origin`.

        Raises:
            ValueError: naming the entry that is not a host name, `*.suffix` or loopback origin.
        """
        hosts = tuple(host.strip().lower() for host in more_hosts)
        for host in hosts:
            if not _PATTERN.fullmatch(host):
                raise ValueError(f"not a host name or *.suffix: {host!r}")
        if loopback_origin is not None and not _LOOPBACK_ORIGIN.fullmatch(loopback_origin):
            raise ValueError(f"must be http(s)://127.0.0.1:port, is {loopback_origin!r}")
        return cls((*PUSH_SERVICE_HOSTS, *hosts), loopback_origin)

    def allows(self, host: str) -> bool:
        return any(
            host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
            for pattern in self.hosts
        )

    def loopback_address(self) -> tuple[str, int] | None:
        """Host and port of the tests' push service."""
        if self.loopback_origin is None:
            return None
        parts = urlsplit(self.loopback_origin)
        return str(parts.hostname), int(parts.port or 0)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A checked subscription: what `PushSubscription.toJSON()` gave, in one canonical spelling.

    `p256dh` (65 bytes) and `auth` (16 bytes) are base64url without padding.
    """

    endpoint: str
    p256dh: str
    auth: str


def validate_subscription(
    endpoint: str, p256dh: str, auth: str, allowed: PushServices
) -> Subscription:
    """Check what a browser sent, before it is stored.

    Raises:
        SubscriptionRefused: naming the field and what is wrong with it.
    """
    return Subscription(
        endpoint=check_endpoint(endpoint, allowed),
        p256dh=_check_key(p256dh),
        auth=_check_auth(auth),
    )


def check_endpoint(endpoint: str, allowed: PushServices) -> str:
    """`endpoint` with a lower-case host and no `:443`, if it is a push service we may call.

    Only the text is checked here; what the name resolves to is checked when connecting.

    Raises:
        SubscriptionRefused: with `field` endpoint.
    """
    if len(endpoint) > ENDPOINT_MAX_LENGTH:
        raise SubscriptionRefused("endpoint", "endpoint_too_long")
    scheme, separator, rest = endpoint.partition("://")
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    url = _URL.fullmatch(
        f"{scheme.lower()}://{authority.lower()}{rest[len(authority) :]}" if separator else ""
    )
    if allowed.loopback_origin is not None and url:
        origin = f"{url['scheme']}://{url['host']}:{url['port']}"
        if origin == allowed.loopback_origin:
            return url[0]
    if separator and scheme.lower() != "https":
        raise SubscriptionRefused("endpoint", "endpoint_not_https")
    if "@" in authority:
        raise SubscriptionRefused("endpoint", "endpoint_userinfo")
    if authority.startswith("["):
        raise SubscriptionRefused("endpoint", "endpoint_ip_address")
    if not url:
        raise SubscriptionRefused("endpoint", "endpoint_malformed")
    # Whatever ends in a number is an IPv4 address to some resolver: 127.1, 2130706433, 0x7f000001.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", url["host"].rstrip(".").rpartition(".")[2]):
        raise SubscriptionRefused("endpoint", "endpoint_ip_address")
    if url["port"] not in (None, "443"):
        raise SubscriptionRefused("endpoint", "endpoint_port")
    if not _HOST.fullmatch(url["host"]) or not allowed.allows(url["host"]):
        raise SubscriptionRefused("endpoint", "endpoint_host_not_allowed")
    return f"https://{url['host']}{url['target']}"


def _check_key(p256dh: str) -> str:
    key = _decode(p256dh)
    # The uncompressed form is the only one browsers give and RFC 8291 §3.1 allows.
    if key is None or len(key) != _KEY_LENGTH or key[0] != 4:
        raise SubscriptionRefused("p256dh", "p256dh_malformed")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except ValueError as error:
        raise SubscriptionRefused("p256dh", "p256dh_not_on_curve") from error
    return _encode(key)


def _check_auth(auth: str) -> str:
    secret = _decode(auth)
    if secret is None or len(secret) != _AUTH_LENGTH:
        raise SubscriptionRefused("auth", "auth_malformed")
    return _encode(secret)


def _decode(text: str) -> bytes | None:
    if len(text) > 128 or not _BASE64URL.fullmatch(text):
        return None
    bare = text.rstrip("=")
    if len(bare) % 4 == 1:
        return None
    return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
