"""`/api/reports/{id}/history`."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from backend.actor import Actor
from backend.audit.history import read_history
from backend.audit.policy import inspectors
from backend.audit.schemas import HistoryOut


class HistoryController(Controller):
    path = "/api/reports/{report_id:uuid}/history"
    tags = ("audit",)

    @get("", policy=inspectors, operation_id="getHistory")
    async def get_history(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        after: Annotated[int, QueryParameter(ge=0, le=2**63 - 1)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 200,
    ) -> HistoryOut:
        return await read_history(actor, report_id, after, limit)
