"""What one seed stands for: who does what when, and what goes wrong. Pure."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from tests.faults.weather import AFTER_IT_COUNTED, BEFORE_IT_ARRIVES, KINDS, ON_THE_WAY

Lane = Literal["line", "browser", "server", "store", "database", "disk", "restore"]
LANES: Final[Mapping[int, Lane]] = {
    2: "store", 14: "store", 27: "store", 44: "store",
    5: "server", 17: "server", 29: "server", 39: "server",
    7: "browser", 32: "browser",
    12: "restore", 24: "disk", 49: "database",
}  # fmt: skip
"""Of fifty seeds, by their number; most have bad lines only: killing things costs seconds."""

DISKS: Final = ("database", "log", "photos")
YEAR_MS: Final = 365 * 24 * 3600 * 1000
SHOT_BYTES: Final = (700, 9_000, 70_000, 150_000)
SERVER_POINTS: Final = (
    "before_commit",
    "after_commit",
    "part_written",
    "part_synced",
    "file_stored",
    "upload_recorded",
)


@dataclass(frozen=True)
class Act:
    """`do` is a method of `tests.faults.acting`; `pause` seconds before it."""

    pause: float
    do: str
    wish: Mapping[str, object] = field(default_factory=dict)


Script = tuple[Act, ...]


@dataclass(frozen=True)
class Device:
    """One phone: whose, signed in under which session, and what is done on it, tab by tab."""

    name: str
    person: str
    session: str
    tabs: tuple[Script, ...]
    chance: float
    kinds: tuple[str, ...]
    wrong_by_ms: int
    worker: bool
    has_sync: bool = True
    """False: no SyncManager, as in Safari and Firefox."""


@dataclass(frozen=True)
class Plan:
    seed: int
    lane: Lane
    devices: tuple[Device, ...]
    desk: Script
    """What department, dispatcher and time do meanwhile, past the bad line."""
    failpoints: str | None
    downtime: float

    def describe(self) -> str:
        lines = [f"seed {self.seed}: {self.lane}, failpoints {self.failpoints or 'none'}"]
        for device in self.devices:
            lines.append(
                f"  {device.name} ({device.person}) faults {device.chance:.2f} "
                f"{','.join(device.kinds)} clock {device.wrong_by_ms} worker {device.worker} "
                f"sync {device.has_sync}"
            )
            for tab, script in enumerate(device.tabs):
                acts = " ".join(f"{act.pause:.2f}s:{act.do}{dict(act.wish)}" for act in script)
                lines.append(f"    tab {tab}: {acts}")
        acts = " ".join(f"{act.pause:.2f}s:{act.do}{dict(act.wish)}" for act in self.desk)
        return "\n".join([*lines, f"  desk: {acts}"])


def lane_of(seed: int) -> Lane:
    """What else may happen besides bad lines."""
    return LANES.get(seed % 50, "line")


def make_plan(seed: int) -> Plan:
    dice = random.Random(f"khupho faults {seed}")
    lane = lane_of(seed)
    palette = _palette(dice)
    chance = (
        dice.choice((0.0, 0.12, 0.25, 0.4)) if lane != "line" else dice.choice((0.15, 0.3, 0.5))
    )
    devices = [_alice(dice, palette, chance)]
    if dice.random() < 0.3:
        devices.append(_second_device(dice, palette, chance))
    if dice.random() < 0.35:
        devices.append(_head(dice, palette, chance))
    if dice.random() < 0.3:
        devices.append(_neighbour(dice, palette, chance))
    if dice.random() < 0.25:
        devices.append(_officer(dice, palette, chance))
    if lane == "browser":
        devices = [
            _with(dice, device, "kill_browser") if n == 0 else device
            for n, device in enumerate(devices)
        ]
    if lane in {"store", "database", "disk", "restore"}:
        devices = [_without(device, "lose_grant") for device in devices]
    if random.Random(f"sync {seed}").random() < 0.5:
        devices = [replace(device, has_sync=False) for device in devices]
    return Plan(
        seed=seed,
        lane=lane,
        devices=tuple(devices),
        desk=_desk(dice, lane, seed),
        failpoints=_failpoints(dice) if lane == "server" else None,
        downtime=dice.uniform(0.0, 0.8),
    )


def _palette(dice: random.Random) -> tuple[str, ...]:
    """A few kinds of fault together show more than all at once."""
    groups = (BEFORE_IT_ARRIVES, ON_THE_WAY, AFTER_IT_COUNTED)
    kinds = [dice.choice(dice.choice(groups)) for _ in range(dice.randint(2, 4))]
    return tuple(dice.sample(KINDS, 6)) if dice.random() < 0.2 else tuple(kinds)


def _failpoints(dice: random.Random) -> str | None:
    if dice.random() < 0.2:
        return None
    name = dice.choice(SERVER_POINTS)
    often = name in {"before_commit", "after_commit"}
    return f"{name}=kill@{dice.randint(1, 14 if often else 4)}"


def _shots(dice: random.Random, most: int) -> list[dict[str, int]]:
    count = dice.choice((0, 0, 0, 1, 1, 2, most))
    return [
        {"seed": dice.randrange(2**31), "bytes": dice.choice(SHOT_BYTES)}
        for _ in range(min(count, most))
    ]


def _pause(dice: random.Random) -> float:
    return dice.choice((0.0, 0.0, 0.05, 0.15, 0.3, 0.5))


def _act(dice: random.Random, do: str, **wish: object) -> Act:
    return Act(_pause(dice), do, wish)


def _report(dice: random.Random) -> Act:
    category = dice.choice(("lamp", "lamp", "waste", "orphan"))
    return _act(dice, "report", category=category, shots=_shots(dice, 3), words=dice.randint(1, 9))


def _reply(dice: random.Random) -> Act:
    return _act(dice, "reply", which=dice.randrange(9), shots=_shots(dice, 2))


def _resident_acts(dice: random.Random, count: int) -> list[Act]:
    acts: list[Act] = []
    for _ in range(count):
        roll = dice.random()
        if roll < 0.16:
            acts.append(_report(dice))
        elif roll < 0.48:
            acts.append(_reply(dice))
        elif roll < 0.56:
            acts.append(_act(dice, "edit", which=dice.randrange(9), words=dice.randint(1, 9)))
        elif roll < 0.60:
            acts.append(_act(dice, "take_back", which=dice.randrange(9)))
        elif roll < 0.65:
            acts.append(_act(dice, "withdraw", which=dice.randrange(9)))
        elif roll < 0.75:
            to = dice.choice(("closed", "disputed"))
            acts.append(_act(dice, "answer_result", to=to))
        elif roll < 0.83:
            acts.append(_act(dice, "read", which=dice.randrange(9)))
        elif roll < 0.87:
            acts.append(_act(dice, "read_notices"))
        elif roll < 0.94:
            acts.append(_act(dice, "wake"))
        else:
            acts.append(_act(dice, "send_now"))
    return acts


def _trouble(dice: random.Random, acts: list[Act]) -> list[Act]:
    """Something happens to the phone itself, in about half of all cases."""
    roll = dice.random()
    at = dice.randint(1, len(acts))
    if roll < 0.14:
        trouble = [_act(dice, "reload")]
    elif roll < 0.28:
        trouble = [_act(dice, "close"), Act(dice.uniform(0.1, 0.6), "reopen")]
    elif roll < 0.36:
        years = dice.choice((-3, 3))
        trouble = [_act(dice, "set_clock", ms=years * YEAR_MS)]
    elif roll < 0.43:
        trouble = [
            _act(dice, "fill_storage"),
            _reply(dice),
            _report(dice),
            _act(dice, "free_storage"),
        ]
    elif roll < 0.50:
        trouble = [_act(dice, "revoke_session"), _reply(dice)]
    elif roll < 0.57:
        trouble = [_act(dice, "update_app")]
    else:
        return acts
    return [*acts[:at], *trouble, *acts[at:]]


def _alice(dice: random.Random, palette: tuple[str, ...], chance: float) -> Device:
    acts = [_report(dice), *_trouble(dice, _resident_acts(dice, dice.randint(4, 9)))]
    tabs = [tuple(acts)]
    if dice.random() < 0.25:
        tabs.append((Act(0.2, "wake"), *_resident_acts(dice, dice.randint(2, 4))))
    worker = dice.random() < 0.2
    if worker:
        for _ in range(3):
            acts.insert(dice.randint(1, len(acts)), _act(dice, "wake_worker"))
        acts.insert(dice.randint(1, len(acts)), _act(dice, "stop_worker"))
        tabs[0] = tuple(acts)
    wrong_by = dice.choice((0, 0, 0, 3 * YEAR_MS, -3 * YEAR_MS))
    return Device(
        "a", "alice", "phone", tuple(tabs), chance, palette, 0 if worker else wrong_by, worker
    )


def _second_device(dice: random.Random, palette: tuple[str, ...], chance: float) -> Device:
    acts = [
        Act(0.5, "wake"),
        *(
            _act(dice, "reply", which=dice.randrange(9), shots=_shots(dice, 1))
            for _ in range(dice.randint(1, 3))
        ),
        _act(dice, "read", which=0),
        _act(dice, "read_notices"),
        _report(dice),
    ]
    return Device("b", "alice", "tablet", (tuple(acts),), chance, palette, 0, False)


def _head(dice: random.Random, palette: tuple[str, ...], chance: float) -> Device:
    acts = [
        Act(0.4, "wake"),
        _reply(dice),
        _act(dice, "read", which=dice.randrange(9)),
        _report(dice),
        _reply(dice),
        _act(dice, "head_reject", which=dice.randrange(9)),
        _reply(dice),
    ]
    dice.shuffle(acts)
    if dice.random() < 0.35:
        acts.insert(dice.randint(1, len(acts)), _act(dice, "lose_grant"))
    return Device("h", "bang", "phone", (tuple(acts),), chance, palette, 0, False)


def _neighbour(dice: random.Random, palette: tuple[str, ...], chance: float) -> Device:
    acts = [_report(dice), *_resident_acts(dice, 3)]
    return Device("d", "dariush", "phone", (tuple(acts),), chance, palette, 0, False)


def _officer(dice: random.Random, palette: tuple[str, ...], chance: float) -> Device:
    acts: list[Act] = []
    for _ in range(dice.randint(3, 6)):
        do = dice.choice(("officer_advance", "officer_advance", "officer_reply"))
        acts.append(
            Act(dice.uniform(0.1, 0.6), do, {"which": dice.randrange(9), "shots": _shots(dice, 1)})
        )
    return Device("o", "chi", "phone", (tuple(acts),), chance, palette, 0, False)


def _desk(dice: random.Random, lane: Lane, seed: int) -> Script:
    acts = []
    for _ in range(dice.randint(3, 9)):
        do = dice.choice(("advance", "advance", "advance", "say", "say", "ask", "reject"))
        acts.append(Act(dice.uniform(0.05, 0.6), do, {"which": dice.randrange(9)}))
    match lane:
        case "server":
            for _ in range(dice.randint(0, 2)):
                _insert(dice, acts, "kill_server")
            if dice.random() < 0.3:
                _insert(dice, acts, "kill_worker")
        case "store":
            for do in dice.sample(("cut_store", "slow_store"), dice.randint(1, 2)):
                _span(dice, acts, do, "mend_store")
            if dice.random() < 0.3:
                _insert(dice, acts, "kill_worker")
        case "database":
            _insert(dice, acts, "kill_database")
        case "disk":
            disk = DISKS[seed // 50 % len(DISKS)]
            _span(dice, acts, "fill_disk", "free_disk", disk=disk)
        case "restore":
            _span(dice, acts, "back_up", "restore")
    return tuple(acts)


def _insert(dice: random.Random, acts: list[Act], do: str) -> None:
    acts.insert(dice.randint(1, len(acts)), _act(dice, do))


def _span(dice: random.Random, acts: list[Act], begin: str, end: str, **wish: object) -> None:
    """`begin` somewhere in the first half, `end` a few acts later."""
    at = dice.randint(0, len(acts) // 2)
    acts.insert(at, _act(dice, begin, **wish))
    acts.insert(dice.randint(at + 2, len(acts)), Act(dice.uniform(0.3, 1.2), end, wish))


def _with(dice: random.Random, device: Device, do: str) -> Device:
    """The same with one more act somewhere in the first tab."""
    acts = list(device.tabs[0])
    acts.insert(dice.randint(1, len(acts)), Act(dice.uniform(0.0, 0.4), do))
    return replace(device, tabs=(tuple(acts), *device.tabs[1:]))


def _without(device: Device, do: str) -> Device:
    tabs = (tuple(act for act in tab if act.do != do) for tab in device.tabs)
    return replace(device, tabs=tuple(tabs))
