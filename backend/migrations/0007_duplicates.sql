-- Several people, one problem: who follows which report, and what lies near (R6, W6).
CREATE TABLE follower (
    id          uuid PRIMARY KEY,                     -- made by the client
    asked_id    uuid NOT NULL REFERENCES report,      -- the report that was shown
    report_id   uuid NOT NULL REFERENCES report,      -- that, or the one it had been merged into
    account_id  uuid NOT NULL REFERENCES account,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (report_id, account_id)
);
CREATE INDEX follower_account ON follower (account_id);

-- Other people who see it, too: who joined it, and authors and followers of what was merged into it.
ALTER TABLE report ADD COLUMN followers integer NOT NULL DEFAULT 0;
CREATE INDEX report_merged ON report (merged_into) WHERE merged_into IS NOT NULL;

-- Open reports by place; private ones are nobody's to find.
CREATE INDEX report_point ON report USING gist (point(lon, lat))
    WHERE lat IS NOT NULL AND NOT private
      AND state NOT IN ('closed', 'rejected', 'merged', 'withdrawn');

-- How far apart two reports of a kind may lie and still be about the same thing.
ALTER TABLE category ADD COLUMN near_m integer NOT NULL DEFAULT 100
    CHECK (near_m BETWEEN 10 AND 2000);
UPDATE category SET near_m = 50 WHERE code IN ('street_light', 'road', 'tree', 'encroachment');
UPDATE category SET near_m = 200 WHERE code IN ('noise', 'pollution', 'water');
