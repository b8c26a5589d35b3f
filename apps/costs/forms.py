"""Forms of the ledger, the plans, the rates and the calculators."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import QueryDict

from apps.costs.amounts import MOST_UNITS, decimal_of
from apps.costs.calculating import Saving
from apps.costs.enums import CostKind
from apps.costs.estimating import INFERENCE_KINDS
from apps.experiments.models import Run
from apps.policies.method.costs import Gpu, Lever
from apps.registry.models import Version

DAY = forms.DateInput(attrs={"type": "date"})
CSV = forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"})


class Number(forms.DecimalField):
    """A number as people write it: Python itself would read 1_0 as ten."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            try:
                decimal_of(value.strip())
            except InvalidOperation:
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None
        return super().to_python(value)


class BudgetForm(forms.Form):
    monthly_amount = Number(max_digits=14, decimal_places=2, label="Monthly budget")
    currency = forms.CharField(max_length=40, help_text="Three letters, such as USD.")


class TargetForm(forms.Form):
    per_1000_predictions = Number(
        required=False, max_digits=14, decimal_places=6, label="Cost of 1,000 predictions, at most"
    )
    reduction_percent = Number(
        required=False, max_digits=5, decimal_places=2, label="A month is to cost less by, in %"
    )
    reduction_from = forms.DateField(
        required=False,
        widget=DAY,
        label="than the month of",
        help_text="Any day of the month to compare with.",
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        widget=CSV,
        help_text="The first row names the columns: spent_on, kind, amount, currency; if you like model, version, run, "
        "units, description, reference. All rows are entered, or none. Rows with a reference are entered once.",
    )


class AttributionForm(forms.Form):
    """Which version or run an amount is for, of those in ``versions`` and ``runs``."""

    version = forms.ChoiceField(required=False)
    run = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, versions: list[Version], runs: list[Run], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: dict[str, dict[str, Any]] = {
            "version": {str(one.pk): one for one in versions},
            "run": {str(one.pk): one for one in runs},
        }
        for name, known in self._known.items():
            choices = [("", "None"), *((key, str(one)) for key, one in known.items())]
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_version(self) -> Version | None:
        return self._known["version"].get(self.cleaned_data["version"])

    def clean_run(self) -> Run | None:
        return self._known["run"].get(self.cleaned_data["run"])


class CostForm(AttributionForm):
    kind = forms.ChoiceField(choices=CostKind.choices)
    amount = Number(max_digits=14, decimal_places=4)
    currency = forms.CharField(max_length=40, help_text="Three letters; converted by the rate of the day.")
    spent_on = forms.DateField(widget=DAY, label="Day", help_text="In UTC.")
    units = forms.IntegerField(
        required=False, min_value=0, max_value=MOST_UNITS, label="Predictions served, for inference"
    )
    description = forms.CharField(required=False, max_length=300)
    field_order = ("kind", "amount", "currency", "spent_on", "version", "run", "units", "description")


class ReversalForm(forms.Form):
    reason = forms.CharField(max_length=300, label="Why is it reversed?")


class RateForm(forms.Form):
    currency = forms.CharField(max_length=40, label="One unit of", help_text="Three letters, such as EUR.")
    value = Number(max_digits=20, decimal_places=10, label="is worth")
    per = forms.CharField(max_length=40, label="units of", help_text="The currency of a project's books.")
    valid_from = forms.DateField(widget=DAY, label="from this day on")
    source = forms.CharField(max_length=200, help_text="Where the rate is from, such as ECB reference rates.")


class RatesFileForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        widget=CSV,
        help_text="The first row names the columns: currency, per, value, valid_from, source. All or none are entered.",
    )


@dataclass(frozen=True)
class LeverRow:
    """A lever with its two fields, and what it saves where it was chosen."""

    lever: Lever
    use: BoundField
    share: BoundField
    saving: Saving | None

    @property
    def kinds(self) -> str:
        """The kinds of cost that it applies to, in words."""
        return ", ".join(CostKind(kind).label for kind in self.lever.applies)


class SavingsForm(forms.Form):
    """What inference costs a month by kind, and the levers to try."""

    def __init__(
        self, data: QueryDict | None, *, levers: tuple[Lever, ...], currency: str, initial: dict[str, Any]
    ) -> None:
        if data is not None:
            # A short address that someone wrote need not name the shares that are usual.
            data = data.copy()
            for one in levers:
                data.setdefault(f"share_{one.key}", f"{one.share:g}")
        super().__init__(data, initial=initial, label_suffix="")
        self.levers = levers
        for kind in INFERENCE_KINDS:
            self.fields[f"cost_{kind.value}"] = Number(
                required=False,
                min_value=Decimal(0),
                max_digits=14,
                decimal_places=4,
                label=f"{kind.label}, {currency or 'money'} a month",
            )
        for lever in levers:
            self.fields[f"use_{lever.key}"] = forms.BooleanField(required=False, label=lever.title)
            self.fields[f"share_{lever.key}"] = forms.FloatField(
                required=False,
                min_value=0,
                max_value=100,
                initial=lever.share,
                label=lever.share_label,
                widget=forms.NumberInput(attrs={"step": "any"}),
            )

    @property
    def costs(self) -> dict[str, float]:
        """Return the costs by kind that were given."""
        given = {kind.value: self.cleaned_data.get(f"cost_{kind.value}") for kind in INFERENCE_KINDS}
        return {kind: float(cost) for kind, cost in given.items() if cost is not None}

    @property
    def chosen(self) -> list[tuple[str, float | None]]:
        """Return the key and share of each lever that is chosen."""
        return [
            (one.key, self.cleaned_data.get(f"share_{one.key}"))
            for one in self.levers
            if self.cleaned_data.get(f"use_{one.key}")
        ]

    def cost_fields(self) -> list[BoundField]:
        """Return the fields of the costs."""
        return [self[f"cost_{kind.value}"] for kind in INFERENCE_KINDS]

    def rows(self, saved: Mapping[str, Saving]) -> Iterator[LeverRow]:
        """Yield each lever with its fields and, by its key in ``saved``, what it saves."""
        for one in self.levers:
            yield LeverRow(one, self[f"use_{one.key}"], self[f"share_{one.key}"], saved.get(one.key))


class GpuForm(forms.Form):
    option = forms.ChoiceField(label="Task and size")
    hours_per_run = forms.FloatField(min_value=0, max_value=10_000, initial=1)
    runs_per_month = forms.FloatField(
        min_value=0, max_value=100_000, initial=30, help_text="Serving all day: 24 hours, 30 runs."
    )
    cards = forms.IntegerField(min_value=1, max_value=10_000, initial=1, label="Cards at once")

    def __init__(self, *args: Any, gpus: tuple[Gpu, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.key, f"{one.task}, {one.size}") for one in gpus]
        self.fields["option"].choices = choices  # type: ignore[attr-defined]
