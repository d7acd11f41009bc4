"""SQL of reports. Who sees what comes from `backend.reports.visibility`."""

# ruff: noqa: S608 - what is put together here are our own fragments; values are arguments

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec import Struct

from backend.actor import Actor, Role
from backend.db import (
    execute,
    fetch,
    fetch_one,
    fetch_planned,
    fetch_value,
    from_json,
    json_text,
)
from backend.departments.schemas import Answer, Names
from backend.media.schemas import PhotoOut, VoiceOut
from backend.reports.moves import DONE, options_for
from backend.reports.part_queries import PARTS, parts_of
from backend.reports.policy import decisions_open, is_passable, may_rate, sees_phone, sides_of
from backend.reports.report import Clocks, Report
from backend.reports.schemas import BehalfOut, ReportOut
from backend.reports.timing import is_running, late_clocks
from backend.reports.visibility import replica_sql, sees_notes_sql, visible_to_sql
from backend.threads.queries import NewMessage
from backend.threads.schemas import ClockName

if TYPE_CHECKING:
    from asyncpg import Record

_JSON: Final = frozenset({"clocks", "answers"})
_ROW: Final = ", ".join(f"r.{column}" for column in Report.__struct_fields__)

# People who hold one of the given grants, but for the one who acts.
_HOLDERS: Final = """
SELECT DISTINCT g.account_id
FROM unnest({roles}::text[], {scopes}::uuid[]) AS held(role, scope_id)
JOIN account_grant g USING (role, scope_id)
JOIN account a ON a.id = g.account_id
WHERE g.revoked_at IS NULL AND a.disabled_at IS NULL AND g.account_id IS DISTINCT FROM {actor}
"""

# One round trip for a report and the first entry of its thread: intake has a number to reach.
_INSERT: Final = f"""
WITH fresh AS (
    INSERT INTO report (id, code, account_id, neighbourhood_id, ward_id, city_id, category_id,
                        department_id, state, description, address, lat, lon, accuracy_m,
                        located_by, outside, urgent, private, content_hash, last_seq, created_at,
                        updated_at, device_created_at, accept_due_at, solve_due_at, clocks,
                        alarm_at, answers, crisis_id, severity)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, $21, $22, $23, $24, $29::jsonb, $30, $31::jsonb, $32, $33)
    ON CONFLICT DO NOTHING
    RETURNING id
), created AS (
    INSERT INTO message (id, thread_id, seq, account_id, side, kind, event, content_hash,
                         created_at)
    SELECT $25::uuid, id, $20, $3, 'reporter', 'event', $26::jsonb, $19, $21 FROM fresh
)
SELECT ARRAY({_HOLDERS.format(roles="$27", scopes="$28", actor="$3")}) AS recipients FROM fresh
"""

# `thread_seq` leaves out what the person may not see: a note must not look like something unread.
# The entry "created" is never news to its author.
_SHOWN: Final = """
SELECT r.*, a.name AS reporter_name, a.language AS reporter_language,
       n.name AS neighbourhood_name, c.names AS category_names, c.icon, c.colour,
       c.needs_result_photo, d.names AS department_names,
       CASE WHEN {sees_notes} THEN r.last_seq
            ELSE (SELECT m.seq FROM message m WHERE m.thread_id = r.id AND m.kind <> 'note'
                  ORDER BY m.seq DESC LIMIT 1) END AS thread_seq,
       greatest(coalesce(mine, 0), (r.account_id = $1)::int) AS my_read_seq,
       coalesce(by_department, 0) AS by_department, coalesce(by_reporter, 0) AS by_reporter,
       now() AS asked_at, b.name AS behalf_name, b.logged_by, {parts} AS parts,
       coalesce(p.number, b.phone) AS behalf_phone,
       CASE WHEN r.account_id = $1 AND least(r.accept_due_at, r.solve_due_at) <= now()
            THEN ARRAY(SELECT e.clock FROM deadline e
                       WHERE e.report_id = r.id AND e.kind = 'nudge'
                         AND e.round = coalesce((r.clocks->'round')::int, 0)) END AS nudged
FROM ({chosen}) r
JOIN account a ON a.id = r.account_id
JOIN area n ON n.id = r.neighbourhood_id
JOIN category c ON c.id = r.category_id
LEFT JOIN department d ON d.id = r.department_id
LEFT JOIN report_behalf b ON b.report_id = r.id
LEFT JOIN phone_number p ON b.logged_by IS NOT NULL AND p.account_id = r.account_id
CROSS JOIN LATERAL (
    SELECT max(k.seq) FILTER (WHERE k.account_id = $1) AS mine,
           max(k.seq) FILTER (WHERE k.side = 'department') AS by_department,
           max(k.seq) FILTER (WHERE k.side = 'reporter') AS by_reporter
    FROM read_marker k WHERE k.thread_id = r.id
) k
"""


class PlaceCount(Struct, frozen=True):
    """So many reports of a category came from a neighbourhood; `path` begins with the city."""

    category_id: UUID
    path: list[UUID]
    reports: int


