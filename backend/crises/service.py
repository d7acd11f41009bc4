"""Declaring a crisis, changing and ending it, and who sees that there is one (`W10`).

While it lasts, one kind of report has promises of its own where the crisis is
(`departments.pressing`); the reports that came under them belong to the crisis for good.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from backend.actor import Actor
from backend.crises import board_queries, broadcast_queries, queries
from backend.crises.broadcasts import store_broadcast, touch_crisis
from backend.crises.content import OWN_LANGUAGE, category_of, clean_texts, clock_times
from backend.crises.crisis import CrisisOver, kept_crisis, locked_crisis, watched_crisis
from backend.crises.policy import may_end, runs
from backend.crises.queries import Crisis, Ward
from backend.crises.schemas import (
    CategoryChoice,
    CrisisChangeIn,
    CrisisDesk,
    CrisisIn,
    CrisisKind,
    CrisisLine,
    CrisisList,
    CrisisOut,
    NeighbourhoodChoice,
    ReachOut,
    WardChoice,
)
from backend.db import write_tx
from backend.departments import pressing
from backend.departments import service as departments
from backend.errors import Conflict, Forbidden, IdReused, InvalidField, NotFound
from backend.i18n import N_
from backend.threads.content import content_hash
from backend.trail import Detail, canonical, record, sha256


class AlreadyDeclared(Conflict):
    """Somebody was quicker, or it holds there anyway."""

    code = "already_declared"
    title = N_("It is declared already")
    message = N_(
        "{name} has already declared this in {area}. It stands in the list: you can go on there."
    )


class CrisisChanged(Conflict):
    """Somebody else has changed it since this person looked."""

    code = "changed_meanwhile"


# reading -------------------------------------------------------------------------------------


async def load_crises(actor: Actor, ids: Sequence[UUID]) -> list[CrisisOut]:
    """Those of `ids` that concern the ward this person lives or works in. For sync."""
    wards = {*actor.dispatches(), *actor.oversees()}
    if actor.ward_id is not None:
        wards.add(actor.ward_id)
    return await queries.load_crises(sorted(wards), ids)


async def list_crises(actor: Actor) -> CrisisList:
    """All of the wards this person watches, and where they may declare another."""
    rows = await queries.list_crises(actor)
    names = await queries.list_names([one for row in rows for one in row["area_ids"]])
    return CrisisList(
        crises=[
            CrisisLine(
                id=row["id"],
                ward_id=row["ward_id"],
                kind=row["kind"],
                area_names=[names[one] for one in row["area_ids"] if one in names],
                started_at=row["started_at"],
                ended_at=row["ended_at"],
                reports=row["reports"],
                open=row["open"],
            )
            for row in rows
        ],
        wards=[await _choice(ward) for ward in await queries.list_wards(actor.dispatches())],
    )


async def _choice(ward: Ward) -> WardChoice:
    neighbourhoods = await queries.list_neighbourhoods([ward.id])
    return WardChoice(
        id=ward.id,
        name=ward.name,
        own_language=OWN_LANGUAGE[ward.country],
        neighbourhoods=[NeighbourhoodChoice(row["id"], row["name"]) for row in neighbourhoods],
        categories=[
            CategoryChoice(one.id, one.names) for one in await departments.list_categories(ward.id)
        ],
    )


async def read_crisis(actor: Actor, crisis_id: UUID) -> CrisisDesk:
    """Raises NotFound for what is missing or foreign."""
    crisis, ward = await watched_crisis(actor, crisis_id)
    return await desk_of(actor, crisis, ward)


async def desk_of(actor: Actor, crisis: Crisis, ward: Ward) -> CrisisDesk:
    """The crisis as this person sees it, who may."""
    names = await queries.list_names(crisis.area_ids)
    reach = await queries.list_reach(crisis.id)
    declared_by, ended_by = await queries.get_people(crisis)
    category = (await departments.find_category(crisis.category_id)).category
    over = crisis.ended_at is not None
    return CrisisDesk(
        id=crisis.id,
        ward_id=crisis.ward_id,
        kind=crisis.kind,
        area_ids=crisis.area_ids,
        area_names=[names[one] for one in crisis.area_ids if one in names],
        neighbourhood_ids=reach,
        texts=crisis.texts,
        language=crisis.language,
        own_language=OWN_LANGUAGE[ward.country],
        times=crisis.times,
        category_id=crisis.category_id,
        category_names=category.names,
        needs_photo=category.needs_result_photo,
        started_at=crisis.started_at,
        declared_by=declared_by,
        ended_at=crisis.ended_at,
        ended_by=ended_by,
        revision=crisis.revision,
        people=await queries.count_people(reach),
        runs=not over and runs(actor, ward.id),
        ends=not over and may_end(actor, ward.path),
        broadcasts=await broadcast_queries.list_broadcasts(crisis.id),
    )


async def measure_reach(actor: Actor, ward_id: UUID, area_ids: Sequence[UUID]) -> ReachOut:
    """Whom a crisis there would reach. Raises NotFound, InvalidField as `declare` does."""
    ward = await queries.get_ward(ward_id)
    if ward is None or not runs(actor, ward_id):
        raise NotFound
    reach = await _reach(ward, area_ids)
    return ReachOut(
        neighbourhoods=len(reach),
        people=await queries.count_people(reach),
        declared=await queries.list_declared(reach),
    )


# declaring, changing, ending -----------------------------------------------------------------


async def declare(actor: Actor, crisis_id: UUID, wish: CrisisIn) -> tuple[CrisisDesk, bool]:
    """Everybody there is told, and phones offer the report of one tap. Returns the crisis, and
    whether it is new.

    Raises:
        NotFound: the ward is missing or foreign.
        InvalidField: area_needed, unknown_area, unknown_category, own_language_needed, too_long,
            clock_zero, clock_too_long, solve_before_accept.
        AlreadyDeclared: one of that kind lasts in one of the areas.
        IdReused
    """
    ward = await queries.get_ward(wish.ward_id)
    if ward is None or not runs(actor, wish.ward_id):
        raise NotFound
    texts, language = clean_texts(wish.texts, OWN_LANGUAGE[ward.country], actor.language)
    times = clock_times(wish.times)
    fingerprint = content_hash(wish)
    async with write_tx():
        await queries.lock_ward(ward.id)
        earlier = await queries.get_crisis(crisis_id)
        if earlier is None:
            reach = await _reach(ward, wish.area_ids)
            await _refuse_second(wish.kind, reach, crisis_id)
            crisis = Crisis(
                id=crisis_id,
                ward_id=ward.id,
                kind=wish.kind,
                area_ids=list(dict.fromkeys(wish.area_ids)),
                texts=texts,
                language=language,
                category_id=await _category(ward, wish),
                accept_minutes=wish.times.accept_minutes,
                solve_minutes=wish.times.solve_minutes,
                account_id=actor.account_id,
                content_hash=fingerprint,
                revision=1,
                started_at=datetime.now(UTC),
                ended_at=None,
                ended_by=None,
            )
            if not await queries.insert_crisis(crisis):
                raise IdReused
            await queries.replace_reach(crisis_id, wish.kind, reach)
            await pressing.press(crisis_id, ward.id, crisis.category_id, reach, times)
            _record(actor, crisis, "declared", areas=crisis.area_ids, kind=crisis.kind)
            await store_broadcast(actor, crisis, crisis_id, texts, language)
        elif (earlier.account_id, earlier.content_hash) != (actor.account_id, fingerprint):
            raise IdReused
    departments.forget_cached_rules()
    return await read_crisis(actor, crisis_id), earlier is None


async def change_crisis(
    actor: Actor, crisis_id: UUID, change_id: UUID, wish: CrisisChangeIn
) -> tuple[CrisisDesk, bool]:
    """Returns the crisis, and whether the change is new. Nobody is told by itself.

    Raises:
        NotFound: missing or foreign.
        CrisisOver, CrisisChanged, IdReused, AlreadyDeclared
        InvalidField: as `declare`.
    """
    fingerprint = content_hash(wish)
    async with write_tx():
        crisis, ward = await kept_crisis(actor, crisis_id)
        earlier = await queries.get_change(change_id)
        if earlier is not None:
            same = (crisis_id, actor.account_id, fingerprint)
            if (earlier["crisis_id"], earlier["account_id"], earlier["content_hash"]) != same:
                raise IdReused
        else:
            if crisis.ended_at is not None:
                raise CrisisOver
            if crisis.revision != wish.revision:
                raise CrisisChanged
            own = OWN_LANGUAGE[ward.country]
            texts, language = clean_texts(wish.texts, own, actor.language)
            times = clock_times(wish.times)
            await queries.lock_ward(ward.id)
            reach = await _reach(ward, wish.area_ids)
            await _refuse_second(crisis.kind, reach, crisis_id)
            areas = list(dict.fromkeys(wish.area_ids))
            await queries.update_crisis(crisis_id, areas, texts, language, wish.times)
            await queries.replace_reach(crisis_id, crisis.kind, reach)
            await pressing.press(crisis_id, ward.id, crisis.category_id, reach, times)
            await queries.insert_change(change_id, crisis_id, actor.account_id, fingerprint)
            text = sha256(canonical(texts).decode())
            _record(actor, crisis, "changed", areas=areas, change_id=change_id, text_sha256=text)
            touch_crisis(crisis_id, ward.id)
    departments.forget_cached_rules()
    return await read_crisis(actor, crisis_id), earlier is None


async def end(actor: Actor, crisis_id: UUID) -> CrisisDesk:
    """Over: what holds everywhere else holds there again, and whatever is out comes home.

    Ended twice, it is as ended the first time. Raises NotFound, Forbidden (only looks on).
    """
    async with write_tx():
        crisis, ward = await locked_crisis(actor, crisis_id)
        if not may_end(actor, ward.path):
            raise Forbidden
        if crisis.ended_at is None:
            await queries.end_crisis(crisis_id, actor.account_id)
            await pressing.release(crisis_id, ward.id, crisis.category_id)
            await board_queries.finish_assignments(crisis_id)
            _record(actor, crisis, "ended")
            touch_crisis(crisis_id, ward.id)
    departments.forget_cached_rules()
    return await read_crisis(actor, crisis_id)


async def _reach(ward: Ward, area_ids: Sequence[UUID]) -> list[UUID]:
    """The neighbourhoods of these areas. Raises InvalidField (area_needed, unknown_area)."""
    if not area_ids:
        raise InvalidField("area_ids", "area_needed", N_("Please choose where it is."))
    if await queries.list_known(area_ids, ward.id) != set(area_ids):
        raise InvalidField(
            "area_ids", "unknown_area", N_("One of these areas does not belong to the ward.")
        )
    reach = [row["id"] for row in await queries.list_neighbourhoods(area_ids)]
    if not reach:
        raise InvalidField("area_ids", "area_needed", N_("Please choose where it is."))
    return reach


async def _refuse_second(kind: CrisisKind, reach: Sequence[UUID], but: UUID) -> None:
    found = await queries.find_declared(kind, reach, but)
    if found is not None:
        raise AlreadyDeclared(name=found["by_name"], area=found["area_name"])


async def _category(ward: Ward, wish: CrisisIn) -> UUID:
    if wish.category_id is None:
        names, icon, colour = category_of(wish.kind)
        code = f"crisis_{wish.kind}"
        return await pressing.open_own_category(ward.id, code, names, icon, colour)
    if await departments.get_category(wish.category_id, ward.path) is None:
        raise InvalidField(
            "category_id", "unknown_category", N_("This kind of problem is not reported here.")
        )
    return wish.category_id


def _record(actor: Actor, crisis: Crisis, action: str, **details: Detail) -> None:
    record(
        f"crisis.{action}",
        ("crisis", crisis.id),
        ward_id=crisis.ward_id,
        actor_id=actor.account_id,
        **details,
    )
