"""What happens to webhooks."""

from apps.audit.events import EventType

EVENTS = [
    EventType("notifications.webhook_created", "made the webhook {object} to {host}", icon="webhook"),
    EventType("notifications.webhook_changed", "changed the webhook {object} ({fields})", icon="webhook"),
    EventType(
        "notifications.webhook_secret_rotated", "renewed the secret of the webhook {object}", icon="key-round"
    ),
    EventType(
        "notifications.webhook_disabled",
        "switched the webhook {object} off after a day of failures: {error}",
        icon="webhook",
        tone="bad",
    ),
    EventType("notifications.webhook_removed", "removed the webhook {object}", icon="webhook", tone="warn"),
]
