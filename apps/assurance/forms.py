"""Input of the audit pages."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone


class DateInput(forms.DateInput):
    """A date picker of the browser."""

    input_type = "date"


class TrailForm(forms.Form):
    """Filters of the audit trail; days are in UTC, and the last day counts."""

    actor = forms.CharField(required=False, max_length=80, label="Who contains")
    kind = forms.CharField(required=False, max_length=80, label="Kind begins with")
    subject = forms.CharField(required=False, max_length=80, label="Object contains")
    since = forms.DateField(required=False, widget=DateInput(), label="From")
    until = forms.DateField(required=False, widget=DateInput(), label="To")

    def filters(self) -> dict[str, Any]:
        """Return what ``audit.queries.narrowed`` takes; a field with an error filters nothing."""
        self.is_valid()
        # A form without a query string is not bound, and has no such attribute.
        given = getattr(self, "cleaned_data", {})
        since, until = given.get("since"), given.get("until")
        return {
            "actor": given.get("actor", ""),
            "kind": given.get("kind", ""),
            "subject": given.get("subject", ""),
            "since": datetime.combine(since, time(), UTC) if since else None,
            "until": datetime.combine(until + timedelta(days=1), time(), UTC) if until else None,
        }


class MomentForm(forms.Form):
    """A moment in the past, in UTC; nothing means now."""

    on = forms.DateField(required=False, widget=DateInput(), label="On the day (UTC)")
    at = forms.TimeField(
        required=False, widget=forms.TimeInput(attrs={"type": "time"}), label="At (UTC; else its end)"
    )

    def moment(self) -> datetime:
        """Return the moment: the given one, the end of the given day, or now. The future means now."""
        self.is_valid()
        given = getattr(self, "cleaned_data", {})
        day, clock = given.get("on"), given.get("at")
        now = timezone.now()
        if day is None:
            return now
        return min(now, datetime.combine(day, clock or time(23, 59, 59, 999_999), UTC))
