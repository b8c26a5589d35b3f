"""What the report page may be asked for."""

from django import forms


class ReportForm(forms.Form):
    """The threshold of the confusion matrix, and the order of the slices."""

    threshold = forms.FloatField(required=False, min_value=0, max_value=1)
    sort = forms.SlugField(required=False, max_length=60)


class BesideForm(forms.Form):
    """Which report to show beside this one."""


BesideForm.base_fields["with"] = forms.UUIDField()
