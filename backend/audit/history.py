"""What was done to a report, entry by entry, with its proof (`S6`)."""

from typing import TYPE_CHECKING, Final, get_args
from uuid import UUID

import msgspec

from backend.actor import Actor, Role
from backend.audit import queries
from backend.audit.chain import GENESIS, is_whole
from backend.audit.schemas import HistoryEntry, HistoryOut, Proof, Value
from backend.reports import service as reports

if TYPE_CHECKING:
    from asyncpg import Record

_ROLES: Final[dict[str, Role]] = {role: role for role in get_args(Role)}


async def read_history(actor: Actor, report_id: UUID, after: int, limit: int) -> HistoryOut:
    """A page of a report's life. Raises NotFound for what is missing or not theirs to inspect."""
    report = await reports.get_inspected(actor, report_id)
    rows = await queries.list_history(report_id, after, limit + 1)
    walk = await queries.get_walk()
    broken_seq = None if walk is None else walk["broken_seq"]
    entries = [_shown(row, broken_seq) for row in rows[:limit]]
    return HistoryOut(
        report_id=report.id,
        code=report.code,
        entries=entries,
        next=entries[-1].id if len(rows) > limit else None,
        departments=await queries.list_department_names(_departments_of(entries)),
        walked_at=None if walk is None else walk["walked_at"],
        broken_seq=broken_seq,
    )


def _shown(row: "Record", broken_seq: int | None) -> HistoryEntry:
    details = _details(row["details"])
    role = _ROLES.get(str(details.pop("by_role", "")))
    department = _uuid(details.pop("by_department", None))
    return HistoryEntry(
        id=row["id"],
        seq=row["seq"],
        at=row["at"],
        action=row["action"],
        by_role=role,
        by_department_id=department,
        name=row["name"] if role not in {None, "resident"} else None,
        details=details,
        proof=_proof(row, broken_seq),
    )


def _proof(row: "Record", broken_seq: int | None) -> Proof:
    link = queries.link_of(row)
    if link is None:
        return "waiting"
    before = row["before_hash"] if link.seq > 1 else GENESIS
    if not is_whole(link) or before != link.previous:
        return "broken"
    return "broken" if broken_seq is not None and broken_seq <= link.seq else "intact"


def _details(text: str) -> dict[str, Value]:
    """Of an entry somebody tampered with nothing is shown but that it is broken."""
    try:
        return msgspec.json.decode(text, type=dict[str, Value])
    except msgspec.MsgspecError:
        return {}


def _departments_of(entries: list[HistoryEntry]) -> list[UUID]:
    found: set[UUID | None] = {entry.by_department_id for entry in entries}
    for entry in entries:
        found.add(_uuid(entry.details.get("department_id")))
        several = entry.details.get("department_ids")
        if isinstance(several, list):
            found.update(_uuid(one) for one in several)
    return sorted(one for one in found if one is not None)


def _uuid(value: Value | None) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
