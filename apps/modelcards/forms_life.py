"""Forms of a card's life: they parse and bound input; rules live in the services."""

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.accounts.forms import ConfirmedForm
from apps.core.forms import TextArea
from apps.modelcards.commenting import LONGEST_COMMENT
from apps.modelcards.forms import BROKEN, seen
from apps.modelcards.sharing import LONGEST_DAYS
from apps.policies.method.card import CardField


class SeenForm(forms.Form):
    """Which state of the card was looked at."""

    lock_version = seen()


class SendBackForm(SeenForm):
    reason = forms.CharField(
        max_length=5000,
        widget=TextArea(3),
        label="What is to be done",
        help_text="Ten characters or more; the writers read it.",
    )


class PublishForm(ConfirmedForm):
    """A publication: what the signature means, and a proof of who signs."""

    lock_version = seen()
    evidence_digest = forms.CharField(widget=forms.HiddenInput, max_length=64, error_messages=BROKEN)
    meaning = forms.CharField(
        max_length=2000,
        widget=TextArea(2),
        label="What your signature means",
        help_text="Ten characters or more, such as: I compared every section with the evidence and stand by it.",
    )
    field_order = ("lock_version", "evidence_digest", "meaning", "password", "code", "passkey")


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        max_length=5000,
        widget=TextArea(2),
        label="Why",
        help_text="Ten characters or more; auditors read it.",
    )


class CommentForm(forms.Form):
    field = forms.CharField(max_length=60, widget=forms.HiddenInput)
    answers = forms.UUIDField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(
        max_length=LONGEST_COMMENT, widget=TextArea(2), label="Comment", help_text="Markdown."
    )


class LinkForm(forms.Form):
    note = forms.CharField(
        max_length=200, label="For whom", help_text="Only members of the project read this."
    )
    days = forms.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, initial=90, label="Days", help_text=f"1 to {LONGEST_DAYS}."
    )


class DefaultsForm(forms.Form):
    lock_version = seen()

    def __init__(self, *args: Any, known: Mapping[str, CardField], longest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, field in known.items():
            self.fields[key] = forms.CharField(
                label=field.title,
                help_text=field.help,
                required=False,
                max_length=longest,
                widget=TextArea(3),
            )
