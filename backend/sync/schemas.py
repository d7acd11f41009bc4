"""The answer of `/api/sync`."""

from uuid import UUID

from msgspec import Struct

from backend.accounts.schemas import MeOut
from backend.areas.schemas import AreaOut
from backend.crises.schemas import CrisisOut
from backend.departments.schemas import CategoryOut, DepartmentOut
from backend.notifications.schemas import NotificationOut
from backend.reports.schemas import ReportOut
from backend.threads.schemas import MessageOut


class Upserts(Struct, omit_defaults=True):
    """New or changed things; kinds without any are left out."""

    me: list[MeOut] = []
    area: list[AreaOut] = []
    category: list[CategoryOut] = []
    department: list[DepartmentOut] = []
    report: list[ReportOut] = []
    message: list[MessageOut] = []
    notification: list[NotificationOut] = []
    crisis: list[CrisisOut] = []


class GuestCatalogue(Struct, frozen=True):
    """What a phone must know of a ward to report there before anybody is signed in."""

    area: list[AreaOut]
    category: list[CategoryOut]
    department: list[DepartmentOut]


class SyncOut(Struct, frozen=True):
    """One page of changes.

    Ask again with `cursor` at once while `more`. `reset`: forget the whole copy first; everything
    visible follows. `removals` maps a kind to ids that are gone or no longer yours to see.
    """

    cursor: str
    more: bool
    reset: bool
    upserts: Upserts
    removals: dict[str, list[UUID]]
