"""Reports without an account: guests, which wards take them, and how many."""

from backend.migrations import sql_step

ID = "0010"
VERSION = "1.38.0"
DESCRIPTION = "guests"

_BACK = """
DELETE FROM rule_change WHERE subject = 'guests';
ALTER TABLE rule_change
    DROP CONSTRAINT rule_change_subject_check,
    ADD CONSTRAINT rule_change_subject_check CHECK (
        subject IN ('routing', 'clocks', 'hours', 'closure', 'department', 'category'));
DROP TABLE allowance;
DROP TABLE guest_rule;
ALTER TABLE account
    DROP CONSTRAINT account_guest,
    DROP COLUMN guest_code_hash,
    DROP COLUMN guest_ward_id;
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
