"""Forms at the gates."""

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.accounts.confirming import ANYTHING, ConfirmationAsked
from apps.accounts.forms import ConfirmedForm
from apps.accounts.models import User
from apps.core.forms import TextArea
from apps.gates.enums import ApprovalDecision
from apps.policies.models import Revision


class SignForm(ConfirmedForm):
    """What a signer says. No decision is chosen beforehand."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    seat = forms.ChoiceField(
        required=False,
        widget=forms.RadioSelect,
        label="You sign for",
        help_text="A signature for somebody else uses up both of you.",
    )
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
    field_order = ("digest", "seat", "decision", "meaning", "comment", "password", "code", "passkey")

    def __init__(
        self,
        *args: Any,
        meanings: Iterable[str] = (),
        asked: ConfirmationAsked = ANYTHING,
        seats: Iterable[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, asked=asked, **kwargs)
        self.fields["seat"].choices = list(seats)  # type: ignore[attr-defined]
        if [value for value, _ in seats] in ([], [""]):
            # Nobody lent a seat: there is nothing to choose.
            del self.fields["seat"]
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


class CommentForm(forms.Form):
    text = forms.CharField(
        max_length=10_000,
        label="Comment",
        widget=TextArea(3),
        help_text="Markdown. A comment cannot be changed.",
    )
    answers = forms.UUIDField(required=False, widget=forms.HiddenInput)


class SeatForm(forms.Form):
    """Whom to ask by name; the choices are those who could sign."""

    person = forms.ChoiceField(label="Person")
    reason = forms.CharField(
        required=False, max_length=2000, widget=TextArea(2), help_text="Needed to pass your own turn on."
    )

    def __init__(self, *args: Any, people: Iterable[User] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one.pk), str(one)) for one in people]
        self.fields["person"].choices = choices  # type: ignore[attr-defined]


class DelegationForm(forms.Form):
    to = forms.ChoiceField(label="Who signs for you")
    until = forms.DateField(
        label="Until the end of", widget=forms.DateInput(attrs={"type": "date"}), help_text="A day, in UTC."
    )
    reason = forms.CharField(
        max_length=2000,
        widget=TextArea(2),
        help_text="10 characters or more; everybody in the project reads it.",
    )

    def __init__(self, *args: Any, people: Iterable[User] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one.pk), str(one)) for one in people]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]


class FindingForm(forms.Form):
    finding = forms.CharField(
        max_length=5000, label="What you found", widget=TextArea(3), help_text="10 characters or more."
    )
