"""Voice notes."""

from backend.migrations import sql_step

ID = "0011"
VERSION = "1.38.0"
DESCRIPTION = "voice"

_BACK = """
DELETE FROM photo WHERE seconds IS NOT NULL;
ALTER TABLE photo DROP COLUMN seconds, DROP COLUMN silent;
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
