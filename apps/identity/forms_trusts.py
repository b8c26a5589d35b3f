"""Forms of trusts: one for each kind of issuer, so that the numbers are asked for and not the names."""

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.accounts.models import User
from apps.core.forms import TextArea
from apps.identity.claims import GITHUB, GITLAB, LONGEST_VALUE
from apps.identity.enums import TRUSTED_SCOPES, IssuerKind


def _number(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        max_length=20,
        label=label,
        help_text=help_text,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )


def _part(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(max_length=LONGEST_VALUE, required=False, label=label, help_text=help_text)


class TrustForm(forms.Form):
    """What every trust has. ``parts`` are the fields that are claims of the same name."""

    parts: tuple[str, ...] = ()

    name = forms.CharField(max_length=100, help_text="What it is for, for example “training on main”.")
    account = forms.ChoiceField(
        label="Acts as",
        help_text="One of your service accounts. It becomes a contributor here, unless it has a role already.",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(one.value, one.label) for one in TRUSTED_SCOPES],
        widget=forms.CheckboxSelectMultiple,
        label="May",
        help_text="A pipeline may ask for less, never for more.",
    )
    issuer = forms.CharField(
        max_length=500, label="Issuer", help_text="The address, as it stands in the token."
    )

    def __init__(self, *args: Any, accounts: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_id = {str(one.pk): one for one in accounts}
        choices = [(pk, str(one)) for pk, one in self.by_id.items()]
        self.fields["account"].choices = choices  # type: ignore[attr-defined]

    def claims(self) -> dict[str, str]:
        """Return the claims that were filled in."""
        return {name: self.cleaned_data[name] for name in self.parts if self.cleaned_data[name]}

    def said(self) -> dict[str, Any]:
        """Return what the service takes."""
        given = self.cleaned_data
        account = self.by_id[given["account"]]
        return {
            "name": given["name"],
            "issuer": given["issuer"],
            "scopes": given["scopes"],
            "account": account,
            "claims": self.claims(),
        }


class GitHubForm(TrustForm):
    parts = ("repository_id", "repository_owner_id", "environment", "workflow_ref", "job_workflow_ref", "ref")

    issuer = forms.CharField(
        max_length=500, initial=GITHUB, help_text="Of an enterprise server: https://HOST/_services/token."
    )
    repository_id = _number("Id of the repository", "A number: gh api repos/OWNER/NAME --jq .id")
    repository_owner_id = _number("Id of its owner", "A number: gh api repos/OWNER/NAME --jq .owner.id")
    environment = _part(
        "Environment", "The safest: give it rules on GitHub that say which branches may deploy to it."
    )
    workflow_ref = _part(
        "Workflow", "Whole: OWNER/NAME/.github/workflows/train.yml@refs/heads/main. No pattern."
    )
    job_workflow_ref = _part("Reusable workflow", "Whole, as above, of the workflow that is called.")
    ref = _part("Branch or tag", "Whole: refs/heads/main. No pattern.")


class GitLabForm(TrustForm):
    parts = ("project_id", "namespace_id", "environment", "ref_path", "ci_config_ref_uri")

    issuer = forms.CharField(
        max_length=500, initial=GITLAB, help_text="Of your own server: its address, as in the browser."
    )
    project_id = _number("Id of the project", "A number, in the menu of the project’s page.")
    namespace_id = _number("Id of its group or owner", "A number, in the menu of the group’s page.")
    environment = _part("Environment", "It must be a protected one on GitLab.")
    ref_path = _part("Branch or tag", "Whole: refs/heads/main. No pattern.")
    ci_config_ref_uri = _part(
        "Pipeline definition", "Whole: gitlab.com/group/project//.gitlab-ci.yml@refs/heads/main. No pattern."
    )
    protected = forms.BooleanField(required=False, label="Protected branches and tags alone", initial=True)

    def claims(self) -> dict[str, str]:
        found = super().claims()
        if "environment" in found:
            found["environment_protected"] = "true"
        if self.cleaned_data["protected"]:
            found["ref_protected"] = "true"
        return found


class OtherForm(TrustForm):
    lines = forms.CharField(
        label="Claims",
        widget=TextArea(5),
        help_text="One a line, as “name: value”. A token must say all of them, each value whole.",
    )

    def clean_lines(self) -> dict[str, str]:
        """Read the lines; what is said twice is a mistake."""
        found: dict[str, str] = {}
        for line in filter(str.strip, self.cleaned_data["lines"].splitlines()):
            name, colon, value = line.partition(": ")
            if not colon or name.strip() in found:
                raise forms.ValidationError(f"“{line[:60]}”: write each claim once, as “name: value”.")
            found[name.strip()] = value.strip()
        return found

    def claims(self) -> dict[str, str]:
        found: dict[str, str] = self.cleaned_data["lines"]
        return found


FORMS: dict[str, type[TrustForm]] = {
    IssuerKind.GITHUB: GitHubForm,
    IssuerKind.GITLAB: GitLabForm,
    IssuerKind.OTHER: OtherForm,
}


class WithdrawForm(forms.Form):
    reason = forms.CharField(max_length=2000, widget=TextArea(), help_text="For whoever reads it later.")
