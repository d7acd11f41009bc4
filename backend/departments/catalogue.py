"""Editing what a ward works with: departments, kinds of problems, their questions (`A3`, `R4`).

As in `rules`, each change has an id made by the client and leaves who did what in the history.
Things have a revision: who saves what somebody else has changed since is told, and nothing is lost.
Nothing is deleted: what reports hang on is retired.
"""

import re
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec.structs import replace

from backend.actor import Actor
from backend.changes import touch
from backend.departments import catalogue_queries, rule_queries
from backend.departments.catalogue_queries import names_of, questions_of
from backend.departments.catalogue_schemas import (
    CatalogueOut,
    CategoryIn,
    CategoryRule,
    DepartmentIn,
    DepartmentRule,
    OrderIn,
    WardsOut,
)
from backend.departments.policy import keeps_rules_of
from backend.departments.questions import clean_names, clean_questions
from backend.departments.rule_changes import (
    RuleChange,
    fingerprint,
    kept_ward,
    readable_ward,
    require_unchanged,
)
from backend.departments.rule_queries import Ward
from backend.departments.rule_schemas import (
    CategoryState,
    ChangeReceipt,
    RuleDiff,
    RuleState,
    Subject,
)
from backend.departments.schemas import ClockTimes, Names
from backend.errors import InvalidField, NotFound
from backend.i18n import N_
from backend.text import fold

if TYPE_CHECKING:
    from asyncpg import Record

NAME_LENGTH: Final = 80
# Metres; the table's own limits and default.
_NEAREST: Final = 10
_FARTHEST: Final = 2000
_USUALLY_NEAR: Final = 100
# A real ward's rule: accepted within 8 working hours, what is urgent dealt with within 4 hours.
_FIRST_TIMES: Final = ClockTimes(480, False, 1440, False, 480)
_FIRST_URGENT: Final = ClockTimes(60, True, 240, True, 60)
_FIELDS: Final = (
    "names", "icon", "colour", "urgent", "private", "needs_result_photo", "near_m", "active",
)  # fmt: skip


async def read_wards(actor: Actor) -> WardsOut:
    """Wards whose rules this person may read."""
    return WardsOut(await catalogue_queries.list_wards(actor))


async def read_catalogue(actor: Actor, ward_id: UUID) -> CatalogueOut:
    """Raises NotFound for what is missing or foreign."""
    ward = await readable_ward(actor, ward_id)
    paths = {area_id: ward.path[: place + 1] for place, area_id in enumerate(ward.path)}

    def keeps(row: "Record") -> bool:
        return keeps_rules_of(actor, paths[row["area_id"]], ward.id)

    return CatalogueOut(
        areas=await catalogue_queries.list_areas(ward),
        departments=[
            DepartmentRule(
                id=row["id"],
                area_id=row["area_id"],
                names=names_of(row),
                revision=row["revision"],
                retired=row["retired_at"] is not None,
                routes=row["routes"],
                keeps=keeps(row),
            )
            for row in await catalogue_queries.list_departments(ward)
        ],
        categories=[
            CategoryRule(
                id=row["id"],
                area_id=row["area_id"],
                names=names_of(row),
                icon=row["icon"],
                colour=row["colour"],
                urgent=row["urgent"],
                private=row["private"],
                needs_result_photo=row["needs_result_photo"],
                sort=row["sort"],
                active=row["active"],
                department_id=row["department_id"],
                questions=questions_of(row),
                questions_version=row["questions_version"],
                near_m=row["near_m"],
                revision=row["revision"],
                keeps=keeps(row),
            )
            for row in await catalogue_queries.list_categories(ward)
        ],
    )


# departments ---------------------------------------------------------------------------------


async def change_department(
    actor: Actor, ward_id: UUID, change_id: UUID, wish: DepartmentIn
) -> tuple[ChangeReceipt, bool]:
    """Make, rename or retire a department. Returns the receipt, and whether the change is new.

    Raises:
        NotFound, Forbidden, IdReused, ChangedMeanwhile
        InvalidField: name_needed, too_long, still_routed.
    """
    ward = await kept_ward(actor, ward_id)
    names = clean_names(wish.names, "names", NAME_LENGTH)
    change = RuleChange(actor, ward, change_id, "department", fingerprint(wish))
    return await change.make(lambda _now: _store_department(actor, ward, wish, names))


