"""The form of a model card's written fields: those that the policy names."""

from collections.abc import Sequence
from typing import Any

from django import forms

from apps.core.forms import TextArea
from apps.modelcards.fields import LONGEST, LONGEST_LINE
from apps.policies.method.card import Card as Part
from apps.policies.method.card import CardField

#: People never write in hidden fields: what is wrong there is a page that is broken or forged.
BROKEN = dict.fromkeys(
    ("required", "invalid", "min_value", "max_length", "null_characters_not_allowed"),
    "This form does not say which state it is about. Load the page again, and send it from there.",
)


def seen() -> forms.IntegerField:
    """Return the hidden field that says which state was looked at."""
    return forms.IntegerField(widget=forms.HiddenInput, min_value=1, error_messages=BROKEN)


class CardForm(forms.Form):
    """The fields of a card. One that was not sent stays as it is, so that a part of the form may be sent."""

    lock_version = seen()
    #: SHA-256 of the file that the texts were read from, where they were.
    imported = forms.RegexField(r"^[0-9a-f]{64}$", required=False, widget=forms.HiddenInput)

    def __init__(self, part: Part, *args: Any, stale: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = [field.key for field in part.fields]
        for field in part.fields:
            self.fields[field.key] = _widget(field)
        for key in stale:
            self.fields[f"confirm_{key}"] = forms.BooleanField(
                label="I read it again: it is still right on the evidence of now.", required=False
            )

    def written(self) -> dict[str, str]:
        """Return the fields that were sent."""
        return {key: self.cleaned_data[key] for key in self.keys if key in self.data}

    def confirmed(self) -> list[str]:
        """Return the keys of stale fields that were read again."""
        return [key for key in self.keys if self.cleaned_data.get(f"confirm_{key}")]


def _widget(field: CardField) -> forms.Field:
    shared: dict[str, Any] = {"label": field.title, "help_text": field.help, "required": False}
    if field.kind == "choice":
        return forms.ChoiceField(choices=[("", "–"), *((one, one) for one in field.options)], **shared)
    if field.kind == "line":
        return forms.CharField(max_length=LONGEST_LINE, **shared)
    return forms.CharField(max_length=LONGEST, widget=TextArea(4), **shared)


class CardImportForm(forms.Form):
    """A card from elsewhere."""

    file = forms.FileField(
        label="File",
        error_messages={"required": "Choose the file that is to be read."},
        help_text="A README.md of Hugging Face, or a card of mlgov as JSON. Nothing is written yet.",
    )
