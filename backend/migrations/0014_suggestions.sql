-- Which kind of problem somebody's words are about: what each ward has learned (R5).

CREATE TABLE suggestion_model (
    ward_id     uuid PRIMARY KEY REFERENCES area,
    version     text NOT NULL,                        -- a hash of `model`; '': not learned yet
    model       jsonb,
    learned     integer NOT NULL DEFAULT 0,           -- from so many reports
    trained_at  timestamptz NOT NULL                  -- or begun
);