async def _store_department(
    actor: Actor, ward: Ward, wish: DepartmentIn, names: Names
) -> tuple[UUID, list[RuleDiff]]:
    row = await catalogue_queries.get_department(wish.department_id)
    area_id = await _check_revision(actor, ward, "department", row, wish.revision)
    before = None
    if row is None:
        code = await _free_code("department", ward.id, names, wish.department_id)
        await catalogue_queries.insert_department(wish.department_id, ward.id, code, names)
    else:
        before = RuleState(names=names_of(row), retired=row["retired_at"] is not None)
        if wish.retired and row["routes"]:
            raise InvalidField(
                "retired",
                "still_routed",
                N_("{n} rules still send reports there. Send them elsewhere first."),
                n=row["routes"],
            )
        await catalogue_queries.update_department(wish.department_id, names, retired=wish.retired)
    after = RuleState(names=names, retired=wish.retired)
    touch(
        (one, "department", wish.department_id) for one in await rule_queries.list_ward_ids(area_id)
    )
    diff = RuleDiff(scope_id=wish.department_id, before=before, after=after)
    return area_id, [diff] if before != after else []


# kinds of problems ---------------------------------------------------------------------------


async def change_category(
    actor: Actor, ward_id: UUID, change_id: UUID, wish: CategoryIn
) -> tuple[ChangeReceipt, bool]:
    """Make, change or retire a kind of problem, its questions and who answers for it.

    Returns the receipt, and whether the change is new.

    Raises:
        NotFound, Forbidden, IdReused, ChangedMeanwhile
        InvalidField: name_needed, too_long, unknown_department, out_of_range (near_m), and as
            `clean_questions`.
    """
    ward = await kept_ward(actor, ward_id)
    _check_near(wish.near_m)
    cleaned = replace(
        wish,
        names=clean_names(wish.names, "names", NAME_LENGTH),
        questions=clean_questions(wish.questions),
    )
    change = RuleChange(actor, ward, change_id, "category", fingerprint(wish))
    return await change.make(lambda _now: _store_category(actor, ward, cleaned))


async def _store_category(
    actor: Actor, ward: Ward, wish: CategoryIn
) -> tuple[UUID, list[RuleDiff]]:
    row = await catalogue_queries.get_category(wish.category_id)
    area_id = await _check_revision(actor, ward, "category", row, wish.revision)
    await _check_department(ward, area_id, wish.department_id)
    if wish.near_m is None:
        wish = replace(wish, near_m=_USUALLY_NEAR if row is None else row["near_m"])
    if row is None:
        code = await _free_code("category", area_id, wish.names, wish.category_id)
        times = _FIRST_URGENT if wish.urgent else _FIRST_TIMES
        await catalogue_queries.insert_category(wish, area_id, code, times)
    else:
        await catalogue_queries.update_category(wish)
    if wish.questions != ([] if row is None else questions_of(row)):
        await catalogue_queries.set_questions(wish.category_id, wish.questions)
    diff = await _route_and_compare(wish, area_id, row)
    touch((one, "category", wish.category_id) for one in await rule_queries.list_ward_ids(area_id))
    return area_id, [diff] if diff.before != diff.after else []


def _check_near(near_m: int | None) -> None:
    if near_m is not None and not _NEAREST <= near_m <= _FARTHEST:
        raise InvalidField(
            "near_m",
            "out_of_range",
            N_("From {least} to {most} metres are possible."),
            least=_NEAREST,
            most=_FARTHEST,
        )


