"""The reporter says how it went, once it is over (`C9`): 1 to 5, with a word if they like."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from backend.actor import Actor
from backend.db import write_tx
from backend.errors import Conflict, Forbidden, InvalidField, NotFound
from backend.i18n import N_
from backend.reports import entries, queries
from backend.reports.policy import may_rate, sides_of
from backend.reports.schemas import RatingIn
from backend.reports.timing import Changes
from backend.text import clean_text
from backend.threads.content import content_hash, device_time
from backend.threads.queries import NewMessage
from backend.threads.schemas import MessageReceipt, ThreadEvent

BEST: Final = 5
WORD_LENGTH: Final = 1000


class NotClosed(Conflict):
    """Nobody knows yet how it will end."""

    code = "not_closed"
    title = N_("This report is not closed")
    message = N_("You can say how it went once the report is closed.")

    def __init__(self, current: str) -> None:
        self.current = current
        super().__init__()

    def state(self) -> str | None:
        return self.current


class AlreadyRated(Conflict):
    """Given, and changed once."""

    code = "already_rated"
    title = N_("You have already said how it went")
    message = N_("A rating can be changed once. The last one you gave counts.")


async def rate(
    actor: Actor, report_id: UUID, rating_id: UUID, wish: RatingIn
) -> tuple[MessageReceipt, bool]:
    """Rate a closed report; it stands in the thread as entry `rating_id`. The last one counts.

    Returns:
        the receipt, and whether the rating is new.

    Raises:
        InvalidField: bad_stars, too_long.
        NotFound, Forbidden: not visible; not the author.
        NotClosed, AlreadyRated, IdReused
    """
    if not 1 <= wish.stars <= BEST:
        raise InvalidField("stars", "bad_stars", N_("Please choose from 1 to 5."))
    text = clean_text(wish.text, WORD_LENGTH, field="text")
    fingerprint = content_hash(["rating", wish.stars, text])
    async with write_tx():
        report = (await queries.lock_reports(actor, [report_id])).get(report_id)
        earlier = await entries.find_earlier(actor, report, report_id, rating_id, fingerprint)
        if earlier is not None:
            return earlier.receipt, False
        if report is None:
            raise NotFound
        if "reporter" not in sides_of(actor, report):
            raise Forbidden
        if report.state != "closed":
            raise NotClosed(report.state)
        if not may_rate(actor, report):
            raise AlreadyRated
        now = datetime.now(UTC)
        entry = NewMessage(
            id=rating_id,
            thread_id=report_id,
            seq=report.last_seq + 1,
            account_id=actor.account_id,
            side="reporter",
            kind="event",
            content_hash=fingerprint,
            body=text,
            event=ThreadEvent("rated", stars=wish.stars),
            created_at=now,
            device_created_at=device_time(wish.device_created_at),
        )
        changes: Changes = {"stars": wish.stars, "ratings": report.ratings + 1}
        await entries.write(actor, report, [entry], [], changes)
    return MessageReceipt(rating_id, entry.seq, now, []), True
