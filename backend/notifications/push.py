"""Sending web push: encrypted by `webpush`, carried by `httpcore` (RFC 8030, 8291, 8292; N1, N4).

This module knows nothing of the database: the worker hands in subscriptions and acts on the
outcome. `httpcore` is used directly because it takes a network backend (`httpx`, which sits on it,
does not), follows no redirects, keeps no cookies and reads no proxy from the environment.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

import httpcore
from webpush import WebPush  # type: ignore[import-untyped]

from backend.notifications.endpoints import (
    PushServices,
    Subscription,
    SubscriptionRefused,
    check_endpoint,
)
from backend.notifications.public_network import (
    AddressNotPublicError,
    Connector,
    PublicNetwork,
    Resolver,
    connect,
    resolve,
)
from backend.notifications.vapid import VapidHeaders, VapidKeys, origin_of

PAYLOAD_MAX_BYTES: Final = 3993
"""One 4,096-byte record less header (86), tag (16) and delimiter (1): RFC 8291 §4."""

RETRY_AFTER_DEFAULT: Final = timedelta(seconds=30)
RETRY_AFTER_MAX: Final = timedelta(hours=1)
"""A push service that says "next week" must not silence us for a week."""

_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_REJECTIONS: Final = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    413: "payload_too_large",
}
_BATCH: Final = 32
_CONNECTIONS_A_LANE: Final = 4
_LANES_KEPT_FREE: Final = 8
_ANSWER_MAX_BYTES: Final = 1024


class Urgency(StrEnum):
    """RFC 8030 §5.3. A sleeping phone on battery wakes for `high` only."""

    VERY_LOW = "very-low"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class PayloadTooLargeError(ValueError):
    """The payload does not fit one encrypted record."""

    code: Final = "payload_too_large"

    def __init__(self, size: int) -> None:
        super().__init__(f"a push payload is at most {PAYLOAD_MAX_BYTES} bytes, this is {size}")


@dataclass(frozen=True, slots=True)
class PushMessage:
    """One push to one device.

    `ttl`: how long the service keeps it for a phone that is off; zero means now or never.
    `topic`: 1-32 base64url characters (`uuid.hex` fits); a newer message with the same topic
    replaces an undelivered older one.

    Raises:
        PayloadTooLargeError: more than 3,993 bytes.
        ValueError: negative ttl, or a topic the services refuse.
    """

    subscription: Subscription
    payload: bytes
    ttl: timedelta
    urgency: Urgency = Urgency.NORMAL
    topic: str | None = None

    def __post_init__(self) -> None:
        if len(self.payload) > PAYLOAD_MAX_BYTES:
            raise PayloadTooLargeError(len(self.payload))
        if self.ttl < timedelta(0):
            raise ValueError(f"ttl must not be negative, is {self.ttl}")
        if self.topic is not None and not _TOPIC.fullmatch(self.topic):
            raise ValueError(f"a topic is 1-32 base64url characters, is {self.topic!r}")


@dataclass(frozen=True, slots=True)
class Delivered:
    """The push service has taken it."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The subscription exists no more (404, 410): delete it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing is wrong with the message; try again no earlier than `after`.

    `reason` for the log: `status_<n>`, `timeout` or `network`.
    """

    after: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Sending the same again would fail the same way.

    `code`: bad_request, unauthorized, forbidden, payload_too_large, redirected, `status_<n>`,
    address_not_public, bad_keys, or a code of `SubscriptionRefused`. `detail`: the first words of
    the service's answer, for the log only.
    """

    code: str
    detail: str = ""


PushOutcome = Delivered | Gone | Retry | Rejected


@dataclass(frozen=True, slots=True)
class EncryptedPush:
    """A request ready to be sent."""

    endpoint: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _Recipient:
    """A subscription in the shape `webpush` reads: without its model, which checks all again."""

    __slots__ = ("keys",)

    def __init__(self, subscription: Subscription) -> None:
        self.keys = subscription


