"""Forms of projects: they parse and bound input; rules live in the services."""

from django import forms

from apps.core.forms import TextArea
from apps.projects.enums import Consumer, Latency, Role, Task


class ProjectForm(forms.Form):
    name = forms.CharField(max_length=120)
    slug = forms.CharField(
        max_length=60,
        label="Short name",
        help_text="Stands in addresses: lower-case letters, digits, hyphens.",
    )
    purpose = forms.CharField(required=False, max_length=2000, widget=TextArea())


class BriefForm(forms.Form):
    """The problem brief, in the order of the method (M1.1)."""

    lock_version = forms.IntegerField(widget=forms.HiddenInput)
    business_objective = forms.CharField(
        required=False,
        max_length=5000,
        widget=TextArea(),
        help_text="What the business gains, in one or two sentences.",
    )
    success_metric = forms.CharField(
        required=False, max_length=60, help_text="For example ROC-AUC on the holdout."
    )
    success_target = forms.FloatField(required=False, help_text="The value that counts as success.")
    baseline = forms.CharField(
        required=False,
        max_length=5000,
        widget=TextArea(2),
        help_text="How well it goes today, without a model.",
    )
    task = forms.ChoiceField(required=False, choices=[("", "–"), *Task.choices])
    prediction_target = forms.CharField(required=False, max_length=5000, widget=TextArea(2))
    consumer = forms.ChoiceField(
        required=False, choices=[("", "–"), *Consumer.choices], help_text="Who or what reads the prediction."
    )
    latency = forms.ChoiceField(required=False, choices=[("", "–"), *Latency.choices])
    data_available = forms.CharField(required=False, max_length=5000, widget=TextArea(2))
    data_gaps = forms.CharField(required=False, max_length=5000, widget=TextArea(2))
    ethical_considerations = forms.CharField(
        required=False, max_length=5000, widget=TextArea(), help_text="Bias, fairness, privacy."
    )
    fairness_metric = forms.CharField(
        required=False, max_length=60, help_text="Declare it before training; the portal notes when."
    )
    fairness_threshold = forms.FloatField(required=False)
    kill_criteria = forms.CharField(
        required=False, max_length=5000, widget=TextArea(2), help_text="What would make you stop."
    )


class MemberForm(forms.Form):
    email = forms.EmailField(help_text="Of a person who has an account here.")
    role = forms.ChoiceField(choices=Role.choices)
