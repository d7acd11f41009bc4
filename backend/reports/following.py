"""Following a report of somebody else's: "that is it, I see it too" (`R6`).

A follower learns what became of it. Of the conversation, and of who reported it, nothing.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from backend.actor import Actor
from backend.db import write_tx
from backend.errors import Conflict, IdReused, NotFound
from backend.i18n import N_, Language
from backend.media import service as media
from backend.reports import follower_queries, queries, telling
from backend.reports.moves import DONE
from backend.reports.policy import wards_of
from backend.reports.recording import record_change
from backend.reports.report import Report
from backend.reports.schemas import JoinIn, JoinReceipt, ReportOut

_NOBODY = UUID(int=0)
_NO_LANGUAGE: Final[Language] = "en"


class OwnReport(Conflict):
    """One's own problem is not somebody else's."""

    code = "own_report"
    title = N_("You have reported this yourself")
    message = N_("This is your own report. You are told how it goes in any case.")


class ReportEnded(Conflict):
    """It was over when the word arrived."""

    code = "report_ended"
    title = N_("This report has ended")
    message = N_("It ended before you joined. If the problem is still there, please report it.")

    def __init__(self, current: str) -> None:
        self.current = current
        super().__init__()

    def state(self) -> str | None:
        return self.current


async def join(
    actor: Actor, report_id: UUID, join_id: UUID, _wish: JoinIn
) -> tuple[JoinReceipt, bool]:
    """Follow a neighbour's report; if it was merged meanwhile, the one it was merged into.

    Returns:
        the receipt, and whether the join is new.

    Raises:
        NotFound: not there, private, hidden, or of another ward.
        OwnReport, ReportEnded, IdReused
    """
    async with write_tx():
        earlier = await follower_queries.get_join(join_id)
        if earlier is not None:
            if (earlier["account_id"], earlier["asked_id"]) != (actor.account_id, report_id):
                raise IdReused
            followed = earlier["report_id"]
            return JoinReceipt(
                join_id, followed, earlier["followers"], earlier["created_at"]
            ), False
        now = datetime.now(UTC)
        report = await _open_one(actor, report_id)
        await follower_queries.insert_follower(join_id, report_id, report.id, actor.account_id, now)
        await follower_queries.recount(report.id)
        record_change(actor, report, "joined", None, join_id=join_id)
        telling.touch_people([actor.account_id], report.id)
        await telling.touch_joined(report.id)
        after = await queries.get_any_report(report.id)
    count = after.followers if after is not None else 0
    return JoinReceipt(join_id, report.id, count, now), True


async def leave(actor: Actor, report_id: UUID) -> None:
    """Follow a report no longer, nor what was joined and then merged into it.

    Whatever the report is, afterwards the person does not follow it: so it may be said twice, and
    nobody learns what there is. Who reported what was merged into it goes on being told.
    """
    async with write_tx():
        for left_id in await follower_queries.delete_follower(report_id, actor.account_id):
            await follower_queries.recount(left_id)
            report = await queries.get_any_report(left_id)
            if report is not None:
                record_change(actor, report, "left", None)
            for seen_id in [left_id, *await follower_queries.list_targets(left_id)]:
                telling.touch_people([actor.account_id], seen_id)
                await telling.touch_joined(seen_id)


async def _open_one(actor: Actor, report_id: UUID) -> Report:
    asked = await follower_queries.lock_joinable(report_id, wards_of(actor))
    if asked is None:
        raise NotFound
    report = asked
    for target_id in await follower_queries.list_targets(report_id):
        target = await follower_queries.lock_joinable(target_id, wards_of(actor))
        if target is None:
            raise ReportEnded(asked.state)
        report = target
    if actor.account_id in {report.account_id, asked.account_id}:
        raise OwnReport
    if report.state in DONE:
        raise ReportEnded(report.state)
    return report


async def load_followed(actor: Actor, ids: list[UUID]) -> list[ReportOut]:
    """Those of `ids` that the person follows, as a follower sees them."""
    if not ids:
        return []
    rows = await follower_queries.show_followed(actor, ids)
    photos = await media.list_photos([row["id"] for row in rows])
    shown = [queries.out_of(row, actor, photos.get(row["id"], [])) for row in rows]
    return [as_follower(report) for report in shown]


def as_follower(report: ReportOut) -> ReportOut:
    """The little of a report that who joined it sees."""
    approved = report.moderation == "approved"
    return replace(
        report,
        account_id=_NOBODY,
        reporter_name=None,
        mine=False,
        description=report.description if approved else "",
        address=report.address if approved else "",
        photos=report.photos if approved else [],
        voice=None,
        answers=[],
        reason=None,
        hidden_reason=None,
        on_behalf=None,
        stars=None,
        ratable=False,
        last_seq=0,
        my_read_seq=0,
        seen_by_department_seq=0,
        seen_by_reporter_seq=0,
        moves=[],
        decisions=[],
        nudge=None,
        reporter_language=_NO_LANGUAGE,
        handovers=0,
        ping_pong=False,
        parts=[],
        passable=False,
        followed=True,
    )
