-- Snow, floods and other days on which a ward works street by street (W10).

CREATE TABLE crisis (
    id              uuid PRIMARY KEY,                 -- made by the client
    ward_id         uuid NOT NULL REFERENCES area,
    kind            text NOT NULL CHECK (kind IN ('snow', 'flood', 'storm', 'heat', 'other')),
    area_ids        uuid[] NOT NULL,                  -- as chosen: the ward, or neighbourhoods
    texts           jsonb NOT NULL,                   -- {vi, fa, en}, "" where nobody wrote it
    language        text NOT NULL CHECK (language IN ('vi', 'fa', 'en')),  -- the one it was written in
    category_id     uuid NOT NULL REFERENCES category,
    accept_minutes  integer NOT NULL CHECK (accept_minutes > 0),
    solve_minutes   integer NOT NULL CHECK (solve_minutes > 0),
    account_id      uuid NOT NULL REFERENCES account,
    content_hash    bytea NOT NULL,
    revision        integer NOT NULL DEFAULT 1,
    started_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at        timestamptz,
    ended_by        uuid REFERENCES account,
    CHECK (ended_at >= started_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX crisis_ward ON crisis (ward_id, started_at DESC, id);

-- The neighbourhoods it reaches; of one kind at most one at a time in each.
CREATE TABLE crisis_area (
    crisis_id         uuid NOT NULL REFERENCES crisis,
    neighbourhood_id  uuid NOT NULL REFERENCES area,
    kind              text NOT NULL,
    active            boolean NOT NULL DEFAULT true,
    PRIMARY KEY (crisis_id, neighbourhood_id)
);
CREATE UNIQUE INDEX crisis_area_one ON crisis_area (neighbourhood_id, kind) WHERE active;

CREATE TABLE crisis_change (
    id            uuid PRIMARY KEY,                   -- made by the client
    crisis_id     uuid NOT NULL REFERENCES crisis,
    account_id    uuid NOT NULL REFERENCES account,
    content_hash  bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Crews and machines belong to the ward and outlast a crisis. What one does now is its open
-- assignment, if it has one.
CREATE TABLE crisis_unit (
    id              uuid PRIMARY KEY,                 -- made by the client
    ward_id         uuid NOT NULL REFERENCES area,
    kind            text NOT NULL CHECK (
                        kind IN ('crew', 'plough', 'pump', 'truck', 'boat', 'other')),
    name            text NOT NULL,
    phone           text NOT NULL DEFAULT '',
    capacity        text NOT NULL DEFAULT '',         -- in words: "5 t of salt", "8 people"
    out_of_service  boolean NOT NULL DEFAULT false,
    retired         boolean NOT NULL DEFAULT false,
    revision        integer NOT NULL DEFAULT 1,
    account_id      uuid NOT NULL REFERENCES account, -- who saved this revision
    content_hash    bytea NOT NULL,                   -- of this revision
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX crisis_unit_ward ON crisis_unit (ward_id) WHERE NOT retired;

CREATE TABLE crisis_assignment (
    id            uuid PRIMARY KEY,                   -- made by the client
    crisis_id     uuid NOT NULL REFERENCES crisis,
    unit_id       uuid NOT NULL REFERENCES crisis_unit,
    label         text NOT NULL,                      -- the street, as the board showed it
    report_ids    uuid[] NOT NULL,                    -- what lay there: the group is found by them
    account_id    uuid NOT NULL REFERENCES account,
    content_hash  bytea NOT NULL,
    assigned_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    arrived_at    timestamptz,
    finished_at   timestamptz,
    outcome       text CHECK (
                      outcome IN ('done', 'moved', 'cancelled', 'out_of_service', 'crisis_over')),
    CHECK ((finished_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX crisis_assignment_crisis ON crisis_assignment (crisis_id, assigned_at);
CREATE UNIQUE INDEX crisis_assignment_open ON crisis_assignment (unit_id) WHERE finished_at IS NULL;

-- `last_told` is how far down the list of people the worker is: each is told once.
CREATE TABLE crisis_broadcast (
    id            uuid PRIMARY KEY,                   -- made by the client; the first is the crisis's
    crisis_id     uuid NOT NULL REFERENCES crisis,
    texts         jsonb NOT NULL,
    language      text NOT NULL CHECK (language IN ('vi', 'fa', 'en')),
    account_id    uuid NOT NULL REFERENCES account,
    content_hash  bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_told     uuid,
    told          integer NOT NULL DEFAULT 0,
    finished_at   timestamptz
);
CREATE INDEX crisis_broadcast_crisis ON crisis_broadcast (crisis_id, created_at);
CREATE INDEX crisis_broadcast_unfinished ON crisis_broadcast (created_at) WHERE finished_at IS NULL;
CREATE INDEX account_neighbourhood ON account (neighbourhood_id, id) WHERE disabled_at IS NULL;

-- Promises that go before all others in a neighbourhood, day and night, as long as `source_id` lasts.
CREATE TABLE pressing_clock (
    source_id         uuid NOT NULL,
    category_id       uuid NOT NULL REFERENCES category,
    area_id           uuid NOT NULL REFERENCES area,
    accept_minutes    integer NOT NULL CHECK (accept_minutes > 0),
    solve_minutes     integer NOT NULL CHECK (solve_minutes > 0),
    escalate_minutes  integer NOT NULL CHECK (escalate_minutes > 0),
    since             timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (source_id, area_id)
);
CREATE INDEX pressing_clock_category ON pressing_clock (category_id);

ALTER TABLE report
    ADD COLUMN crisis_id uuid REFERENCES crisis,
    ADD COLUMN severity text CHECK (severity IN ('passable', 'hard', 'blocked'));
CREATE INDEX report_crisis ON report (crisis_id, created_at) WHERE crisis_id IS NOT NULL;
