"""The sample reports, told through the same services as real ones, then moved into the past.

So they are routed, numbered, notified and drawn exactly as what people send; only their times are
set afterwards, because services take none from outside.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from backend.actor import Actor
from backend.changes import touch
from backend.db import write_tx
from backend.demo import queries
from backend.demo.data import (
    CategoryEntry,
    DemoWorld,
    Drawing,
    ReportEntry,
    StepEntry,
    demo_id,
)
from backend.demo.drawings import draw
from backend.media.schemas import NewUpload, PhotoNamed
from backend.media.uploads import append_bytes, create_upload
from backend.reports.conversation import mark_read, move_report, post_message
from backend.reports.intake import submit_report
from backend.reports.schemas import MoveIn, ReportIn
from backend.threads.schemas import MessageIn

_TYPE = "image/jpeg"
_READ_AFTER = timedelta(hours=24)


async def load_stories(world: DemoWorld, actors: Mapping[str, Actor]) -> None:
    """Tell every sample report that is not in the database yet. `actors` by the people's keys.

    The media store must be open. Raises what the services raise: the data does not fit them then.
    """
    known = await queries.list_known_reports([_report_id(entry) for entry in world.reports])
    categories = {category.code: category for category in world.categories}
    for entry in world.reports:
        if _report_id(entry) not in known:
            await _tell(world, entry, categories[entry.category], actors)


async def _tell(
    world: DemoWorld, entry: ReportEntry, category: CategoryEntry, actors: Mapping[str, Actor]
) -> None:
    report_id = _report_id(entry)
    author = actors[entry.author]
    sent_at = datetime.now(UTC) - timedelta(hours=entry.hours_ago)
    await submit_report(
        author,
        report_id,
        ReportIn(
            category_id=demo_id("category", world.country, category.code),
            located_by="gps",
            description=entry.description,
            lat=entry.lat,
            lon=entry.lon,
            accuracy_m=8.0,
            address=entry.address,
            photos=await _photos(author, entry.drawing),
        ),
    )
    times = [(1, sent_at)]
    for number, step in enumerate(entry.steps):
        actor = actors[step.by]
        await mark_read(actor, report_id, times[-1][0])
        seq = await _take_step(actor, report_id, demo_id("step", entry.key, str(number)), step)
        await mark_read(actor, report_id, seq)
        times.append((seq, sent_at + timedelta(hours=step.hours_after)))
    await _move_into_the_past(report_id, author, category, entry.steps, times)


async def _take_step(
    actor: Actor, report_id: uuid.UUID, step_id: uuid.UUID, step: StepEntry
) -> int:
    """Returns the number the step has in the thread."""
    photos = await _photos(actor, step.drawing)
    if step.move is not None:
        move = MoveIn(to=step.move, text=step.text, reason=step.reason, photos=photos)
        moved, _ = await move_report(actor, report_id, step_id, move)
        return moved.seq
    message = MessageIn(text=step.text, photos=photos, question=step.question, note=step.note)
    said, _ = await post_message(actor, report_id, step_id, message)
    return said.seq


async def _photos(actor: Actor, drawing: Drawing | None) -> list[PhotoNamed]:
    """The drawing, uploaded by that person and ready to be named."""
    if drawing is None:
        return []
    data = draw(drawing)
    digest = hashlib.sha256(data)

    async def chunks() -> AsyncGenerator[bytes]:
        yield data

    started = await create_upload(actor, NewUpload(digest.digest(), _TYPE, len(data)))
    if started.offset < len(data):
        await append_bytes(actor, started.upload.id, 0, chunks())
    return [PhotoNamed(digest.hexdigest(), len(data), _TYPE)]


async def _move_into_the_past(
    report_id: uuid.UUID,
    author: Actor,
    category: CategoryEntry,
    steps: Sequence[StepEntry],
    times: Sequence[tuple[int, datetime]],
) -> None:
    """Set every time as if the steps had been taken then. `times`: number in the thread, when."""
    sent_at = times[0][1]
    reached = {step.move: at for step, (_, at) in zip(steps, times[1:], strict=True) if step.move}
    last_move = next((step.move for step in reversed(steps) if step.move), None)
    solve_due_at = sent_at + timedelta(hours=category.solve_hours)
    if "disputed" in reached:  # the promise to solve it is made anew
        solve_due_at = reached["disputed"] + timedelta(hours=category.solve_hours)
    async with write_tx():
        await queries.update_report_times(
            report_id,
            created_at=sent_at,
            updated_at=times[-1][1],
            accept_due_at=sent_at + timedelta(hours=category.accept_hours),
            solve_due_at=solve_due_at,
            awaiting_since=reached[last_move] if last_move == "awaiting_reporter" else None,
            accepted_at=reached.get("accepted"),
            resolved_at=reached.get("resolved"),
            closed_at=reached.get("closed"),
            escalated_at=reached.get("disputed"),
        )
        await queries.update_message_times(report_id, times)
        await queries.update_notification_times(report_id, datetime.now(UTC) - _READ_AFTER)
        # A phone that took part in between has the times of loading.
        shown = await queries.list_shown_messages(report_id)
        touch(
            [(author.account_id, "report", report_id)]
            + [(author.account_id, "message", message_id) for message_id in shown]
        )


def _report_id(entry: ReportEntry) -> uuid.UUID:
    return demo_id("report", entry.key)
