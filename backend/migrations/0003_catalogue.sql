-- Departments and kinds of problems edited in the app, and what a ward asks about a kind of problem.

-- Two people at once: who saved against an older revision is told what changed.
ALTER TABLE department
    ADD COLUMN revision integer NOT NULL DEFAULT 1,
    ADD COLUMN retired_at timestamptz;                -- never deleted: reports keep their department

ALTER TABLE category
    ADD COLUMN revision integer NOT NULL DEFAULT 1,
    ADD COLUMN questions jsonb NOT NULL DEFAULT '[]', -- asked now, in order
    ADD COLUMN questions_version integer NOT NULL DEFAULT 0;

-- All that was ever asked: a phone may answer questions of a version it learned weeks ago.
CREATE TABLE category_questions (
    category_id  uuid NOT NULL REFERENCES category,
    version      integer NOT NULL,
    questions    jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (category_id, version)
);

ALTER TABLE report ADD COLUMN answers jsonb;          -- each with the question as it was asked

ALTER TABLE rule_change
    DROP CONSTRAINT rule_change_subject_check,
    ADD CONSTRAINT rule_change_subject_check CHECK (
        subject IN ('routing', 'clocks', 'hours', 'closure', 'department', 'category'));

-- Phones know categories without their questions.
UPDATE change SET version = pg_current_xact_id() WHERE kind = 'category';
