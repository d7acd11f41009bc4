"""The one place where an exception becomes an answer (RFC 9457, `application/problem+json`)."""

import errno
import socket
from typing import Any, Final, cast

import asyncpg
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.types import ExceptionHandlersMap

from backend.actor import Actor
from backend.errors import (
    PROBLEM_JSON,
    DomainError,
    Invalid,
    NotFound,
    Problem,
    StorageFull,
    Unavailable,
    encode_problem,
)
from backend.i18n import N_, Language, negotiate
from backend.logs import get_logger


class BrokenBody(DomainError):
    status = 400
    code = "bad_json"
    title = N_("The message arrived damaged")
    message = N_("What arrived was cut off or is not JSON. Nothing was changed; send it again.")


_CUT_OFF: Final = "client disconnected prematurely"
"""What Litestar raises, as a 500, when a phone's line breaks within a body: nobody's mistake."""


class MethodNotAllowed(DomainError):
    status = 405
    code = "method_not_allowed"
    title = N_("Not possible")


class TooLarge(DomainError):
    status = 413
    code = "too_large"
    title = N_("Too large")
    message = N_("This is larger than can be taken.")


class InternalError(DomainError):
    status = 500
    code = "internal"
    title = N_("Our mistake")
    message = N_("Something went wrong on our side. What you wrote is kept and tried again.")


def language_of(request: Request[Any, Any, Any]) -> Language:
    """The signed-in person's language, else what the browser asks for."""
    asked = request.headers.get("accept-language")
    actor = cast("Actor | None", request.scope.get("state", {}).get("actor"))
    if asked is None and actor is not None:
        return actor.language
    return negotiate(asked)


def answer(request: Request[Any, Any, Any], error: DomainError) -> Response[bytes]:
    problem: Problem = error.problem(language_of(request))
    return Response(
        encode_problem(problem),
        status_code=error.status,
        media_type=PROBLEM_JSON,
        headers={"Cache-Control": "no-store", **error.headers()},
    )


def _domain_error(request: Request[Any, Any, Any], error: DomainError) -> Response[bytes]:
    return answer(request, error)


def _validation(request: Request[Any, Any, Any], error: ValidationException) -> Response[bytes]:
    wrong: list[tuple[str, str, str, dict[str, object]]] = []
    for item in cast("list[dict[str, str]]", error.extra or []):
        field = item.get("key") or _field_of(item.get("message", ""))
        wrong.append((field, "invalid", N_("This is not in the expected form."), {}))
    return answer(request, Invalid(*wrong))


def _field_of(message: str) -> str:
    """msgspec says `Expected `float`, got `str` - at `$.lat``."""
    return message.rpartition("`$.")[2].rstrip("`") if "`$." in message else ""


def _client_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if isinstance(error, ValidationException):
        return _validation(request, error)
    if isinstance(error, NotFoundException):
        return answer(request, NotFound())
    if isinstance(error, MethodNotAllowedException):
        return answer(request, MethodNotAllowed())
    if error.status_code == 413:
        return answer(request, TooLarge())
    if isinstance(error, ClientException) and error.status_code == 400:
        return answer(request, BrokenBody())
    if error.detail == _CUT_OFF:
        return answer(request, BrokenBody())
    if error.status_code >= 500:
        return _unexpected(request, error)
    plain = DomainError()
    plain.status = error.status_code
    return answer(request, plain)


def _database_away(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    get_logger().error("database_unavailable", error=type(error).__name__)
    return answer(request, Unavailable())


def _disk_full(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    get_logger().error("storage_full", error=type(error).__name__)
    return answer(request, StorageFull())


def _nobody_there(error: OSError) -> bool:
    """Connecting failed: refused, no way there, no such name; no socket, which names no file."""
    return (
        isinstance(error, ConnectionError | TimeoutError | socket.gaierror)
        or error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}
        or (error.errno == errno.ENOENT and error.filename is None)
    )


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if isinstance(error, OSError):
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return _disk_full(request, error)
        if _nobody_there(error):
            return _database_away(request, error)
    if isinstance(error, RecursionError | UnicodeDecodeError):  # nested beyond reason; not UTF-8
        return answer(request, BrokenBody())
    get_logger().error("unexpected", exc_info=error)
    return answer(request, InternalError())


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    DomainError: _domain_error,
    HTTPException: _client_error,
    asyncpg.DiskFullError: _disk_full,
    asyncpg.PostgresConnectionError: _database_away,
    asyncpg.CannotConnectNowError: _database_away,
    asyncpg.AdminShutdownError: _database_away,
    asyncpg.CrashShutdownError: _database_away,
    asyncpg.TooManyConnectionsError: _database_away,
    asyncpg.InterfaceError: _database_away,
    Exception: _unexpected,
}
