"""Crises: where, which reports, crews and machines, messages to everybody there."""

from backend.migrations import sql_step

ID = "0012"
VERSION = "1.38.0"
DESCRIPTION = "crisis"

_BACK = """
ALTER TABLE report DROP COLUMN crisis_id, DROP COLUMN severity;
DROP TABLE pressing_clock;
DROP INDEX account_neighbourhood;
DROP TABLE crisis_broadcast;
DROP TABLE crisis_assignment;
DROP TABLE crisis_unit;
DROP TABLE crisis_change;
DROP TABLE crisis_area;
DROP TABLE crisis;
DELETE FROM notification WHERE kind = 'crisis';
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
