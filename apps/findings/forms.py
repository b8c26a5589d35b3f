"""Forms of findings: they parse and bound input; rules live in the services."""

from django import forms

from apps.core.forms import TextArea


class DecisionForm(forms.Form):
    """What is decided, why, and until when."""

    lock_version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=5000, widget=TextArea(2), help_text="Ten characters or more; auditors read it."
    )
    until = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Needed to go on: on the day after, the finding is open again.",
    )
