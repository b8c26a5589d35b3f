"""Forms of tokens and service accounts."""

from typing import Any

from django import forms

from apps.accounts.enums import Scope, SiteRole
from apps.accounts.models import User


class TokenForm(forms.Form):
    account = forms.ChoiceField(label="For", help_text="Yourself, or one of your service accounts.")
    name = forms.CharField(max_length=100, help_text="What uses it, for example the pipeline's name.")
    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(min_value=1, max_value=365, initial=90, label="Valid for days")

    def __init__(self, *args: Any, accounts: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = [(str(one.pk), str(one)) for one in accounts]  # type: ignore[attr-defined]


class PersonForm(forms.Form):
    full_name = forms.CharField(max_length=150, label="Name")
    email = forms.EmailField(label="E-mail")
    site_role = forms.ChoiceField(
        choices=SiteRole.choices,
        required=False,
        label="Role over the site",
        help_text="Roles in a project are given by its owners. Neither role here may approve anything.",
    )


class ServiceAccountForm(forms.Form):
    service_name = forms.CharField(max_length=100, label="Name of a new service account")
