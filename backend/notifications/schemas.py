"""What goes in and out of `/api/notifications` and `/api/push`, and what a push carries."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.i18n import Language

NotificationKind = Literal[
    "report_new",
    "message",
    "question",
    "state",
    "answer",
    "deadline",
    "nudge",
    "moderated",
    "followed",
    "handover",
    "part",
    "crisis",
]


class NotificationOut(Struct, frozen=True):
    """One line of the inbox.

    `detail` is the report's new state when `kind` is `state` or, for who joined it, `followed`;
    `accept_warning`, `solve_breach` and so on (`warning`, `breach`, `escalation` of either clock)
    when it is `deadline`; the clock when it is `nudge`; the decision (`approve`, `hide`, `correct`,
    `appeal`) when it is `moderated`; `passed_around` when a `handover` is one too many; `done` when
    a `part` is; the kind of the crisis (`snow` and so on) when it is `crisis`: then `message_id`
    names the ward's message.
    """

    id: UUID
    kind: NotificationKind
    report_id: UUID | None
    message_id: UUID | None
    detail: str | None
    urgent: bool
    created_at: datetime
    read_at: datetime | None


class ReadNotifications(Struct, frozen=True):
    ids: Annotated[list[UUID], Meta(max_length=1000)]


class SubscriptionIn(Struct, frozen=True):
    """What `PushSubscription.toJSON()` gives, flat, and the language the phone shows."""

    endpoint: str
    p256dh: str
    auth: str
    language: Language


class SubscriptionOut(Struct, frozen=True):
    id: UUID


class PushPayload(Struct, frozen=True):
    """What a phone is told: ids, a kind and a state; no text, no name, no place (N5).

    Push services see only the encrypted form, but a lock screen shows what comes out of it.
    """

    v: int
    kind: str
    report: UUID | None
    notification: UUID
    detail: str | None
    lang: str


class DeliverJob(Struct, frozen=True):
    """Payload of the job `deliver`."""

    notifications: list[UUID]


SmsKind = Literal["logged", "state", "message", "question"]


class SmsJob(Struct, frozen=True):
    """Payload of the job `text`."""

    delivery: UUID
