"""Followers of reports, and what lies near a place."""

from backend.migrations import sql_step

ID = "0007"
VERSION = "1.38.0"
DESCRIPTION = "duplicates"

_BACK = """
DROP TABLE follower;
DROP INDEX report_merged, report_point;
ALTER TABLE report DROP COLUMN followers;
ALTER TABLE category DROP COLUMN near_m;
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
