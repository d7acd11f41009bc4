-- How a report ended in the reporter's eyes: how often "not fixed", and the rating (C8, C9).
ALTER TABLE report
    ADD COLUMN disputes integer NOT NULL DEFAULT 0,
    ADD COLUMN stars smallint CHECK (stars BETWEEN 1 AND 5),
    ADD COLUMN ratings integer NOT NULL DEFAULT 0;   -- how often given: a rating may be changed once

UPDATE report SET disputes = told.times
FROM (SELECT thread_id, count(*) AS times FROM message
      WHERE kind = 'event' AND event->>'to' = 'disputed' GROUP BY thread_id) told
WHERE report.id = told.thread_id;
