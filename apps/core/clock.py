"""The day, which for everybody is that of UTC."""

import datetime

from django.utils import timezone


def today() -> datetime.date:
    """Return the day of now (UTC)."""
    return timezone.now().astimezone(datetime.UTC).date()


def utc_text(moment: datetime.datetime) -> str:
    """Return a time in the form of RFC 3339, UTC, to the second."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
