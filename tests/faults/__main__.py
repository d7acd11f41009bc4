"""`just faults [--seeds N] [--first F] [--seed S]`: prints what was done and found."""

import argparse
import asyncio
import sys
import time

from tests.faults.acting import Outcome
from tests.faults.fleet import BATCH, fleet
from tests.faults.plan import make_plan
from tests.faults.table import Table


def main() -> int:
    parser = argparse.ArgumentParser(prog="just faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=60, help="how many (default 60)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default 0)")
    parser.add_argument("--seed", type=int, help="just this one, told in full")
    options = parser.parse_args()
    if options.seed is not None:
        seeds = [options.seed]
        print(make_plan(options.seed).describe())
    else:
        seeds = list(range(options.first, options.first + options.seeds))
    table = asyncio.run(_run(seeds, told_in_full=options.seed is not None))
    print(table.text())
    return 1 if table.failed else 0


async def _run(seeds: list[int], *, told_in_full: bool) -> Table:
    table = Table()

    def tell(outcome: Outcome) -> None:
        table.add(outcome)
        if told_in_full:
            print("\n".join(outcome.history))
        for finding in outcome.findings:
            print(f"seed {outcome.seed}: {finding}", flush=True)
        if table.seeds % 50 == 0:
            print(f"{table.seeds} of {len(seeds)} seeds, {len(table.failed)} failed", flush=True)

    begun = time.monotonic()
    for start in range(0, len(seeds), BATCH):
        batch = seeds[start : start + BATCH]
        async with fleet(batch) as running:
            await running.run(batch, tell)
            table.add_resent(running.resent())
    table.seconds = time.monotonic() - begun
    return table


if __name__ == "__main__":
    sys.exit(main())
