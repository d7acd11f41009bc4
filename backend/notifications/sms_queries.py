"""SQL of texts to callers. A number is joined when its text goes out, and stands nowhere else."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec import Struct

from backend.db import execute, fetch, fetch_value, rows_of
from backend.i18n import Language
from backend.notifications.schemas import SmsKind

if TYPE_CHECKING:
    from backend.notifications.sms import About

_REACHED_BY_TEXT: Final = """
    p.texts AND p.unreachable_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM session s WHERE s.account_id = p.account_id
                    AND s.revoked_at IS NULL AND s.expires_at > now())
    AND NOT EXISTS (SELECT 1 FROM ward_sms w WHERE w.ward_id = {ward} AND NOT w.allowed)
"""

# What a worker takes is out of the others' sight for the lease; one that dies lets go.
_CLAIM: Final = f"""
WITH due AS (
    SELECT id FROM sms_delivery
    WHERE state = 'pending' AND next_at <= $1 AND ($2::uuid IS NULL OR id = $2)
    ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE sms_delivery d SET attempts = d.attempts + 1, next_at = $1 + $4
FROM due
JOIN sms_delivery own ON own.id = due.id
JOIN area w ON w.id = own.ward_id
JOIN account a ON a.id = own.account_id
LEFT JOIN phone_number p ON p.account_id = own.account_id
WHERE d.id = due.id
RETURNING d.id, d.attempts, d.account_id, d.code, d.kind, d.detail, d.due_at, d.at_once,
          d.created_at, a.language, w.time_zone, p.number,
          a.disabled_at IS NULL AND coalesce({_REACHED_BY_TEXT.format(ward="d.ward_id")}, false)
              AS reachable,
          (SELECT count(*) FROM sms_delivery s WHERE s.account_id = d.account_id
             AND s.state = 'sent' AND s.finished_at >=
                 date_trunc('day', $1 AT TIME ZONE w.time_zone) AT TIME ZONE w.time_zone)
              AS sent_today
"""  # noqa: S608 - our own fragments


class SmsDelivery(Struct, frozen=True):
    """One text, claimed for sending; `attempts` counts this one.

    `reachable`: nothing has changed since that makes it pointless. `sent_today` to the same person,
    by the ward's clock.
    """

    id: UUID
    attempts: int
    account_id: UUID
    code: str
    kind: SmsKind
    detail: str | None
    due_at: datetime | None
    at_once: bool
    created_at: datetime
    language: Language
    time_zone: str
    number: str | None
    reachable: bool
    sent_today: int


async def insert_delivery(
    delivery_id: UUID,
    about: "About",
    kind: SmsKind,
    detail: str | None,
    due_at: datetime | None,
    at_once: bool,
) -> bool:
    """False: this person is not told by text."""
    reached = _REACHED_BY_TEXT.format(ward="$3")
    tag = await execute(
        f"""
        INSERT INTO sms_delivery (id, account_id, ward_id, report_id, code, kind, detail, due_at,
                                  at_once)
        SELECT $1, p.account_id, $3, $4, $5, $6, $7, $8, $9 FROM phone_number p
        WHERE p.account_id = $2 AND {reached}
        """,  # noqa: S608 - our own fragments
        delivery_id,
        about.account_id,
        about.ward_id,
        about.report_id,
        about.code,
        kind,
        detail,
        due_at,
        at_once,
    )
    return rows_of(tag) > 0


async def drop_overtaken(report_id: UUID, newest: UUID) -> None:
    """What waits for the morning about this report says nothing new any more."""
    await execute(
        """UPDATE sms_delivery SET state = 'dropped', finished_at = now()
           WHERE report_id = $1 AND id <> $2 AND state = 'pending' AND NOT at_once
             AND attempts = 0""",
        report_id,
        newest,
    )


async def claim_deliveries(
    now: datetime, lease: timedelta, limit: int, only: UUID | None = None
) -> list[SmsDelivery]:
    """Texts that are due, or the one named if it is. Inside write_tx."""
    rows = await fetch(_CLAIM, now, only, limit, lease)
    return sorted(
        (SmsDelivery(**dict(row)) for row in rows), key=lambda delivery: delivery.created_at
    )


async def finish(
    delivery: SmsDelivery,
    state: str,
    *,
    receipt: str | None = None,
    failure: str | None = None,
) -> None:
    await execute(
        """UPDATE sms_delivery
           SET state = $2, receipt = $3, failure = $4, finished_at = clock_timestamp()
           WHERE id = $1 AND state = 'pending'""",
        delivery.id,
        state,
        receipt,
        failure,
    )


async def postpone(delivery: SmsDelivery, until: datetime, *, tried: bool) -> None:
    """Unless somebody else has claimed it since. `tried`: it counts as an attempt."""
    await execute(
        """UPDATE sms_delivery SET next_at = $2, attempts = attempts - $3
           WHERE id = $1 AND attempts = $4 AND state = 'pending'""",
        delivery.id,
        until,
        0 if tried else 1,
        delivery.attempts,
    )


async def mark_unreachable(account_id: UUID, number: str) -> None:
    """Unless they have another number by now."""
    await execute(
        "UPDATE phone_number SET unreachable_at = now() WHERE account_id = $1 AND number = $2",
        account_id,
        number,
    )


async def delete_finished(before: datetime) -> None:
    await execute("DELETE FROM sms_delivery WHERE state <> 'pending' AND finished_at < $1", before)


async def is_allowed(ward_id: UUID) -> bool:
    return (
        await fetch_value("SELECT allowed FROM ward_sms WHERE ward_id = $1", ward_id)
    ) is not False


async def upsert_allowed(ward_id: UUID, allowed: bool) -> bool:
    """Whether that changed anything."""
    before = await is_allowed(ward_id)
    await execute(
        """INSERT INTO ward_sms (ward_id, allowed) VALUES ($1, $2)
           ON CONFLICT (ward_id) DO UPDATE SET allowed = excluded.allowed""",
        ward_id,
        allowed,
    )
    return before != allowed
