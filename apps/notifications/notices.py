"""What this app itself has to tell people."""

from apps.notifications.enums import Urgency
from apps.notifications.kinds import NoticeType

NOTICES = [
    NoticeType(
        "notifications.webhook_disabled",
        "Webhook switched off",
        "The webhook {object} was switched off, because nothing reached it for a day: {error}",
        Urgency.URGENT,
    ),
]
