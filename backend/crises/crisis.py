"""A crisis for somebody who runs it or looks on: found, or refused."""

from uuid import UUID

from backend.actor import Actor
from backend.crises import queries
from backend.crises.policy import runs, watches
from backend.crises.queries import Crisis, Ward
from backend.errors import Conflict, NotFound
from backend.i18n import N_


class CrisisOver(Conflict):
    """It was ended, perhaps while this was on its way."""

    code = "crisis_over"
    title = N_("The crisis is over")
    message = N_("This crisis has been ended. Nothing more can be sent, assigned or changed in it.")


async def watched_crisis(actor: Actor, crisis_id: UUID) -> tuple[Crisis, Ward]:
    """Raises NotFound for what is missing or foreign."""
    return await _find(actor, crisis_id, lock=False)


async def locked_crisis(actor: Actor, crisis_id: UUID) -> tuple[Crisis, Ward]:
    """As `watched_crisis`, held until the transaction ends."""
    return await _find(actor, crisis_id, lock=True)


async def kept_crisis(actor: Actor, crisis_id: UUID) -> tuple[Crisis, Ward]:
    """As `locked_crisis`, for whoever runs it; for everybody else it is not there to be run."""
    crisis, ward = await _find(actor, crisis_id, lock=True)
    if not runs(actor, ward.id):
        raise NotFound
    return crisis, ward


async def _find(actor: Actor, crisis_id: UUID, *, lock: bool) -> tuple[Crisis, Ward]:
    crisis = await queries.get_crisis(crisis_id, lock=lock)
    ward = await queries.get_ward(crisis.ward_id) if crisis is not None else None
    if crisis is None or ward is None or not watches(actor, ward.path):
        raise NotFound
    return crisis, ward