async def count_places(
    area_id: UUID, category_ids: Sequence[UUID], since: datetime
) -> list[PlaceCount]:
    """Reports of a ward or city by category and neighbourhood."""
    rows = await fetch(
        """SELECT category_id, ARRAY[city_id, ward_id, neighbourhood_id] AS path,
                  count(*) AS reports
           FROM report WHERE (ward_id = $1 OR city_id = $1) AND created_at >= $3
             AND category_id = ANY($2)
           GROUP BY category_id, city_id, ward_id, neighbourhood_id""",
        area_id,
        list(category_ids),
        since,
    )
    return [PlaceCount(**dict(row)) for row in rows]


async def insert_report(
    report: Report, created: NewMessage, watchers: Sequence[tuple[Role, UUID]]
) -> list[UUID] | None:
    """A report and its first entry.

    Returns:
        accounts that hold one of `watchers`' grants; None when the id or the code is taken.
    """
    recipients = await fetch_value(
        _INSERT,
        report.id,
        report.code,
        report.account_id,
        report.neighbourhood_id,
        report.ward_id,
        report.city_id,
        report.category_id,
        report.department_id,
        report.state,
        report.description,
        report.address,
        report.lat,
        report.lon,
        report.accuracy_m,
        report.located_by,
        report.outside,
        report.urgent,
        report.private,
        report.content_hash,
        report.last_seq,
        report.created_at,
        report.device_created_at,
        report.accept_due_at,
        report.solve_due_at,
        created.id,
        json_text(created.event),
        [role for role, _ in watchers],
        [scope_id for _, scope_id in watchers],
        json_text(report.clocks) if report.clocks else None,
        report.alarm_at,
        json_text(report.answers) if report.answers else None,
        report.crisis_id,
        report.severity,
    )
    return recipients if isinstance(recipients, list) else None


async def list_holders(
    watchers: Sequence[tuple[Role, UUID]], but: UUID | None = None
) -> list[UUID]:
    """Accounts that hold one of the grants, but for `but`."""
    rows = await fetch(
        _HOLDERS.format(roles="$1", scopes="$2", actor="$3"),
        [role for role, _ in watchers],
        [scope_id for _, scope_id in watchers],
        but,
    )
    return [row["account_id"] for row in rows]


async def get_any_report(report_id: UUID) -> Report | None:
    """By id alone, whoever asks: for receipts, which compare owner and content themselves."""
    row = await fetch_one(f"SELECT {_ROW} FROM report r WHERE r.id = $1", report_id)
    return None if row is None else report_of(row)


async def lock_reports(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Report]:
    """Those of `ids` that the actor sees, held until the transaction ends.

    Always taken in the order of their ids: two merges into each other cannot deadlock.
    """
    visible, arguments = visible_to_sql(actor, 2)
    rows = await fetch(
        f"SELECT {_ROW} FROM report r WHERE r.id = ANY($1) AND {visible} ORDER BY r.id FOR UPDATE",
        list(ids),
        *arguments,
    )
    return {row["id"]: report_of(row) for row in rows}


async def claim_silent_report(resolved_before: datetime) -> Report | None:
    """A result nobody has answered, held for closing; workers do not get in each other's way."""
    row = await fetch_one(
        f"""SELECT {_ROW} FROM report r WHERE r.state = 'resolved' AND r.resolved_at < $1
            ORDER BY r.resolved_at LIMIT 1 FOR UPDATE SKIP LOCKED""",
        resolved_before,
    )
    return None if row is None else report_of(row)


async def update_report(report_id: UUID, entries: int, changes: Mapping[str, object]) -> None:
    """Draws `entries` numbers of the thread and sets columns. The row must be locked."""
    columns = [f"{column} = ${place}" for place, column in enumerate(changes, 3)]
    await execute(
        f"UPDATE report SET {', '.join(['last_seq = last_seq + $2', *columns])} WHERE id = $1",
        report_id,
        entries,
        *(json_text(value) if column in _JSON else value for column, value in changes.items()),
    )


async def list_visible(actor: Actor, ids: Sequence[UUID]) -> list[Report]:
    """Those of `ids` the actor sees."""
    visible, arguments = visible_to_sql(actor, 2)
    return await _list(f"r.id = ANY($1) AND {visible}", list(ids), *arguments)


async def list_replicated(actor: Actor, ids: Sequence[UUID]) -> list[Report]:
    """Those of `ids` that the actor's phone keeps a copy of."""
    replicated, arguments = replica_sql(actor, 2)
    return await _list(f"r.id = ANY($1) AND {replicated}", list(ids), *arguments)


async def show_report(actor: Actor, report_id: UUID) -> "Record | None":
    visible, arguments = visible_to_sql(actor, 3)
    rows = await _show(actor, f"r.id = $2 AND {visible}", [report_id, *arguments])
    return rows[0] if rows else None


async def show_replicated(actor: Actor, ids: Sequence[UUID]) -> "list[Record]":
    replicated, arguments = replica_sql(actor, 3)
    return await _show(actor, f"r.id = ANY($2) AND {replicated}", [list(ids), *arguments])


