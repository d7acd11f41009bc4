"""What time asks of reports."""

from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from backend.logs import get_logger
from backend.reports.conversation import close_silent_reports


def register(pgq: PgQueuer) -> None:
    """Adds the schedules of this slice to a worker."""

    @pgq.schedule("close_silent_reports", "7 * * * *")
    async def close_silent(_schedule: Schedule) -> None:
        closed = await close_silent_reports()
        if closed:
            get_logger().info("silent_reports_closed", count=closed)
