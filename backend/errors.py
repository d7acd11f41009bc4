"""What can go wrong, said once: a class with a stable code, rendered as RFC 9457 by one handler."""

from datetime import timedelta
from typing import Final

import msgspec

from backend.i18n import N_, Language, gettext

PROBLEM_JSON: Final = "application/problem+json"


class FieldProblem(msgspec.Struct, frozen=True):
    """One field that is wrong: its path in the body, a stable code, and words for the person."""

    field: str
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every error (RFC 9457). `state` is set when a move came too late."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] = []
    state: str | None = None


class DomainError(Exception):
    """The base of all errors a caller may see.

    `message` and `title` are msgids; `params` fill their placeholders.
    """

    status: int = 400
    code: str = "bad_request"
    title: str = N_("This cannot be done")
    message: str = N_("This cannot be done.")

    def __init__(self, message: str | None = None, **params: object) -> None:
        self.message = message or type(self).message
        self.params = params
        super().__init__(self.code)

    def problem(self, language: Language) -> Problem:
        return Problem(
            type=f"urn:khupho:problem:{self.code}",
            title=gettext(language, self.title),
            status=self.status,
            detail=gettext(language, self.message, **self.params),
            code=self.code,
            errors=self.field_problems(language),
            state=self.state(),
        )

    def field_problems(self, language: Language) -> list[FieldProblem]:
        return []

    def state(self) -> str | None:
        return None

    def headers(self) -> dict[str, str]:
        return {}


class SignedOut(DomainError):
    status = 401
    code = "signed_out"
    title = N_("Please sign in")
    message = N_("You are not signed in on this device. Nothing you wrote is lost.")


class Forbidden(DomainError):
    status = 403
    code = "forbidden"
    title = N_("Not allowed")
    message = N_("You do not have permission to do this.")


class NotFound(DomainError):
    """Missing and foreign things look the same, byte for byte."""

    status = 404
    code = "not_found"
    title = N_("Not found")
    message = N_("There is nothing here, or it is not yours to see.")


class Conflict(DomainError):
    status = 409
    code = "conflict"
    title = N_("Something changed meanwhile")
    message = N_("Someone else changed this in the meantime. Please look again.")


class IllegalMove(Conflict):
    """The state machine has no such move for this person (any more)."""

    code = "illegal_move"
    title = N_("Not possible now")
    message = N_("This step is not possible in the present state of the report.")

    def __init__(self, current: str) -> None:
        self.current = current
        super().__init__()

    def state(self) -> str | None:
        return self.current


class Gone(DomainError):
    status = 410
    code = "gone"
    title = N_("No longer valid")


class Invalid(DomainError):
    """What was sent cannot be taken; `errors[]` names each field."""

    status = 422
    code = "invalid"
    title = N_("Please check what you entered")
    message = N_("Something in it needs to be corrected. Nothing is lost.")

    def __init__(
        self, *fields: tuple[str, str, str, dict[str, object]], code: str | None = None
    ) -> None:
        self.fields = fields
        if code:
            self.code = code
        super().__init__()

    def field_problems(self, language: Language) -> list[FieldProblem]:
        return [
            FieldProblem(field, code, gettext(language, message, **params))
            for field, code, message, params in self.fields
        ]


class InvalidField(Invalid):
    """One wrong field. `message` is a msgid with `params` as placeholders."""

    def __init__(self, field: str, code: str, message: str, **params: object) -> None:
        super().__init__((field, code, message, params), code=code)
        self.message = message
        self.params = params


class IdReused(DomainError):
    status = 422
    code = "id_reused"
    title = N_("Please send it again")
    message = N_("This was already sent with other content. Check it and send it as new.")


class QuotaExceeded(DomainError):
    status = 429
    code = "quota_exceeded"
    title = N_("Too much at once")
    message = N_("You have sent very much in a short time. Please try again later.")

    def __init__(self, retry_after: timedelta, message: str | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(max(1, int(self.retry_after.total_seconds())))}


class Unavailable(DomainError):
    status = 503
    code = "unavailable"
    title = N_("Not available right now")
    message = N_("The service cannot do this right now. It will be tried again by itself.")

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}


class Busy(Unavailable):
    """Too many ask at once: nothing of this request was looked at."""

    code = "busy"

    def __init__(self, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__()

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_seconds)}


class StorageFull(DomainError):
    status = 507
    code = "storage_full"
    title = N_("The server is full")
    message = N_(
        "The server has no space left. What you sent stays on your phone and is tried again."
    )


def encode_problem(problem: Problem) -> bytes:
    return msgspec.json.encode(problem)
