"""The sample reports, told through the same services as real ones, then moved into the past.

So they are routed, numbered, notified and drawn exactly as what people send; only their times are
set afterwards, because services take none from outside.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import asdict, replace

from backend.actor import Actor
from backend.areas.schemas import Country
from backend.changes import touch
from backend.db import write_tx
from backend.demo import queries
from backend.demo.data import (
    DemoWorld,
    Drawing,
    ReportEntry,
    StepEntry,
    demo_id,
)
from backend.demo.drawings import draw
from backend.departments import service as departments
from backend.media.schemas import NewUpload, PhotoNamed
from backend.media.uploads import append_bytes, create_upload
from backend.reports import progress, timing
from backend.reports.conversation import mark_read, move_report, post_message
from backend.reports.intake import submit_report
from backend.reports.moves import find_move
from backend.reports.parts import close_part, split
from backend.reports.passing import hand_over
from backend.reports.queries import get_any_report, update_report
from backend.reports.report import Report
from backend.reports.schemas import HandoverIn, MoveIn, PartDoneIn, PartIn, ReportIn, SplitIn
from backend.reports.timing import Changes
from backend.threads.schemas import MessageIn, Side

_TYPE = "image/jpeg"
_SIDES: Final = frozenset[Side]({"department", "reporter", "head"})
_READ_AFTER = timedelta(hours=24)


async def load_stories(world: DemoWorld, actors: Mapping[str, Actor]) -> None:
    """Tell every sample report that is not in the database yet. `actors` by the people's keys.

    The media store must be open. Raises what the services raise: the data does not fit them then.
    """
    known = await queries.list_known_reports([_report_id(entry) for entry in world.reports])
    for entry in world.reports:
        if _report_id(entry) not in known:
            await tell_report(world, entry, actors)


async def tell_report(world: DemoWorld, entry: ReportEntry, actors: Mapping[str, Actor]) -> None:
    """One sample report from its sending to where its story ends, as of then."""
    report_id = _report_id(entry)
    author = actors[entry.author]
    sent_at = datetime.now(UTC) - timedelta(hours=entry.hours_ago)
    await submit_report(
        author,
        report_id,
        ReportIn(
            category_id=demo_id("category", world.country, entry.category),
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
        step_id = demo_id("step", entry.key, str(number))
        seq = await _take_step(world.country, actor, report_id, step_id, step)
        if step.hand_over is None:  # who has handed it over does not see it any more
            await mark_read(actor, report_id, seq)
        times.append((seq, sent_at + timedelta(hours=step.hours_after)))
    await _move_into_the_past(report_id, author, entry.steps, times)


async def _take_step(
    country: Country, actor: Actor, report_id: uuid.UUID, step_id: uuid.UUID, step: StepEntry
) -> int:
    """Returns the number the step has in the thread."""
    photos = await _photos(actor, step.drawing)
    if step.move is not None:
        move = MoveIn(to=step.move, text=step.text, reason=step.reason, photos=photos)
        moved, _ = await move_report(actor, report_id, step_id, move)
        return moved.seq
    if step.hand_over is not None:
        receiver = demo_id("department", country, step.hand_over)
        handed, _ = await hand_over(
            actor, report_id, step_id, HandoverIn(receiver, reason=step.reason)
        )
        return handed.seq
    if step.split:
        parts = [
            PartIn(demo_id("department", country, code), task) for code, task in step.split.items()
        ]
        given, _ = await split(actor, report_id, step_id, SplitIn(parts))
        return given.seq
    if step.part_done is not None:
        part_of = demo_id("department", country, step.part_done)
        closed, _ = await close_part(
            actor, report_id, part_of, step_id, PartDoneIn(text=step.text, photos=photos)
        )
        return closed.seq
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
    steps: Sequence[StepEntry],
    times: Sequence[tuple[int, datetime]],
) -> None:
    """Set every time as if the steps had been taken then. `times`: number in the thread, when."""
    async with write_tx():
        report = await get_any_report(report_id)
        if report is None:
            raise LookupError(f"report {report_id}")
        changes = await _lived(report, steps, [at for _, at in times])
        await update_report(report_id, 0, {**changes, "updated_at": times[-1][1]})
        await queries.update_message_times(report_id, times)
        await queries.update_notification_times(report_id, datetime.now(UTC) - _READ_AFTER)
        # A phone that took part in between has the times of loading.
        shown = await queries.list_shown_messages(report_id)
        touch(
            [(author.account_id, "report", report_id)]
            + [(author.account_id, "message", message_id) for message_id in shown]
        )


async def _lived(told: Report, steps: Sequence[StepEntry], times: Sequence[datetime]) -> Changes:
    """The columns of a report that was sent at the first of `times`, its steps at the others: by
    the calendar of its departments and the rules that real reports go by.
    """
    category = await departments.find_category(told.category_id)
    promised = departments.promise(category, told.path)
    calendar = await departments.calendar_of(told.ward_id, told.department_id, told.path)
    started = timing.start(promised, times[0], calendar)
    changes: Changes = {
        **asdict(started),
        "created_at": times[0],
        "state": "submitted",
        "awaiting_since": None,
        "accepted_at": None,
        "resolved_at": None,
    }
    report = _changed(told, changes)
    for step, at in zip(steps, times[1:], strict=True):
        if step.move is None:
            continue
        move = find_move(report.state, step.move, _SIDES, appealed=report.appealed)
        if move is None:
            raise ValueError(f"{report.state} → {step.move}")
        moved = progress.carry_out(report, move, at, calendar, times=promised, reason=step.reason)
        changes |= moved
        report = _changed(report, moved)
    now = datetime.now(UTC)
    past = any(stage.at <= now for stage in timing.stages(report, calendar))
    # What is late already is told to nobody.
    changes["alarm_at"] = None if past else timing.next_alarm(report, now, calendar)
    return changes


def _changed(report: Report, changes: Changes) -> Report:
    known = {key: value for key, value in changes.items() if key in Report.__struct_fields__}
    return replace(report, **known)


def _report_id(entry: ReportEntry) -> uuid.UUID:
    return demo_id("report", entry.key)
