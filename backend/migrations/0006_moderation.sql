-- What the head of a neighbourhood decides about a report (W5), and reports for a neighbour (R7).
ALTER TABLE report
    ADD COLUMN moderation text NOT NULL DEFAULT 'new'
        CHECK (moderation IN ('new', 'approved', 'hidden')),
    ADD COLUMN hidden_reason text,                    -- told to the author
    ADD COLUMN moderation_appealed boolean NOT NULL DEFAULT false,
    ADD COLUMN verified_at timestamptz,               -- seen on site
    ADD CONSTRAINT report_private_stays_private CHECK (NOT private OR moderation <> 'approved');

-- Whom a head or dispatcher reported for, with that person's consent. Never shown outside.
CREATE TABLE report_behalf (
    report_id     uuid PRIMARY KEY REFERENCES report,
    name          text NOT NULL,
    phone         text NOT NULL,                      -- as it was said; '' for none
    consented_at  timestamptz NOT NULL
);
