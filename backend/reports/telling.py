"""Who hears of a change to a report: the feeds that sync reads, and the people to notify.

Both are written in the change's own transaction (I6).
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from backend.actor import Role, head_scope, staff_scope
from backend.changes import touch
from backend.media import service as media
from backend.notifications import service as notifications
from backend.notifications import sms
from backend.notifications.schemas import NotificationKind, SmsKind
from backend.reports import follower_queries, queries
from backend.reports.report import Report
from backend.reports.schemas import Decision, State
from backend.threads import service as threads

Watchers = list[tuple[Role, UUID]]

_TEXTED: Final[dict[NotificationKind, SmsKind]] = {
    "state": "state",
    "message": "message",
    "question": "question",
}


def department_of(report: Report) -> Watchers:
    """Who works on it: the department's officers; while none is in charge, the dispatchers."""
    if report.department_id is None:
        return dispatchers_of(report)
    return [("officer", report.department_id)]


def dispatchers_of(report: Report) -> Watchers:
    return [("dispatcher", report.ward_id)]


def leaders_of(report: Report) -> Watchers:
    """Who answers for the ward, or for the whole city."""
    return [("leader", report.ward_id), ("leader", report.city_id)]


def heads_of(report: Report) -> Watchers:
    return [("head", report.neighbourhood_id)]


def touch_report(
    report: Report, message_ids: Iterable[UUID] = (), *, to_author: bool = True
) -> None:
    """The report and entries of its thread changed, for everyone whose feed carries them.

    Desks are asked online: their feeds carry the report only, as a word to look again.

    Args:
        to_author: False for what the author does not see (a note).
    """
    head = head_scope(report.neighbourhood_id)
    feeds = [head, staff_scope(report.ward_id)]
    if report.department_id is not None:
        feeds.append(report.department_id)
    feeds += report.part_ids
    copies = [head]
    if to_author:
        feeds.append(report.account_id)
        copies.append(report.account_id)
    rows = [(feed, "report", report.id) for feed in feeds]
    rows += [(copy, "message", message_id) for message_id in message_ids for copy in copies]
    touch(rows)


def touch_reader(report: Report, side: str) -> None:
    """Someone of `side` read on: their other devices, and the other side's "seen" (`C5`)."""
    feeds = [report.account_id]
    if side == "reporter":
        feeds.append(staff_scope(report.ward_id))
        if report.department_id is not None:
            feeds.append(report.department_id)
        feeds += report.part_ids
    if side in {"reporter", "head"}:
        feeds.append(head_scope(report.neighbourhood_id))
    touch([(feed, "report", report.id) for feed in feeds])


def touch_desks(report: Report, department_ids: Iterable[UUID]) -> None:
    """It is on these desks now."""
    touch([(department_id, "report", report.id) for department_id in department_ids])


async def touch_photo(thread_id: UUID, message_id: UUID) -> None:
    """A photo arrived or became a picture: whoever sees it, gets it (`media.on_photo_changed`)."""
    report = await queries.get_any_report(thread_id)
    if report is None:
        return
    if message_id == thread_id:
        touch_report(report)
    else:
        note = await threads.is_note(message_id)
        touch_report(report, [message_id], to_author=not note)


media.on_photo_changed.append(touch_photo)


async def tell_new_report(report: Report, recipients: Sequence[UUID], message_id: UUID) -> None:
    await notifications.notify(
        recipients, "report_new", report.id, message_id, None, urgent=report.urgent
    )


async def tell_department(
    report: Report,
    acting: UUID,
    kind: NotificationKind,
    message_id: UUID,
    state: State | None = None,
) -> None:
    """Notify whoever works on it now, but for the one who acts."""
    recipients = await queries.list_holders(department_of(report), acting)
    await notifications.notify(recipients, kind, report.id, message_id, state, urgent=False)


async def tell_dispute(report: Report, acting: UUID, message_id: UUID) -> None:
    """A dispute is escalated at once (`C8`): urgent to the dispatchers, told to department and
    leaders."""
    dispatchers = await queries.list_holders(dispatchers_of(report), acting)
    hearing = [*department_of(report), *leaders_of(report)]
    workers = await queries.list_holders(hearing, acting)
    others = [account_id for account_id in workers if account_id not in dispatchers]
    await notifications.notify(dispatchers, "state", report.id, message_id, "disputed", urgent=True)
    await notifications.notify(others, "state", report.id, message_id, "disputed", urgent=False)


async def tell_appeal(report: Report, acting: UUID, message_id: UUID) -> None:
    """The author asks the ward to look at a rejection again."""
    watchers = [*department_of(report), *dispatchers_of(report)]
    recipients = await queries.list_holders(watchers, acting)
    await notifications.notify(
        recipients, "state", report.id, message_id, "submitted", urgent=False
    )


