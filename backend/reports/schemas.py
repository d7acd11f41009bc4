"""Reports as they are sent, acknowledged and shown."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from backend.departments.schemas import Answer, AnswersIn, Names
from backend.i18n import Language
from backend.media.schemas import PhotoNamed, PhotoOut, PhotoReceipt, VoiceNamed, VoiceOut
from backend.threads.schemas import ClockName, MessageOut, MessageReceipt

State = Literal[
    "submitted",
    "accepted",
    "in_progress",
    "awaiting_reporter",
    "resolved",
    "disputed",
    "closed",
    "rejected",
    "merged",
    "withdrawn",
]
LocatedBy = Literal["gps", "map", "photo", "none"]
Tray = Literal["open", "done", "all"]
Moderation = Literal["new", "approved", "hidden"]
Decision = Literal["approve", "hide", "verify", "correct", "appeal"]
Severity = Literal["passable", "hard", "blocked"]
"""How bad it is in a crisis (`W10`): one gets through, hardly, not at all."""
Photos = Annotated[list[PhotoNamed], Meta(max_length=100)]


class BehalfIn(Struct, frozen=True):
    """Whom a head or dispatcher reports for (`R7`). They must have agreed to be named."""

    name: str
    phone: str = ""
    consent: bool = False


class BehalfOut(Struct, frozen=True):
    """Whom it was reported for; only people who work on it, and who wrote it, are told.

    `phone` is for the department and the author, and else empty. `by_telephone`: an operator wrote
    it down, and the author is the caller.
    """

    name: str
    phone: str
    by_telephone: bool = False


class ReportIn(Struct, frozen=True):
    """A new report (`R1`, `R2`, `R3`). `lat`, `lon` are WGS 84 degrees, `accuracy_m` metres.

    `area_id` is a neighbourhood chosen by hand; without it and without a position the report is
    about the person's own neighbourhood. `answers` are to what the category asks (`R4`).
    """

    category_id: UUID
    located_by: LocatedBy
    description: str = ""
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
    address: str = ""
    area_id: UUID | None = None
    photos: Photos = []
    on_behalf: BehalfIn | None = None
    device_created_at: datetime | None = None
    answers: AnswersIn | None = None
    voice: VoiceNamed | None = None
    severity: Severity | None = None


class ReportPatch(Struct, frozen=True):
    """What the author corrects before acceptance (`R12`); what is left out stays.

    Answers to another category's questions go with that category.
    """

    category_id: UUID | UnsetType = UNSET
    description: str | UnsetType = UNSET
    lat: float | UnsetType | None = UNSET
    lon: float | UnsetType | None = UNSET
    accuracy_m: float | UnsetType | None = UNSET
    located_by: LocatedBy | UnsetType = UNSET
    address: str | UnsetType = UNSET
    answers: AnswersIn | UnsetType | None = UNSET


class ReportReceipt(Struct, frozen=True):
    """The report is durable. Asked again, `state`, `photos` and `voice` are as of then."""

    id: UUID
    code: str
    state: State
    received_at: datetime
    area_id: UUID
    department_id: UUID | None
    photos: list[PhotoReceipt]
    voice: PhotoReceipt | None = None


class MoveOption(Struct, frozen=True):
    """A move this person may make now, and what it must bring."""

    to: State
    needs_text: bool
    needs_reason: bool
    needs_photo: bool


class PartOut(Struct, frozen=True):
    """What a department besides the one in charge does (`W7`). `task` is said to staff only.

    `closable`: this person may say that it is done.
    """

    department_id: UUID
    department_names: Names
    task: str | None
    asked_at: datetime
    done_at: datetime | None
    closable: bool


class ReportOut(Struct, frozen=True):
    """A report as one person sees it.

    `last_seq` is the last entry of its thread that this person may see; the `seen_by_` numbers say
    how far the other side has read (`C5`). Hours of the two clocks stand in `accept_due_at` and
    `solve_due_at`; they stand still while `clock_paused` (`C6`): a question is open, or a result
    waits for the reporter's word. `nudge` is the broken promise this person may ask after now.
    `disputes` counts how often "done" was not (`C8`); `stars` is the reporter's rating, 1 to 5;
    `ratable`: this person may give or change it now (`C9`). Only what is `approved` may ever be
    public (`W5`); `decisions` are those this person may take now. `followers` other people see it,
    too (`R6`). `followed`: this person is one of them and no more: of who reported it, of the
    thread, of the voice note and, unless approved, of words and photos nothing is shown.
    `passable`: they may hand it over or split it now (`W7`, `W8`); `handovers` counts how often it
    was handed over, and `ping_pong` says that it came back to a department that had it before.
    `crisis_id` is the crisis under whose promises it was sent (`W10`).
    """

    id: UUID
    code: str
    account_id: UUID
    reporter_name: str | None
    mine: bool
    neighbourhood_id: UUID
    neighbourhood_name: str
    category_id: UUID
    department_id: UUID | None
    department_names: Names | None
    category_names: Names
    category_icon: str
    category_colour: str
    state: State
    description: str
    address: str
    lat: float | None
    lon: float | None
    accuracy_m: float | None
    located_by: LocatedBy
    outside: bool
    urgent: bool
    private: bool
    created_at: datetime
    updated_at: datetime
    accept_due_at: datetime
    solve_due_at: datetime
    awaiting_since: datetime | None
    accepted_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    reason: str | None
    merged_into: UUID | None
    appealed: bool
    photos: list[PhotoOut]
    voice: VoiceOut | None
    last_seq: int
    my_read_seq: int
    seen_by_department_seq: int
    seen_by_reporter_seq: int
    moves: list[MoveOption]
    clock_paused: bool
    nudge: ClockName | None
    answers: list[Answer]
    disputes: int
    stars: int | None
    ratable: bool
    moderation: Moderation
    hidden_reason: str | None
    verified_at: datetime | None
    decisions: list[Decision]
    on_behalf: BehalfOut | None
    followers: int
    followed: bool
    reporter_language: Language
    handovers: int
    ping_pong: bool
    parts: list[PartOut]
    passable: bool
    severity: Severity | None = None
    crisis_id: UUID | None = None


class CaseOut(Struct, frozen=True):
    """One report with its thread."""

    report: ReportOut
    messages: list[MessageOut]


class MoveIn(Struct, frozen=True):
    """A step of the state machine. What it needs is said by `MoveOption`."""

    to: State
    text: str = ""
    reason: str = ""
    photos: Photos = []
    merged_into: UUID | None = None
    device_created_at: datetime | None = None


class NudgeIn(Struct, frozen=True):
    """The reporter asks after a broken promise (`W11`). There is nothing to say but when."""

    device_created_at: datetime | None = None


class DecisionIn(Struct, frozen=True):
    """What a head decides about a report (`W5`), or the author's one appeal against it.

    `hide`, `correct` and `appeal` need a reason, which the other side reads; `verify` needs a photo
    from the place; `correct` says what it is or where: what is left out stays.
    """

    decision: Decision
    reason: str = ""
    text: str = ""
    photos: Photos = []
    category_id: UUID | None = None
    lat: float | None = None
    lon: float | None = None
    address: str | None = None
    device_created_at: datetime | None = None


class NearbyOut(Struct, frozen=True):
    """An open report close to where somebody is about to report something (`R6`).

    Who reported it is never told. Words, address and photo only of what is approved, or one's own.
    """

    id: UUID
    category_id: UUID
    category_names: Names
    category_icon: str
    category_colour: str
    state: State
    created_at: datetime
    distance_m: int
    description: str
    address: str
    photo_id: UUID | None
    followers: int
    mine: bool
    followed: bool


class NearbyList(Struct, frozen=True):
    """The most likely first."""

    reports: list[NearbyOut]


class JoinIn(Struct, frozen=True):
    """ "That is it, I see it too." """

    device_created_at: datetime | None = None


class JoinReceipt(Struct, frozen=True):
    """`report_id` is followed now: the one asked for, or the one it has been merged into."""

    id: UUID
    report_id: UUID
    followers: int
    received_at: datetime


class RatingIn(Struct, frozen=True):
    """How it went, in the eyes of who reported it (`C9`): 1 (bad) to 5 (good), and a word."""

    stars: int
    text: str = ""
    device_created_at: datetime | None = None


class HandoverIn(Struct, frozen=True):
    """Another department is in charge from now on (`W8`). The reporter reads the reason."""

    department_id: UUID
    reason: str = ""
    device_created_at: datetime | None = None


class PartIn(Struct, frozen=True):
    department_id: UUID
    task: str


class SplitIn(Struct, frozen=True):
    """Other departments have something to do, too (`W7`); the one in charge keeps the case."""

    parts: Annotated[list[PartIn], Meta(max_length=100)]
    device_created_at: datetime | None = None


class PartDoneIn(Struct, frozen=True):
    """What a department had to do is done, or no longer asked for: said in words."""

    text: str = ""
    photos: Photos = []
    device_created_at: datetime | None = None


class Looker(Struct, frozen=True):
    """Someone of the staff who has a case before their eyes."""

    account_id: UUID
    name: str


class PresenceOut(Struct, frozen=True):
    """The others who look at a case now. To be asked again within `seconds`, or one is gone."""

    others: list[Looker]
    seconds: int


class MoveReceipt(MessageReceipt, frozen=True, kw_only=True):
    """The move is entry `seq` of the thread; `state` is where it led."""

    state: State


class SuggestionsOut(Struct, frozen=True):
    """What a ward has learned of the words in which problems are reported (`R5`): see
    `backend.reports.suggesting`. `words` maps a feature to (index in `categories`, weight) pairs.
    """

    version: str
    categories: list[UUID]
    priors: list[int]
    enough: int
    words: dict[str, list[int]]
