"""What the audit log has to tell machines elsewhere."""

from apps.notifications.kinds import NoticeType

HEAD = "assurance.head_sealed"
NOTICES = [
    NoticeType(HEAD, "Audit head signed", "The audit log was sealed at {size} records.", only_webhooks=True)
]