async def tell_decision(report: Report, acting: UUID, decision: Decision, message_id: UUID) -> None:
    """The author hears of what was decided against or for them; the dispatcher of an appeal."""
    if decision == "appeal":
        recipients = await queries.list_holders(dispatchers_of(report), acting)
    elif report.account_id != acting:
        recipients = [report.account_id]
    else:
        recipients = []
    await notifications.notify(
        recipients, "moderated", report.id, message_id, decision, urgent=False
    )


async def touch_followers(report_id: UUID) -> list[UUID]:
    """What those who joined it may see of a report changed; returns who they are."""
    followers = await follower_queries.list_followers(report_id)
    touch_people(followers, report_id)
    return followers


def touch_people(account_ids: Iterable[UUID], report_id: UUID) -> None:
    """What these people see of a report changed, or whether they see it."""
    touch([(account_id, "report", report_id) for account_id in account_ids])


async def touch_joined(report_id: UUID) -> None:
    """The number of people who see it, too, changed: for those who work on it and who sent it."""
    report = await queries.get_any_report(report_id)
    if report is not None:
        touch_report(report)


async def tell_followers(
    report: Report, acting: UUID | None, state: State, message_id: UUID
) -> None:
    """Who joined it hears what became of it (`R6`, `W6`); of the thread they hear nothing."""
    followers = await touch_followers(report.id)
    recipients = [account_id for account_id in followers if account_id != acting]
    await notifications.notify(recipients, "followed", report.id, message_id, state, urgent=False)


async def tell_deadline(report: Report, watchers: Watchers, detail: str, message_id: UUID) -> None:
    """A promise runs out or is broken (`W4`): `detail` names the clock and what happened."""
    recipients = await queries.list_holders(watchers)
    await notifications.notify(
        recipients, "deadline", report.id, message_id, detail, urgent=report.urgent
    )


async def tell_nudge(report: Report, acting: UUID, detail: str, message_id: UUID) -> None:
    """The reporter asks after a broken promise (`W11`): the department and the dispatcher hear."""
    watchers = [*department_of(report), *dispatchers_of(report)]
    recipients = await queries.list_holders(watchers, acting)
    await notifications.notify(recipients, "nudge", report.id, message_id, detail, urgent=False)


async def tell_handover(report: Report, acting: UUID, message_id: UUID) -> None:
    """Another department is in charge: it is told, and so is the author (`W8`)."""
    receivers = await queries.list_holders(department_of(report), acting)
    await notifications.notify(
        receivers, "handover", report.id, message_id, None, urgent=report.urgent
    )
    await tell_reporter(report, acting, "handover", message_id)


async def tell_passed_around(report: Report, acting: UUID, message_id: UUID) -> None:
    dispatchers = await queries.list_holders(dispatchers_of(report), acting)
    await notifications.notify(
        dispatchers, "handover", report.id, message_id, "passed_around", urgent=True
    )


async def tell_split(
    report: Report, department_ids: Sequence[UUID], acting: UUID, message_id: UUID
) -> None:
    """Departments have a part to do (`W7`); the author hears of it, too."""
    watchers: Watchers = [("officer", department_id) for department_id in department_ids]
    receivers = await queries.list_holders(watchers, acting)
    await notifications.notify(receivers, "part", report.id, message_id, None, urgent=report.urgent)
    await tell_reporter(report, acting, "part", message_id)


async def tell_part_done(report: Report, acting: UUID, message_id: UUID) -> None:
    """Whoever is in charge of the whole hears that a part is done, and so does the author."""
    receivers = await queries.list_holders(department_of(report), acting)
    await notifications.notify(receivers, "part", report.id, message_id, "done", urgent=False)
    if report.account_id not in receivers and report.account_id != acting:
        await notifications.notify(
            [report.account_id], "part", report.id, message_id, "done", urgent=False
        )


async def tell_reporter(
    report: Report,
    acting: UUID | None,
    kind: NotificationKind,
    message_id: UUID,
    state: State | None = None,
) -> None:
    """Notify the author, unless it is their own doing; a caller without the app by text."""
    if report.account_id == acting:
        return
    await notifications.notify(
        [report.account_id], kind, report.id, message_id, state, urgent=False
    )
    texted = _TEXTED.get(kind)
    if texted is not None:
        about = sms.About(report.account_id, report.ward_id, report.id, report.code)
        due_at = report.solve_due_at if state == "accepted" else None
        await sms.tell_caller(about, texted, state, due_at=due_at)
