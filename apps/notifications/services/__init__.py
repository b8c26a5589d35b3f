"""What is done with notices and webhooks."""

from apps.notifications.announcing import announce, call_webhooks
from apps.notifications.services.notices import choose_channels, mark_all_read, mark_read, send_mail_again
from apps.notifications.services.webhooks import (
    change_webhook,
    create_webhook,
    redeliver,
    remove_webhook,
    rotate_secret,
    send_test,
)

__all__ = [
    "announce",
    "call_webhooks",
    "change_webhook",
    "choose_channels",
    "create_webhook",
    "mark_all_read",
    "mark_read",
    "redeliver",
    "remove_webhook",
    "rotate_secret",
    "send_mail_again",
    "send_test",
]
