"""Forms of projects: they parse and bound input; rules live in the services."""

from django import forms

from apps.core.forms import TextArea
from apps.projects.enums import Role


class ProjectForm(forms.Form):
    name = forms.CharField(max_length=120)
    slug = forms.CharField(
        max_length=60,
        label="Short name",
        help_text="Stands in addresses: lower-case letters, digits, hyphens.",
    )
    purpose = forms.CharField(required=False, max_length=2000, widget=TextArea())


class MemberForm(forms.Form):
    email = forms.EmailField(help_text="Of a person who has an account here.")
    role = forms.ChoiceField(choices=Role.choices)
