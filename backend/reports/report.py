"""A report as the rules see it: its row, without what only readers need."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from backend.departments.schemas import Answer
from backend.reports.schemas import LocatedBy, Moderation, Severity, State


class Clock(Struct, frozen=True, array_like=True):
    """One promise, in microseconds of its own kind of time: left at `Clocks.since`, and in all."""

    left_us: int
    total_us: int
    always: bool


class Clocks(Struct, frozen=True):
    """From where the two clocks count: due is when `left` has passed since `since`.

    A pause sets `since` anew. An appeal begins another `round`, with warnings of its own, and so
    does a dispute: it is accepted already then, so only the second clock runs (`reopened`).
    """

    since: datetime
    accept: Clock
    solve: Clock
    escalate_us: int
    round: int = 0
    reopened: bool = False


class Report(Struct, frozen=True):
    """One row of the table `report`. `last_seq` numbers its thread.

    `part_ids` are departments that have a part of it besides the one in charge (`W7`), and
    `open_part_ids` those that have not done theirs; `handovers` counts, and `ping_pong` says that
    it was handed to and fro (`W8`). `alarm_at` is when the worker looks at its deadlines next; None
    while the clocks stand. `disputes` counts how often it was called done and was not (`C8`);
    `stars` is the rating that counts, given `ratings` times (`C9`). `crisis_id` is the crisis whose
    promises it was sent under (`W10`).
    """

    id: UUID
    code: str
    account_id: UUID
    neighbourhood_id: UUID
    ward_id: UUID
    city_id: UUID
    category_id: UUID
    department_id: UUID | None
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
    content_hash: bytes
    last_seq: int
    created_at: datetime
    device_created_at: datetime | None
    accept_due_at: datetime
    solve_due_at: datetime
    awaiting_since: datetime | None
    accepted_at: datetime | None
    resolved_at: datetime | None
    appealed: bool
    clocks: Clocks | None
    alarm_at: datetime | None
    answers: list[Answer] = []
    disputes: int = 0
    stars: int | None = None
    ratings: int = 0
    followers: int = 0
    moderation: Moderation = "new"
    moderation_appealed: bool = False
    handovers: int = 0
    ping_pong: bool = False
    part_ids: list[UUID] = []
    open_part_ids: list[UUID] = []
    crisis_id: UUID | None = None
    severity: Severity | None = None

    @property
    def path(self) -> list[UUID]:
        """Areas that contain it, the city first."""
        return [self.city_id, self.ward_id, self.neighbourhood_id]
