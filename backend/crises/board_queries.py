"""SQL of a crisis's board: its reports, the crews and machines, and what these are sent to."""

# ruff: noqa: S608 - what is put together here are our own fragments; values are arguments

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec import Struct

from backend.crises.schemas import (
    AssignmentOut,
    AssignmentOutcome,
    UnitIn,
    UnitKind,
    UnitOut,
    UnitStatus,
)
from backend.db import execute, fetch, fetch_one, fetch_value, rows_of

if TYPE_CHECKING:
    from asyncpg import Record

MOST_REPORTS: Final = 3000
"""The board holds the newest so many; more than a ward's ten worst days have brought."""

MOST_UNITS: Final = 300
MOST_ASSIGNMENTS: Final = 2000

_ASSIGNMENT: Final = """
SELECT s.id, s.crisis_id, s.unit_id, u.name AS unit_name, u.kind AS unit_kind, s.label,
       s.report_ids, p.name AS assigned_by, s.assigned_at, s.arrived_at, s.finished_at, s.outcome
FROM crisis_assignment s JOIN crisis_unit u ON u.id = s.unit_id
JOIN account p ON p.id = s.account_id
"""

_UNIT: Final = """
SELECT u.id, u.ward_id, u.kind, u.name, u.phone, u.capacity, u.out_of_service, u.retired,
       u.revision, u.account_id, u.content_hash, s.id AS assignment_id, s.crisis_id,
       s.label AS place, s.arrived_at, coalesce(s.arrived_at, s.assigned_at) AS since
FROM crisis_unit u LEFT JOIN crisis_assignment s ON s.unit_id = u.id AND s.finished_at IS NULL
"""


class Unit(Struct, frozen=True):
    """One row of the table `crisis_unit`, and its assignment under way."""

    id: UUID
    ward_id: UUID
    kind: UnitKind
    name: str
    out_of_service: bool
    retired: bool
    revision: int
    account_id: UUID
    content_hash: bytes
    assignment_id: UUID | None
    place: str | None


# reports -------------------------------------------------------------------------------------


async def list_reports(crisis_id: UUID) -> "list[Record]":
    """The newest `MOST_REPORTS`, oldest first."""
    return await fetch(
        f"""SELECT * FROM (
                SELECT r.id, r.code, r.state, r.severity, r.address, r.description, r.lat, r.lon,
                       r.neighbourhood_id, n.name AS neighbourhood_name, r.created_at,
                       r.accept_due_at, r.solve_due_at, r.accepted_at, r.resolved_at, r.followers
                FROM report r JOIN area n ON n.id = r.neighbourhood_id
                WHERE r.crisis_id = $1 ORDER BY r.created_at DESC, r.id LIMIT {MOST_REPORTS}
            ) newest ORDER BY created_at, id""",
        crisis_id,
    )


async def count_reports(crisis_id: UUID) -> int:
    value = await fetch_value("SELECT count(*) FROM report WHERE crisis_id = $1", crisis_id)
    return int(str(value))


async def count_own(crisis_id: UUID, report_ids: Sequence[UUID]) -> int:
    """How many of these came under that crisis."""
    value = await fetch_value(
        "SELECT count(*) FROM report WHERE crisis_id = $1 AND id = ANY($2)",
        crisis_id,
        list(report_ids),
    )
    return int(str(value))


# crews and machines --------------------------------------------------------------------------


async def list_units(ward_id: UUID) -> list[UnitOut]:
    """Those in use, by name."""
    rows = await fetch(
        f"{_UNIT} WHERE u.ward_id = $1 AND NOT u.retired ORDER BY u.kind, u.name, u.id "
        f"LIMIT {MOST_UNITS}",
        ward_id,
    )
    return [unit_out(row) for row in rows]


async def show_unit(unit_id: UUID) -> UnitOut:
    row = await fetch_one(f"{_UNIT} WHERE u.id = $1", unit_id)
    if row is None:
        raise LookupError(f"unit {unit_id}")  # it was just written
    return unit_out(row)


def unit_out(row: "Record") -> UnitOut:
    status: UnitStatus = "free"
    if row["assignment_id"] is not None:
        status = "working" if row["arrived_at"] is not None else "on_the_way"
    elif row["out_of_service"]:
        status = "out_of_service"
    return UnitOut(
        id=row["id"],
        ward_id=row["ward_id"],
        kind=row["kind"],
        name=row["name"],
        phone=row["phone"],
        capacity=row["capacity"],
        status=status,
        revision=row["revision"],
        assignment_id=row["assignment_id"],
        crisis_id=row["crisis_id"],
        where=row["place"],
        since=row["since"],
    )


