-- Everything the main job needs. Timestamps are UTC; ids are UUIDs made by the phone
-- (reports, messages, moves) or by us (v7). JSON columns hold what is only ever read whole.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- A restored database is another history: phones compare this id and start over (see sync).
CREATE TABLE epoch (
    singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    since       timestamptz NOT NULL DEFAULT now()
);
INSERT INTO epoch DEFAULT VALUES;

-- areas ---------------------------------------------------------------------------------------

CREATE TABLE area (
    id                uuid PRIMARY KEY,
    parent_id         uuid REFERENCES area,
    level             text NOT NULL CHECK (level IN ('city', 'ward', 'neighbourhood')),
    code              text NOT NULL UNIQUE,
    name              text NOT NULL,
    country           text NOT NULL CHECK (country IN ('VN', 'IR')),
    time_zone         text NOT NULL,
    calendar          text NOT NULL CHECK (calendar IN ('gregorian', 'jalali')),
    emergency_numbers jsonb NOT NULL DEFAULT '[]',   -- [{number, names: {vi, fa, en}}]
    geometry          bytea,                          -- WKB, lon/lat, exact
    outline           jsonb NOT NULL DEFAULT '[]',    -- rings of [lat, lon], thinned for phones
    lat               double precision,
    lon               double precision,
    path              uuid[] NOT NULL,                -- from the city down to itself
    demo              boolean NOT NULL DEFAULT false,
    created_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX area_parent ON area (parent_id);
CREATE INDEX area_path ON area USING gin (path);

-- accounts ------------------------------------------------------------------------------------

CREATE TABLE household (
    id          uuid PRIMARY KEY,
    area_id     uuid NOT NULL REFERENCES area,
    label       text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX household_area ON household (area_id);

CREATE TABLE account (
    id               uuid PRIMARY KEY,
    name             text NOT NULL,
    language         text NOT NULL CHECK (language IN ('vi', 'fa', 'en')),
    neighbourhood_id uuid REFERENCES area,
    household_id     uuid REFERENCES household,
    consent_version  integer NOT NULL,
    consented_at     timestamptz NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    disabled_at      timestamptz
);

-- "grant" is a reserved word of SQL.
CREATE TABLE account_grant (
    id          uuid PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES account,
    role        text NOT NULL CHECK (role IN
                    ('resident', 'head', 'officer', 'dispatcher', 'leader', 'inspector', 'admin')),
    scope_id    uuid NOT NULL,                        -- an area, or for officers a department
    created_at  timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz
);
CREATE UNIQUE INDEX account_grant_live ON account_grant (account_id, role, scope_id)
    WHERE revoked_at IS NULL;
CREATE INDEX account_grant_scope ON account_grant (scope_id, role) WHERE revoked_at IS NULL;

CREATE TABLE session (
    id            uuid PRIMARY KEY,
    account_id    uuid NOT NULL REFERENCES account,
    token_hash    bytea NOT NULL UNIQUE,              -- SHA-256 of the cookie; the cookie is not kept
    label         text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz
);
CREATE INDEX session_account ON session (account_id) WHERE revoked_at IS NULL;

CREATE TABLE invitation (
    id            uuid PRIMARY KEY,
    code_hash     bytea NOT NULL UNIQUE,
    kind          text NOT NULL CHECK (kind IN ('person', 'device')),
    area_id       uuid REFERENCES area,               -- neighbourhood of a resident, home of a grant
    household_id  uuid REFERENCES household,
    role          text,                               -- of the grant it carries
    scope_id      uuid,
    account_id    uuid REFERENCES account,            -- kind 'device': whose second device
    name          text,
    created_by    uuid REFERENCES account,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    accepted_at   timestamptz,
    session_id    uuid REFERENCES session             -- the one sign-in it was good for
);
CREATE INDEX invitation_area ON invitation (area_id, created_at DESC);

-- departments ---------------------------------------------------------------------------------

CREATE TABLE department (
    id       uuid PRIMARY KEY,
    area_id  uuid NOT NULL REFERENCES area,
    code     text NOT NULL,
    names    jsonb NOT NULL,                          -- {vi, fa, en}
    UNIQUE (area_id, code)
);

CREATE TABLE category (
    id                  uuid PRIMARY KEY,
    area_id             uuid NOT NULL REFERENCES area, -- the ward or city that offers it
    code                text NOT NULL,
    names               jsonb NOT NULL,
    icon                text NOT NULL,                 -- a Lucide name
    colour              text NOT NULL,
    urgent              boolean NOT NULL DEFAULT false,
    private             boolean NOT NULL DEFAULT false,
    accept_hours        double precision NOT NULL,
    solve_hours         double precision NOT NULL,
    needs_result_photo  boolean NOT NULL DEFAULT false,
    keywords            jsonb NOT NULL DEFAULT '{}',   -- {vi: [..], fa: [..], en: [..]}
    sort                integer NOT NULL DEFAULT 0,
    active              boolean NOT NULL DEFAULT true,
    UNIQUE (area_id, code)
);

CREATE TABLE routing_rule (
    id             uuid PRIMARY KEY,
    category_id    uuid NOT NULL REFERENCES category,
    area_id        uuid NOT NULL REFERENCES area,
    department_id  uuid NOT NULL REFERENCES department,
    UNIQUE (category_id, area_id)
);

-- media ---------------------------------------------------------------------------------------

CREATE TABLE upload (
    id            uuid PRIMARY KEY,
    account_id    uuid NOT NULL REFERENCES account,
    sha256        bytea NOT NULL,
    content_type  text NOT NULL,
    length        bigint NOT NULL,
    received      bigint NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,                -- 'infinity' once a photo hangs on it
    completed_at  timestamptz,                         -- verified and durable in the media store
    media_key     text
);
CREATE INDEX upload_account ON upload (account_id, sha256);
CREATE INDEX upload_expiry ON upload (expires_at) WHERE expires_at < 'infinity';

-- A photo is named by a report or message before its bytes arrive.
CREATE TABLE photo (
    id            uuid PRIMARY KEY,
    account_id    uuid NOT NULL REFERENCES account,
    thread_id     uuid NOT NULL,
    message_id    uuid NOT NULL,                       -- the report's own id for the first photos
    position      integer NOT NULL,
    sha256        bytea NOT NULL,
    content_type  text NOT NULL,
    bytes         bigint NOT NULL,
    state         text NOT NULL CHECK (state IN ('expected', 'stored', 'ready', 'failed')),
    failure       text,
    media_key     text,                                -- the private original
    full_key      text,
    thumb_key     text,
    width         integer,
    height        integer,
    created_at    timestamptz NOT NULL DEFAULT now(),
    stored_at     timestamptz,
    UNIQUE (message_id, sha256)
);
CREATE INDEX photo_thread ON photo (thread_id);
CREATE INDEX photo_expected ON photo (account_id, sha256) WHERE state = 'expected';

-- reports -------------------------------------------------------------------------------------

CREATE TABLE report (
    id                 uuid PRIMARY KEY,
    code               text NOT NULL UNIQUE,           -- what people read out: K7P-2QF-9
    account_id         uuid NOT NULL REFERENCES account,
    neighbourhood_id   uuid NOT NULL REFERENCES area,
    ward_id            uuid NOT NULL REFERENCES area,
    city_id            uuid NOT NULL REFERENCES area,
    category_id        uuid NOT NULL REFERENCES category,
    department_id      uuid REFERENCES department,     -- null: waits in the dispatcher's tray
    state              text NOT NULL,
    description        text NOT NULL DEFAULT '',
    address            text NOT NULL DEFAULT '',
    lat                double precision,
    lon                double precision,
    accuracy_m         double precision,
    located_by         text NOT NULL CHECK (located_by IN ('gps', 'map', 'photo', 'none')),
    outside            boolean NOT NULL DEFAULT false, -- up to 200 m outside every boundary
    urgent             boolean NOT NULL,
    private            boolean NOT NULL,
    content_hash       bytea NOT NULL,
    last_seq           integer NOT NULL DEFAULT 0,     -- of its thread
    created_at         timestamptz NOT NULL DEFAULT now(),
    device_created_at  timestamptz,                    -- a label; never orders anything
    updated_at         timestamptz NOT NULL DEFAULT now(),
    accept_due_at      timestamptz NOT NULL,
    solve_due_at       timestamptz NOT NULL,
    awaiting_since     timestamptz,                    -- a question is open: the clocks stand still
    accepted_at        timestamptz,
    resolved_at        timestamptz,
    closed_at          timestamptz,
    reason             text,                           -- of a rejection, told to the author
    merged_into        uuid REFERENCES report,
    appealed           boolean NOT NULL DEFAULT false,
    escalated_at       timestamptz
);
CREATE INDEX report_author ON report (account_id, created_at DESC);
CREATE INDEX report_neighbourhood ON report (neighbourhood_id, created_at DESC);
CREATE INDEX report_desk ON report (department_id, solve_due_at, id)
    WHERE state NOT IN ('closed', 'rejected', 'merged', 'withdrawn');
CREATE INDEX report_department ON report (department_id, created_at DESC, id);
CREATE INDEX report_ward ON report (ward_id, created_at DESC, id);
CREATE INDEX report_city ON report (city_id, created_at DESC, id);
CREATE INDEX report_silence ON report (resolved_at) WHERE state = 'resolved';

-- threads -------------------------------------------------------------------------------------

CREATE TABLE message (
    id                 uuid PRIMARY KEY,
    thread_id          uuid NOT NULL,                  -- the report
    seq                integer NOT NULL,
    account_id         uuid REFERENCES account,        -- null: the system speaks
    side               text NOT NULL CHECK (side IN ('reporter', 'department', 'head', 'system')),
    kind               text NOT NULL CHECK (kind IN ('message', 'event', 'note')),
    body               text NOT NULL DEFAULT '',
    event              jsonb,                          -- kind 'event': {type, from, to, ...}
    question           boolean NOT NULL DEFAULT false,
    content_hash       bytea NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    device_created_at  timestamptz,
    UNIQUE (thread_id, seq)
);

CREATE TABLE read_marker (
    thread_id   uuid NOT NULL,
    account_id  uuid NOT NULL REFERENCES account,
    side        text NOT NULL,
    seq         integer NOT NULL,
    read_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (thread_id, account_id)
);

-- notifications -------------------------------------------------------------------------------

CREATE TABLE notification (
    id          uuid PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES account,
    kind        text NOT NULL,
    report_id   uuid,
    message_id  uuid,
    detail      text,                                  -- a state's name; never what a person wrote
    urgent      boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    read_at     timestamptz
);
CREATE INDEX notification_account ON notification (account_id, created_at DESC);

CREATE TABLE push_subscription (
    id            uuid PRIMARY KEY,
    account_id    uuid NOT NULL REFERENCES account,
    session_id    uuid NOT NULL REFERENCES session ON DELETE CASCADE,
    endpoint      text NOT NULL UNIQUE,
    p256dh        text NOT NULL,
    auth          text NOT NULL,
    language      text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_sent_at  timestamptz,
    failures      integer NOT NULL DEFAULT 0
);
CREATE INDEX push_subscription_account ON push_subscription (account_id);
CREATE INDEX push_subscription_session ON push_subscription (session_id);

CREATE TABLE push_delivery (
    notification_id  uuid NOT NULL REFERENCES notification ON DELETE CASCADE,
    subscription_id  uuid NOT NULL REFERENCES push_subscription ON DELETE CASCADE,
    state            text NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    attempts         integer NOT NULL DEFAULT 0,
    next_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (notification_id, subscription_id)
);
CREATE INDEX push_delivery_pending ON push_delivery (next_at) WHERE state = 'pending';
CREATE INDEX push_delivery_subscription ON push_delivery (subscription_id, state, next_at);

-- sync ----------------------------------------------------------------------------------------

-- The newest change of each thing in each scope. xid8 rather than a sequence: transactions do not
-- become visible in the order their numbers were drawn.
CREATE TABLE change (
    scope    uuid NOT NULL,
    kind     text NOT NULL,
    id       uuid NOT NULL,
    version  xid8 NOT NULL,
    PRIMARY KEY (scope, kind, id)
);
CREATE INDEX change_feed ON change (scope, version, kind, id);
