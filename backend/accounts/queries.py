"""SQL of people, sessions and invitations."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from backend.accounts.schemas import DeviceOut, GrantOut, InvitationState
from backend.accounts.tables import Account, AccountGrant, Household, Session
from backend.actor import Actor, Grant
from backend.db import execute, fetch, fetch_one, fetch_value, rows_of

if TYPE_CHECKING:
    from asyncpg import Record

# One query a request: the session, its person, and all their rights as of now.
_ACTOR: Final = """
SELECT s.id AS session_id, s.account_id, s.last_seen_at < now() - interval '1 hour' AS stale,
       a.name, a.language, a.neighbourhood_id, a.guest_ward_id IS NOT NULL AS guest,
       coalesce(a.guest_ward_id, n.path[array_length(n.path, 1) - 1],
                (SELECT coalesce(d.area_id, w.id) FROM account_grant g
                 LEFT JOIN department d ON d.id = g.scope_id
                 LEFT JOIN area w ON w.id = g.scope_id AND w.level = 'ward'
                 WHERE g.account_id = a.id AND g.revoked_at IS NULL
                   AND coalesce(d.area_id, w.id) IS NOT NULL
                 ORDER BY g.id LIMIT 1)) AS ward_id,
       coalesce((SELECT jsonb_agg(jsonb_build_object('role', g.role, 'scope_id', g.scope_id))
                 FROM account_grant g WHERE g.account_id = a.id AND g.revoked_at IS NULL),
                '[]') AS grants
FROM session s
JOIN account a ON a.id = s.account_id AND a.disabled_at IS NULL
LEFT JOIN area n ON n.id = a.neighbourhood_id
WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > now()
"""
_decode_grants = msgspec.json.Decoder(tuple[Grant, ...]).decode


async def get_actor(token_hash: bytes) -> tuple[Actor, bool] | None:
    """The person of a session, and whether its last-seen time is over an hour old."""
    row = await fetch_one(_ACTOR, token_hash)
    if row is None:
        return None
    actor = Actor(
        account_id=row["account_id"],
        session_id=row["session_id"],
        name=row["name"],
        language=row["language"],
        neighbourhood_id=row["neighbourhood_id"],
        ward_id=row["ward_id"],
        grants=_decode_grants(row["grants"]),
        guest=row["guest"],
    )
    return actor, row["stale"]


async def update_last_seen(session_id: uuid.UUID, lifetime: timedelta) -> None:
    await execute(
        "UPDATE session SET last_seen_at = now(), expires_at = now() + $2 WHERE id = $1",
        session_id,
        lifetime,
    )


async def get_me(account_id: uuid.UUID) -> "Record | None":
    return await fetch_one(
        """
        SELECT a.id, a.name, a.language, a.neighbourhood_id, a.consent_version,
               (SELECT p.number FROM phone_number p WHERE p.account_id = a.id) AS phone,
               a.guest_ward_id IS NOT NULL AS guest,
               coalesce(a.guest_ward_id, n.path[array_length(n.path, 1) - 1]) AS ward_id,
               coalesce(n.country, gw.country, (
                   SELECT coalesce(ga.country, da.country) FROM account_grant g
                   LEFT JOIN area ga ON ga.id = g.scope_id
                   LEFT JOIN department d ON d.id = g.scope_id
                   LEFT JOIN area da ON da.id = d.area_id
                   WHERE g.account_id = a.id AND g.revoked_at IS NULL ORDER BY g.created_at LIMIT 1
               )) AS country
        FROM account a
        LEFT JOIN area n ON n.id = a.neighbourhood_id
        LEFT JOIN area gw ON gw.id = a.guest_ward_id
        WHERE a.id = $1
        """,
        account_id,
    )


async def list_grants(account_id: uuid.UUID) -> list[GrantOut]:
    """A person's rights with the name of each scope; a department's in the person's language."""
    rows = await fetch(
        """
        SELECT g.role, g.scope_id, coalesce(ar.name, d.names->>a.language, '') AS scope_name
        FROM account_grant g
        JOIN account a ON a.id = g.account_id
        LEFT JOIN area ar ON ar.id = g.scope_id
        LEFT JOIN department d ON d.id = g.scope_id
        WHERE g.account_id = $1 AND g.revoked_at IS NULL
        ORDER BY g.created_at, g.id
        """,
        account_id,
    )
    return [GrantOut(row["role"], row["scope_id"], row["scope_name"]) for row in rows]


async def insert_account(
    account_id: uuid.UUID,
    name: str,
    language: str,
    neighbourhood_id: uuid.UUID | None,
    household_id: uuid.UUID | None,
    consent_version: int,
    now: datetime,
) -> None:
    await Account.insert(
        Account(
            id=account_id,
            name=name,
            language=language,
            neighbourhood_id=neighbourhood_id,
            household_id=household_id,
            consent_version=consent_version,
            consented_at=now,
            created_at=now,
            disabled_at=None,
            guest_ward_id=None,
            guest_code_hash=None,
        )
    )


