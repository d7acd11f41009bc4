"""The worker process: does what changes asked for, and what time asks for."""

import asyncio
import contextlib
import signal
from datetime import timedelta

import asyncpg
from pgqueuer import PgQueuer

from backend import db
from backend.audit import worker as audit_worker
from backend.crises import worker as crises_worker
from backend.jobs import SHUTDOWN_SECONDS
from backend.logs import configure_logs, get_logger
from backend.media import service as media
from backend.media import worker as media_worker
from backend.notifications import service as notifications
from backend.notifications import worker as notifications_worker
from backend.reports import worker as reports_worker
from backend.reports.suggestions import watch_suggestions
from backend.settings import Settings

RECONNECT_SECONDS = 1.0
BATCH = 10
CONCURRENCY = 2 * BATCH  # the least pgqueuer accepts


async def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; then finish what is in hand and leave.

    A lost database is waited for: jobs are rows, none is lost with the connection.
    """
    configure_logs(settings.log_level)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await db.open_pool(settings)
    media.open_store(settings)
    notifications.open_keys(settings)
    get_logger().info("worker_started")
    watches = [
        asyncio.create_task(reports_worker.watch_deadlines(stopping)),
        asyncio.create_task(watch_suggestions(stopping)),
        asyncio.create_task(audit_worker.chain_steadily(stopping)),
    ]
    try:
        while not stopping.is_set():
            try:
                await _work(settings, stopping)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                get_logger().warning("worker_lost_database", error=type(error).__name__)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), RECONNECT_SECONDS)
    finally:
        stopping.set()
        await asyncio.gather(*watches)
        await notifications_worker.close_sender()
        await media.close_store()
        await db.close_pool()
        get_logger().info("worker_stopped")


async def _work(settings: Settings, stopping: asyncio.Event) -> None:
    connection = await asyncpg.connect(settings.database_url)
    try:
        queue = PgQueuer.from_asyncpg_connection(connection)
        media_worker.register(queue)
        notifications_worker.register(queue)
        reports_worker.register(queue)
        audit_worker.register(queue)
        crises_worker.register(queue)
        connection.add_termination_listener(lambda _: queue.shutdown.set())
        stop = asyncio.create_task(_stop_queue(queue, stopping))
        try:
            await queue.run(
                dequeue_timeout=timedelta(seconds=SHUTDOWN_SECONDS),
                batch_size=BATCH,
                max_concurrent_tasks=CONCURRENCY,
                shutdown_on_listener_failure=True,
            )
        finally:
            stop.cancel()
    finally:
        if not connection.is_closed():
            await connection.close(timeout=2)


async def _stop_queue(queue: PgQueuer, stopping: asyncio.Event) -> None:
    await stopping.wait()
    queue.shutdown.set()
