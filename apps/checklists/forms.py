"""The forms of one checklist item."""

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.checklists.enums import AnswerValue
from apps.core.forms import TextArea


class ItemForm(forms.Form):
    """A form that is about one item."""

    item = forms.CharField(widget=forms.HiddenInput, max_length=60)


class AnswerForm(ItemForm):
    value = forms.ChoiceField(choices=AnswerValue.choices, widget=forms.RadioSelect, label="Answer")
    reason = forms.CharField(required=False, max_length=5000, widget=TextArea(2))
    evidence_url = forms.URLField(
        required=False, max_length=500, label="Link to evidence", assume_scheme="https"
    )
    text = forms.CharField(
        required=False, max_length=20_000, widget=TextArea(2), label="What shows it, in words"
    )
    file = forms.FileField(required=False, label="File that shows it", allow_empty_file=True)
    evaluation = forms.TypedChoiceField(
        required=False, label="Evaluation that shows it", coerce=str, empty_value=None
    )

    def __init__(
        self,
        *args: Any,
        evaluations: Iterable[tuple[str, str]] = (),
        na_allowed: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not na_allowed:
            values = [one for one in AnswerValue.choices if one[0] != AnswerValue.NOT_APPLICABLE]
            self.fields["value"].choices = values  # type: ignore[attr-defined]
        choices = list(evaluations)
        if choices:
            self.fields["evaluation"].choices = [("", "None"), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields["evaluation"]


class AssignForm(ItemForm):
    assignee = forms.ChoiceField(required=False, label="Who is to answer")
    due_on = forms.DateField(
        required=False, label="By", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, members: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].choices = [("", "Nobody"), *members]  # type: ignore[attr-defined]


class CommentForm(ItemForm):
    text = forms.CharField(max_length=5000, widget=TextArea(2), label="Comment")


class MigrationForm(forms.Form):
    """What was previewed, so that nothing else is done."""

    to = forms.UUIDField(widget=forms.HiddenInput)
    lock_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
