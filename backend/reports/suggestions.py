"""What each ward learns from its own reports, and hands to its people's phones (`R5`)."""

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.db import from_json
from backend.departments import service as departments
from backend.errors import NotFound
from backend.logs import get_logger
from backend.reports import suggestion_queries
from backend.reports.schemas import SuggestionsOut
from backend.reports.suggesting import Said, SuggestionModel, train

REST_SECONDS: Final = 600.0

Seeds = dict[UUID, Sequence[str]]


async def read_suggestions(actor: Actor, ward_id: UUID, version: str) -> SuggestionsOut | None:
    """The ward's model; None when the phone has this very one.

    Raises NotFound for a ward this person has nothing to do with, and before it has learned.
    """
    own = {actor.ward_id, *actor.dispatches(), *actor.oversees()}
    row = await suggestion_queries.get_model(ward_id) if ward_id in own else None
    if row is None:
        raise NotFound
    if row["version"] == version:
        return None
    model = from_json(row["model"], SuggestionModel)
    return SuggestionsOut(row["version"], model.categories, model.priors, model.enough, model.words)


async def seeds_of(ward_id: UUID) -> Seeds:
    """What a ward calls its kinds of problems; what has no keywords is not to be suggested."""
    found: Seeds = {}
    for category in await departments.list_categories(ward_id):
        keywords = [word for words in category.keywords.values() for word in words]
        if keywords:
            names = [category.names.vi, category.names.fa, category.names.en]
            found[category.id] = [*(name for name in names if name), *keywords]
    return found


async def train_ward(ward_id: UUID) -> int:
    """Learn anew; returns from how many reports."""
    seeds = await seeds_of(ward_id)
    said: list[Said] = await suggestion_queries.list_said(ward_id)
    names = await suggestion_queries.list_names(ward_id)
    model = await asyncio.to_thread(train, seeds, said, names)
    version = hashlib.sha256(msgspec.json.encode(model, order="deterministic")).hexdigest()[:16]
    await suggestion_queries.set_model(ward_id, version, model, len(said))
    return len(said)


async def watch_suggestions(stopping: asyncio.Event) -> None:
    """Learn once a day, ward after ward, until `stopping`."""
    while not stopping.is_set():
        try:
            while not stopping.is_set() and (ward_id := await suggestion_queries.claim_ward()):
                learned = await train_ward(ward_id)
                get_logger().info("suggestions_learned", ward=str(ward_id), reports=learned)
        except Exception:
            # Suggestions are a convenience; the day after they are tried again.
            get_logger().exception("suggestions_failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), REST_SECONDS)
