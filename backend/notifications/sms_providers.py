"""How a text leaves: into a file, or by a gateway over HTTP. A third way is one more class.

None of them logs a number or a text.
"""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct

from backend.notifications.push import parse_retry_after
from backend.settings import Settings

ANSWER_MAX_BYTES: Final = 4096
RECEIPT_LENGTH: Final = 100

_LATER: Final = frozenset({401, 403, 408, 425, 429})
"""What is no fault of the text: a key that is wrong today, or too much at once."""
_NOBODY: Final = frozenset({404, 410})


class Sent(Struct, frozen=True):
    """On its way. `receipt` is the gateway's own number for it, if it gave one."""

    receipt: str | None = None


class NobodyThere(Struct, frozen=True):
    """Nobody has this number: it is not tried any more."""


class Refused(Struct, frozen=True):
    """This text will never be taken."""

    reason: str


class Later(Struct, frozen=True):
    """Try again, no earlier than `after`."""

    reason: str
    after: timedelta = timedelta(0)


SmsOutcome = Sent | NobodyThere | Refused | Later


class SmsProvider(Protocol):
    """The seam. `number` is E.164; `key` is the same for every try of one text."""

    async def send(self, number: str, text: str, key: UUID) -> SmsOutcome: ...

    async def aclose(self) -> None: ...


class FileSms:
    """One JSON line a text, in a file a day: for trying out, and for a modem that reads it.

    A worker that was killed between writing and noting it writes a line twice, with the same `id`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, number: str, text: str, key: UUID) -> SmsOutcome:
        now = datetime.now(UTC)
        line = {"id": str(key), "at": now.isoformat(), "to": number, "text": text}
        file = self._folder / f"{now.date().isoformat()}.jsonl"
        await asyncio.to_thread(_append, file, json.dumps(line, ensure_ascii=False) + "\n")
        return Sent(str(key))

    async def aclose(self) -> None:
        """Nothing is kept open."""


def _append(file: Path, line: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _GatewayAnswer(Struct, frozen=True):
    id: str | int | None = None


class HttpSms:
    """`POST` of `{"to", "text", "sender"}` with `Idempotency-Key`, to one address, never elsewhere.

    2xx: taken; an `id` in the answer is kept. 404, 410: nobody has the number. 401, 403, 408, 425,
    429, 5xx and silence: later (`Retry-After` is honoured). Everything else: refused for good.
    """

    def __init__(self, url: str, key: str | None, sender: str, timeout_seconds: float) -> None:
        self._url = url
        self._sender = sender
        self._timeout = timeout_seconds
        self._client = httpx.AsyncClient(
            timeout=timeout_seconds,
            follow_redirects=False,
            trust_env=False,
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )

    async def send(self, number: str, text: str, key: UUID) -> SmsOutcome:
        body = {"to": number, "text": text}
        if self._sender:
            body["sender"] = self._sender
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client.stream(
                    "POST", self._url, json=body, headers={"Idempotency-Key": str(key)}
                ) as response,
            ):
                answer = await _beginning(response)
                return _outcome(response.status_code, response.headers, answer)
        except TimeoutError:
            return Later("timeout")
        except httpx.TimeoutException:
            return Later("timeout")
        except httpx.HTTPError:
            return Later("network")

    async def aclose(self) -> None:
        await self._client.aclose()


async def _beginning(response: httpx.Response) -> bytes:
    found = b""
    async for chunk in response.aiter_bytes():
        found += chunk
        if len(found) > ANSWER_MAX_BYTES:
            break
    return found[:ANSWER_MAX_BYTES]


def _outcome(status: int, headers: httpx.Headers, answer: bytes) -> SmsOutcome:
    if 200 <= status < 300:
        return Sent(_receipt(answer))
    if status in _NOBODY:
        return NobodyThere()
    if status in _LATER or status >= 500:
        asked = headers.get("retry-after", "")
        return Later(f"status_{status}", parse_retry_after(asked) if asked else timedelta(0))
    return Refused(f"status_{status}")


def _receipt(answer: bytes) -> str | None:
    try:
        found = msgspec.json.decode(answer, type=_GatewayAnswer).id
    except msgspec.MsgspecError:
        return None
    return None if found is None else str(found)[:RECEIPT_LENGTH]


def provider_from(settings: Settings) -> SmsProvider | None:
    """The way the settings name; None: no texts at all."""
    match settings.sms:
        case "off":
            return None
        case "file":
            return FileSms(settings.var_dir / "sms")
        case "http":
            assert settings.sms_url is not None
            return HttpSms(
                settings.sms_url,
                settings.sms_key,
                settings.sms_sender,
                settings.sms_timeout_seconds,
            )
