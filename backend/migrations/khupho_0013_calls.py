"""Callers' numbers, calls written down, texts to callers."""

from backend.migrations import sql_step

ID = "0013"
VERSION = "1.38.0"
DESCRIPTION = "calls"

_BACK = """
DROP TABLE sms_delivery;
DROP TABLE ward_sms;
ALTER TABLE report_behalf DROP COLUMN logged_by;
DROP TABLE phone_number;
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
