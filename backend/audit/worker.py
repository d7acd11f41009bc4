"""Chaining every few seconds; a walk over the whole chain every hour."""

import asyncio
import contextlib
from typing import Final

from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from backend.audit.service import chain_entries, walk
from backend.logs import get_logger

CHAIN_SECONDS: Final = 3.0


def register(pgq: PgQueuer) -> None:
    """Adds the schedules of this slice to a worker."""

    @pgq.schedule("walk_audit_chain", "23 * * * *")
    async def walk_chain(_schedule: Schedule) -> None:
        verdict = await walk()
        if not verdict.intact:
            get_logger().error(
                "audit_chain_broken", seq=verdict.broken_seq, smuggled=verdict.smuggled
            )


async def chain_steadily(stopping: asyncio.Event) -> None:
    """Chain what is ready every `CHAIN_SECONDS`, until `stopping`; a failed pass is tried again."""
    while not stopping.is_set():
        try:
            await chain_entries()
        except Exception:
            # Whatever it was, what is recorded stays recorded and is chained later.
            get_logger().exception("chaining_failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), CHAIN_SECONDS)
