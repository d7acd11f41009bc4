"""`/api/desk`: lists, what a move of many would meet, and saved views."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from backend.actor import Actor
from backend.answers import made
from backend.reports import desk, desk_views
from backend.reports.desk_schemas import (
    BulkHandoverIn,
    BulkIn,
    BulkOut,
    DeskFilters,
    DeskOut,
    DeskSearchIn,
    DeskViewIn,
    DeskViewList,
    DeskViewOut,
    Due,
    Sort,
)
from backend.reports.policy import desk_people
from backend.reports.schemas import State, Tray

SEARCH_LENGTH = 100


class DeskController(Controller):
    path = "/api/desk"
    tags = ("desk",)

    @get("/reports", policy=desk_people, operation_id="listDesk")
    async def list_desk(
        self,
        actor: NamedDependency[Actor],
        tray: FromQuery[Tray] = "open",
        states: Annotated[list[State] | None, QueryParameter(name="state", max_items=10)] = None,
        category_ids: Annotated[
            list[UUID] | None, QueryParameter(name="category_id", max_items=100)
        ] = None,
        department_id: FromQuery[UUID | None] = None,
        neighbourhood_id: FromQuery[UUID | None] = None,
        due: FromQuery[Due | None] = None,
        unread: FromQuery[bool] = False,
        urgent: FromQuery[bool] = False,
        to_answer: FromQuery[bool] = False,
        waiting: FromQuery[bool] = False,
        sort: FromQuery[Sort] = "deadline",
        q: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
    ) -> DeskOut:
        filters = DeskFilters(
            tray=tray,
            states=states or [],
            category_ids=category_ids or [],
            department_id=department_id,
            neighbourhood_id=neighbourhood_id,
            due=due,
            unread=unread,
            urgent=urgent,
            to_answer=to_answer,
            waiting=waiting,
            sort=sort,
            q=q[:SEARCH_LENGTH],
        )
        return await desk.list_desk(actor, filters, cursor, limit)

    @post(
        "/reports/search", policy=desk_people, own=True, operation_id="searchDesk", status_code=200
    )
    async def search_desk(
        self, actor: NamedDependency[Actor], data: JSONBody[DeskSearchIn]
    ) -> DeskOut:
        return await desk.list_desk(actor, data.filters, data.cursor, data.limit, by_number=True)

    @post(
        "/moves/preview", policy=desk_people, own=True, operation_id="previewMoves", status_code=200
    )
    async def preview_moves(self, actor: NamedDependency[Actor], data: JSONBody[BulkIn]) -> BulkOut:
        return await desk.preview_moves(actor, data)

    @post(
        "/handovers/preview",
        policy=desk_people,
        own=True,
        operation_id="previewHandovers",
        status_code=200,
    )
    async def preview_handovers(
        self, actor: NamedDependency[Actor], data: JSONBody[BulkHandoverIn]
    ) -> BulkOut:
        return await desk.preview_handovers(actor, data)


class DeskViewController(Controller):
    path = "/api/desk/views"
    tags = ("desk",)

    @get("", policy=desk_people, operation_id="listDeskViews")
    async def list_views(self, actor: NamedDependency[Actor]) -> DeskViewList:
        return await desk_views.list_views(actor)

    @put("/{view_id:uuid}", policy=desk_people, own=True, operation_id="saveDeskView")
    async def save_view(
        self, actor: NamedDependency[Actor], view_id: FromPath[UUID], data: JSONBody[DeskViewIn]
    ) -> Response[DeskViewOut]:
        return made(await desk_views.save_view(actor, view_id, data))

    @delete("/{view_id:uuid}", policy=desk_people, own=True, operation_id="deleteDeskView")
    async def delete_view(self, actor: NamedDependency[Actor], view_id: FromPath[UUID]) -> None:
        await desk_views.delete_view(actor, view_id)
