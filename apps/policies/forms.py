"""Forms of the policy editor."""

from typing import Any

from django import forms

from apps.core.forms import TextArea
from apps.policies.services.drafting import LONGEST_SOURCE


class DraftForm(forms.Form):
    """The text of a draft, as typed or as a file."""

    title = forms.CharField(
        max_length=120, help_text="What the change is about, for example “Stricter on drift”."
    )
    source = forms.CharField(
        required=False,
        strip=False,
        max_length=LONGEST_SOURCE,
        label="Policy (YAML)",
        widget=forms.Textarea(
            attrs={"rows": 28, "spellcheck": "false", "wrap": "off", "class": "code", "data-lines": ""}
        ),
    )
    file = forms.FileField(
        required=False,
        label="Or upload a file",
        help_text="A YAML file in UTF-8; it takes the place of the text.",
    )
    lock_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        upload = fields.get("file")
        if upload is not None:
            try:
                fields["source"] = upload.read(LONGEST_SOURCE + 1).decode()
            except UnicodeDecodeError:
                self.add_error("file", "This file is not UTF-8 text. Save it as UTF-8.")
        return fields


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=5000,
        widget=TextArea(3),
        label="Why",
        help_text="What changes, and why: 10 characters or more.",
    )


class SendBackForm(ReasonForm):
    reason = forms.CharField(
        max_length=5000,
        widget=TextArea(3),
        label="What must change",
        help_text="Its author reads it: 10 characters or more.",
    )
