-- Inside one case: handed over, split among departments, looked at; and ready-made replies.

ALTER TABLE report
    ADD COLUMN handovers integer NOT NULL DEFAULT 0,
    ADD COLUMN ping_pong boolean NOT NULL DEFAULT false,      -- handed to and fro: the dispatcher knows
    ADD COLUMN part_ids uuid[] NOT NULL DEFAULT '{}',         -- departments that have a part of it
    ADD COLUMN open_part_ids uuid[] NOT NULL DEFAULT '{}';    -- those that have not done it yet
CREATE INDEX report_parts ON report USING gin (part_ids) WHERE part_ids <> '{}';

-- What another department than the one in charge has to do.
CREATE TABLE part (
    report_id        uuid NOT NULL REFERENCES report,
    department_id    uuid NOT NULL REFERENCES department,
    task             text NOT NULL,
    asked_at         timestamptz NOT NULL,
    message_id       uuid NOT NULL,                   -- its entry in the thread
    done_at          timestamptz,
    done_message_id  uuid,
    PRIMARY KEY (report_id, department_id)
);

-- Who has a case before their eyes. Forgotten within a minute, and by a crash.
CREATE UNLOGGED TABLE presence (
    report_id   uuid NOT NULL,
    account_id  uuid NOT NULL,
    seen_at     timestamptz NOT NULL,
    PRIMARY KEY (report_id, account_id)
);
CREATE INDEX presence_seen ON presence (seen_at);

-- Replies that a department has ready, in the languages of its people.
CREATE TABLE reply_template (
    id             uuid PRIMARY KEY,                  -- made by the client
    department_id  uuid NOT NULL REFERENCES department,
    version        integer NOT NULL,
    name           text NOT NULL,
    texts          jsonb NOT NULL,                    -- {language: text}
    account_id     uuid NOT NULL REFERENCES account,  -- who wrote this version
    changed_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    removed_at     timestamptz
);
CREATE INDEX reply_template_department ON reply_template (department_id) WHERE removed_at IS NULL;

-- Every version there was; `name` is null where it was removed.
CREATE TABLE reply_template_version (
    template_id  uuid NOT NULL REFERENCES reply_template,
    version      integer NOT NULL,
    name         text,
    texts        jsonb,
    account_id   uuid NOT NULL REFERENCES account,
    changed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (template_id, version)
);
