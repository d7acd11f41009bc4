"""A trail that is chained as far as it goes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from backend import db
from backend.audit.service import chain_entries

Settled = Callable[[], Awaitable[None]]


async def chain_all() -> None:
    """Other transactions on this server may still hold the horizon back for a moment."""
    async with asyncio.timeout(30):
        while True:
            await chain_entries()
            waiting = await db.fetch_value(
                """SELECT count(*) FROM audit_entry e
                   WHERE NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.entry_id = e.id)"""
            )
            if waiting == 0:
                return
            await asyncio.sleep(0.02)


@pytest.fixture
def chained(api: object) -> Settled:
    return chain_all
