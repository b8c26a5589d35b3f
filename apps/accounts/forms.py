"""Forms of people, tokens, service accounts, and of second factors."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as second
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from django import forms

from apps.accounts import factors
from apps.accounts.confirming import ConfirmationAsked
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


class ConfirmedForm(forms.Form):
    """An act by which a person confirms that it is them: by password, by passkey, or by the code of an app.

    It has the fields of what the person has, and no others.
    """

    password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="Confirms that it is you.",
    )
    code = forms.CharField(
        required=False,
        max_length=12,
        label="Code of your authenticator app",
        help_text="Confirms that it is you.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    passkey = forms.JSONField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asked: ConfirmationAsked, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        for name in ("password", "code"):
            if not getattr(asked, name):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        if not any(fields.get(name) for name in ("password", "code", "passkey")):
            last = next((name for name in ("password", "code") if name in self.fields), None)
            self.add_error(last, "Confirm that it is you.")
        return fields


class _OneUse:
    """A code serves once: used ones are rows of the database, not entries of a cache that may forget."""

    user: User
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        forgive = check_rate_limit(self.user)
        code = str(self.cleaned_data["code"])
        kinds = Authenticator.objects.filter(user_id=self.user.pk)
        if factors.use_code(self.user, code):
            self.authenticator = kinds.get(type=Authenticator.Type.TOTP)
        else:
            spare = kinds.filter(type=Authenticator.Type.RECOVERY_CODES).first()
            if spare is None or not spare.wrap().validate_code(code):
                raise get_adapter().validation_error("incorrect_code")
            self.authenticator = spare
        forgive()
        return code


class AuthenticateForm(_OneUse, second.AuthenticateForm):
    """The second step of signing in."""


class ReauthenticateForm(_OneUse, second.ReauthenticateForm):
    """Confirms who is signed in, before they change how they sign in."""
