"""Forms for exceptions."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from django import forms

from apps.accounts.forms import ConfirmedForm
from apps.core.forms import TextArea


def end_of(day: date) -> datetime:
    """Return the last second of a day in UTC: "until" a day includes it."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"})


class WhyForm(forms.Form):
    """An act that needs a reason."""

    reason = forms.CharField(max_length=5000, widget=TextArea(3), label="Why")


class SignedWhyForm(ConfirmedForm, WhyForm):
    """An act that needs a reason and a confirmation."""

    field_order = ("reason", "password", "code")


class OutcomeForm(forms.Form):
    outcome = forms.CharField(
        max_length=5000,
        widget=TextArea(4),
        help_text="What was found, and what is done about it: 20 characters or more.",
    )


class AskWaiverForm(forms.Form):
    criterion = forms.ChoiceField(help_text="One criterion; another one needs a waiver of its own.")
    until = DayField(help_text="The waiver ends by itself at the end of this day (UTC).")
    reason = forms.CharField(
        max_length=5000,
        widget=TextArea(4),
        label="Why it need not hold",
        help_text="20 characters or more. What is the risk, and what is done about it?",
    )

    def __init__(self, *args: Any, criteria: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["criterion"].choices = list(criteria)  # type: ignore[attr-defined]


class GrantForm(ConfirmedForm):
    comment = forms.CharField(required=False, max_length=5000, widget=TextArea(2))
    field_order = ("comment", "password", "code")
