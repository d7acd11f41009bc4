"""People, their rights, their devices. The schema itself is made by `backend/migrations`."""

from piccolo.columns import UUID, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table


class Household(Table, tablename="household"):
    id = UUID(primary_key=True)
    area_id = UUID()
    label = Text()
    created_at = Timestamptz()


class Account(Table, tablename="account"):
    id = UUID(primary_key=True)
    name = Text()
    language = Text()
    neighbourhood_id = UUID(null=True)
    household_id = UUID(null=True)
    consent_version = Integer()
    consented_at = Timestamptz()
    created_at = Timestamptz()
    disabled_at = Timestamptz(null=True)
    guest_ward_id = UUID(null=True)
    guest_code_hash = Bytea(null=True)


class AccountGrant(Table, tablename="account_grant"):
    id = UUID(primary_key=True)
    account_id = UUID()
    role = Text()
    scope_id = UUID()
    created_at = Timestamptz()
    revoked_at = Timestamptz(null=True)


class Session(Table, tablename="session"):
    id = UUID(primary_key=True)
    account_id = UUID()
    token_hash = Bytea()
    label = Text()
    created_at = Timestamptz()
    last_seen_at = Timestamptz()
    expires_at = Timestamptz()
    revoked_at = Timestamptz(null=True)


class Invitation(Table, tablename="invitation"):
    id = UUID(primary_key=True)
    code_hash = Bytea()
    kind = Text()
    area_id = UUID(null=True)
    household_id = UUID(null=True)
    role = Text(null=True)
    scope_id = UUID(null=True)
    account_id = UUID(null=True)
    name = Text(null=True)
    created_by = UUID(null=True)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    revoked_at = Timestamptz(null=True)
    accepted_at = Timestamptz(null=True)
    session_id = UUID(null=True)
