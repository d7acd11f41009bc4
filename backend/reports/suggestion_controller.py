"""`/api/wards/{id}/suggestions`."""

from uuid import UUID

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from backend.actor import Actor, signed_in
from backend.reports import suggestions
from backend.reports.schemas import SuggestionsOut


class SuggestionController(Controller):
    path = "/api/wards/{ward_id:uuid}/suggestions"
    tags = ("reports",)

    @get("", policy=signed_in, guests=True, operation_id="getSuggestions")
    async def get_suggestions(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        version: FromQuery[str] = "",
    ) -> Response[SuggestionsOut | None]:
        found = await suggestions.read_suggestions(actor, ward_id, version)
        return Response(found, status_code=200 if found else 204)
