"""Forms of preferences and webhooks."""

from typing import Any

from django import forms

from apps.notifications.kinds import told_to_people, told_to_webhooks


class PreferencesForm(forms.Form):
    """One choice for each kind; what is urgent does not offer "off"."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, said in sorted(
            told_to_people().items(), key=lambda item: (not item[1].is_urgent, item[1].title)
        ):
            self.fields[kind] = forms.ChoiceField(
                label=said.title,
                choices=[(one.value, one.label) for one in said.channels],
                help_text="Urgent: it cannot be switched off." if said.is_urgent else "",
            )


class WebhookForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="What it is for, for example “chat room of the team”.")
    url = forms.CharField(
        max_length=2000,
        label="URL",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text="https://… at a public address. Redirects are not followed.",
    )
    kinds = forms.MultipleChoiceField(
        required=False,
        label="What it is told",
        widget=forms.CheckboxSelectMultiple,
        help_text="Nothing chosen means everything that people are told.",
    )

    def __init__(self, *args: Any, site: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = sorted((said.title, kind) for kind, said in told_to_webhooks(site=site).items())
        self.fields["kinds"].choices = [(kind, title) for title, kind in listed]  # type: ignore[attr-defined]


class WebhookChangeForm(WebhookForm):
    enabled = forms.BooleanField(required=False, label="Switched on")
    expect = forms.IntegerField(widget=forms.HiddenInput)
