"""Messages as they are sent and shown, and read markers (`C1`, `C2`, `C3`, `C5`)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from backend.media.schemas import PhotoNamed, PhotoOut, PhotoReceipt, VoiceNamed, VoiceOut

Side = Literal["reporter", "department", "head", "system"]
MessageKind = Literal["message", "event", "note"]
EventType = Literal[
    "created",
    "moved",
    "routed",
    "question",
    "answered",
    "edited",
    "warned",
    "breached",
    "escalated",
    "nudged",
    "rated",
    "approved",
    "hidden",
    "verified",
    "corrected",
    "appealed",
    "handed",
    "passed_around",
    "split",
    "part_done",
]
ClockName = Literal["accept", "solve"]


class ThreadEvent(Struct, frozen=True):
    """Something that happened, in the same timeline as what was said.

    `from` and `to` are states of the report, `reason` is what the mover gave, `department_id` who
    has the case from then on, `merged_into` the report it was joined with. `clock` is the promise
    that is running out, was broken, told to a supervisor, or asked after (`W4`, `W11`). `stars`, 1
    to 5, is how the reporter rates the end (`C9`). `department_ids` got a part of the case (`W7`).
    """

    type: EventType
    source: str | None = field(default=None, name="from")
    to: str | None = None
    reason: str | None = None
    department_id: UUID | None = None
    merged_into: UUID | None = None
    clock: ClockName | UnsetType = UNSET
    stars: int | UnsetType = UNSET
    department_ids: list[UUID] | UnsetType = UNSET


class MessageIn(Struct, frozen=True):
    """Words, photos, a voice note (`R3`), or several of them.

    `question` stops the clocks (`C6`); a `note` stays inside (`C3`).
    """

    text: str = ""
    photos: Annotated[list[PhotoNamed], Meta(max_length=100)] = []
    question: bool = False
    note: bool = False
    device_created_at: datetime | None = None
    voice: VoiceNamed | None = None


class MessageReceipt(Struct, frozen=True):
    """The message is durable as number `seq` of its thread."""

    id: UUID
    seq: int
    received_at: datetime
    photos: list[PhotoReceipt]
    voice: PhotoReceipt | None = None


class MessageOut(Struct, frozen=True):
    """One entry of the timeline, as one person sees it.

    `author_name` is null for the system, and where the reporter reads a department's answer.
    """

    id: UUID
    report_id: UUID
    seq: int
    side: Side
    author_name: str | None
    mine: bool
    kind: MessageKind
    text: str
    event: ThreadEvent | None
    question: bool
    created_at: datetime
    photos: list[PhotoOut]
    voice: VoiceOut | None


class ReadMarkerIn(Struct, frozen=True):
    """All up to and including message `seq` was on the screen."""

    seq: Annotated[int, Meta(ge=0, le=2**31 - 1)]
