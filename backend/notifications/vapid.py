"""Who we are to a push service: the VAPID key pair and the signed header (RFC 8292)."""

import os
import secrets
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_HOUR: Final = 3600
_LIFETIME: Final = 12 * _HOUR
_RENEW_BEFORE_END: Final = _HOUR
_MOST_ORIGINS: Final = 256


class VapidKeyError(Exception):
    """The key file cannot be used. The text names the file and the reason."""


@dataclass(frozen=True, slots=True)
class VapidKeys:
    """The P-256 pair every subscription of this installation is bound to.

    `application_server_key` is what the browser's `pushManager.subscribe` takes: the uncompressed
    public point, base64url without padding. Losing the private key loses every subscription.
    """

    private_pem: bytes = field(repr=False)
    public_pem: bytes
    application_server_key: str


def load_or_create_vapid(path: Path) -> VapidKeys:
    """The keys in the PEM file `path`, made there (mode 0600) when it does not exist.

    Several processes may start at once: one wins and all get the same keys. A file that cannot be
    read as a P-256 key is never replaced.

    Raises:
        VapidKeyError: the file holds something else.
        OSError: it cannot be read or written.
    """
    try:
        return _keys_from_pem(path.read_bytes(), path)
    except FileNotFoundError:
        _create(path)
        return _keys_from_pem(path.read_bytes(), path)


def _create(path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            # Unlike a rename, a link never replaces the key another process just made.
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _keys_from_pem(pem: bytes, path: Path) -> VapidKeys:
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise VapidKeyError(f"{path}: not a PEM private key: {error}") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(
        private.curve, ec.SECP256R1
    ):
        raise VapidKeyError(f"{path}: the key must be on the curve P-256")
    public = private.public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return VapidKeys(
        private_pem=pem,
        public_pem=public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        application_server_key=urlsafe_b64encode(point).rstrip(b"=").decode(),
    )


class VapidHeaders:
    """The Authorization header of each push service, signed once an origin and kept.

    A token lives 12 hours (a push service refuses more than 24) and is signed anew an hour before
    its end: `webpush` signs every message, which took 60 % of the time, and leaves the port out of
    `aud`, where RFC 8292 §2 asks for the origin. Safe to use from several threads.
    """

    def __init__(
        self, keys: VapidKeys, contact: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        """`contact` is the `sub` of the token: `mailto:…` or an `https:` page."""
        if not contact.startswith(("mailto:", "https://")):
            raise ValueError(f"the push contact must be mailto:… or https://…, is {contact!r}")
        self._keys = keys
        self._contact = contact
        self._clock = clock
        self._lock = Lock()
        # Bounded, because who subscribes chooses the sub-domain of some push services.
        self._headers: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def header_for(self, origin: str) -> str:
        """`vapid t=<token>, k=<public key>` for e.g. `https://fcm.googleapis.com`."""
        now = self._clock()
        with self._lock:
            cached = self._headers.get(origin)
            if cached and cached[0] > now:
                self._headers.move_to_end(origin)
                return cached[1]
            token = jwt.encode(
                {"aud": origin, "exp": int(now) + _LIFETIME, "sub": self._contact},
                key=self._keys.private_pem,
                algorithm="ES256",
            )
            header = f"vapid t={token}, k={self._keys.application_server_key}"
            self._headers[origin] = (now + _LIFETIME - _RENEW_BEFORE_END, header)
            self._headers.move_to_end(origin)
            if len(self._headers) > _MOST_ORIGINS:
                self._headers.popitem(last=False)
            return header


def origin_of(endpoint: str) -> str:
    """Scheme, host and port of a checked endpoint, e.g. `https://fcm.googleapis.com`.

    `check_endpoint` leaves a port only where it is not the scheme's own (RFC 6454 §6.2).
    """
    return endpoint[: endpoint.index("/", len("https://"))]
