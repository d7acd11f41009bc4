"""The chain of hashes, as anybody can recompute it. Pure.

Entry number `seq` has hash = SHA-256(previous hash ‖ canonical entry); before the first stand 32
zero bytes. The canonical entry is UTF-8 JSON with sorted keys and without spaces, of `seq`, `id`,
`at` (UTC, microseconds, `2026-03-01T08:00:00.000000Z`), `ward`, `actor`, `subject` ([kind, id]),
`action` and `details`, the last as stored.
"""

import hashlib
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import Raw, Struct

from backend.trail import canonical

GENESIS: Final = bytes(32)


class Entry(Struct, frozen=True):
    """A row of `audit_entry`, without what only orders it."""

    id: int
    at: datetime
    ward_id: UUID | None
    actor_id: UUID | None
    subject_kind: str
    subject_id: UUID
    action: str
    details: str


class Link(Struct, frozen=True):
    """A row of `audit_chain` with its entry; None if that is gone."""

    seq: int
    previous: bytes
    hash: bytes
    entry: Entry | None


class Head(Struct, frozen=True):
    """The last link."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


NOTHING: Final = Head(0, GENESIS)


def read_head(text: str) -> Head:
    """What `str(head)` gave. Raises ValueError."""
    seq, _, digest = text.strip().partition(":")
    head = Head(int(seq), bytes.fromhex(digest))
    if head.seq < 1 or len(head.hash) != len(GENESIS):
        raise ValueError(text)
    return head


def link_hash(previous: bytes, seq: int, entry: Entry) -> bytes:
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    text = canonical(
        {
            "seq": seq,
            "id": entry.id,
            "at": at,
            "ward": entry.ward_id,
            "actor": entry.actor_id,
            "subject": [entry.subject_kind, entry.subject_id],
            "action": entry.action,
            "details": Raw(entry.details.encode()),
        }
    )
    return hashlib.sha256(previous + text).digest()


def is_whole(link: Link) -> bool:
    """Whether a link's hash is that of its entry, as it is now."""
    return link.entry is not None and link_hash(link.previous, link.seq, link.entry) == link.hash


def follows(link: Link, head: Head) -> bool:
    """Whether a link is the next after `head`, and whole."""
    return link.seq == head.seq + 1 and link.previous == head.hash and is_whole(link)
