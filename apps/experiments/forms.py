"""Forms of experiments and of the table of runs: they parse and bound input; rules live in the services."""

from typing import Any

from django import forms
from django.http import QueryDict

from apps.core.forms import TextArea
from apps.experiments.columns import METRIC, RELATIONS, Column, Condition, Wanted, column_of
from apps.experiments.enums import GIVEN, DataKind, RunState, Verdict
from apps.experiments.tables import Among

DIRECTIONS = [("yes", "A higher value is better"), ("no", "A lower value is better")]


class ExperimentForm(forms.Form):
    """An experiment as a person writes it down (M3.1)."""

    lock_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(max_length=500)
    hypothesis = forms.CharField(
        required=False,
        max_length=5000,
        widget=TextArea(),
        help_text="What you expect to see, and why. A run can prove it wrong.",
    )
    primary_metric = forms.CharField(
        required=False,
        max_length=60,
        help_text="The one that decides, named as your runs log it, for example pr_auc.",
    )
    direction = forms.ChoiceField(choices=DIRECTIONS, initial="yes", label="Of the primary metric")
    secondary_metrics = forms.CharField(
        required=False, max_length=1000, help_text="Others that you watch, with commas between."
    )
    baseline = forms.FloatField(
        required=False, help_text="The primary metric of what is in use today, or of a simple rule."
    )
    baseline_source = forms.CharField(
        required=False, max_length=300, help_text="Where that value comes from. Needed with a baseline."
    )
    data_kind = forms.ChoiceField(choices=DataKind.choices, label="Kind of data", initial=DataKind.TABULAR)
    notes = forms.CharField(required=False, max_length=10_000, widget=TextArea())

    def fields_for_service(self) -> dict[str, Any]:
        """Return the fields as the services take them."""
        fields = dict(self.cleaned_data)
        fields.pop("lock_version")
        fields["higher_is_better"] = fields.pop("direction") == "yes"
        fields["secondary_metrics"] = fields["secondary_metrics"].split(",")
        return fields


class VerdictForm(forms.Form):
    lock_version = forms.IntegerField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(
        choices=[("", "–"), *((one.value, one.label) for one in GIVEN)],
        help_text="Promoted: its model goes on. Iterate: another round. Archived: it ends here.",
    )
    reason = forms.CharField(max_length=5000, widget=TextArea(2), help_text="What the runs showed.")


class ExperimentFilterForm(forms.Form):
    verdict = forms.ChoiceField(required=False, choices=[("", "Any"), *Verdict.choices])
    q = forms.CharField(required=False, max_length=120, label="Name, id or hypothesis")


class ConditionForm(forms.Form):
    """A metric held against a number; all three, or none."""

    metric = forms.CharField(required=False, max_length=250, label="Metric")
    relation = forms.ChoiceField(required=False, choices=list(RELATIONS.items()), label="Is")
    number = forms.FloatField(required=False, label="Number")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        metric, number = cleaned.get("metric"), cleaned.get("number")
        if metric and number is None and "number" not in self.errors:
            self.add_error("number", "Say a number to hold the metric against.")
        if number is not None and not metric:
            self.add_error("metric", "Say which metric.")
        return cleaned

    @property
    def condition(self) -> Condition | None:
        """The condition, where one is filled in."""
        data = self.cleaned_data
        if not data.get("metric"):
            return None
        return Condition(data["metric"], data.get("relation") or "gt", data["number"])


class RunsForm(forms.Form):
    """What a reader asks of a table of runs; everything of it stands in the address."""

    state = forms.ChoiceField(required=False, choices=[("", "Any"), *RunState.choices])
    model = forms.CharField(required=False, max_length=120, label="Model type")
    q = forms.CharField(required=False, max_length=120, label="Name, notes or commit")
    sort = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
    columns = forms.TypedMultipleChoiceField(
        required=False, coerce=column_of, widget=forms.CheckboxSelectMultiple, label="Columns"
    )

    def __init__(self, asked: QueryDict, *, among: Among) -> None:
        super().__init__(asked)
        self.among = among
        offered = [Column(METRIC, name) for name in among.metrics]
        offered += [Column("param", name) for name in among.params]
        choices = {one.key: f"{one.name} ({one.kind})" for one in offered}
        for key in asked.getlist("columns")[:100]:
            column = column_of(key)
            if column is not None and key not in choices and column.name and among.has(column):
                choices[key] = f"{column.name} ({column.kind})"
        self.fields["columns"].choices = list(choices.items())  # type: ignore[attr-defined]
        self.fields["columns"].error_messages["invalid_choice"] = (
            "No run has a column “%(value)s”; choose from the list."
        )
        self.conditions = [ConditionForm(asked, prefix=f"where{number}") for number in (1, 2)]

    def clean_sort(self) -> tuple[Column, bool]:
        """Return the column, and whether the highest comes first."""
        given = self.cleaned_data["sort"] or "-started"
        column = column_of(given.removeprefix("-"))
        if column is None or not self.among.has(column):
            # The field is hidden, so its error stands above the form.
            self.add_error(
                None,
                f"The runs cannot be sorted by “{given.removeprefix('-')}”: no run has it. "
                "Use the heads of the columns.",
            )
            return Column("started"), True
        return column, given.startswith("-")

    def is_valid(self) -> bool:
        return all([super().is_valid(), *(one.is_valid() for one in self.conditions)])

    @property
    def wanted(self) -> Wanted:
        """What was asked; call it when the form is valid."""
        data = self.cleaned_data
        column, descending = data["sort"]
        return Wanted(
            state=data["state"],
            model=data["model"],
            words=data["q"],
            conditions=tuple(one for form in self.conditions if (one := form.condition) is not None),
            sort=column,
            descending=descending,
            columns=tuple(data["columns"]),
        )
