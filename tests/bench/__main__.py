"""`python -m tests.bench [group…]` measures all groups, or the named ones, in turn.

Prints one table and writes `var/bench.json`: name → value, unit, goal, ok. A figure is never a
verdict: only what could not be measured makes the command fail.

Each group runs in a process and a temporary folder of its own, so that none meets what another
left behind, and is stopped when its time or the whole's is up.
"""

import argparse
import asyncio
import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from backend.settings import REPOSITORY
from tests.bench.goals import GROUPS, Group
from tests.bench.processes import end

ALL_SECONDS: Final = 1030
RESULT: Final = REPOSITORY / "var" / "bench.json"

Figures = dict[str, float]
Row = dict[str, float | str | bool | None]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="group", help=f"of: {', '.join(GROUPS)}")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if unknown := set(arguments.groups) - GROUPS.keys():
        parser.error(f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    if arguments.into:
        arguments.into.write_text(json.dumps(_measure(GROUPS[arguments.groups[0]])))
        return 0
    return _measure_in_turn(arguments.groups or list(GROUPS))


def _measure(group: Group) -> Figures:
    """The figures of one group, in this process."""
    # A command started in the background inherits "ignore", and could not be asked to leave.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run = importlib.import_module(group.module).run
    figures: Figures = asyncio.run(run()) if inspect.iscoroutinefunction(run) else run()
    return figures


def _measure_in_turn(names: list[str]) -> int:
    deadline = time.monotonic() + ALL_SECONDS
    rows: dict[str, Row] = {}
    failed = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr)
        seconds = min(GROUPS[name].seconds, deadline - time.monotonic())
        figures = _measure_apart(name, seconds)
        if figures is None:
            failed.append(name)
        else:
            rows |= _rows(name, figures)
    _print_table(rows)
    _write(rows)
    for name in failed:
        print(f"{name}: could not be measured", file=sys.stderr)
    return 1 if failed else 0


def _measure_apart(name: str, seconds: float) -> Figures | None:
    """The figures of a group measured in a process of its own, or None after a failure."""
    with tempfile.TemporaryDirectory(prefix="khupho-bench-") as folder:
        into = Path(folder) / "figures.json"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench", name, "--into", str(into)],
            cwd=REPOSITORY,
            env={**os.environ, "TMPDIR": folder},
            start_new_session=True,
        )
        try:
            process.wait(max(0, seconds))
        except subprocess.TimeoutExpired:
            print(f"{name}: stopped after {seconds:.0f} s", file=sys.stderr)
        finally:
            end(process, Path(folder))
        if not into.exists():
            return None
        figures: Figures = json.loads(into.read_text())
        return figures


def _rows(name: str, figures: Figures) -> dict[str, Row]:
    goals = GROUPS[name].figures
    if strangers := figures.keys() - goals.keys():
        raise LookupError(f"{name} gives figures that goals.py does not know: {strangers}")
    return {
        f"{name}.{figure}": {
            "value": round(value, 4),
            "unit": goals[figure].unit,
            "goal": str(goals[figure]) or None,
            "ok": goals[figure].met(value),
        }
        for figure, value in figures.items()
    }


def _print_table(rows: dict[str, Row]) -> None:
    marks = {True: "yes", False: "NO", None: ""}
    print(f"{'figure':32} {'value':>12} {'unit':9} {'goal':>10}  ok")
    for name, row in rows.items():
        value = row["value"]
        assert isinstance(value, int | float)
        shown = f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
        ok = row["ok"]
        assert ok is None or isinstance(ok, bool)
        print(f"{name:32} {shown:>12} {row['unit']!s:9} {row['goal'] or '':>10}  {marks[ok]}")


def _write(rows: dict[str, Row]) -> None:
    """Figures of groups that were not asked for stay as they were measured last."""
    known = {f"{name}.{figure}" for name, group in GROUPS.items() for figure in group.figures}
    before: dict[str, Row] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    kept = {name: row for name, row in before.items() if name in known}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(kept | rows, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