class PushEncryption:
    """Turns messages into requests. CPU only, no network; safe to use from several threads."""

    def __init__(self, keys: VapidKeys, contact: str, services: PushServices) -> None:
        self._services = services
        self._webpush = WebPush(keys.private_pem, keys.public_pem)
        self._vapid = VapidHeaders(keys, contact)

    def encrypt(self, message: PushMessage) -> EncryptedPush | Rejected:
        """`message` as the POST of RFC 8030 §5, or why its stored subscription cannot be used."""
        subscription = message.subscription
        try:
            endpoint = check_endpoint(subscription.endpoint, self._services)
            # Not `get`: it signs anew for every message, and keeps one call's ttl for the next.
            body: bytes = self._webpush._encrypt(message.payload, _Recipient(subscription))
        except SubscriptionRefused as error:
            return Rejected(error.code)
        except ValueError as error:
            return Rejected("bad_keys", str(error)[:200])
        authorization = self._vapid.header_for(origin_of(endpoint))
        headers = (
            ("Authorization", authorization),
            ("Content-Encoding", "aes128gcm"),
            ("Content-Type", "application/octet-stream"),
            ("TTL", str(int(message.ttl.total_seconds()))),
            ("Urgency", message.urgency.value),
        )
        topic = () if message.topic is None else (("Topic", message.topic),)
        return EncryptedPush(endpoint, headers + topic, body)

    def encrypt_all(self, messages: Iterable[PushMessage]) -> list[EncryptedPush | Rejected]:
        """`encrypt` for each, in order."""
        return [self.encrypt(message) for message in messages]