async def _route_and_compare(wish: CategoryIn, area_id: UUID, row: "Record | None") -> RuleDiff:
    """Sets who answers for it, and says what was changed in all."""
    before_id = next(
        (
            rule.department_id
            for rule in await rule_queries.list_routes_of([wish.category_id])
            if rule.area_id == area_id
        ),
        None,
    )
    if before_id != wish.department_id:
        await rule_queries.set_routes([(wish.category_id, area_id, wish.department_id)])
    after = {name: getattr(wish, name) for name in _FIELDS} | {"questions": wish.questions}
    if row is None:
        state = RuleState(category=CategoryState(**after), department_id=wish.department_id)
        return RuleDiff(scope_id=area_id, category_id=wish.category_id, after=state)
    before = {name: row[name] for name in _FIELDS}
    before |= {"names": names_of(row), "questions": questions_of(row)}
    changed = [name for name in after if before[name] != after[name]]
    routed = before_id != wish.department_id
    return RuleDiff(
        scope_id=area_id,
        category_id=wish.category_id,
        before=RuleState(
            category=CategoryState(**{name: before[name] for name in changed}),
            department_id=before_id if routed else None,
        ),
        after=RuleState(
            category=CategoryState(**{name: after[name] for name in changed}),
            department_id=wish.department_id if routed else None,
        ),
    )


async def order_categories(
    actor: Actor, ward_id: UUID, change_id: UUID, wish: OrderIn
) -> tuple[ChangeReceipt, bool]:
    """Show the ward's own kinds of problems in this order.

    Raises:
        NotFound, Forbidden, IdReused
        ChangedMeanwhile: these are not all there are; somebody has made another one.
    """
    ward = await kept_ward(actor, ward_id)
    change = RuleChange(actor, ward, change_id, "category", fingerprint(wish))
    return await change.make(lambda _now: _store_order(ward, wish))


async def _store_order(ward: Ward, wish: OrderIn) -> tuple[UUID, list[RuleDiff]]:
    present = [
        row["id"]
        for row in await catalogue_queries.list_categories(ward)
        if row["area_id"] == ward.id
    ]
    if sorted(present) != sorted(wish.category_ids):
        await require_unchanged(ward, "category", ["category_ids"])
    await catalogue_queries.set_order(wish.category_ids)
    places = {one: number for number, one in enumerate(present, 1)}
    diffs = [
        RuleDiff(
            scope_id=ward.id,
            category_id=one,
            before=RuleState(category=CategoryState(place=places[one])),
            after=RuleState(category=CategoryState(place=number)),
        )
        for number, one in enumerate(wish.category_ids, 1)
        if places[one] != number
    ]
    # All of them: their numbers may have had other distances.
    touch((ward.id, "category", one) for one in wish.category_ids)
    return ward.id, diffs


# what both share -----------------------------------------------------------------------------


async def _check_revision(
    actor: Actor, ward: Ward, subject: Subject, row: "Record | None", revision: int
) -> UUID:
    """The area of the thing, or for a new one the ward.

    Raises NotFound for what is missing, foreign, or kept by others; ChangedMeanwhile.
    """
    if row is None:
        if revision != 0:
            raise NotFound
        return ward.id
    area_id: UUID = row["area_id"]
    if area_id not in ward.path:
        raise NotFound
    path = ward.path[: ward.path.index(area_id) + 1]
    if not keeps_rules_of(actor, path, ward.id):
        raise NotFound
    if row["revision"] != revision:
        await require_unchanged(ward, subject, ["revision"])
    return area_id


async def _check_department(ward: Ward, area_id: UUID, department_id: UUID | None) -> None:
    if department_id is None:
        return
    areas = await rule_queries.list_department_areas([department_id])
    path = ward.path[: ward.path.index(area_id) + 1]
    if areas.get(department_id) not in path:
        raise InvalidField(
            "department_id",
            "unknown_department",
            N_("This department does not work in that area."),
        )


async def _free_code(table: str, area_id: UUID, names: Names, thing_id: UUID) -> str:
    """A short name for machines, made of the name people gave it."""
    words = fold(names.en or names.vi or names.fa)
    code = re.sub(r"[^a-z0-9]+", "_", words).strip("_")[:40]
    if code and not await catalogue_queries.has_code(table, area_id, code):
        return code
    return f"{code}_{thing_id.hex}".strip("_")
