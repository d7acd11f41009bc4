"""Departments and kinds of problems edited in the app; questions about a kind of problem."""

from backend.migrations import sql_step

ID = "0003"
VERSION = "1.38.0"
DESCRIPTION = "catalogue"

_BACK = """
DELETE FROM rule_change WHERE subject IN ('department', 'category');
ALTER TABLE rule_change
    DROP CONSTRAINT rule_change_subject_check,
    ADD CONSTRAINT rule_change_subject_check CHECK (
        subject IN ('routing', 'clocks', 'hours', 'closure'));
ALTER TABLE report DROP COLUMN answers;
DROP TABLE category_questions;
ALTER TABLE category DROP COLUMN revision, DROP COLUMN questions, DROP COLUMN questions_version;
ALTER TABLE department DROP COLUMN revision, DROP COLUMN retired_at;
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