async def insert_grant(
    grant_id: uuid.UUID, account_id: uuid.UUID, role: str, scope_id: uuid.UUID, now: datetime
) -> None:
    await AccountGrant.insert(
        AccountGrant(
            id=grant_id,
            account_id=account_id,
            role=role,
            scope_id=scope_id,
            created_at=now,
            revoked_at=None,
        )
    )


async def revoke_grant(account_id: uuid.UUID, role: str, scope_id: uuid.UUID) -> bool:
    tag = await execute(
        """UPDATE account_grant SET revoked_at = now()
           WHERE account_id = $1 AND role = $2 AND scope_id = $3 AND revoked_at IS NULL""",
        account_id,
        role,
        scope_id,
    )
    return rows_of(tag) > 0


async def move_resident(account_id: uuid.UUID, grant_id: uuid.UUID, area_id: uuid.UUID) -> None:
    """A person is a resident of where they live, and of nowhere else."""
    await execute(
        """UPDATE account_grant SET revoked_at = now()
           WHERE account_id = $1 AND role = 'resident' AND scope_id <> $2 AND revoked_at IS NULL""",
        account_id,
        area_id,
    )
    await execute(
        """INSERT INTO account_grant (id, account_id, role, scope_id)
           VALUES ($1, $2, 'resident', $3)
           ON CONFLICT (account_id, role, scope_id) WHERE revoked_at IS NULL DO NOTHING""",
        grant_id,
        account_id,
        area_id,
    )


async def upsert_household(household_id: uuid.UUID, area_id: uuid.UUID, label: str) -> uuid.UUID:
    """The household of that label in the neighbourhood, made if it is new."""
    found = await (
        Household.select(Household.id)
        .where((Household.area_id == area_id) & (Household.label == label))
        .first()
    )
    if found:
        existing: uuid.UUID = found["id"]
        return existing
    await execute(
        "INSERT INTO household (id, area_id, label) VALUES ($1, $2, $3)",
        household_id,
        area_id,
        label,
    )
    return household_id


