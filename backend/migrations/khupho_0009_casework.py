"""Hand-overs, parts of a case, ready-made replies, and who is looking at a case."""

from backend.migrations import sql_step

ID = "0009"
VERSION = "1.38.0"
DESCRIPTION = "casework"

_BACK = """
DROP TABLE reply_template_version, reply_template, presence, part;
DROP INDEX report_parts;
ALTER TABLE report DROP COLUMN handovers, DROP COLUMN ping_pong, DROP COLUMN part_ids,
    DROP COLUMN open_part_ids;
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
