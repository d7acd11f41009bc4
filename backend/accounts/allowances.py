"""How much is let through in an hour, counted for all server processes together (`S5`).

Whose a count is stands nowhere: its key is an HMAC that is new every hour, and rows older than that
are deleted. Addresses are counted by their block, as one line of a carrier or a house has many.
"""

import hmac
import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from litestar.connection import ASGIConnection

from backend.accounts.codes import load_secret
from backend.db import execute, fetch_value
from backend.errors import QuotaExceeded
from backend.i18n import N_
from backend.settings import get_settings

HOUR: Final = timedelta(hours=1)
_BLOCK_BITS: Final = {4: 24, 6: 48}

TOO_MUCH: Final = N_("That was very much in a short time. It is kept and sent again in a while.")


async def use(kind: str, whose: bytes, most: int) -> None:
    """Take one of `most` in this hour. For itself, in no transaction: what fails later counts too.

    Raises:
        QuotaExceeded: they are used up; its time is the end of the hour.
    """
    now = datetime.now(UTC)
    hour = _hour_of(now)
    await execute("DELETE FROM allowance WHERE hour < $1", hour - HOUR)
    used = await fetch_value(
        """INSERT INTO allowance (bucket, hour, used) VALUES ($1, $2, 1)
           ON CONFLICT (bucket, hour) DO UPDATE SET used = allowance.used + 1
           WHERE allowance.used < $3 RETURNING used""",
        _bucket(kind, whose, hour),
        hour,
        most,
    )
    if used is None:
        raise used_up(now)


async def used(kind: str, whose: bytes) -> int:
    """How many were taken in this hour."""
    hour = _hour_of(datetime.now(UTC))
    found = await fetch_value(
        "SELECT used FROM allowance WHERE bucket = $1 AND hour = $2",
        _bucket(kind, whose, hour),
        hour,
    )
    return found if isinstance(found, int) else 0


async def note(kind: str, whose: bytes) -> None:
    """Count one that nothing forbids."""
    await use(kind, whose, 2**31 - 1)


def used_up(now: datetime, words: str = TOO_MUCH) -> QuotaExceeded:
    return QuotaExceeded(_hour_of(now) + HOUR - now, words)


def block_of(connection: ASGIConnection[Any, Any, Any, Any]) -> bytes:
    """The block of addresses a request came from: /24 of IPv4, /48 of IPv6.

    Behind `proxies` of ours it is what the outermost of them wrote into X-Forwarded-For; what a
    caller wrote before it is not believed.
    """
    proxies = get_settings().proxies
    address = connection.client.host if connection.client else ""
    if proxies:
        named = connection.headers.get("x-forwarded-for", "").split(",")
        address = named[-min(proxies, len(named))].strip()
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return b"unknown"
    network = ipaddress.ip_network((ip, _BLOCK_BITS[ip.version]), strict=False)
    return network.network_address.packed


def _hour_of(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _bucket(kind: str, whose: bytes, hour: datetime) -> bytes:
    text = f"allowance:{kind}:{hour.isoformat()}:".encode() + whose
    return hmac.digest(load_secret(get_settings()), text, "sha256")[:16]
