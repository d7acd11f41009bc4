"""Whether a ward takes reports without an account, and how many an hour (`R8`)."""

from typing import Final
from uuid import UUID

from msgspec import UNSET

from backend.accounts import guests
from backend.actor import Actor
from backend.departments.rule_changes import (
    RuleChange,
    fingerprint,
    kept_ward,
    readable_ward,
    require_unchanged,
)
from backend.departments.rule_queries import Ward
from backend.departments.rule_schemas import (
    ChangeReceipt,
    GuestRuleIn,
    GuestRuleOut,
    RuleDiff,
    RuleState,
)
from backend.errors import InvalidField
from backend.i18n import N_

FIELD: Final = "reports_per_hour"


async def read_guest_rule(actor: Actor, ward_id: UUID) -> GuestRuleOut:
    """Raises NotFound for what is missing or foreign."""
    await readable_ward(actor, ward_id)
    return GuestRuleOut(await guests.get_limit(ward_id))


async def change_guest_rule(
    actor: Actor, ward_id: UUID, change_id: UUID, wish: GuestRuleIn
) -> tuple[ChangeReceipt, bool]:
    """Take reports without an account from now on, or none. Those that came before stay.

    Returns the receipt, and whether the change is new.

    Raises:
        NotFound, Forbidden: a foreign ward; one this person only oversees.
        InvalidField: wrong_number.
        IdReused, ChangedMeanwhile
    """
    ward = await kept_ward(actor, ward_id)
    limit = wish.reports_per_hour
    if limit is not None and not 1 <= limit <= guests.LARGEST_LIMIT:
        raise InvalidField(
            FIELD,
            "wrong_number",
            N_("Please give a number from 1 to {most}."),
            most=guests.LARGEST_LIMIT,
        )
    change = RuleChange(actor, ward, change_id, "guests", fingerprint(wish))
    return await change.make(lambda _now: _store(ward, wish))


async def _store(ward: Ward, wish: GuestRuleIn) -> tuple[UUID, list[RuleDiff]]:
    before, limit = await guests.get_limit(ward.id), wish.reports_per_hour
    meanwhile = wish.was is not UNSET and wish.was != before
    await require_unchanged(ward, "guests", [FIELD] if meanwhile else [])
    diff = RuleDiff(ward.id, before=_state(before), after=_state(limit))
    await guests.set_limit(ward.id, limit)
    return ward.id, [diff] if before != limit else []


def _state(limit: int | None) -> RuleState:
    """0: none are taken."""
    return RuleState(guests_per_hour=limit or 0)
