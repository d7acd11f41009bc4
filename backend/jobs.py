"""Work for later, written in the same transaction as the change that asks for it (pgqueuer)."""

from typing import Final

import msgspec
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from backend.db import transaction_connection

SHUTDOWN_SECONDS: Final = 5
"""How often an idle worker looks up by itself; also how long it takes at most to leave."""

_encode = msgspec.json.Encoder().encode


async def enqueue(name: str, *payloads: object) -> None:
    """Ask the worker to run `name` once for each payload; rolls back with the transaction.

    Raises:
        RuntimeError: outside `write_tx()`.
    """
    if not payloads:
        return
    queries = Queries(AsyncpgDriver(transaction_connection()))
    count = len(payloads)
    await queries.enqueue([name] * count, [_encode(payload) for payload in payloads], [0] * count)
