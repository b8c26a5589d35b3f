"""Forms of the ledger."""

from django import forms

from apps.costs.enums import CostKind


class BudgetForm(forms.Form):
    monthly_amount = forms.DecimalField(max_digits=14, decimal_places=2, label="Monthly budget")
    currency = forms.CharField(max_length=3, help_text="Three letters, such as USD.")


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text="The first row names the columns: spent_on, kind, amount, currency; if you like model, version, run, "
        "units, description. All rows are entered, or none.",
    )


class CostForm(forms.Form):
    kind = forms.ChoiceField(choices=CostKind.choices)
    amount = forms.DecimalField(max_digits=14, decimal_places=4)
    currency = forms.CharField(max_length=3)
    spent_on = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    description = forms.CharField(required=False, max_length=300)