class PushSender:
    """Sends pushes over bounded, reused connections that reach the public internet only.

    An async context manager, one a process. `lanes` is how many requests may be under way at once;
    a few are kept free of broadcasts, so that a single urgent push never queues behind one.
    `timeout` covers one push from DNS to the last byte of the answer; connections are closed when
    nothing was sent for `close_idle_after`.
    """

    def __init__(
        self,
        keys: VapidKeys,
        *,
        contact: str,
        services: PushServices,
        lanes: int = 200,
        timeout: timedelta = timedelta(seconds=15),
        close_idle_after: timedelta = timedelta(seconds=60),
        resolver: Resolver = resolve,
        connector: Connector = connect,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._encryption = PushEncryption(keys, contact, services)
        self._encrypting = ThreadPoolExecutor(1, thread_name_prefix="push-encryption")
        self._network = PublicNetwork(
            resolver=resolver, exempt=services.loopback_address(), connector=connector
        )
        self._tls = tls or httpcore.default_ssl_context()
        self._timeout = timeout.total_seconds()
        self._close_idle_after = close_idle_after.total_seconds()
        # One small pool a lane: a single large pool looks at every connection for every request
        # (measured: 1,900/s with 10 connections, 60/s with 100).
        self._idle_lanes: list[httpcore.AsyncConnectionPool] = []
        self._free = asyncio.Semaphore(lanes)
        self._free_for_broadcast = asyncio.Semaphore(max(1, lanes - _LANES_KEPT_FREE))
        self._under_way = 0
        self._closing_timer: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. What is under way should have been awaited before."""
        if self._closing_timer:
            self._closing_timer.cancel()
        await asyncio.gather(*self._closing)
        await self._close_idle_lanes()
        self._encrypting.shutdown(wait=False, cancel_futures=True)

    async def send(
        self,
        subscription: Subscription,
        payload: bytes,
        *,
        ttl: timedelta,
        urgency: Urgency = Urgency.NORMAL,
        topic: str | None = None,
    ) -> PushOutcome:
        """Send one push.

        Raises:
            PayloadTooLargeError, ValueError: as `PushMessage`.
        """
        message = PushMessage(subscription, payload, ttl, urgency, topic)
        (request,) = await self._encrypt([message])
        return await self._deliver(request)

    async def send_many(self, messages: Sequence[PushMessage]) -> list[PushOutcome]:
        """Send a broadcast; the outcomes are in the order of `messages`.

        Encryption of the next ones goes on while the earlier ones are on their way.
        """
        deliveries: list[asyncio.Task[PushOutcome]] = []
        async with asyncio.TaskGroup() as group:
            for start in range(0, len(messages), _BATCH):
                for request in await self._encrypt(messages[start : start + _BATCH]):
                    await self._free_for_broadcast.acquire()
                    delivery = group.create_task(self._deliver(request))
                    delivery.add_done_callback(lambda _: self._free_for_broadcast.release())
                    deliveries.append(delivery)
        return [delivery.result() for delivery in deliveries]

    async def _encrypt(self, messages: Sequence[PushMessage]) -> list[EncryptedPush | Rejected]:
        return await asyncio.get_running_loop().run_in_executor(
            self._encrypting, self._encryption.encrypt_all, messages
        )

    async def _deliver(self, request: EncryptedPush | Rejected) -> PushOutcome:
        if isinstance(request, Rejected):
            return request
        async with self._free, self._lane() as lane:
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._post(lane, request)
            except AddressNotPublicError as error:
                return Rejected("address_not_public", str(error))
            except (TimeoutError, httpcore.TimeoutException):
                return Retry(RETRY_AFTER_DEFAULT, "timeout")
            except (httpcore.NetworkError, httpcore.ProtocolError):
                return Retry(RETRY_AFTER_DEFAULT, "network")

    async def _post(
        self, lane: httpcore.AsyncConnectionPool, request: EncryptedPush
    ) -> PushOutcome:
        async with lane.stream(
            "POST", request.endpoint, headers=request.headers, content=request.body
        ) as response:
            answer = b""
            async for part in response.aiter_stream():
                answer += part
                if len(answer) > _ANSWER_MAX_BYTES:
                    break
            retry_after = next(
                (value for name, value in response.headers if name.lower() == b"retry-after"), b""
            )
            return outcome_of(response.status, retry_after.decode("latin-1"), answer)

    @asynccontextmanager
    async def _lane(self) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        if self._closing_timer:
            self._closing_timer.cancel()
            self._closing_timer = None
        self._under_way += 1
        # The last one used is the likeliest to have a warm connection.
        lane = self._idle_lanes.pop() if self._idle_lanes else self._new_lane()
        try:
            yield lane
        finally:
            self._idle_lanes.append(lane)
            self._under_way -= 1
            if self._under_way == 0:
                self._closing_timer = asyncio.get_running_loop().call_later(
                    self._close_idle_after, self._start_closing
                )

    def _new_lane(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            max_connections=_CONNECTIONS_A_LANE,
            keepalive_expiry=self._close_idle_after,
            network_backend=self._network,
        )

    def _start_closing(self) -> None:
        task = asyncio.get_running_loop().create_task(self._close_idle_lanes())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close_idle_lanes(self) -> None:
        lanes, self._idle_lanes = self._idle_lanes, []
        for lane in lanes:
            await lane.aclose()


def outcome_of(status: int, retry_after: str, answer: bytes) -> PushOutcome:
    """What a push service's answer means (RFC 8030 §5, §8.4).

    `retry_after` is the header's text or empty; `answer` the beginning of the body.
    """
    if 200 <= status < 300:
        return Delivered()
    if status in (404, 410):
        return Gone()
    if status in (408, 425, 429) or status >= 500:
        return Retry(parse_retry_after(retry_after), f"status_{status}")
    if 300 <= status < 400:
        return Rejected("redirected")
    detail = answer[:200].decode("utf-8", "replace")
    return Rejected(_REJECTIONS.get(status, f"status_{status}"), detail)


def parse_retry_after(value: str) -> timedelta:
    """`Retry-After` as seconds or HTTP-date (RFC 9110 §10.2.3), between zero and one hour.

    Half a minute when there is none or it cannot be read.
    """
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        wait = timedelta(seconds=int(value))
    else:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return RETRY_AFTER_DEFAULT
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        wait = date - datetime.now(UTC)
    return min(max(wait, timedelta(0)), RETRY_AFTER_MAX)
