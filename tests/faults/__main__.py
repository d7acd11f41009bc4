"""`just faults [--seeds N] [--first F] [--seed S]`: prints what was done and found."""

import argparse
import asyncio
import signal
import sys
import time
from pathlib import Path

import uvloop

from tests.faults.acting import Outcome
from tests.faults.fleet import BATCH, Found, fleet
from tests.faults.kept_seeds import KEPT
from tests.faults.plan import make_plan
from tests.faults.table import Table

SERVER_MUTANTS = {"no_unique_key": "I1 doubled", "cursor_by_id": "not converged"}
CLIENT_MUTANTS = {"delete_before_receipt": "I1 lost"}
MUTANTS = SERVER_MUTANTS | CLIENT_MUTANTS
"""Builds broken on purpose, and what must be found in them."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="just faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=60, help="how many (default 60)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default 0)")
    parser.add_argument("--seed", type=int, help="just this one, told in full")
    parser.add_argument("--kept", action="store_true", help="those that once found something, too")
    parser.add_argument("--table", type=Path, help="write the table here, too")
    parser.add_argument(
        "--resume", type=Path, help="keep the run in this file, and go on with what is in it"
    )
    parser.add_argument(
        "--mutant",
        choices=MUTANTS,
        help="a build broken on purpose; stops at the first seed that finds it out",
    )
    options = parser.parse_args()
    if options.seed is not None:
        seeds = [options.seed]
        print(make_plan(options.seed).describe())
    else:
        seeds = list(range(options.first, options.first + options.seeds))
        if options.kept:
            seeds += [seed for seed in KEPT if seed not in seeds]
    run = _run(
        seeds, options.table, options.resume,
        told_in_full=options.seed is not None, mutant=options.mutant,
    )  # fmt: skip
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        table = runner.run(run)
    print(table.text())
    return 1 if table.failed else 0


def _write(table: Table, place: Path | None) -> None:
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(table.text() + "\n")


async def _run(
    seeds: list[int],
    place: Path | None,
    kept: Path | None,
    *,
    told_in_full: bool,
    mutant: str | None,
) -> Table:
    table = Table() if kept is None else Table.read(kept)
    seeds = [seed for seed in seeds if seed not in table.played]
    wanted = table.seeds + len(seeds)
    begun = time.monotonic() - table.seconds

    def keep() -> None:
        table.seconds = time.monotonic() - begun
        _write(table, place)
        if kept is not None:
            table.save(kept)

    def tell(outcome: Outcome) -> None:
        table.add(outcome)
        if told_in_full or outcome.findings:
            print("\n".join(outcome.history))
        for finding in outcome.findings:
            print(f"seed {outcome.seed}: {finding}", flush=True)
        if table.seeds % 50 == 0:
            print(f"{table.seeds} of {wanted} seeds, {len(table.failed)} failed", flush=True)
            keep()
        if mutant is not None and any(MUTANTS[mutant] in text for text in outcome.findings):
            raise Found

    task = asyncio.current_task()
    assert task is not None
    # Whoever ends us: what we started ends with us.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _where_it_stands)
    for start in range(0, len(seeds), BATCH):
        batch = seeds[start : start + BATCH]
        async with fleet(
            batch,
            client_mutant=mutant if mutant in CLIENT_MUTANTS else None,
            server_mutant=mutant if mutant in SERVER_MUTANTS else None,
        ) as running:
            await running.run(batch, tell)
            table.add_resent(running.resent())
            table.cpu_seconds += running.cpu_seconds()
            if mutant is None:
                table.add_reconnect(await running.reconnect_seconds())
        keep()
    return table


def _where_it_stands() -> None:
    """`kill -USR1`: what everything that goes on here waits for."""
    for task in asyncio.all_tasks():
        task.print_stack(limit=6)


if __name__ == "__main__":
    sys.exit(main())
