"""Around every API request: who asks, its id, its log line, its figures, and where it came from."""

import time
import uuid
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

import structlog
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from backend import metrics
from backend.accounts.controller import cookie_name
from backend.accounts.service import actor_of_cookie
from backend.actor import Actor, RoutePolicy, anyone
from backend.errors import Forbidden
from backend.logs import get_logger
from backend.settings import get_settings

if TYPE_CHECKING:
    from litestar import Litestar

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class RouteWithoutPolicy(Exception):
    """A route does not say who may try it. The app does not start."""


def require_policies(app: "Litestar") -> None:
    """Default deny: every handler names a `policy=` of `backend.actor`."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if "policy" not in handler.opt and not _is_of_the_framework(handler):
                raise RouteWithoutPolicy(f"{route.path}: {handler} has no policy")


def _is_of_the_framework(handler: BaseRouteHandler) -> bool:
    """OPTIONS answers and the OpenAPI document, which carry nobody's data."""
    return handler.fn.__module__.startswith("litestar.")


async def authorise(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """The app-level guard: loads the actor, asks the route's policy, refuses foreign pages."""
    _refuse_foreign_pages(connection)
    actor = None
    token = connection.cookies.get(cookie_name(get_settings()))
    if token:
        actor = await actor_of_cookie(token)
    connection.scope["state"]["actor"] = actor
    if actor is not None:
        structlog.contextvars.bind_contextvars(account=str(actor.account_id))
    policy = cast("RoutePolicy | None", handler.opt.get("policy"))
    refusal = policy(actor) if policy is not None else None
    if refusal is not None:
        raise refusal
    _refuse_inspectors(connection, handler, actor)
    _refuse_guests(handler, actor)


def _refuse_inspectors(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, actor: Actor | None
) -> None:
    """Who only inspects writes nothing but what is their `own` (devices, notices, lists), by
    default deny: a new route is closed to them."""
    if actor is None or not actor.only_inspects or "own" in handler.opt:
        return
    if cast("HTTPScope", connection.scope)["method"] not in SAFE_METHODS:
        raise Forbidden


def _refuse_guests(handler: BaseRouteHandler, actor: Actor | None) -> None:
    """Who came by a tracking code uses what says so, and what is anyone's: by default deny, too."""
    if actor is None or not actor.guest or "guests" in handler.opt:
        return
    if handler.opt.get("policy") is not anyone:
        raise Forbidden


def _refuse_foreign_pages(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Writes come from our own pages only; the SameSite cookie is the second lock."""
    if cast("HTTPScope", connection.scope)["method"] in SAFE_METHODS:
        return
    origin = connection.headers.get("origin")
    if origin is None:
        if connection.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
            raise Forbidden
        return
    if origin != get_settings().origin and urlsplit(origin).netloc != connection.headers.get(
        "host"
    ):
        raise Forbidden


def provide_actor(scope: Scope) -> Actor:
    """The actor `authorise` loaded; only for routes whose policy asks for one."""
    actor = scope["state"]["actor"]
    if not isinstance(actor, Actor):
        raise RouteWithoutPolicy(f"{scope['path']}: its policy lets nobody in as an actor")
    return actor


class Accounting:
    """ASGI middleware: request id, one log line, figures. Paths are logged as templates."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex[:16]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        start = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - start
            route = str(scope.get("path_template") or "unmatched")
            method = scope["method"]
            metrics.REQUESTS.labels(method, route, status).inc()
            if route != "/api/events":
                metrics.SECONDS.labels(method, route).observe(seconds)
            log = get_logger()
            line = log.warning if status >= 500 or status == 0 else log.info
            line("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
