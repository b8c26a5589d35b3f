"""The day, which for everybody is that of UTC."""

import datetime

from django.utils import timezone


def today() -> datetime.date:
    """Return the day of now (UTC)."""
    return timezone.now().astimezone(datetime.UTC).date()
