"""One problem, several reports (`W6`): what may be merged, and who hears how it ends.

Nothing is moved: a merged report keeps its author and followers, and what becomes of the one it was
merged into is told to them all. So taking it apart again needs no more than saying so.
"""

from typing import Final
from uuid import UUID

from backend.errors import InvalidField
from backend.i18n import N_
from backend.reports import follower_queries, telling
from backend.reports.moves import DONE
from backend.reports.report import Report
from backend.reports.schemas import State

TOLD: Final[frozenset[State]] = frozenset(
    {"accepted", "in_progress", "resolved", "disputed", "closed", "rejected", "merged", "withdrawn"}
)
"""What followers hear of; questions are between reporter and department."""


async def require_target(report: Report, target_id: UUID | None, target: Report | None) -> None:
    """A report is merged into another one of its ward that is still open.

    Args:
        target: what this person sees under `target_id`; None when they see nothing there.

    Raises:
        InvalidField: merge_target (none named), merge_itself, merge_unknown, merge_other_ward,
            merge_circle, merge_ended, merge_private.
    """
    wrong: tuple[str, str] | None = None
    if target_id is None:
        wrong = "merge_target", N_("Please choose another open report of the same ward.")
    elif target_id == report.id:
        wrong = "merge_itself", N_("A report cannot be joined with itself.")
    elif target is None:
        wrong = "merge_unknown", N_("There is no such report, or it is not yours to see.")
    elif target.ward_id != report.ward_id:
        wrong = "merge_other_ward", N_("The other report belongs to another ward.")
    elif report.id in await follower_queries.list_targets(target_id):
        wrong = "merge_circle", N_("The other report has itself been joined with this one.")
    elif target.state in DONE:
        wrong = "merge_ended", N_("The other report has ended. Please choose one that is open.")
    elif target.private != report.private:
        wrong = "merge_private", N_("A private report is only joined with another private one.")
    if wrong is not None:
        raise InvalidField("merged_into", *wrong)


async def target_of(report: Report) -> UUID | None:
    """The report it is merged into now."""
    if report.state != "merged":
        return None
    targets = await follower_queries.list_targets(report.id)
    return targets[0] if targets else None


async def fan_out(
    report: Report, acting: UUID | None, to: State, message_id: UUID, target_id: UUID | None
) -> None:
    """Tell everybody who follows a report of its new state; its row is written already.

    Args:
        target_id: what it was merged into by this move, or taken apart from.
    """
    if target_id is not None:
        await follower_queries.recount(target_id)
        # Its author and followers come to see the other one, or see it no longer.
        people = await follower_queries.list_followers(report.id)
        telling.touch_people([*people, report.account_id], target_id)
        await telling.touch_joined(target_id)
    if to in TOLD:
        await telling.tell_followers(report, acting, to, message_id)
    else:
        await telling.touch_followers(report.id)
