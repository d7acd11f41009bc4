"""The tables of the main job: areas, people, reports, threads, photos, notifications, sync."""

from backend.migrations import sql_step

ID = "0001"
VERSION = "1.38.0"
DESCRIPTION = "ground"

_BACK = """
DROP TABLE change, push_delivery, push_subscription, notification, read_marker, message, report,
    photo, upload, routing_rule, category, department, invitation, session, account_grant,
    account, household, area, epoch;
"""

forwards = sql_step(ID, DESCRIPTION, _BACK)
