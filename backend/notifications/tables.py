"""The inbox, and where its pushes go. The schema itself is made by `backend/migrations`."""

from piccolo.columns import UUID, Boolean, Integer, Text, Timestamptz
from piccolo.table import Table


class Notification(Table, tablename="notification"):
    id = UUID(primary_key=True)
    account_id = UUID()
    kind = Text()
    report_id = UUID(null=True)
    message_id = UUID(null=True)
    detail = Text(null=True)
    urgent = Boolean()
    created_at = Timestamptz()
    read_at = Timestamptz(null=True)


class PushSubscription(Table, tablename="push_subscription"):
    id = UUID(primary_key=True)
    account_id = UUID()
    session_id = UUID()
    endpoint = Text()
    p256dh = Text()
    auth = Text()
    language = Text()
    created_at = Timestamptz()
    last_sent_at = Timestamptz(null=True, default=None)
    failures = Integer(default=0)
