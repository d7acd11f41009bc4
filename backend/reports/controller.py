"""`/api/reports`, `/api/photos` and `/api/voices`."""

from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream

from backend.actor import Actor, signed_in
from backend.departments.policy import rule_keepers
from backend.departments.rule_schemas import RoutingIn
from backend.media.schemas import PhotoVariant
from backend.reports import (
    conversation,
    following,
    intake,
    moderation,
    nearby,
    nudging,
    rating,
    service,
)
from backend.reports.routing_preview import RoutingPreview, preview_routing
from backend.reports.schemas import (
    CaseOut,
    DecisionIn,
    JoinIn,
    JoinReceipt,
    MoveIn,
    MoveReceipt,
    NearbyList,
    NudgeIn,
    RatingIn,
    ReportIn,
    ReportOut,
    ReportPatch,
    ReportReceipt,
)
from backend.threads.schemas import MessageIn, MessageReceipt, ReadMarkerIn


class ReportController(Controller):
    path = "/api/reports"
    tags = ("reports",)

    @get("/nearby", policy=signed_in, operation_id="findNearby")
    async def find_nearby(
        self,
        actor: NamedDependency[Actor],
        category_id: FromQuery[UUID],
        lat: FromQuery[float],
        lon: FromQuery[float],
        text: FromQuery[str] = "",
    ) -> NearbyList:
        return await nearby.find_nearby(actor, category_id, lat, lon, text)

    @put("/{report_id:uuid}/joins/{join_id:uuid}", policy=signed_in, operation_id="joinReport")
    async def join(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        join_id: FromPath[UUID],
        data: JSONBody[JoinIn],
    ) -> Response[JoinReceipt]:
        receipt, fresh = await following.join(actor, report_id, join_id, data)
        return Response(receipt, status_code=201 if fresh else 200)

    @delete("/{report_id:uuid}/joins", policy=signed_in, operation_id="leaveReport")
    async def leave(self, actor: NamedDependency[Actor], report_id: FromPath[UUID]) -> None:
        await following.leave(actor, report_id)

    @put("/{report_id:uuid}", policy=signed_in, guests=True, operation_id="sendReport")
    async def send(
        self, actor: NamedDependency[Actor], report_id: FromPath[UUID], data: JSONBody[ReportIn]
    ) -> Response[ReportReceipt]:
        receipt, fresh = await intake.submit_report(actor, report_id, data)
        return Response(receipt, status_code=201 if fresh else 200)

    @patch("/{report_id:uuid}", policy=signed_in, guests=True, operation_id="editReport")
    async def edit(
        self, actor: NamedDependency[Actor], report_id: FromPath[UUID], data: JSONBody[ReportPatch]
    ) -> ReportOut:
        await intake.edit_report(actor, report_id, data)
        return await service.get_report(actor, report_id)

    @get("/{report_id:uuid}", policy=signed_in, guests=True, operation_id="getCase")
    async def get_case(self, actor: NamedDependency[Actor], report_id: FromPath[UUID]) -> CaseOut:
        return await service.get_case(actor, report_id)

    @put(
        "/{report_id:uuid}/messages/{message_id:uuid}",
        policy=signed_in,
        guests=True,
        operation_id="sendMessage",
    )
    async def send_message(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        message_id: FromPath[UUID],
        data: JSONBody[MessageIn],
    ) -> Response[MessageReceipt]:
        receipt, fresh = await conversation.post_message(actor, report_id, message_id, data)
        return Response(receipt, status_code=201 if fresh else 200)

    @put(
        "/{report_id:uuid}/moves/{move_id:uuid}",
        policy=signed_in,
        guests=True,
        operation_id="moveReport",
    )
    async def move(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        move_id: FromPath[UUID],
        data: JSONBody[MoveIn],
    ) -> Response[MoveReceipt]:
        receipt, fresh = await conversation.move_report(actor, report_id, move_id, data)
        return Response(receipt, status_code=201 if fresh else 200)

    @put(
        "/{report_id:uuid}/read-marker",
        policy=signed_in,
        own=True,
        guests=True,
        operation_id="markRead",
        status_code=204,
    )
    async def mark_read(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        data: JSONBody[ReadMarkerIn],
    ) -> None:
        await conversation.mark_read(actor, report_id, data.seq)

    @put(
        "/{report_id:uuid}/nudges/{nudge_id:uuid}",
        policy=signed_in,
        guests=True,
        operation_id="nudgeReport",
    )
    async def nudge(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        nudge_id: FromPath[UUID],
        data: JSONBody[NudgeIn],
    ) -> Response[MessageReceipt]:
        receipt, fresh = await nudging.nudge(actor, report_id, nudge_id, data)
        return Response(receipt, status_code=201 if fresh else 200)

    @put(
        "/{report_id:uuid}/decisions/{decision_id:uuid}",
        policy=signed_in,
        guests=True,
        operation_id="decideReport",
    )
    async def decide(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        decision_id: FromPath[UUID],
        data: JSONBody[DecisionIn],
    ) -> Response[MessageReceipt]:
        receipt, fresh = await moderation.decide(actor, report_id, decision_id, data)
        return Response(receipt, status_code=201 if fresh else 200)

    @put(
        "/{report_id:uuid}/ratings/{rating_id:uuid}",
        policy=signed_in,
        guests=True,
        operation_id="rateReport",
    )
    async def rate(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        rating_id: FromPath[UUID],
        data: JSONBody[RatingIn],
    ) -> Response[MessageReceipt]:
        receipt, fresh = await rating.rate(actor, report_id, rating_id, data)
        return Response(receipt, status_code=201 if fresh else 200)


class RoutingPreviewController(Controller):
    path = "/api/wards/{ward_id:uuid}/routing/preview"
    tags = ("rules",)

    @post("", policy=rule_keepers, operation_id="previewRouting", status_code=200)
    async def preview(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        data: JSONBody[RoutingIn],
    ) -> RoutingPreview:
        return await preview_routing(actor, ward_id, data)


class PhotoController(Controller):
    path = "/api/photos"
    tags = ("photos",)

    @get(
        "/{photo_id:uuid}/{variant:str}",
        policy=signed_in,
        guests=True,
        operation_id="getPhoto",
        media_type="image/webp",
    )
    async def get_photo(
        self,
        actor: NamedDependency[Actor],
        photo_id: FromPath[UUID],
        variant: FromPath[PhotoVariant],
    ) -> Stream:
        photo = await service.open_photo(actor, photo_id, variant)
        headers = {**photo.headers, "Content-Length": str(photo.size)}
        return Stream(photo.chunks, headers=headers)


class VoiceController(Controller):
    path = "/api/voices"
    tags = ("voices",)

    @get(
        "/{voice_id:uuid}",
        policy=signed_in,
        guests=True,
        operation_id="getVoice",
        media_type="audio/mp4",
    )
    async def get_voice(
        self,
        actor: NamedDependency[Actor],
        request: Request[object, object, State],
        voice_id: FromPath[UUID],
    ) -> Stream:
        voice = await service.open_voice(actor, voice_id, request.headers.get("range"))
        return Stream(voice.chunks, headers=dict(voice.headers), status_code=voice.status)
