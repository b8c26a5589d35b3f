"""The form of one rubric dimension."""

from django import forms

from apps.core.forms import TextArea


class ScoreForm(forms.Form):
    dimension = forms.CharField(widget=forms.HiddenInput, max_length=60)
    level = forms.TypedChoiceField(
        choices=[(n, str(n)) for n in range(6)], coerce=int, widget=forms.RadioSelect
    )
    comment = forms.CharField(required=False, max_length=5000, widget=TextArea(2))
