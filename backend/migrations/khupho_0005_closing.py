"""How a report ended in the eyes of who sent it: disputes and ratings."""

from backend.migrations import sql_step

ID = "0005"
VERSION = "1.38.0"
DESCRIPTION = "closing"

_BACK = "ALTER TABLE report DROP COLUMN disputes, DROP COLUMN stars, DROP COLUMN ratings"

forwards = sql_step(ID, DESCRIPTION, _BACK)
