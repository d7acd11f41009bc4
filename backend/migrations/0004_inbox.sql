-- The desk at the size of a city: what is due first, search without diacritics, lists of one's own.

-- As `fold` in backend/text.py, for Vietnamese and Persian: marks and invisible characters go, letters that
-- are written in several ways take one form, digits are ASCII, one space between words.
CREATE FUNCTION folded(typed text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(translate(lower(regexp_replace(normalize(typed, NFKD),
        '[\u0300-\u036f\u064b-\u065f\u0670\u0640\u200b-\u200f\u2060\ufeff]', '', 'g')),
        'đĐðÐɖةەہھكيىٱ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹',
        'dddddههههکییا01234567890123456789'), '\s+', ' ', 'g'))
$$;

-- Under what a report is found: its number with and without dashes, place, reporter and words. It begins
-- with a space, so that every word does.
CREATE FUNCTION report_key(code text, address text, area text, reporter text, description text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ' ' || folded(concat_ws(' ', code, replace(code, '-', ''), address, area, reporter, description))
$$;

ALTER TABLE report
    ADD COLUMN search text NOT NULL DEFAULT '',
    -- the promise that ends next: being accepted, then being solved
    ADD COLUMN due_at timestamptz NOT NULL GENERATED ALWAYS AS
        (CASE WHEN accepted_at IS NULL THEN least(accept_due_at, solve_due_at) ELSE solve_due_at END) STORED;

UPDATE report r SET search = report_key(r.code, r.address, n.name, a.name, r.description)
FROM area n, account a WHERE n.id = r.neighbourhood_id AND a.id = r.account_id;

CREATE FUNCTION write_report_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := report_key(
        NEW.code,
        NEW.address,
        (SELECT name FROM area WHERE id = NEW.neighbourhood_id),
        (SELECT name FROM account WHERE id = NEW.account_id),
        NEW.description);
    RETURN NEW;
END $$;
CREATE TRIGGER report_key_of_row
    BEFORE INSERT OR UPDATE OF code, address, neighbourhood_id, account_id, description ON report
    FOR EACH ROW EXECUTE FUNCTION write_report_key();

-- A name that changes is found under the new one.
CREATE FUNCTION rewrite_report_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'account' THEN
        UPDATE report SET account_id = account_id WHERE account_id = NEW.id;
    ELSE
        UPDATE report SET neighbourhood_id = neighbourhood_id WHERE neighbourhood_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER report_keys_of_account AFTER UPDATE OF name ON account
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION rewrite_report_keys();
CREATE TRIGGER report_keys_of_area AFTER UPDATE OF name ON area
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION rewrite_report_keys();

-- Few pending entries: every search reads them one by one.
CREATE INDEX report_search ON report USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 512);

-- Whose desk it is: a department's, a ward's (dispatchers, leaders), a city's.
DROP INDEX report_desk;
CREATE INDEX report_desk ON report (department_id, due_at, id)
    WHERE state NOT IN ('closed', 'rejected', 'merged', 'withdrawn');
CREATE INDEX report_ward_desk ON report (ward_id, due_at, id)
    WHERE state NOT IN ('closed', 'rejected', 'merged', 'withdrawn');
CREATE INDEX report_city_desk ON report (city_id, due_at, id)
    WHERE state NOT IN ('closed', 'rejected', 'merged', 'withdrawn');
-- What is rare among a city's open reports.
CREATE INDEX report_city_kind ON report (city_id, category_id, due_at, id)
    WHERE state NOT IN ('closed', 'rejected', 'merged', 'withdrawn');
CREATE INDEX report_city_urgent ON report (city_id, due_at, id)
    WHERE urgent AND state NOT IN ('closed', 'rejected', 'merged', 'withdrawn');

-- Lists that somebody wants to find again.
CREATE TABLE desk_view (
    id            uuid PRIMARY KEY,                   -- made by the client
    account_id    uuid NOT NULL REFERENCES account,
    name          text NOT NULL,
    filters       jsonb NOT NULL,
    content_hash  bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX desk_view_account ON desk_view (account_id, created_at, id);
