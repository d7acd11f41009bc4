"""`khupho audit`: verify the chain, or print its head to be kept elsewhere."""

import sys

from backend.audit import service
from backend.audit.chain import Head


async def run_verify(kept: Head | None) -> int:
    """Prints what was found; 0 when the chain is intact, else 1."""
    verdict = await service.verify(kept)
    if verdict.broken_seq is not None:
        print(f"The chain is broken at {verdict.broken_seq}: {verdict.reason}.", file=sys.stderr)
    if verdict.smuggled:
        print(
            f"{verdict.smuggled} entries were put in behind the end of the chain.", file=sys.stderr
        )
    if verdict.intact:
        print(f"The chain is intact: {verdict.head.seq} entries.")
        print(f"Head: {verdict.head}")
    print(f"Not yet chained: {verdict.waiting - verdict.smuggled}.")
    return 0 if verdict.intact else 1


async def run_head() -> int:
    """Prints `seq:hash` of the last link."""
    print(await service.get_head())
    return 0
