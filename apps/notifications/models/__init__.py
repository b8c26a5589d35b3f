"""Notices to people, and what leaves the house: e-mails and calls of webhooks."""

from apps.notifications.models.notices import Mail, Notice, Preference
from apps.notifications.models.outbox import Sendable
from apps.notifications.models.webhooks import Attempt, Delivery, Webhook

__all__ = ["Attempt", "Delivery", "Mail", "Notice", "Preference", "Sendable", "Webhook"]
