"""What a run of seeds comes to, as a table for people."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.faults.acting import Outcome
from tests.faults.weather import Resent


@dataclass
class Table:
    """Sums over all seeds `played`. `failed`: those with findings."""

    played: set[int] = field(default_factory=set)
    failed: dict[int, list[str]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    seconds: float = 0.0
    seed_seconds: list[float] = field(default_factory=list)
    drain_seconds: list[float] = field(default_factory=list)
    resent_per_break: float = 0.0
    reconnect_seconds: float = 0.0
    cpu_seconds: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, file: Path) -> "Table":
        """As `save` left it; an empty one where there is none."""
        if not file.is_file():
            return cls()
        return msgspec.json.decode(
            file.read_bytes(), type=cls, dec_hook=lambda _, counts: Counter(counts)
        )

    def save(self, file: Path) -> None:
        """For a run that goes on another day."""
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self))
        fresh.replace(file)

    @property
    def seeds(self) -> int:
        return len(self.played)

    def add(self, outcome: Outcome) -> None:
        self.played.add(outcome.seed)
        if outcome.findings:
            self.failed[outcome.seed] = outcome.findings
        self.faults += outcome.faults
        self.actions += outcome.actions
        self.requests += outcome.requests
        self.bytes_up += outcome.bytes_up
        self.bytes_down += outcome.bytes_down
        self.seed_seconds.append(outcome.seconds)
        self.drain_seconds.append(outcome.drain_seconds)

    def add_resent(self, seen: Iterable[Resent]) -> None:
        self.resent_per_break = max(
            [self.resent_per_break, *(one.worst_per_break() for one in seen)]
        )

    def add_reconnect(self, seconds: float) -> None:
        self.reconnect_seconds = max(self.reconnect_seconds, seconds)

    def text(self) -> str:
        """Faults by kind, actions by kind, bytes, and the seeds that failed with how to replay."""
        lines = [f"{self.seeds} seeds in {self.seconds:.0f} s, {len(self.failed)} failed", ""]
        lines += _columns("faults", self.faults)
        lines += _columns("actions", self.actions)
        lines += [
            f"requests {self.requests}, up {self.bytes_up / 1e6:.1f} MB, "
            f"down {self.bytes_down / 1e6:.1f} MB",
            f"sent again for a break of an upload: at most {self.resent_per_break / 1024:.1f} KB",
            f"sending begins {self.reconnect_seconds:.2f} s after a line is back, without a worker",
            f"a seed takes {_median(self.seed_seconds):.1f} s; healed, its phones are empty "
            f"within {_median(self.drain_seconds):.1f} s, "
            f"at most {max(self.drain_seconds, default=0):.1f} s",
        ]
        used = self.cpu_seconds.most_common(8)
        lines.append("computing: " + ", ".join(f"{name} {value:.0f} s" for name, value in used))
        for seed, findings in sorted(self.failed.items()):
            lines += ["", f"seed {seed}   replay: just faults --seed {seed}", *findings]
        return "\n".join(lines)


def _columns(title: str, counts: Counter[str]) -> list[str]:
    total = sum(counts.values())
    cells = [f"{name:<22}{count:>7}" for name, count in sorted(counts.items())]
    rows = ["   ".join(cells[at : at + 3]) for at in range(0, len(cells), 3)]
    return [f"{title} ({total})", *rows, ""]


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
