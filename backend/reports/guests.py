"""What a guest reported becomes theirs when they join (`R8`): reports, words, photos, notices."""

from uuid import UUID

from backend.media import service as media
from backend.notifications import service as notifications
from backend.reports import queries, telling
from backend.threads import service as threads


async def hand_over(guest_id: UUID, account_id: UUID) -> None:
    """Inside `write_tx()`. What was sent before is found again by its new owner, byte for byte."""
    reports = await queries.hand_over_reports(guest_id, account_id)
    await media.hand_over(guest_id, account_id)
    await threads.hand_over(guest_id, account_id)
    await notifications.hand_over(guest_id, account_id)
    for report in reports:
        entries = await threads.list_entry_ids(report.id)
        telling.touch_report(report, entries)
