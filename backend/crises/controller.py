"""`/api/crises`: for the dispatchers who run one, and those who look on."""

from uuid import UUID

from litestar import Controller, Response, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from backend.actor import Actor
from backend.crises import board, broadcasts, service, summary, units
from backend.crises.policy import crisis_enders, crisis_keepers, crisis_watchers
from backend.crises.schemas import (
    AssignmentIn,
    AssignmentOut,
    AssignmentStep,
    BoardOut,
    BroadcastIn,
    BroadcastOut,
    CrisisChangeIn,
    CrisisDesk,
    CrisisIn,
    CrisisList,
    CrisisSummary,
    ReachOut,
    UnitIn,
    UnitOut,
)


class CrisisController(Controller):
    path = "/api/crises"
    tags = ("crises",)

    @get("", policy=crisis_watchers, operation_id="listCrises")
    async def list_all(self, actor: NamedDependency[Actor]) -> CrisisList:
        return await service.list_crises(actor)

    @put("/{crisis_id:uuid}", policy=crisis_keepers, operation_id="declareCrisis")
    async def declare(
        self, actor: NamedDependency[Actor], crisis_id: FromPath[UUID], data: JSONBody[CrisisIn]
    ) -> Response[CrisisDesk]:
        crisis, fresh = await service.declare(actor, crisis_id, data)
        return Response(crisis, status_code=201 if fresh else 200)

    @get("/{crisis_id:uuid}", policy=crisis_watchers, operation_id="getCrisis")
    async def get_crisis(
        self, actor: NamedDependency[Actor], crisis_id: FromPath[UUID]
    ) -> CrisisDesk:
        return await service.read_crisis(actor, crisis_id)

    @put(
        "/{crisis_id:uuid}/changes/{change_id:uuid}",
        policy=crisis_keepers,
        operation_id="changeCrisis",
    )
    async def change(
        self,
        actor: NamedDependency[Actor],
        crisis_id: FromPath[UUID],
        change_id: FromPath[UUID],
        data: JSONBody[CrisisChangeIn],
    ) -> Response[CrisisDesk]:
        crisis, fresh = await service.change_crisis(actor, crisis_id, change_id, data)
        return Response(crisis, status_code=201 if fresh else 200)

    @put("/{crisis_id:uuid}/end", policy=crisis_enders, operation_id="endCrisis")
    async def end(self, actor: NamedDependency[Actor], crisis_id: FromPath[UUID]) -> CrisisDesk:
        return await service.end(actor, crisis_id)

    @get("/{crisis_id:uuid}/board", policy=crisis_watchers, operation_id="getCrisisBoard")
    async def get_board(self, actor: NamedDependency[Actor], crisis_id: FromPath[UUID]) -> BoardOut:
        return await board.read_board(actor, crisis_id)

    @put(
        "/{crisis_id:uuid}/broadcasts/{broadcast_id:uuid}",
        policy=crisis_keepers,
        operation_id="tellCrisis",
    )
    async def tell(
        self,
        actor: NamedDependency[Actor],
        crisis_id: FromPath[UUID],
        broadcast_id: FromPath[UUID],
        data: JSONBody[BroadcastIn],
    ) -> Response[BroadcastOut]:
        sent, fresh = await broadcasts.send_broadcast(actor, crisis_id, broadcast_id, data)
        return Response(sent, status_code=201 if fresh else 200)

    @put(
        "/{crisis_id:uuid}/assignments/{assignment_id:uuid}",
        policy=crisis_keepers,
        operation_id="assignUnit",
    )
    async def assign(
        self,
        actor: NamedDependency[Actor],
        crisis_id: FromPath[UUID],
        assignment_id: FromPath[UUID],
        data: JSONBody[AssignmentIn],
    ) -> Response[AssignmentOut]:
        assignment, fresh = await units.assign(actor, crisis_id, assignment_id, data)
        return Response(assignment, status_code=201 if fresh else 200)

    @put(
        "/{crisis_id:uuid}/assignments/{assignment_id:uuid}/status",
        policy=crisis_keepers,
        operation_id="stepAssignment",
    )
    async def step(
        self,
        actor: NamedDependency[Actor],
        crisis_id: FromPath[UUID],
        assignment_id: FromPath[UUID],
        data: JSONBody[AssignmentStep],
    ) -> AssignmentOut:
        return await units.step(actor, crisis_id, assignment_id, data)

    @get("/{crisis_id:uuid}/summary", policy=crisis_watchers, operation_id="getCrisisSummary")
    async def get_summary(
        self, actor: NamedDependency[Actor], crisis_id: FromPath[UUID]
    ) -> CrisisSummary:
        return await summary.summarise(actor, crisis_id)

    @get(
        "/{crisis_id:uuid}/reports.csv",
        policy=crisis_watchers,
        operation_id="exportCrisis",
        media_type="text/csv",
    )
    async def export(
        self, actor: NamedDependency[Actor], crisis_id: FromPath[UUID]
    ) -> Response[str]:
        text = await summary.export_reports(actor, crisis_id)
        named = f'attachment; filename="crisis-{crisis_id}.csv"'
        return Response(text, headers={"Content-Disposition": named, "Cache-Control": "no-store"})


class WardCrisisController(Controller):
    path = "/api/wards/{ward_id:uuid}"
    tags = ("crises",)

    @get("/crisis-reach", policy=crisis_keepers, operation_id="measureReach")
    async def measure_reach(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        area_ids: FromQuery[list[UUID]],
    ) -> ReachOut:
        return await service.measure_reach(actor, ward_id, area_ids)

    @put("/units/{unit_id:uuid}", policy=crisis_keepers, operation_id="saveUnit")
    async def save_unit(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        unit_id: FromPath[UUID],
        data: JSONBody[UnitIn],
    ) -> Response[UnitOut]:
        unit, fresh = await units.save_unit(actor, ward_id, unit_id, data)
        return Response(unit, status_code=201 if fresh else 200)
