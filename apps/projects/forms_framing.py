"""Forms of the brief's steps, of kill criteria, rules or machine learning, the risk tier and the platform."""

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.accounts.models import User
from apps.core.forms import TextArea
from apps.policies.method.framing import Signal, Tiers
from apps.projects.briefs import CHOICES, Step
from apps.projects.enums import ComponentState

_HELP = {
    "business_objective": "What the business gains, in one or two sentences.",
    "success_metric": "For example ROC-AUC on the holdout.",
    "success_target": "The value that counts as success.",
    "success_direction": "An error is to be at most the target, a score at least.",
    "baseline": "How well it goes today, without a model.",
    "consumer": "Who or what reads the prediction.",
    "data_gaps": "What you would need and do not have. May stay empty.",
    "ethical_considerations": "Bias, fairness, privacy.",
    "fairness_metric": "Declare it before training; the portal notes when.",
    "kill_criteria": "What would make you stop, in words. Those that can be judged stand on their own page.",
}
_NUMBERS = {"success_target", "fairness_threshold"}
_NAMES = {"success_metric", "fairness_metric"}


class StepForm(forms.Form):
    """The fields of one step of the brief; all may stay empty, because every save is a draft."""

    lock_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, step: Step, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in step.fields.items():
            self.fields[name] = _field(name, label)


def _field(name: str, label: str) -> forms.Field:
    shared: dict[str, Any] = {"required": False, "label": label, "help_text": _HELP.get(name, "")}
    if name in CHOICES:
        return forms.ChoiceField(choices=[("", "–"), *CHOICES[name].choices], **shared)
    if name in _NUMBERS:
        return forms.FloatField(**shared)
    if name in _NAMES:
        return forms.CharField(max_length=60, **shared)
    return forms.CharField(max_length=5000, widget=TextArea(), **shared)


class KillCriterionForm(forms.Form):
    title = forms.CharField(max_length=200, help_text="When to stop, in a few words.")
    expression = forms.CharField(
        max_length=2000,
        widget=TextArea(2),
        help_text="Over evidence; it says yes when you should stop. For example evaluation.lift_over_random <= 0.2",
    )


class RetireForm(forms.Form):
    reason = forms.CharField(max_length=2000, widget=TextArea(2))


class ApproachForm(forms.Form):
    """One answer and one note for each signal of the policy."""

    def __init__(self, signals: Iterable[Signal], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = [one.key for one in signals]
        for one in signals:
            self.fields[one.key] = forms.ChoiceField(
                label=one.question,
                choices=[("yes", "Yes"), ("no", "No"), ("unsure", "Unsure")],
                widget=forms.RadioSelect,
            )
            self.fields[f"note_{one.key}"] = forms.CharField(
                required=False, max_length=2000, label="Note, if any"
            )

    @property
    def answers(self) -> dict[str, str]:
        """The answers by signal, once valid."""
        return {key: self.cleaned_data[key] for key in self.keys}

    @property
    def notes(self) -> dict[str, str]:
        """The notes by signal, once valid."""
        return {key: self.cleaned_data[f"note_{key}"] for key in self.keys}


class TierForm(forms.Form):
    """One choice for each question of the policy, and the reason."""

    def __init__(self, tiers: Tiers, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = [one.key for one in tiers.questions]
        for one in tiers.questions:
            self.fields[one.key] = forms.ChoiceField(
                label=f"{one.title}: {one.question}",
                choices=[(option.key, option.title) for option in one.options],
                widget=forms.RadioSelect,
            )
        self.fields["reason"] = forms.CharField(
            max_length=2000, widget=TextArea(), help_text="Why these answers are right for this project."
        )

    @property
    def answers(self) -> dict[str, str]:
        """The chosen options by question, once valid."""
        return {key: self.cleaned_data[key] for key in self.keys}


class ComponentForm(forms.Form):
    state = forms.ChoiceField(choices=ComponentState.choices)
    tool = forms.CharField(required=False, max_length=120, help_text="Needed when it is in place.")
    owner = forms.ChoiceField(
        required=False, help_text="A member of the project; needed when it is in place."
    )
    link = forms.URLField(required=False, max_length=500, assume_scheme="https")
    reason = forms.CharField(
        required=False, max_length=2000, widget=TextArea(2), help_text="Needed when it is not needed here."
    )

    def __init__(self, members: Iterable[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = {str(one.pk): one for one in members}
        choices = [("", "–"), *((pk, str(one)) for pk, one in self.members.items())]
        self.fields["owner"] = forms.ChoiceField(
            required=False, choices=choices, help_text=self.base_fields["owner"].help_text
        )

    @property
    def said(self) -> dict[str, Any]:
        """What was filled in, with the owner as a person, once valid."""
        return {**self.cleaned_data, "owner": self.members.get(self.cleaned_data["owner"])}