async def insert_session(
    session_id: uuid.UUID,
    account_id: uuid.UUID,
    token_hash: bytes,
    label: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    await Session.insert(
        Session(
            id=session_id,
            account_id=account_id,
            token_hash=token_hash,
            label=label,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
            revoked_at=None,
        )
    )


async def replace_token(session_id: uuid.UUID, token_hash: bytes) -> None:
    await execute("UPDATE session SET token_hash = $2 WHERE id = $1", session_id, token_hash)


async def list_devices(actor: Actor) -> list[DeviceOut]:
    rows = await fetch(
        """SELECT id, label, created_at, last_seen_at FROM session
           WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > now()
           ORDER BY last_seen_at DESC, id LIMIT 100""",
        actor.account_id,
    )
    return [
        DeviceOut(
            row["id"],
            row["label"],
            row["created_at"],
            row["last_seen_at"],
            row["id"] == actor.session_id,
        )
        for row in rows
    ]


async def revoke_session(actor: Actor, session_id: uuid.UUID) -> bool:
    """Ends a device of one's own, and the notifications it was sent."""
    tag = await execute(
        """UPDATE session SET revoked_at = now()
           WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL""",
        session_id,
        actor.account_id,
    )
    await execute("DELETE FROM push_subscription WHERE session_id = $1", session_id)
    return rows_of(tag) > 0


async def update_me(
    account_id: uuid.UUID,
    name: str | None,
    language: str | None,
    neighbourhood_id: uuid.UUID | None,
) -> None:
    """Changes what is not None."""
    await execute(
        """UPDATE account SET name = coalesce($2, name), language = coalesce($3, language),
               neighbourhood_id = coalesce($4, neighbourhood_id)
           WHERE id = $1""",
        account_id,
        name,
        language,
        neighbourhood_id,
    )


async def get_invitation(code_hash: bytes, *, lock: bool) -> "Record | None":
    return await fetch_one(
        f"""
        SELECT i.id, i.kind, i.area_id, i.household_id, i.role, i.scope_id, i.account_id, i.name,
               i.expires_at, i.revoked_at, i.accepted_at, i.session_id, i.created_by,
               ar.name AS area_name, ar.country, ar.level AS area_level,
               (SELECT array_agg(p.name ORDER BY array_position(ar.path, p.id))
                FROM area p WHERE p.id = ANY(ar.path)) AS area_path,
               inviter.name AS inviter_name, h.label AS household_label
        FROM invitation i
        LEFT JOIN area ar ON ar.id = i.area_id
        LEFT JOIN account inviter ON inviter.id = i.created_by
        LEFT JOIN household h ON h.id = i.household_id
        WHERE i.code_hash = $1 {"FOR UPDATE OF i" if lock else ""}
        """,  # noqa: S608 - the only variable part is a constant of ours
        code_hash,
    )


async def get_invitation_by_id(invitation_id: uuid.UUID) -> "Record | None":
    return await fetch_one("SELECT * FROM invitation WHERE id = $1", invitation_id)


async def insert_invitation(
    invitation_id: uuid.UUID,
    code_hash: bytes,
    kind: str,
    *,
    area_id: uuid.UUID | None,
    household_id: uuid.UUID | None,
    role: str | None,
    scope_id: uuid.UUID | None,
    account_id: uuid.UUID | None,
    name: str | None,
    created_by: uuid.UUID | None,
    expires_at: datetime,
) -> bool:
    """False when the id is taken."""
    tag = await execute(
        """INSERT INTO invitation (id, code_hash, kind, area_id, household_id, role, scope_id,
                                   account_id, name, created_by, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING""",
        invitation_id,
        code_hash,
        kind,
        area_id,
        household_id,
        role,
        scope_id,
        account_id,
        name,
        created_by,
        expires_at,
    )
    return rows_of(tag) > 0


async def accept_invitation(invitation_id: uuid.UUID, session_id: uuid.UUID) -> None:
    await execute(
        "UPDATE invitation SET accepted_at = now(), session_id = $2 WHERE id = $1",
        invitation_id,
        session_id,
    )


async def revoke_invitation(invitation_id: uuid.UUID) -> bool:
    tag = await execute(
        """UPDATE invitation SET revoked_at = now()
           WHERE id = $1 AND accepted_at IS NULL AND revoked_at IS NULL""",
        invitation_id,
    )
    return rows_of(tag) > 0


async def list_invitations(area_id: uuid.UUID) -> list[InvitationState]:
    rows = await fetch(
        """SELECT i.id, i.name, h.label AS household_label, coalesce(i.role, 'resident') AS role,
                  i.created_at, i.expires_at, i.accepted_at, i.revoked_at
           FROM invitation i LEFT JOIN household h ON h.id = i.household_id
           WHERE i.area_id = $1 AND i.kind = 'person' ORDER BY i.created_at DESC, i.id LIMIT 500""",
        area_id,
    )
    return [InvitationState(**dict(row)) for row in rows]


async def list_people_with(role: str, scope_id: uuid.UUID) -> list[uuid.UUID]:
    """Accounts holding `role` in `scope_id` now."""
    rows = await fetch(
        """SELECT g.account_id FROM account_grant g JOIN account a ON a.id = g.account_id
           WHERE g.scope_id = $1 AND g.role = $2 AND g.revoked_at IS NULL
             AND a.disabled_at IS NULL""",
        scope_id,
        role,
    )
    return [row["account_id"] for row in rows]


async def is_within(area_id: uuid.UUID, ancestor_ids: list[uuid.UUID]) -> bool:
    """Whether an area lies in (or is) one of `ancestor_ids`."""
    return bool(
        await fetch_value(
            "SELECT EXISTS (SELECT 1 FROM area WHERE id = $1 AND path && $2)", area_id, ancestor_ids
        )
    )


async def get_scope_area(scope_id: uuid.UUID) -> uuid.UUID | None:
    """The area a grant's scope is, or for a department, lies in."""
    value = await fetch_value(
        """SELECT id FROM area WHERE id = $1
           UNION ALL SELECT area_id FROM department WHERE id = $1 LIMIT 1""",
        scope_id,
    )
    return value if isinstance(value, uuid.UUID) else None


async def get_ward_of(scope_id: uuid.UUID) -> uuid.UUID | None:
    """The ward in which an area or department lies; the city, if it is or serves the whole."""
    found = await fetch_value(
        """SELECT coalesce(path[2], path[1]) FROM area
           WHERE id = coalesce((SELECT area_id FROM department WHERE id = $1), $1)""",
        scope_id,
    )
    return found if isinstance(found, uuid.UUID) else None


async def get_area_level(area_id: uuid.UUID) -> str | None:
    value = await fetch_value("SELECT level FROM area WHERE id = $1", area_id)
    return str(value) if value is not None else None


async def get_scope_by_code(
    area_code: str, department_code: str | None
) -> tuple[uuid.UUID, uuid.UUID, str | None] | None:
    """Area id, scope id and the scope's level (None: a department)."""
    if department_code is None:
        row = await fetch_one("SELECT id, level FROM area WHERE code = $1", area_code)
        return (row["id"], row["id"], row["level"]) if row else None
    row = await fetch_one(
        """SELECT a.id AS area_id, d.id FROM department d JOIN area a ON a.id = d.area_id
           WHERE a.code = $1 AND d.code = $2""",
        area_code,
        department_code,
    )
    return (row["area_id"], row["id"], None) if row else None
