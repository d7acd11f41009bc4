"""How many pushes one process makes and sends a second, beside bare ECDH on the same machine."""

import asyncio
import json
import multiprocessing
import os
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend.notifications.endpoints import PushServices, validate_subscription
from backend.notifications.push import Delivered, PushEncryption, PushMessage, PushSender
from backend.notifications.vapid import load_or_create_vapid

CONTACT = "mailto:bench@example.vn"
ENCRYPTIONS = 3000
SENT = 6000
ROUNDS = 3
PAYLOAD = json.dumps(
    {"v": 1, "kind": "message", "report": "0" * 36, "notification": "0" * 36, "lang": "vi"}
).encode()


def run() -> dict[str, float]:
    """The figures, each the best of three rounds.

    `pushes_per_s`: messages made ready (encrypted, VAPID header) on one core; `bare_ecdh_per_s`:
    a fresh P-256 key and one exchange; `ratio` of the two. `sent_per_s`: `send_many` over plain
    HTTP to a sink in another process, encryption included; `seconds_per_100000` follows from it.
    """
    peers = [ec.generate_private_key(ec.SECP256R1()).public_key() for _ in range(64)]
    with tempfile.TemporaryDirectory() as folder:
        keys = load_or_create_vapid(Path(folder) / "vapid.pem")
    there, here = multiprocessing.Pipe()
    sink = multiprocessing.get_context("spawn").Process(target=_sink, args=(there,), daemon=True)
    sink.start()
    try:
        origin = f"http://127.0.0.1:{here.recv()}"
        services = PushServices.from_settings(loopback_origin=origin)
        messages = [
            PushMessage(
                validate_subscription(
                    f"{origin}/wpush/v2/{number:0180}",
                    _text(peer.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
                    _text(os.urandom(16)),
                    services,
                ),
                PAYLOAD,
                timedelta(days=1),
            )
            for number, peer in enumerate(peers)
        ]
        encryption = PushEncryption(keys, CONTACT, services)

        def encrypt() -> None:
            for number in range(ENCRYPTIONS):
                encryption.encrypt(messages[number % len(messages)])

        def exchange() -> None:
            for number in range(ENCRYPTIONS):
                ec.generate_private_key(ec.SECP256R1()).exchange(
                    ec.ECDH(), peers[number % len(peers)]
                )

        # Alternating, so that whatever else the machine does falls on both.
        rates = [(_rate(exchange), _rate(encrypt)) for _ in range(ROUNDS)]
        bare = max(rate for rate, _ in rates)
        pushes = max(rate for _, rate in rates)

        async def broadcast() -> float:
            async with PushSender(keys, contact=CONTACT, services=services) as sender:
                return max([await _send(sender, messages) for _ in range(ROUNDS)])

        sent = asyncio.run(broadcast())
    finally:
        sink.terminate()
        sink.join()
    return {
        "pushes_per_s": pushes,
        "bare_ecdh_per_s": bare,
        "ratio": pushes / bare,
        "sent_per_s": sent,
        "seconds_per_100000": 100_000 / sent,
    }


def _rate(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return ENCRYPTIONS / (time.perf_counter() - started)


async def _send(sender: PushSender, messages: list[PushMessage]) -> float:
    broadcast = [messages[number % len(messages)] for number in range(SENT)]
    started = time.perf_counter()
    outcomes = await sender.send_many(broadcast)
    elapsed = time.perf_counter() - started
    if outcomes != [Delivered()] * SENT:
        raise RuntimeError("the sink did not take everything")
    return SENT / elapsed


class _Sink(asyncio.Protocol):
    """Takes any request and answers 201, as cheaply as possible: the sender is what is measured."""

    transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self.received) < end + 4 + length:
                return
            self.received = self.received[end + 4 + length :]
            self.transport.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")


def _sink(pipe: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
