"""The trail: what was done, by whom, to what (`S6`), written in the change's own transaction.

Every service that changes something calls `record`, once for each change. On the ground floor
because every slice writes here; only `audit` reads, chains and verifies. Nothing a person wrote
goes into an entry, only its SHA-256: entries outlive the person's account.
"""

import hashlib
import itertools
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from backend.db import Rows, execute, write_before_commit

Detail = str | int | bool | UUID | None | Sequence[str] | Sequence[UUID]

_encode = msgspec.json.Encoder(order="deterministic").encode

# Entries of a transaction stand in the order in which they were recorded.
_places: Final = itertools.count()

_INSERT: Final = """
INSERT INTO audit_entry (ward_id, actor_id, subject_kind, subject_id, action, details)
SELECT ward_id, actor_id, subject_kind, subject_id, action, details
FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[])
     AS t(place, ward_id, actor_id, subject_kind, subject_id, action, details)
ORDER BY place
"""


def record(
    action: str,
    subject: tuple[str, UUID],
    *,
    ward_id: UUID | None,
    actor_id: UUID | None,
    **details: Detail,
) -> None:
    """Note that `actor_id` (None: the system) did `action` to `subject`, a kind and an id.

    Inside `write_tx()` only; written as its end, and rolled back with it.

    Args:
        ward_id: or the city, for what concerns all of it.
        details: ids, states, names of columns, hashes; never words of a person. None is left out.
    """
    text = canonical({key: value for key, value in details.items() if value is not None})
    row = (next(_places), ward_id, actor_id, *subject, action, text.decode())
    write_before_commit("trail", [row], _write)


def canonical(value: object) -> bytes:
    """JSON with sorted keys and without spaces: one text for one meaning."""
    return _encode(value)


def sha256(text: str) -> str | None:
    """Stands for words in the trail; None where there are none."""
    return hashlib.sha256(text.encode()).hexdigest() if text else None


async def _write(rows: Rows) -> None:
    await execute(
        _INSERT, *(list(column) for column in zip(*sorted(rows, key=_place), strict=True))
    )


def _place(row: tuple[object, ...]) -> int:
    return row[0] if isinstance(row[0], int) else 0
