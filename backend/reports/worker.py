"""What time asks of reports."""

from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from backend.logs import get_logger
from backend.reports.conversation import close_silent_reports
from backend.reports.deadlines import fire_alarms, recount_wards


def register(pgq: PgQueuer) -> None:
    """Adds the schedules of this slice to a worker."""

    @pgq.schedule("close_silent_reports", "7 * * * *")
    async def close_silent(_schedule: Schedule) -> None:
        closed = await close_silent_reports()
        if closed:
            get_logger().info("silent_reports_closed", count=closed)

    # A sixth field is seconds; the scheduler looks a second after.
    @pgq.schedule("fire_alarms", "* * * * * */10")
    async def fire(_schedule: Schedule) -> None:
        moved = await recount_wards()
        said = await fire_alarms()
        if moved or said:
            get_logger().info("deadlines", recounted=moved, said=said)
