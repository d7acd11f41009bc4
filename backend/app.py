"""All wiring: routes, policies, errors, the built app, the life cycle."""

import contextlib
from collections.abc import AsyncIterator

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from backend import db, metrics
from backend.accounts import guests
from backend.accounts.controller import (
    GuestController,
    InvitationController,
    MeController,
    SessionController,
)
from backend.accounts.schemas import CONSENT_VERSION, GuestWard
from backend.actor import anyone
from backend.areas import service as areas
from backend.audit.controller import HistoryController
from backend.crises.controller import CrisisController, WardCrisisController
from backend.departments.controller import CatalogueController, RuleController, WardController
from backend.departments.template_controller import TemplateController
from backend.durability import warn_unless_durable
from backend.errors import NotFound
from backend.gate import Gate
from backend.i18n import LANGUAGES, Language
from backend.logs import configure_logs, get_logger
from backend.media import service as media
from backend.media.controller import UploadController
from backend.notifications import service as notifications
from backend.notifications.controller import NotificationController, PushController
from backend.problems import EXCEPTION_HANDLERS
from backend.reports.call_controller import (
    CallController,
    CallerWordsController,
    SmsSwitchController,
)
from backend.reports.casework_controller import CaseworkController
from backend.reports.controller import (
    PhotoController,
    ReportController,
    RoutingPreviewController,
    VoiceController,
)
from backend.reports.desk_controller import DeskController, DeskViewController
from backend.reports.suggestion_controller import SuggestionController
from backend.requests import Accounting, authorise, provide_actor, require_policies
from backend.settings import Settings, get_settings
from backend.static import AppFiles
from backend.sync.controller import SyncController
from backend.sync.events import ChangeHub

VERSION = "0.1.0"


class Tiles(msgspec.Struct, frozen=True):
    """Where map pictures come from: nowhere, a raster address, or a PMTiles file of ours."""

    kind: str
    url: str | None
    attribution: str


class ConfigOut(msgspec.Struct, frozen=True):
    """What the app needs to know before anyone signs in."""

    name: str
    version: str
    push_key: str
    tiles: Tiles
    consent_version: int
    languages: list[Language]
    guest_wards: list[GuestWard]
    """Where a report is taken without an account (`R8`)."""


class Health(msgspec.Struct, frozen=True):
    status: str
    database: bool
    media: bool


@get("/api/config", policy=anyone, operation_id="getConfig", tags=["app"])
async def get_config() -> ConfigOut:
    settings = get_settings()
    return ConfigOut(
        name="Khu Phố",
        version=VERSION,
        push_key=notifications.push_key(),
        tiles=Tiles(settings.tiles, settings.tiles_url, settings.tiles_attribution),
        consent_version=CONSENT_VERSION,
        languages=list(LANGUAGES),
        guest_wards=await guests.list_wards(),
    )


@get("/healthz", policy=anyone, operation_id="health", tags=["operations"])
async def health() -> Response[Health]:
    """200 when the database and the media store answer, else 503 saying which does not."""
    database = await db.is_answering()
    media_store = await media.is_answering()
    well = database and media_store
    body = Health("ok" if well else "unavailable", database, media_store)
    return Response(body, status_code=200 if well else 503, headers={"Cache-Control": "no-store"})


@get(
    "/metrics", policy=anyone, operation_id="metrics", tags=["operations"], include_in_schema=False
)
async def get_metrics() -> Response[bytes]:
    return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)


@get("/api/openapi.json", policy=anyone, include_in_schema=False)
async def get_description(request: Request[object, object, State]) -> Response[bytes]:
    """This API in OpenAPI 3.1."""
    description = msgspec.json.encode(request.app.openapi_schema.to_schema())
    return Response(description, media_type="application/vnd.oai.openapi+json")


def _not_there(_connection: object, _handler: object) -> None:
    raise NotFound


@contextlib.asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    settings = get_settings()
    await db.open_pool(settings)
    await warn_unless_durable()
    media.open_store(settings)
    notifications.open_keys(settings)
    await areas.warm_up()
    hub: ChangeHub = app.state.hub
    hub.start()
    get_logger().info("server_started", version=VERSION)
    try:
        yield
    finally:
        await hub.stop()
        await media.close_store()
        await db.close_pool()
        get_logger().info("server_stopped")


def create_api(settings: Settings) -> Litestar:
    """The API alone. Refuses (RouteWithoutPolicy) when a route does not say who may try it."""
    hub = ChangeHub()
    app = Litestar(
        route_handlers=[
            Router(
                "/",
                route_handlers=[
                    get_config,
                    get_description,
                    health,
                    get_metrics,
                    SessionController,
                    GuestController,
                    MeController,
                    InvitationController,
                    ReportController,
                    HistoryController,
                    CaseworkController,
                    DeskController,
                    WardController,
                    CatalogueController,
                    DeskViewController,
                    CallController,
                    CallerWordsController,
                    SmsSwitchController,
                    RuleController,
                    TemplateController,
                    RoutingPreviewController,
                    CrisisController,
                    WardCrisisController,
                    SuggestionController,
                    PhotoController,
                    VoiceController,
                    UploadController,
                    NotificationController,
                    PushController,
                    SyncController,
                ],
            )
        ],
        dependencies={
            "actor": Provide(provide_actor, sync_to_thread=False),
            "hub": Provide(lambda: hub, sync_to_thread=False),
        },
        guards=[authorise],
        middleware=[DefineMiddleware(Accounting)],
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=[_running],
        compression_config=CompressionConfig(
            backend="brotli",
            brotli_quality=4,
            minimum_size=500,
            exclude=["/api/events", "/api/photos", "/api/voices"],
        ),
        openapi_config=OpenAPIConfig(
            title="Khu Phố",
            version=VERSION,
            # Litestar's own pages answer unknown addresses with HTML; ours stands beside them.
            openapi_router=Router(
                "/api/description", route_handlers=[], guards=[_not_there], include_in_schema=False
            ),
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        logging_config=None,
        request_max_body_size=2_000_000,
    )
    app.state.hub = hub
    require_policies(app)
    return app


def create_app() -> AppFiles:
    """What the server runs: the built app in front, the API behind."""
    settings = get_settings()
    configure_logs(settings.log_level)
    api = Gate(create_api(settings), settings.requests_at_once, settings.retry_after_seconds)
    return AppFiles(api, settings.pwa_dir, settings.tiles_origin)
