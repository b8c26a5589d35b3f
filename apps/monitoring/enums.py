"""Which share of the traffic a window is about."""

from django.db.models import TextChoices


class MetricsChannel(TextChoices):
    PRODUCTION = "production", "Production"
    CANARY = "canary", "Canary"
