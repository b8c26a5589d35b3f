"""The form of one checklist item."""

from django import forms

from apps.checklists.enums import AnswerValue
from apps.core.forms import TextArea


class AnswerForm(forms.Form):
    item = forms.CharField(widget=forms.HiddenInput, max_length=60)
    value = forms.ChoiceField(choices=AnswerValue.choices, widget=forms.RadioSelect, label="Answer")
    reason = forms.CharField(required=False, max_length=5000, widget=TextArea(2))
    evidence_url = forms.URLField(
        required=False, max_length=500, label="Link to evidence", assume_scheme="https"
    )
