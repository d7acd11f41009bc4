"""What heads decide about reports, and reports on a neighbour's behalf."""

from backend.migrations import sql_step

ID = "0006"
VERSION = "1.38.0"
DESCRIPTION = "moderation"

_BACK = """
DROP TABLE report_behalf;
ALTER TABLE report DROP CONSTRAINT report_private_stays_private, DROP COLUMN moderation,
    DROP COLUMN hidden_reason, DROP COLUMN moderation_appealed, DROP COLUMN verified_at;
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
