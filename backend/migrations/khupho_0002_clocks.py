"""Clocks in working time: hours, closures, warnings, and the history of a ward's rules."""

from backend.migrations import sql_step

ID = "0002"
VERSION = "1.38.0"
DESCRIPTION = "clocks"

_BACK = """
DROP TABLE recount, deadline, rule_change, closure, working_hours, clock;
DROP INDEX routing_rule_area, report_alarm;
ALTER TABLE report DROP COLUMN clocks, DROP COLUMN alarm_at;
ALTER TABLE category DROP CONSTRAINT category_clocks, DROP COLUMN accept_always,
    DROP COLUMN solve_always, DROP COLUMN escalate_hours;
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
