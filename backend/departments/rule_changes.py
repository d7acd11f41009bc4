"""What changes of a ward's rules have in common: whose they are, how far they reach, a record."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from backend.actor import Actor
from backend.db import write_tx
from backend.departments import rule_queries, service
from backend.departments.catalogue_schemas import CategoryIn, DepartmentIn, OrderIn
from backend.departments.policy import keeps_rules, keeps_rules_of, reads_rules
from backend.departments.rule_queries import Ward
from backend.departments.rule_schemas import (
    ChangeReceipt,
    ClocksIn,
    ClosureIn,
    GuestRuleIn,
    HoursIn,
    RoutingIn,
    RuleDiff,
    Subject,
)
from backend.errors import Conflict, FieldProblem, Forbidden, IdReused, InvalidField, NotFound
from backend.i18n import N_, Language, gettext
from backend.trail import canonical, record, sha256

Store = Callable[[datetime], Awaitable[tuple[UUID, Sequence[RuleDiff]]]]


class ChangedMeanwhile(Conflict):
    """Somebody has saved another change since this person looked; `fields` say where."""

    code = "changed_meanwhile"
    message = N_(
        "{name} changed this in the meantime. Nothing was saved; what you typed is still here."
    )
    nameless = N_(
        "Somebody changed this in the meantime. Nothing was saved; what you typed is still here."
    )
    at_field = N_("This was changed in the meantime.")

    def __init__(self, name: str | None, *fields: str) -> None:
        self.fields = fields
        super().__init__(type(self).message if name else type(self).nameless, name=name or "")

    def field_problems(self, language: Language) -> list[FieldProblem]:
        words = gettext(language, self.at_field)
        return [FieldProblem(field, self.code, words) for field in self.fields]


class RuleChange:
    """One change by one person: found again if it was made before, recorded once."""

    def __init__(
        self, actor: Actor, ward: Ward, change_id: UUID, subject: Subject, content_hash: bytes
    ) -> None:
        self._account_id = actor.account_id
        self._ward_id = ward.id
        self._id = change_id
        self._subject: Subject = subject
        # The ward belongs to what was said: the same id elsewhere is another change.
        self.hash = content_hash + ward.id.bytes

    async def make(self, store: Store) -> tuple[ChangeReceipt, bool]:
        """Make the change when it is the ward's turn, unless it was made before.

        Args:
            store: writes it, given the time; answers the ward or city it is about, and what is
                different now.

        Returns the receipt, and whether the change is new. Raises as `store`, and IdReused.
        """
        async with write_tx():
            now = await rule_queries.lock_ward(self._ward_id)
            earlier = await self.find_earlier()
            if earlier is not None:
                return earlier, False
            area_id, diffs = await store(now)
            receipt = await self.record(area_id, diffs, now)
        service.forget_cached_rules()
        return receipt, True

    async def find_earlier(self) -> ChangeReceipt | None:
        """Raises IdReused if the id stands for something else."""
        earlier = await rule_queries.get_change(self._id)
        if earlier is None:
            return None
        if (earlier.account_id, earlier.content_hash) != (self._account_id, self.hash):
            raise IdReused
        return ChangeReceipt(self._id, earlier.created_at)

    async def record(
        self, area_id: UUID, diffs: Sequence[RuleDiff], now: datetime
    ) -> ChangeReceipt:
        fresh = await rule_queries.insert_change(
            self._id, area_id, self._subject, self._account_id, self.hash, diffs, now
        )
        if not fresh:
            raise IdReused
        record(
            f"rules.{self._subject}",
            ("rule_change", self._id),
            ward_id=area_id,
            actor_id=self._account_id,
            changes=len(diffs),
            changes_sha256=sha256(canonical(diffs).decode()),
        )
        return ChangeReceipt(self._id, now)


async def readable_ward(actor: Actor, ward_id: UUID) -> Ward:
    """A ward whose rules this person may read. Raises NotFound."""
    ward = await rule_queries.get_ward(ward_id)
    if ward is None or not reads_rules(actor, ward.path):
        raise NotFound
    return ward


async def kept_ward(actor: Actor, ward_id: UUID) -> Ward:
    """A ward whose rules this person may change. Raises NotFound, Forbidden."""
    ward = await readable_ward(actor, ward_id)
    if not keeps_rules(actor, ward.path):
        raise Forbidden
    return ward


def touches_ward(ward: Ward, path: Sequence[UUID]) -> bool:
    """Whether an area lies in the ward, or the ward in it."""
    return ward.id in path or path[-1] in ward.path


def widest_area(ward: Ward, paths: dict[UUID, list[UUID]]) -> UUID:
    """The ward; its city, if a rule of the city is among them."""
    return ward.id if all(ward.id in path for path in paths.values()) else ward.path[0]


async def check_places(
    actor: Actor, ward: Ward, field: str, pairs: Sequence[tuple[UUID, UUID]]
) -> dict[UUID, list[UUID]]:
    """Paths of the areas of (category, area) pairs, all of which this person may set.

    Raises InvalidField (unknown_area, unknown_category, twice).
    """
    paths = await rule_queries.list_paths(_distinct(area_id for _, area_id in pairs))
    categories = await rule_queries.list_category_areas(_distinct(one for one, _ in pairs))
    seen: set[tuple[UUID, UUID]] = set()
    for number, (category_id, area_id) in enumerate(pairs):
        path = paths.get(area_id)
        if path is None or not touches_ward(ward, path) or not keeps_rules_of(actor, path, ward.id):
            raise unknown_area(f"{field}[{number}].area_id")
        if categories.get(category_id) not in path:
            raise InvalidField(
                f"{field}[{number}].category_id",
                "unknown_category",
                N_("This kind of problem is not offered there."),
            )
        if (category_id, area_id) in seen:
            raise InvalidField(
                f"{field}[{number}].category_id",
                "twice",
                N_("There are two rules for the same kind of problem and area."),
            )
        seen.add((category_id, area_id))
    return paths


async def require_unchanged(ward: Ward, subject: Subject, fields: Sequence[str]) -> None:
    """Raises ChangedMeanwhile, naming who did it, if there are `fields`."""
    if fields:
        raise ChangedMeanwhile(await rule_queries.get_last_name(ward, subject), *fields)


def fingerprint(
    wish: RoutingIn
    | ClocksIn
    | HoursIn
    | ClosureIn
    | DepartmentIn
    | CategoryIn
    | OrderIn
    | GuestRuleIn,
) -> bytes:
    """Tells a repetition from another change under the same id."""
    return hashlib.sha256(msgspec.json.encode(wish, order="deterministic")).digest()


def _distinct(ids: Iterable[UUID]) -> list[UUID]:
    return sorted(set(ids))


def unknown_area(field: str) -> InvalidField:
    """To be raised for an area out of the ward, or out of sight."""
    return InvalidField(field, "unknown_area", N_("This area is not in your ward."))


def today_in(ward: Ward, now: datetime) -> date:
    """The day it is in the ward."""
    return now.astimezone(ZoneInfo(ward.time_zone)).date()
