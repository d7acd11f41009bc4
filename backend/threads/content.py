"""What people send into a thread, made fit to keep: texts, times, and the hash of it all.

Pure: no database, no clock. The hash decides whether a repeated id is a repetition (200) or other
content (422 `id_reused`), so it is taken over the cleaned input, without the phone's time.
"""

import hashlib
from datetime import UTC, datetime
from typing import Final

import msgspec

from backend.text import clean_text

TEXT_LENGTH: Final = 4000


def clean_message_text(text: str, *, field: str = "text") -> str:
    return clean_text(text, TEXT_LENGTH, field=field)


def device_time(label: datetime | None) -> datetime | None:
    """The phone's own time, kept as a label however wrong it is; null if no calendar has it."""
    if label is None:
        return None
    if label.tzinfo is None:
        return label.replace(tzinfo=UTC)
    try:
        return label.astimezone(UTC)
    except OverflowError:
        return None


def content_hash(cleaned: object) -> bytes:
    """SHA-256 over canonical JSON; `cleaned` must not hold the phone's time."""
    text = msgspec.json.encode(msgspec.to_builtins(cleaned), order="deterministic")
    return hashlib.sha256(text).digest()
