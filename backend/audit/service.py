"""Chaining what was recorded, and walking the chain.

Changes write their entries without waiting for one another; a worker puts them in order soon after
(see the page in `backend/adr/`).
"""

from msgspec import Struct

from backend.audit import queries
from backend.audit.chain import NOTHING, Head, Link, follows, link_hash
from backend.db import write_tx

CHAINED_AT_ONCE = 500
WALKED_AT_ONCE = 2000


class Verdict(Struct, frozen=True):
    """What a walk over the chain found.

    `broken_seq` is the first link that is not what it was, `reason` says how one sees it.
    `waiting` entries are not chained yet; `smuggled` ones never can be: they were put in later.
    """

    head: Head
    broken_seq: int | None
    reason: str
    waiting: int
    smuggled: int

    @property
    def intact(self) -> bool:
        return self.broken_seq is None and self.smuggled == 0


async def chain_entries(*, at_most: int = 100) -> int:
    """Chain what is ready, in portions, each in a transaction; returns how many entries.

    Killed at any moment it leaves a chain that ends earlier. Of several at once one works.

    Args:
        at_most: portions.
    """
    chained = 0
    for _ in range(at_most):
        portion = await _chain_portion()
        chained += portion
        if portion < CHAINED_AT_ONCE:
            break
    return chained


async def _chain_portion() -> int:
    async with write_tx():
        if not await queries.lock_chain():
            return 0
        head = await queries.get_head()
        links: list[Link] = []
        for entry in await queries.list_unchained(CHAINED_AT_ONCE):
            seq = head.seq + 1
            link = Link(seq, head.hash, link_hash(head.hash, seq, entry), entry)
            links.append(link)
            head = Head(seq, link.hash)
        await queries.insert_links(links)
    return len(links)


async def get_head() -> Head:
    """The last link; `NOTHING` before there is one."""
    return await queries.get_head()


async def verify(kept: Head | None = None) -> Verdict:
    """Recompute the whole chain.

    Args:
        kept: a head that somebody wrote down elsewhere: only so is a cut-off end noticed.
    """
    head = NOTHING
    while links := await queries.list_links(head.seq, WALKED_AT_ONCE):
        for link in links:
            if not follows(link, head):
                return await _verdict(head, head.seq + 1, _reason(link, head))
            head = Head(link.seq, link.hash)
            if kept is not None and kept.seq == head.seq and kept.hash != head.hash:
                return await _verdict(head, head.seq, "another hash was kept for it elsewhere")
    if kept is not None and kept.seq > head.seq:
        return await _verdict(head, head.seq + 1, "the chain ends before the head that was kept")
    return await _verdict(head, None, "")


def _reason(link: Link, head: Head) -> str:
    if link.seq != head.seq + 1:
        return "it is missing"
    if link.previous != head.hash:
        return "it does not follow the one before"
    if link.entry is None:
        return "its entry is gone"
    return "its entry or its hash was changed"


async def _verdict(head: Head, broken_seq: int | None, reason: str) -> Verdict:
    waiting, smuggled = await queries.count_unchained()
    return Verdict(head, broken_seq, reason, waiting, smuggled)


async def walk() -> Verdict:
    """Verify, and note the outcome for the screens of those who inspect."""
    verdict = await verify()
    async with write_tx():
        await queries.save_walk(verdict.head.seq, verdict.broken_seq)
    return verdict
