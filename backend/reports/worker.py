"""What time asks of reports."""

import asyncio
import contextlib
from typing import Final

from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from backend.logs import get_logger
from backend.reports.conversation import close_silent_reports
from backend.reports.deadlines import fire_alarms, recount_wards

WATCH_SECONDS: Final = 10.0
PORTION: Final = 50


def register(pgq: PgQueuer) -> None:
    """Adds the schedules of this slice to a worker."""

    @pgq.schedule("close_silent_reports", "7 * * * *")
    async def close_silent(_schedule: Schedule) -> None:
        closed = await close_silent_reports()
        if closed:
            get_logger().info("silent_reports_closed", count=closed)


async def watch_deadlines(stopping: asyncio.Event) -> None:
    """Say what is due, every `WATCH_SECONDS`, until `stopping`; a pass that fails is tried again.

    pgqueuer's schedules go by the clock on the wall: set a month ahead and back again, they would
    be silent for a month.
    """
    while not stopping.is_set():
        try:
            moved = await recount_wards()
            said = 0
            # In portions: after a long absence there is much to say, and stopping must not wait.
            while not stopping.is_set() and (more := await fire_alarms(at_most=PORTION)):
                said += more
        except Exception:
            # Whatever it was, the next promise that is broken has to be told.
            get_logger().exception("deadlines_failed")
        else:
            if moved or said:
                get_logger().info("deadlines", recounted=moved, said=said)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), WATCH_SECONDS)
