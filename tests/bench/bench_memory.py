"""What server and worker hold in memory when nobody asks them anything."""

import asyncio

from backend import db
from tests.bench.processes import proportional_bytes, resident_bytes
from tests.e2e.stack import Stack
from tests.e2e.standalone import standalone_stack

SETTLE_SECONDS = 5


async def run() -> dict[str, float]:
    """Megabytes (of 1,000,000 bytes) of both with all their processes; PostgreSQL is not counted.

    Resident memory counts a page that three processes share three times; `idle_shared_once_mb`
    counts it once.
    """
    async with standalone_stack(Stack) as stack:
        while await db.fetch_value("SELECT count(*) FROM photo WHERE state = 'stored'"):
            await asyncio.sleep(0.5)  # the demo's photos are being made ready
        await asyncio.sleep(SETTLE_SECONDS)
        server, worker = (stack.processes[name].pid for name in ("serve", "worker"))
        return {
            "idle_mb": (resident_bytes(server) + resident_bytes(worker)) / 1e6,
            "idle_server_mb": resident_bytes(server) / 1e6,
            "idle_worker_mb": resident_bytes(worker) / 1e6,
            "idle_shared_once_mb": (proportional_bytes(server) + proportional_bytes(worker)) / 1e6,
        }
