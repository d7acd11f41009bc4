"""The desk at the size of a city: order by what is due, search, saved views."""

from backend.migrations import sql_step

ID = "0004"
VERSION = "1.38.0"
DESCRIPTION = "inbox"

_BACK = """
DROP TABLE desk_view;
DROP INDEX report_desk, report_ward_desk, report_city_desk, report_search, report_city_kind,
    report_city_urgent;
CREATE INDEX report_desk ON report (department_id, solve_due_at, id)
    WHERE state NOT IN ('closed', 'rejected', 'merged', 'withdrawn');
DROP TRIGGER report_keys_of_area ON area;
DROP TRIGGER report_keys_of_account ON account;
DROP TRIGGER report_key_of_row ON report;
DROP FUNCTION rewrite_report_keys();
DROP FUNCTION write_report_key();
ALTER TABLE report DROP COLUMN search, DROP COLUMN due_at;
DROP FUNCTION report_key(text, text, text, text, text);
DROP FUNCTION folded(text);
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
