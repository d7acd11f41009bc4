"""What changed for this person since their cursor (DESIGN, "Sync cursors").

Rows may come twice, never not at all. A thing that changed and is no longer visible to the person
comes as a removal.
"""

import uuid
from collections import defaultdict
from typing import Final

from backend.accounts import guests
from backend.accounts import service as accounts
from backend.actor import Actor
from backend.areas import service as areas
from backend.changes import get_horizon, list_changes
from backend.crises import service as crises
from backend.departments import service as departments
from backend.errors import NotFound
from backend.notifications import service as notifications
from backend.reports import service as reports
from backend.sync.cursor import FORMAT, Cursor, decode_cursor, encode_cursor, fingerprint
from backend.sync.schemas import GuestCatalogue, SyncOut, Upserts

PAGE: Final = 200
MOST_AREAS: Final = 5000


async def pull(actor: Actor, cursor_text: str | None) -> SyncOut:
    """One page of the person's feed.

    Raises:
        BadCursor: the text was not made by a server of ours.
    """
    feeds = actor.feeds()
    mark = fingerprint(feeds)
    epoch, horizon = await get_horizon()
    cursor = decode_cursor(cursor_text) if cursor_text else None
    reset = cursor is None or cursor.epoch != epoch or cursor.scopes != mark
    if cursor is None or reset:
        cursor = Cursor(FORMAT, epoch, mark, 0)
    rows = await list_changes(feeds, cursor.version, cursor.after, PAGE + 1)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    # The first page fixes where the next pull starts: what becomes visible while paging may sort
    # before the page already read.
    start_next = cursor.horizon if cursor.horizon is not None else horizon
    if more:
        version, kind, thing_id = rows[-1]
        following = Cursor(FORMAT, epoch, mark, version, start_next, (kind, thing_id))
    else:
        following = Cursor(FORMAT, epoch, mark, start_next)
    wanted: dict[str, list[uuid.UUID]] = defaultdict(list)
    for _, kind, thing_id in rows:
        wanted[kind].append(thing_id)
    upserts = await _load(actor, wanted)
    return SyncOut(
        cursor=encode_cursor(following),
        more=more,
        reset=reset,
        upserts=upserts,
        removals={} if reset else _missing(wanted, upserts),
    )


async def guest_catalogue(ward_id: uuid.UUID) -> GuestCatalogue:
    """Raises NotFound for a ward that takes no reports without an account, or is none."""
    if await guests.get_limit(ward_id) is None:
        raise NotFound
    rows = await list_changes([ward_id], 0, None, MOST_AREAS)
    return GuestCatalogue(
        await areas.load_areas([thing_id for _, kind, thing_id in rows if kind == "area"]),
        await departments.list_categories(ward_id),
        await departments.list_departments(ward_id),
    )


async def _load(actor: Actor, wanted: dict[str, list[uuid.UUID]]) -> Upserts:
    """The wanted things, as far as this person may see them."""
    found = Upserts()
    if wanted["me"]:
        found.me = [await accounts.get_me(actor)]
    if wanted["area"]:
        found.area = await areas.load_areas(wanted["area"])
    if wanted["category"] and actor.ward_id is not None:
        found.category = await departments.load_categories(actor.ward_id, wanted["category"])
    if wanted["department"]:
        found.department = await departments.load_departments(wanted["department"])
    if wanted["report"]:
        found.report = await reports.load_reports(actor, wanted["report"])
    if wanted["message"]:
        found.message = await reports.load_messages(actor, wanted["message"])
    if wanted["notification"]:
        found.notification = await notifications.load_notifications(actor, wanted["notification"])
    if wanted["crisis"]:
        found.crisis = await crises.load_crises(actor, wanted["crisis"])
    return found


def _missing(wanted: dict[str, list[uuid.UUID]], found: Upserts) -> dict[str, list[uuid.UUID]]:
    removals = {}
    for kind, ids in wanted.items():
        visible = {thing.id for thing in getattr(found, kind, [])}
        gone = [thing_id for thing_id in ids if thing_id not in visible]
        if gone:
            removals[kind] = gone
    return removals
