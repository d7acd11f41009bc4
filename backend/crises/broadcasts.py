"""Messages to everybody where a crisis is: into the inbox and, urgently, onto every phone.

A ward may have 30,000 people, so the worker tells them 500 at a time, down the list of their
accounts. How far it came is written in the transaction that writes the notifications: whoever is
killed when, each is told once.
"""

from typing import Final
from uuid import UUID

from msgspec import Struct

from backend.actor import Actor, staff_scope
from backend.changes import touch
from backend.crises import broadcast_queries, queries
from backend.crises.content import OWN_LANGUAGE, clean_texts
from backend.crises.crisis import CrisisOver, kept_crisis
from backend.crises.queries import Crisis
from backend.crises.schemas import BroadcastIn, BroadcastOut
from backend.db import write_tx
from backend.departments.schemas import Names
from backend.errors import IdReused
from backend.i18n import Language
from backend.jobs import enqueue
from backend.notifications import service as notifications
from backend.threads.content import content_hash
from backend.trail import canonical, record, sha256

TOLD_AT_ONCE: Final = 500
JOB: Final = "tell_crisis"


class TellJob(Struct, frozen=True):
    """Payload of the job `tell_crisis`."""

    broadcast_id: UUID


async def send_broadcast(
    actor: Actor, crisis_id: UUID, broadcast_id: UUID, wish: BroadcastIn
) -> tuple[BroadcastOut, bool]:
    """Returns the message, and whether it is new.

    Raises:
        NotFound: missing or foreign.
        CrisisOver, IdReused
        InvalidField: own_language_needed, too_long.
    """
    async with write_tx():
        crisis, ward = await kept_crisis(actor, crisis_id)
        texts, language = clean_texts(wish.texts, OWN_LANGUAGE[ward.country], actor.language)
        fingerprint = content_hash(texts)
        earlier = await broadcast_queries.get_broadcast(broadcast_id)
        if earlier is not None:
            same = (crisis_id, actor.account_id, fingerprint)
            if (earlier.crisis_id, earlier.account_id, earlier.content_hash) != same:
                raise IdReused
        else:
            if crisis.ended_at is not None:
                raise CrisisOver
            await store_broadcast(actor, crisis, broadcast_id, texts, language)
    shown = await broadcast_queries.list_broadcasts(crisis_id)
    return next(one for one in shown if one.id == broadcast_id), earlier is None


async def store_broadcast(
    actor: Actor, crisis: Crisis, broadcast_id: UUID, texts: Names, language: Language
) -> None:
    """Inside the caller's transaction, which has locked the crisis."""
    await broadcast_queries.insert_broadcast(
        broadcast_id, crisis.id, texts, language, actor.account_id, content_hash(texts)
    )
    await enqueue(JOB, TellJob(broadcast_id))
    touch_crisis(crisis.id, crisis.ward_id)
    record(
        "crisis.told",
        ("crisis", crisis.id),
        ward_id=crisis.ward_id,
        actor_id=actor.account_id,
        broadcast_id=broadcast_id,
        text_sha256=sha256(canonical(texts).decode()),
    )


def touch_crisis(crisis_id: UUID, ward_id: UUID) -> None:
    """It changed for every phone of the ward, and for those who look on."""
    touch([(scope, "crisis", crisis_id) for scope in (ward_id, staff_scope(ward_id))])


async def tell_some(broadcast_id: UUID) -> bool:
    """Tell the next `TOLD_AT_ONCE` people; returns whether there may be more.

    A job for them is left with the transaction, so that the work is shared out among workers.
    """
    async with write_tx():
        claimed = await broadcast_queries.claim_broadcast(broadcast_id)
        if claimed is None:
            return False
        crisis = await queries.get_crisis(claimed.crisis_id)
        if crisis is None:
            raise LookupError(f"crisis {claimed.crisis_id}")  # messages reference theirs
        people = await broadcast_queries.list_recipients(crisis.id, claimed.last_told, TOLD_AT_ONCE)
        await notifications.notify(people, "crisis", None, broadcast_id, crisis.kind, urgent=True)
        more = len(people) == TOLD_AT_ONCE
        last = people[-1] if people else None
        await broadcast_queries.record_told(broadcast_id, last, len(people), finished=not more)
        if more:
            await enqueue(JOB, TellJob(broadcast_id))
        else:
            touch([(staff_scope(crisis.ward_id), "crisis", crisis.id)])
    return more


async def finish_broadcasts() -> int:
    """Take up what a dead worker left; returns how many messages there were."""
    left = await broadcast_queries.list_unfinished()
    for broadcast_id in left:
        while await tell_some(broadcast_id):
            pass
    return len(left)
