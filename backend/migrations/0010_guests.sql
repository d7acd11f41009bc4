-- Reports without an account (R8): a guest is an account on which nobody's name stands.

ALTER TABLE account
    ADD COLUMN guest_ward_id uuid REFERENCES area,    -- null: a person who was invited
    ADD COLUMN guest_code_hash bytea UNIQUE,          -- of the tracking code; the phone made it
    ADD CONSTRAINT account_guest CHECK ((guest_ward_id IS NULL) = (guest_code_hash IS NULL));

-- Wards that take such reports, and how many an hour. A ward without a row takes none.
CREATE TABLE guest_rule (
    ward_id           uuid PRIMARY KEY REFERENCES area,
    reports_per_hour  integer NOT NULL CHECK (reports_per_hour > 0)
);

-- What was used of what is allowed in an hour. Whose it is stands only in a keyed hash.
CREATE TABLE allowance (
    bucket  bytea NOT NULL,
    hour    timestamptz NOT NULL,
    used    integer NOT NULL,
    PRIMARY KEY (bucket, hour)
);
CREATE INDEX allowance_hour ON allowance (hour);

ALTER TABLE rule_change
    DROP CONSTRAINT rule_change_subject_check,
    ADD CONSTRAINT rule_change_subject_check CHECK (
        subject IN ('routing', 'clocks', 'hours', 'closure', 'department', 'category', 'guests'));
