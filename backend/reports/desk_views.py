"""Lists that somebody at a desk keeps under a name; nobody else sees them."""

import hashlib
from typing import Final
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.db import write_tx
from backend.errors import IdReused, InvalidField
from backend.i18n import N_
from backend.reports import desk_view_queries as queries
from backend.reports.desk_schemas import (
    DeskViewIn,
    DeskViewList,
    DeskViewOut,
)
from backend.text import clean_text

MOST_VIEWS: Final = 50
NAME_LENGTH: Final = 60


async def list_views(actor: Actor) -> DeskViewList:
    return DeskViewList(await queries.list_views(actor))


async def save_view(actor: Actor, view_id: UUID, wish: DeskViewIn) -> tuple[DeskViewOut, bool]:
    """Keeps a list under the client's id; True when it is new.

    Raises:
        InvalidField: name_needed, too_long, too_many_views.
        IdReused: the id has other content, or is somebody else's.
    """
    name = _clean_name(wish.name)
    fingerprint = hashlib.sha256(
        msgspec.json.encode((name, wish.filters), order="deterministic")
    ).digest()
    async with write_tx():
        # Two of one person's devices do not both add the last one.
        await queries.lock_person(actor)
        earlier = await queries.get_saved(view_id)
        if earlier is not None:
            if earlier != (actor.account_id, fingerprint):
                raise IdReused
            view = await queries.get_view(actor, view_id)
            assert view is not None
            return view, False
        if await queries.count_views(actor) >= MOST_VIEWS:
            raise InvalidField(
                "name",
                "too_many_views",
                N_("{most} lists are kept at most. Remove one that you no longer need."),
                most=MOST_VIEWS,
            )
        made = await queries.insert_view(actor, view_id, name, wish.filters, fingerprint)
        if made is None:
            raise IdReused
        return made, True


async def delete_view(actor: Actor, view_id: UUID) -> None:
    """What is gone already, or never was, is no error: a lost answer is asked for again."""
    await queries.delete_view(actor, view_id)


def _clean_name(typed: str) -> str:
    name = clean_text(typed.replace("\n", " "), NAME_LENGTH, field="name")
    if not name:
        raise InvalidField("name", "name_needed", N_("Please give the list a name."))
    return name
