"""Connections that can only go to the public internet, whatever a name resolves to (S5).

The address that was checked is the address that is connected to, so a second DNS answer cannot
differ from the first. TLS (SNI, certificate) and `Host` still use the name.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import httpcore

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port → IP addresses as text, best first. Raises OSError when there is none."""

Connector = Callable[[str, int], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
"""IP address and port → an open TCP connection. Raises OSError."""

_HTTPS_PORT: Final = 443
_MOST_ADDRESSES: Final = 4

# IANA's special-purpose registry (RFC 6890 and its updates), spelled out: `is_global` of the
# standard library has changed its mind between patch releases.
_NOT_PUBLIC_V4: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, and where clouds keep their metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_V6: Final = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_V6: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # IETF assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address of the sender's choice
        "3fff::/20",
    )
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressNotPublicError(Exception):
    """A host resolves to an address inside somebody's network; nothing was sent."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} resolves to {address}")


def is_public(address: str) -> bool:
    """Whether an IP address (text) is one the public internet routes."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_V4)
    if ip.ipv4_mapped is not None:
        return is_public(str(ip.ipv4_mapped))
    if ip in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip in _GLOBAL_V6 and not any(ip in network for network in _NOT_PUBLIC_V6)


async def resolve(host: str, port: int) -> Sequence[str]:
    """The system's addresses for `host`."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [str(sockaddr[0]) for *_, sockaddr in found]


async def connect(address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A TCP connection to an IP address."""
    return await asyncio.open_connection(address, port)


class _Stream(httpcore.AsyncNetworkStream):
    """asyncio's own streams for `httpcore`: 40 % more pushes a second than through `anyio`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        # Whatever was to be said has been answered: no need to wait for the other side's goodbye.
        self._writer.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException as error:
            await self.aclose()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout from error
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        return self

    def get_extra_info(self, info: str) -> object:
        if info == "is_readable":
            # What `httpcore` takes as a sign that the server has closed an idle connection.
            return self._reader.at_eof() or self._writer.is_closing()
        return self._writer.get_extra_info(info)


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """Opens TCP connections for `httpcore`: port 443 of public addresses, and nothing else.

    `exempt` is the one (host, port) of a test's own server.
    """

    def __init__(
        self,
        *,
        resolver: Resolver = resolve,
        exempt: tuple[str, int] | None = None,
        connector: Connector = connect,
    ) -> None:
        self._resolver = resolver
        self._exempt = exempt
        self._connector = connector

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check every address, connect to the first that answers within its share.

        Raises:
            AddressNotPublicError: one of the addresses, or the port, is not allowed.
            httpcore.ConnectError, httpcore.ConnectTimeout: as from any connection.
        """
        if (host, port) == self._exempt:
            addresses: Sequence[str] = [host]
        else:
            addresses = await self._public_addresses(host, port)
        share = None if timeout is None else timeout / len(addresses)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                async with asyncio.timeout(share):
                    return _Stream(*await self._connector(address, port))
            except TimeoutError as error:
                failure = httpcore.ConnectTimeout(f"{host} at {address}")
                failure.__cause__ = error
            except OSError as error:
                failure = httpcore.ConnectError(f"{host} at {address}: {error}")
                failure.__cause__ = error
        raise failure

    async def _public_addresses(self, host: str, port: int) -> Sequence[str]:
        if port != _HTTPS_PORT:
            raise AddressNotPublicError(host, f"port {port}")
        try:
            addresses = await self._resolver(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"cannot resolve {host}: {error}") from error
        if not addresses:
            raise httpcore.ConnectError(f"{host} has no address")
        # One inner address among public ones is no accident: refuse them all.
        for address in addresses:
            if not is_public(address):
                raise AddressNotPublicError(host, address)
        return list(dict.fromkeys(addresses))[:_MOST_ADDRESSES]

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: a socket file is not on the public internet."""
        raise AddressNotPublicError(path, "a socket file")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
