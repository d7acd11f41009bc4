"""What was done by whom, and the chain of hashes over it."""

from backend.migrations import sql_step

ID = "0008"
VERSION = "1.38.0"
DESCRIPTION = "audit"

_BACK = """
DROP TABLE audit_walk;
DROP TABLE audit_chain;
DROP TABLE audit_entry;
DROP FUNCTION refuse_change();
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
