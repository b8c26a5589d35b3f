"""Forms of invitations and of rules of groups."""

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.accounts.enums import SiteRole
from apps.projects.enums import Role
from apps.projects.models import Project

_SITE = "site"


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="The link works for this address alone.")
    role = forms.ChoiceField(choices=Role.choices, label="Role in the project")

    def __init__(self, *args: Any, with_role: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_role:
            del self.fields["role"]


class JoinForm(forms.Form):
    full_name = forms.CharField(max_length=150, label="Your name")
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="12 characters or more; no password that is known from elsewhere.",
    )


class RuleForm(forms.Form):
    group = forms.CharField(max_length=200, help_text="As it stands in the provider's claim.")
    place = forms.ChoiceField(label="Where")
    role = forms.ChoiceField(
        choices=[*Role.choices, *(one for one in SiteRole.choices if one[0])],
        help_text="Auditor and administrator are roles over the site, the others in a project.",
    )

    def __init__(self, *args: Any, projects: Iterable[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_id = {str(one.pk): one for one in projects}
        choices = [(_SITE, "The whole site"), *((pk, one.name) for pk, one in self.by_id.items())]
        self.fields["place"].choices = choices  # type: ignore[attr-defined]

    @property
    def project(self) -> Project | None:
        """The project that was chosen, or None for the site."""
        return self.by_id.get(self.cleaned_data["place"])
