"""The state machine of a report, as data (`W2`; DESIGN, "Report states").

Anything that is not in `MOVES` is refused. Pure: no database, no clock.
"""

from collections.abc import Collection
from typing import Final, Literal

from msgspec import Struct

from backend.reports.schemas import MoveOption, State
from backend.threads.schemas import Side

Photo = Literal["never", "by_category"]


class Move(Struct, frozen=True):
    """From `source` to `to`, by `side`, with what it must bring.

    `photo` "by_category": where the category asks for a picture of the result (`C7`). `once`: only
    while the report has not been appealed. `target`: names the report it is merged into.
    """

    source: State
    to: State
    side: Side
    text: bool = False
    reason: bool = False
    photo: Photo = "never"
    once: bool = False
    target: bool = False


MOVES: Final[tuple[Move, ...]] = (
    Move("submitted", "accepted", "department"),
    Move("accepted", "in_progress", "department"),
    Move("in_progress", "awaiting_reporter", "department", text=True),
    Move("awaiting_reporter", "in_progress", "department"),
    # The reporter answered; nobody asks for this move.
    Move("awaiting_reporter", "in_progress", "system"),
    Move("in_progress", "resolved", "department", text=True, photo="by_category"),
    Move("awaiting_reporter", "resolved", "department", text=True, photo="by_category"),
    Move("resolved", "closed", "reporter"),
    # Silence is taken for consent.
    Move("resolved", "closed", "system"),
    Move("resolved", "disputed", "reporter"),
    Move("disputed", "in_progress", "department"),
    Move("submitted", "rejected", "department", reason=True),
    Move("accepted", "rejected", "department", reason=True),
    # An appeal goes to the ward: it is no longer the head's to reject.
    Move("submitted", "rejected", "head", reason=True, once=True),
    Move("accepted", "rejected", "head", reason=True, once=True),
    Move("rejected", "submitted", "reporter", reason=True, once=True),
    Move("submitted", "merged", "department", target=True),
    Move("accepted", "merged", "department", target=True),
    Move("submitted", "merged", "head", target=True),
    Move("accepted", "merged", "head", target=True),
    # It was another problem after all: it begins anew, on its own.
    Move("merged", "submitted", "department", reason=True),
    Move("merged", "submitted", "head", reason=True),
    Move("submitted", "withdrawn", "reporter"),
    Move("accepted", "withdrawn", "reporter"),
)

DONE: Final[frozenset[State]] = frozenset({"closed", "rejected", "merged", "withdrawn"})
"""Nothing more is said in these; a rejected one may be appealed, a merged one taken apart."""

PAUSABLE: Final[frozenset[State]] = frozenset({"submitted", "accepted", "disputed"})
"""Where a question stops the clocks without a move (`C6`)."""


def find_move(state: State, to: State, sides: Collection[Side], *, appealed: bool) -> Move | None:
    """The move by which someone on one of `sides` may go from `state` to `to`; None: refused."""
    for move in MOVES:
        if move.source == state and move.to == to and move.side in sides:
            return None if move.once and appealed else move
    return None


def options_for(
    sides: Collection[Side],
    state: State,
    *,
    appealed: bool,
    needs_result_photo: bool,
    open_parts: bool = False,
) -> list[MoveOption]:
    """The moves open to `sides` in `state`, in the order of the table, each target once.

    Args:
        open_parts: other departments have not done theirs: it cannot be solved (`W7`).
    """
    options: dict[State, MoveOption] = {}
    for move in MOVES:
        if move.source != state or move.side not in sides or (move.once and appealed):
            continue
        if open_parts and move.to == "resolved":
            continue
        photo = move.photo == "by_category" and needs_result_photo
        options.setdefault(move.to, MoveOption(move.to, move.text, move.reason, photo))
    return list(options.values())
