"""Join links of the demo people."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import uuid_utils.compat as uuids

from backend.accounts.service import write_invitation_unchecked
from backend.terminal import print_invitation

if TYPE_CHECKING:
    from backend.demo.load import DemoPerson


async def print_join_links(people: Sequence["DemoPerson"]) -> None:
    """One fresh link for each demo person, good for one device and 30 days."""
    for person in people:
        invitation = await write_invitation_unchecked(
            uuids.uuid7(),
            area_id=person.area_id,
            role=person.role,
            scope_id=person.scope_id,
            account_id=person.account_id,
            name=person.name,
            lifetime=timedelta(days=30),
        )
        print_invitation(f"{person.name} · {person.title}", invitation.url)