async def lock_unit(unit_id: UUID) -> Unit | None:
    """Held until the transaction ends: two who send it at once come one after the other."""
    found = await fetch_value("SELECT id FROM crisis_unit WHERE id = $1 FOR UPDATE", unit_id)
    if found is None:
        return None
    # Asked once the lock is held: what it does now is what the other one decided.
    row = await fetch_one(f"{_UNIT} WHERE u.id = $1", unit_id)
    if row is None:
        return None
    return Unit(**{field: row[field] for field in Unit.__struct_fields__})


async def insert_unit(
    unit_id: UUID, ward_id: UUID, unit: UnitIn, account_id: UUID, content_hash: bytes
) -> bool:
    """False when the id is taken."""
    return bool(
        await fetch_value(
            """INSERT INTO crisis_unit (id, ward_id, kind, name, phone, capacity, out_of_service,
                                        retired, account_id, content_hash)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
               ON CONFLICT DO NOTHING RETURNING true""",
            unit_id,
            ward_id,
            unit.kind,
            unit.name,
            unit.phone,
            unit.capacity,
            unit.out_of_service,
            unit.retired,
            account_id,
            content_hash,
        )
    )


async def update_unit(unit_id: UUID, unit: UnitIn, account_id: UUID, content_hash: bytes) -> None:
    await execute(
        """UPDATE crisis_unit SET kind = $2, name = $3, phone = $4, capacity = $5,
                  out_of_service = $6, retired = $7, account_id = $8, content_hash = $9,
                  revision = revision + 1
           WHERE id = $1""",
        unit_id,
        unit.kind,
        unit.name,
        unit.phone,
        unit.capacity,
        unit.out_of_service,
        unit.retired,
        account_id,
        content_hash,
    )


# what they are sent to -----------------------------------------------------------------------


async def list_assignments(crisis_id: UUID) -> list[AssignmentOut]:
    """In the order in which they were given."""
    rows = await fetch(
        f"""{_ASSIGNMENT} WHERE s.crisis_id = $1 ORDER BY s.assigned_at, s.id
            LIMIT {MOST_ASSIGNMENTS}""",
        crisis_id,
    )
    return [AssignmentOut(**dict(row)) for row in rows]


async def get_assignment(
    assignment_id: UUID, *, lock: bool = False
) -> tuple[AssignmentOut, UUID, bytes] | None:
    """An assignment, who gave it, and the hash of what was asked."""
    row = await fetch_one(
        f"""SELECT account_id, content_hash FROM crisis_assignment WHERE id = $1
            {"FOR UPDATE" if lock else ""}""",
        assignment_id,
    )
    shown = await fetch_one(f"{_ASSIGNMENT} WHERE s.id = $1", assignment_id)
    if row is None or shown is None:
        return None
    return AssignmentOut(**dict(shown)), row["account_id"], row["content_hash"]


async def insert_assignment(
    assignment_id: UUID,
    crisis_id: UUID,
    unit_id: UUID,
    label: str,
    report_ids: Sequence[UUID],
    account_id: UUID,
    content_hash: bytes,
) -> None:
    await execute(
        """INSERT INTO crisis_assignment (id, crisis_id, unit_id, label, report_ids, account_id,
                                          content_hash)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        assignment_id,
        crisis_id,
        unit_id,
        label,
        list(report_ids),
        account_id,
        content_hash,
    )


async def record_arrival(assignment_id: UUID) -> None:
    await execute(
        """UPDATE crisis_assignment SET arrived_at = coalesce(arrived_at, clock_timestamp())
           WHERE id = $1""",
        assignment_id,
    )


async def finish_assignment(assignment_id: UUID, outcome: AssignmentOutcome) -> None:
    await execute(
        """UPDATE crisis_assignment SET finished_at = clock_timestamp(), outcome = $2
           WHERE id = $1 AND finished_at IS NULL""",
        assignment_id,
        outcome,
    )


async def finish_assignments(crisis_id: UUID) -> int:
    """The crisis is over: returns how many were under way."""
    return rows_of(
        await execute(
            """UPDATE crisis_assignment SET finished_at = clock_timestamp(),
                      outcome = 'crisis_over' WHERE crisis_id = $1 AND finished_at IS NULL""",
            crisis_id,
        )
    )
