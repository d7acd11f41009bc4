"""Which reports a person sees: one filter, used by every query that reads for a person (I7).

Each function gives a condition on the table `report` aliased `r`, and its arguments, numbered from
`first`. Only what the person holds appears in it, so that the planner can use the index of each.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from backend.actor import Actor

Condition = tuple[str, list[object]]

_PARTS: Final = "r.part_ids"
"""Departments that have a part of it (`W7`): an array, with an index of what is not empty."""

_ON_DESK: Final = (
    "r.part_ids <> '{}' AND r.part_ids @> ARRAY[?]::uuid[] AND (? = ANY(r.open_part_ids)"
    " OR r.state IN ('closed', 'rejected', 'merged', 'withdrawn'))"
)


def visible_to_sql(actor: Actor, first: int) -> Condition:
    """Everything this person may see: their own, and what their grants reach."""
    return _any_of(first, [("r.account_id", [actor.account_id]), *_headed(actor), *_handled(actor)])


def desk_parts(actor: Actor) -> list[tuple[str, UUID]]:
    """What is this person's work, as `visible_to_sql` without what is merely their own: each part
    as a condition with `?` where its value stands. A report may lie in several of them.

    What another department is in charge of lies here while a part of it is to be done, and when all
    of it is over.
    """
    columns = [*_headed(actor), *_handled(actor)]
    return sorted(
        {
            (_ON_DESK if column == _PARTS else f"{column} = ?", one)
            for column, ids in columns
            for one in ids
        }
    )


def replica_sql(actor: Actor, first: int) -> Condition:
    """What their phone keeps a copy of: their own, and a head's neighbourhood.

    A desk's sets are too large for that; it asks online.
    """
    return _any_of(first, [("r.account_id", [actor.account_id]), *_headed(actor)])


def sees_notes_sql(actor: Actor, first: int) -> Condition:
    """Where they see internal notes (`C3`), of what they see; the twin of `policy.viewer_of`."""
    inside, arguments = _any_of(
        first + 1,
        [
            ("r.department_id", actor.departments()),
            (_PARTS, actor.departments()),
            ("r.ward_id", actor.dispatches()),
        ],
    )
    return f"(r.account_id <> ${first} OR {inside})", [actor.account_id, *arguments]


def _headed(actor: Actor) -> list[tuple[str, list[UUID]]]:
    return [("r.neighbourhood_id", actor.heads())]


def _handled(actor: Actor) -> list[tuple[str, list[UUID]]]:
    return [
        ("r.department_id", actor.departments()),
        (_PARTS, actor.departments()),
        ("r.ward_id", [*actor.dispatches(), *actor.oversees()]),
        ("r.city_id", actor.oversees()),
    ]


def _any_of(first: int, columns: Sequence[tuple[str, list[UUID]]]) -> Condition:
    parts: list[str] = []
    arguments: list[object] = []
    for column, ids in columns:
        if not ids:
            continue
        place = f"${first + len(arguments)}"
        if column == _PARTS:
            parts.append(f"({column} <> '{{}}' AND {column} && {place}::uuid[])")
            arguments.append(ids)
            continue
        # One value as `=`: only so does an index give its rows in order.
        if len(ids) == 1:
            parts.append(f"{column} = {place}")
            arguments.append(ids[0])
        else:
            parts.append(f"{column} = ANY({place}::uuid[])")
            arguments.append(ids)
    return (f"({' OR '.join(parts)})" if parts else "false"), arguments
