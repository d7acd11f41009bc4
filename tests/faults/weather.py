"""What may happen to a phone's line, and what it cost."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final

from tests.faults.wire import Asked

BEFORE_IT_ARRIVES: Final = (
    "drop_before",
    "captive_portal",
    "bad_gateway",
    "busy",
    "too_many",
    "half_open_before",
)
ON_THE_WAY: Final = ("drop_mid_body", "delay", "late")
AFTER_IT_COUNTED: Final = (
    "drop_after",
    "gateway_timeout",
    "truncate",
    "too_short",
    "too_long",
    "slow_drip",
    "half_open_after",
    "duplicate",
)
HARMLESS: Final = frozenset({"delay", "duplicate", "slow_drip"})
"""The phone gets its answer all the same."""

KINDS: Final = (*BEFORE_IT_ARRIVES, *ON_THE_WAY, *AFTER_IT_COUNTED)


@dataclass(frozen=True)
class Fault:
    """What happens to one request. `share` (0 to 1) says where in it; `seconds` how long."""

    kind: str
    share: float = 0.5
    seconds: float = 0.2


@dataclass
class Weather:
    """The state of one phone's line: at most one fault a request, drawn in the order they come."""

    dice: random.Random
    chance: float
    kinds: tuple[str, ...]
    stormy: bool = True
    injected: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    bytes_up: int = 0
    bytes_down: int = 0

    def next_fault(self, asked: Asked) -> Fault | None:
        """Draws four times for every request, whatever comes of it."""
        self.requests += 1
        hit, which, share, seconds = (self.dice.random() for _ in range(4))
        if not self.stormy or hit >= self.chance or not self.kinds:
            return None
        kind = self.kinds[int(which * len(self.kinds))]
        if asked.is_stream and kind not in {"drop_before", "bad_gateway", "captive_portal"}:
            kind = "drop_after"
        if kind == "drop_mid_body" and asked.length == 0:
            kind = "drop_before"
        self.injected[kind] += 1
        return Fault(kind, share, 0.05 + seconds * (2.0 if kind == "late" else 0.6))


@dataclass
class Resent:
    """What of uploads was sent again: bytes below the furthest ever sent, and how many breaks."""

    furthest: dict[str, int] = field(default_factory=dict)
    breaks: dict[str, int] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def saw(self, upload: str, offset: int, received: int, *, broken: bool) -> None:
        reached = self.furthest.get(upload, 0)
        self.again[upload] += max(0, min(reached, offset + received) - offset)
        self.furthest[upload] = max(reached, offset + received)
        if broken:
            self.breaks[upload] = self.breaks.get(upload, 0) + 1

    def worst_per_break(self) -> float:
        """Bytes sent again for each break, of the upload that fared worst."""
        return max(
            (self.again[upload] / count for upload, count in self.breaks.items()), default=0.0
        )
