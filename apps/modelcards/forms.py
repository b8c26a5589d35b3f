"""The form of a model card's written fields."""

from typing import Any

from django import forms

from apps.core.forms import TextArea
from apps.modelcards.fields import FIELDS, LONGEST


class CardForm(forms.Form):
    lock_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in FIELDS:
            self.fields[field.key] = forms.CharField(
                label=field.title,
                help_text=field.help,
                required=False,
                max_length=LONGEST,
                widget=TextArea(4),
            )
