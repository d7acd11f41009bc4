"""The place in the feed a phone has reached, as an opaque string.

It names the database's epoch (a restored backup is another history), the set of scopes it was made
for (other rights are another feed), the version to read from, and inside a long answer the page.
"""

import base64
import binascii
import hashlib
import uuid
from collections.abc import Sequence
from typing import Final

import msgspec

from backend.errors import InvalidField
from backend.i18n import N_

FORMAT: Final = 1


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """`horizon` is where the next pull starts once this one is complete (None: not paging)."""

    format: int
    epoch: uuid.UUID
    scopes: bytes
    version: int
    horizon: int | None = None
    after: tuple[str, uuid.UUID] | None = None


class BadCursor(InvalidField):
    def __init__(self) -> None:
        super().__init__(
            "cursor", "bad_cursor", N_("This phone's copy is not readable; it starts over.")
        )


def fingerprint(scopes: Sequence[uuid.UUID]) -> bytes:
    """Stands for a set of scopes, whatever its order."""
    return hashlib.sha256(b"".join(sorted(scope.bytes for scope in scopes))).digest()[:8]


def encode_cursor(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """Raises BadCursor for anything this server did not write."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.msgpack.decode(raw, type=Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BadCursor from error
    if cursor.format != FORMAT or not 0 <= cursor.version < 2**63:
        raise BadCursor
    return cursor
