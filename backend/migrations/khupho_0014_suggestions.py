"""What wards have learned of the words in which problems are reported."""

from backend.migrations import sql_step

ID = "0014"
VERSION = "1.38.0"
DESCRIPTION = "suggestions"

forwards = sql_step(ID, DESCRIPTION, "DROP TABLE suggestion_model;")
