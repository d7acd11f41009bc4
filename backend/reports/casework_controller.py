"""`/api/reports/{id}/…`: what departments do with a case among themselves."""

from uuid import UUID

from litestar import Controller, Response, delete, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from backend.actor import Actor, signed_in
from backend.answers import made
from backend.reports import parts, passing, presence
from backend.reports.schemas import HandoverIn, PartDoneIn, PresenceOut, SplitIn
from backend.threads.schemas import MessageReceipt


class CaseworkController(Controller):
    path = "/api/reports/{report_id:uuid}"
    tags = ("reports",)

    @put("/handovers/{handover_id:uuid}", policy=signed_in, operation_id="handOver")
    async def hand_over(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        handover_id: FromPath[UUID],
        data: JSONBody[HandoverIn],
    ) -> Response[MessageReceipt]:
        return made(await passing.hand_over(actor, report_id, handover_id, data))

    @put("/splits/{split_id:uuid}", policy=signed_in, operation_id="splitReport")
    async def split(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        split_id: FromPath[UUID],
        data: JSONBody[SplitIn],
    ) -> Response[MessageReceipt]:
        return made(await parts.split(actor, report_id, split_id, data))

    @put(
        "/parts/{department_id:uuid}/closings/{closing_id:uuid}",
        policy=signed_in,
        operation_id="closePart",
    )
    async def close_part(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        department_id: FromPath[UUID],
        closing_id: FromPath[UUID],
        data: JSONBody[PartDoneIn],
    ) -> Response[MessageReceipt]:
        return made(await parts.close_part(actor, report_id, department_id, closing_id, data))

    @put("/presence", policy=signed_in, operation_id="lookAt")
    async def look_at(
        self, actor: NamedDependency[Actor], report_id: FromPath[UUID]
    ) -> PresenceOut:
        return await presence.look_at(actor, report_id)

    @delete("/presence", policy=signed_in, operation_id="lookAway")
    async def look_away(self, actor: NamedDependency[Actor], report_id: FromPath[UUID]) -> None:
        await presence.look_away(actor, report_id)
