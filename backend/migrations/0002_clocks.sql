-- Promises in working time, who works when, and what becomes of promises that are not kept.

-- null: day and night where the category is urgent, else working hours
ALTER TABLE category
    ADD COLUMN accept_always boolean,
    ADD COLUMN solve_always boolean,
    ADD COLUMN escalate_hours double precision NOT NULL DEFAULT 8,
    ADD CONSTRAINT category_clocks CHECK (accept_hours > 0 AND solve_hours > 0 AND escalate_hours > 0);

-- Another promise in an area than the category's own; the nearest area wins, as with routes.
CREATE TABLE clock (
    id                uuid PRIMARY KEY,
    category_id       uuid NOT NULL REFERENCES category,
    area_id           uuid NOT NULL REFERENCES area,
    accept_minutes    integer NOT NULL CHECK (accept_minutes > 0),
    accept_always     boolean NOT NULL,
    solve_minutes     integer NOT NULL CHECK (solve_minutes > 0),
    solve_always      boolean NOT NULL,
    escalate_minutes  integer NOT NULL CHECK (escalate_minutes > 0),
    UNIQUE (category_id, area_id)
);
CREATE INDEX clock_area ON clock (area_id);
CREATE INDEX routing_rule_area ON routing_rule (area_id);

-- Hours hold from a day on; past days keep what held then.
CREATE TABLE working_hours (
    scope_id  uuid NOT NULL,                          -- a department, or an area for all of its
    from_day  date NOT NULL,
    week      jsonb,                                  -- [[[from, to], ...], ...] in minutes, Monday
                                                      -- first; null: as the wider place has it
    PRIMARY KEY (scope_id, from_day)
);

CREATE TABLE closure (
    id            uuid PRIMARY KEY,                   -- made by the client
    area_id       uuid NOT NULL REFERENCES area,
    first_day     date NOT NULL,                      -- local days, both included
    last_day      date NOT NULL,                      -- before first_day: taken back altogether
    reason        text NOT NULL,
    account_id    uuid NOT NULL REFERENCES account,
    content_hash  bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX closure_area ON closure (area_id, last_day);

-- Who changed which rule when; `changes` holds what was and what is.
CREATE TABLE rule_change (
    id            uuid PRIMARY KEY,                   -- made by the client
    ward_id       uuid NOT NULL REFERENCES area,      -- where it was made
    subject       text NOT NULL CHECK (subject IN ('routing', 'clocks', 'hours', 'closure')),
    account_id    uuid NOT NULL REFERENCES account,
    content_hash  bytea NOT NULL,
    changes       jsonb NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX rule_change_ward ON rule_change (ward_id, created_at DESC, id DESC);

-- null clocks: day and night from created_at until due, as all were before
ALTER TABLE report
    ADD COLUMN clocks jsonb,                          -- what they count from, and what was left then
    ADD COLUMN alarm_at timestamptz;                  -- when the worker has to look at them
CREATE INDEX report_alarm ON report (alarm_at) WHERE alarm_at IS NOT NULL;

-- What was said about a promise, each once.
CREATE TABLE deadline (
    report_id   uuid NOT NULL REFERENCES report,
    clock       text NOT NULL CHECK (clock IN ('accept', 'solve')),
    round       integer NOT NULL,                     -- an appeal starts another one
    kind        text NOT NULL CHECK (kind IN ('warning', 'breach', 'escalation', 'nudge')),
    at          timestamptz NOT NULL,                 -- when it was to be said
    fired_at    timestamptz NOT NULL,
    message_id  uuid NOT NULL,                        -- its entry in the thread
    PRIMARY KEY (report_id, clock, round, kind)
);

-- Wards whose open reports have to be counted anew, since hours or closures were changed.
CREATE TABLE recount (
    ward_id   uuid PRIMARY KEY REFERENCES area,
    asked_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What is in time today gets its warnings; what is late already is no news.
UPDATE report SET alarm_at = CASE
        WHEN accepted_at IS NULL AND accept_due_at > now() THEN accept_due_at
        ELSE solve_due_at END
WHERE state IN ('submitted', 'accepted', 'in_progress', 'disputed')
  AND awaiting_since IS NULL AND solve_due_at > now();

-- Phones know categories without what is new about them.
UPDATE change SET version = pg_current_xact_id() WHERE kind = 'category';
