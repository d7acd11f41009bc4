"""A ward that does not pay for texts switches them off; its dispatchers and administrators do."""

from uuid import UUID

from backend.actor import Actor
from backend.areas import service as areas
from backend.db import write_tx
from backend.departments.policy import keeps_rules
from backend.errors import NotFound
from backend.notifications import sms
from backend.reports.call_schemas import SmsSwitch
from backend.trail import record


async def read_switch(actor: Actor, ward_id: UUID) -> SmsSwitch:
    """Raises NotFound for a ward whose rules this person does not keep."""
    await _require_kept(actor, ward_id)
    return SmsSwitch(await sms.is_allowed(ward_id))


async def switch(actor: Actor, ward_id: UUID, allowed: bool) -> SmsSwitch:
    """Said twice it is still so. What waits to be sent is dropped when its turn comes.

    Raises NotFound.
    """
    await _require_kept(actor, ward_id)
    async with write_tx():
        if await sms.allow(ward_id, allowed):
            record(
                "rules.sms",
                ("area", ward_id),
                ward_id=ward_id,
                actor_id=actor.account_id,
                allowed=allowed,
            )
    return SmsSwitch(allowed)


async def _require_kept(actor: Actor, ward_id: UUID) -> None:
    found = await areas.load_areas([ward_id])
    if not found or found[0].level != "ward":
        raise NotFound
    above = [found[0].parent_id] if found[0].parent_id else []
    if not keeps_rules(actor, [*above, ward_id]):
        raise NotFound
