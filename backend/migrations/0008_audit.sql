-- What was done, by whom, when: rows that stay as they are, and the chain of hashes over them.

CREATE TABLE audit_entry (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    era           integer NOT NULL DEFAULT 1,         -- one more after every restore, see backup
    xid           xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    ward_id       uuid,                               -- or the city, for what concerns all of it
    actor_id      uuid,                               -- null: the system
    subject_kind  text NOT NULL,
    subject_id    uuid NOT NULL,
    action        text NOT NULL,
    details       text NOT NULL                       -- canonical JSON, as it is hashed
);
-- No foreign keys: what is deleted elsewhere leaves its entries. No text of a person is in them.
CREATE INDEX audit_entry_order ON audit_entry (era, xid, id);
CREATE INDEX audit_entry_subject ON audit_entry (subject_id, id);

CREATE TABLE audit_chain (
    seq       bigint PRIMARY KEY,
    entry_id  bigint NOT NULL UNIQUE REFERENCES audit_entry,
    previous  bytea NOT NULL UNIQUE,
    hash      bytea NOT NULL
);

-- What the last walk over the whole chain found; a convenience for screens, proof of nothing.
CREATE TABLE audit_walk (
    singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    walked_at   timestamptz NOT NULL,
    last_seq    bigint NOT NULL,
    broken_seq  bigint
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_is_kept BEFORE TRUNCATE ON audit_entry EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_chain_stays BEFORE UPDATE OR DELETE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_chain_is_kept BEFORE TRUNCATE ON audit_chain EXECUTE FUNCTION refuse_change();
-- Also where other triggers are told to be silent.
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_stays;
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_is_kept;
ALTER TABLE audit_chain ENABLE ALWAYS TRIGGER audit_chain_stays;
ALTER TABLE audit_chain ENABLE ALWAYS TRIGGER audit_chain_is_kept;
