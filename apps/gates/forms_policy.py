"""Forms about a project's policy."""

from collections.abc import Sequence
from typing import Any

from django import forms

from apps.core.forms import TextArea
from apps.policies.models import Revision


class AskMoveForm(forms.Form):
    revision_id = forms.ChoiceField(label="Follow", help_text="Look at what it would change first.")
    reason = forms.CharField(
        max_length=5000, widget=TextArea(3), label="Why", help_text="10 characters or more; auditors read it."
    )

    def __init__(self, *args: Any, revisions: Sequence[Revision] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._revisions = {str(one.pk): one for one in revisions}
        self.fields["revision_id"].choices = [  # type: ignore[attr-defined]
            (key, str(one)) for key, one in self._revisions.items()
        ]

    @property
    def revision(self) -> Revision:
        """The revision that was chosen."""
        return self._revisions[self.cleaned_data["revision_id"]]
