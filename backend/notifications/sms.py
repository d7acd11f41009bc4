"""Texts to callers who have no app (`N7`, `S3`): asked for with the change, sent by the worker."""

from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuids
from msgspec import Struct

from backend.db import transaction_connection
from backend.jobs import enqueue
from backend.notifications import sms_queries as queries
from backend.notifications.schemas import SmsJob, SmsKind


class About(Struct, frozen=True):
    """What a text is about: whose report, of which ward, under which code."""

    account_id: UUID
    ward_id: UUID
    report_id: UUID
    code: str


async def tell_caller(
    about: About,
    kind: SmsKind,
    detail: str | None = None,
    *,
    due_at: datetime | None = None,
    at_once: bool = False,
) -> None:
    """Have a text sent to the author of a report, if that is how they can be reached.

    Part of the caller's transaction, as `service.notify`. Whoever is signed in somewhere, has no
    mobile number, or lives where the ward pays for no texts gets none. What still waits about the
    same report is overtaken by this.

    Args:
        detail: a state's name; never what a person wrote.
        due_at: the promise to name.
        at_once: they are on the line, so it is sent by night, too.

    Raises:
        RuntimeError: outside `write_tx()`.
    """
    transaction_connection()
    delivery_id = uuids.uuid7()
    if await queries.insert_delivery(delivery_id, about, kind, detail, due_at, at_once):
        await queries.drop_overtaken(about.report_id, delivery_id)
        await enqueue("text", SmsJob(delivery_id))


async def is_allowed(ward_id: UUID) -> bool:
    """Whether callers of a ward get texts; so it is until somebody decides otherwise."""
    return await queries.is_allowed(ward_id)


async def allow(ward_id: UUID, allowed: bool) -> bool:
    """Returns whether that was news."""
    return await queries.upsert_allowed(ward_id, allowed)