async def show_chosen(
    actor: Actor,
    chosen: str,
    arguments: Sequence[object],
    *,
    order: str = "r.id",
    planned: bool = False,
) -> "list[Record]":
    """Reports that the query `chosen` gives; its arguments begin at $2 ($1 is the actor).

    `planned`: see `fetch_planned`.
    """
    sees_notes, more = sees_notes_sql(actor, 2 + len(arguments))
    shown = _SHOWN.format(chosen=chosen, sees_notes=sees_notes, parts=PARTS)
    ask = fetch_planned if planned else fetch
    return await ask(f"{shown} ORDER BY {order}", actor.account_id, *arguments, *more)


def out_of(
    row: "Record", actor: Actor, photos: list[PhotoOut], voice: VoiceOut | None = None
) -> ReportOut:
    """A row of `_SHOWN` as `actor` sees it."""
    report = report_of(row)
    department_names = row["department_names"]
    return ReportOut(
        id=report.id,
        code=report.code,
        account_id=report.account_id,
        reporter_name=row["reporter_name"],
        mine=report.account_id == actor.account_id,
        neighbourhood_id=report.neighbourhood_id,
        neighbourhood_name=row["neighbourhood_name"],
        category_id=report.category_id,
        department_id=report.department_id,
        department_names=None if department_names is None else from_json(department_names, Names),
        category_names=from_json(row["category_names"], Names),
        category_icon=row["icon"],
        category_colour=row["colour"],
        state=report.state,
        description=report.description,
        address=report.address,
        lat=report.lat,
        lon=report.lon,
        accuracy_m=report.accuracy_m,
        located_by=report.located_by,
        outside=report.outside,
        urgent=report.urgent,
        private=report.private,
        created_at=report.created_at,
        updated_at=row["updated_at"],
        accept_due_at=report.accept_due_at,
        solve_due_at=report.solve_due_at,
        awaiting_since=report.awaiting_since,
        accepted_at=report.accepted_at,
        resolved_at=report.resolved_at,
        closed_at=row["closed_at"],
        reason=row["reason"],
        merged_into=row["merged_into"],
        appealed=report.appealed,
        photos=photos,
        voice=voice,
        last_seq=row["thread_seq"],
        my_read_seq=row["my_read_seq"],
        seen_by_department_seq=row["by_department"],
        seen_by_reporter_seq=row["by_reporter"],
        moves=options_for(
            sides_of(actor, report),
            report.state,
            appealed=report.appealed,
            needs_result_photo=row["needs_result_photo"],
            open_parts=bool(report.open_part_ids),
        ),
        clock_paused=report.state not in DONE and not is_running(report),
        nudge=_open_nudge(row, report),
        answers=report.answers,
        disputes=report.disputes,
        stars=report.stars,
        ratable=may_rate(actor, report),
        moderation=report.moderation,
        hidden_reason=row["hidden_reason"],
        verified_at=row["verified_at"],
        decisions=decisions_open(actor, report),
        on_behalf=_behalf_of(row, sees_phone(actor, report)),
        followers=report.followers,
        followed=False,
        reporter_language=row["reporter_language"],
        handovers=report.handovers,
        ping_pong=report.ping_pong,
        parts=parts_of(row, report, actor),
        passable=is_passable(actor, report),
        severity=report.severity,
        crisis_id=report.crisis_id,
    )


def _behalf_of(row: "Record", sees_number: bool) -> BehalfOut | None:
    if row["behalf_name"] is None:
        return None
    # A number that a head wrote down was meant for everybody who reads the report.
    hidden = row["logged_by"] is not None and not sees_number
    phone = "" if hidden else row["behalf_phone"]
    return BehalfOut(row["behalf_name"], phone, by_telephone=row["logged_by"] is not None)


def _open_nudge(row: "Record", report: Report) -> ClockName | None:
    """`nudged` is null for everyone but the author, and where nothing is late."""
    if row["nudged"] is None:
        return None
    late = late_clocks(report, row["asked_at"])
    return next((clock for clock in late if clock not in row["nudged"]), None)


async def _show(actor: Actor, condition: str, arguments: Sequence[object]) -> "list[Record]":
    return await show_chosen(actor, f"SELECT r.* FROM report r WHERE {condition}", arguments)


async def _list(condition: str, *arguments: object) -> list[Report]:
    rows = await fetch(f"SELECT {_ROW} FROM report r WHERE {condition}", *arguments)
    return [report_of(row) for row in rows]


def report_of(row: "Record") -> Report:
    """The rules' view of any row that has all columns of `report`."""
    fields = {column: row[column] for column in Report.__struct_fields__}
    clocks, answers = fields.pop("clocks"), fields.pop("answers")
    return Report(
        **fields,
        clocks=None if clocks is None else from_json(clocks, Clocks),
        answers=[] if answers is None else from_json(answers, list[Answer]),
    )


async def hand_over_reports(account_id: UUID, heir_id: UUID) -> list[Report]:
    """All reports of one account become another's; as they are then."""
    rows = await fetch(
        f"UPDATE report r SET account_id = $2 WHERE account_id = $1 RETURNING {_ROW}",
        account_id,
        heir_id,
    )
    return [report_of(row) for row in rows]
