"""Forms at the gates."""

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.core.forms import TextArea
from apps.gates.enums import ApprovalDecision
from apps.policies.models import Revision


class SignForm(forms.Form):
    """What a signer says. No decision is chosen beforehand."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    decision = forms.ChoiceField(choices=ApprovalDecision.choices, widget=forms.RadioSelect)
    meaning = forms.ChoiceField(
        required=False,
        widget=forms.RadioSelect,
        label="What your signature means",
        help_text="Needed to approve.",
    )
    comment = forms.CharField(
        required=False,
        max_length=5000,
        widget=TextArea(3),
        help_text="Needed to reject or to ask for changes: 10 characters or more.",
    )
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="Confirms that it is you who signs.",
    )

    def __init__(self, *args: Any, meanings: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(meaning, meaning) for meaning in meanings]
        self.fields["meaning"].choices = choices  # type: ignore[attr-defined]


class RequestForm(forms.Form):
    to = forms.CharField(max_length=30, widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=2000, widget=TextArea(2))


class DryRunForm(forms.Form):
    """A stage and a revision, as ``pack:number``."""

    to = forms.ChoiceField(label="Gate to")
    revision = forms.ChoiceField(label="Under the policy")

    def __init__(
        self, *args: Any, stages: Iterable[tuple[str, str]], revisions: Iterable[Revision], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = list(stages)  # type: ignore[attr-defined]
        self.fields["revision"].choices = [  # type: ignore[attr-defined]
            (f"{one.pack.slug}:{one.number}", str(one)) for one in revisions
        ]


class ReasonForm(forms.Form):
    reason = forms.CharField(required=False, max_length=2000, widget=TextArea(2))
