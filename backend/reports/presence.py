"""Who of the staff has a case before their eyes just now, so that two do not do the same.

Nothing of it lasts: a row is forgotten when the person looks away, or a minute after their page was
last heard. Only who looks at the same case hears of it, never its reporter.
"""

from typing import Final
from uuid import UUID

from backend.actor import Actor
from backend.changes import say
from backend.db import write_tx
from backend.errors import Forbidden, NotFound
from backend.reports import presence_queries, queries
from backend.reports.policy import is_present
from backend.reports.schemas import PresenceOut

BEAT_SECONDS: Final = 20
"""How often a page says that it still shows the case; three beats missed, and it is gone."""


async def look_at(actor: Actor, report_id: UUID) -> PresenceOut:
    """The person looks at the case; answers who else does.

    Raises:
        NotFound, Forbidden: not visible; of those who look, the reporter is not told.
    """
    found = await queries.list_visible(actor, [report_id])
    if not found:
        raise NotFound
    if not is_present(actor, found[0]):
        raise Forbidden
    async with write_tx():
        fresh = await presence_queries.upsert_presence(report_id, actor.account_id)
        others = await presence_queries.list_others(report_id, actor.account_id)
        if fresh:
            say(other.account_id for other in others)
    return PresenceOut(others, BEAT_SECONDS)


async def look_away(actor: Actor, report_id: UUID) -> None:
    """The person does not look at the case any more, if they did."""
    async with write_tx():
        if await presence_queries.delete_presence(report_id, actor.account_id):
            others = await presence_queries.list_others(report_id, actor.account_id)
            say(other.account_id for other in others)
