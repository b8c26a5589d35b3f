"""Forms of models."""

from django import forms

from apps.core.forms import TextArea


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=2000, widget=TextArea(2), label="Why", help_text="10 characters or more."
    )
