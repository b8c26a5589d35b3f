"""Forms of sources, features and checks."""

from typing import Any

from django import forms

from apps.core.forms import TextArea
from apps.data.models import DIMENSIONS
from apps.policies.method.data import Data

FORMATS = "CSV or Parquet."


class AssessForm(forms.Form):
    """Six scores, whose choices say what the levels of the policy mean; proposals stand beside their field."""

    name = forms.CharField(max_length=120, label="Name of the source")
    description = forms.CharField(required=False, max_length=20_000, widget=TextArea(2))
    note = forms.CharField(
        required=False,
        max_length=5000,
        widget=TextArea(2),
        help_text="Why; needed where you score otherwise than a profile proposes.",
    )

    def __init__(
        self,
        *args: Any,
        part: Data,
        proposals: dict[str, Any] | None = None,
        named: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not named:
            del self.fields["name"], self.fields["description"]
        levels = {one.key: one for one in part.sources.dimensions} if part.sources else {}
        for key in DIMENSIONS:
            words = levels[key].levels if key in levels else ("",) * 6
            proposed = (proposals or {}).get(key)
            self.fields[key] = forms.TypedChoiceField(
                label=levels[key].title if key in levels else key.capitalize(),
                choices=[(n, f"{n}: {words[n]}" if words[n] else str(n)) for n in range(6)],
                coerce=int,
                widget=forms.RadioSelect,
                help_text=f"The profile proposes {proposed['score']}: {proposed['because']}"
                if proposed
                else "",
            )
        self.order_fields([*(["name", "description"] if named else []), *DIMENSIONS, "note"])

    @property
    def scores(self) -> dict[str, int]:
        """The six scores that were given."""
        return {key: self.cleaned_data[key] for key in DIMENSIONS}


class ProfileForm(forms.Form):
    file = forms.FileField(label="Sample", help_text=FORMATS)
    target = forms.CharField(
        required=False,
        max_length=250,
        label="Target column",
        help_text="Its rarest value counts for the volume.",
    )


class LeakageForm(forms.Form):
    train = forms.FileField(label="Train table", help_text=FORMATS)
    test = forms.FileField(label="Test table", help_text=FORMATS)
    key = forms.CharField(
        required=False, max_length=250, label="Entity column", help_text="Such as a customer number."
    )
    time = forms.CharField(required=False, max_length=250, label="Time column")
    target = forms.CharField(required=False, max_length=250, label="Target column")


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File", help_text="CSV or YAML, as an export writes it. All features, or none."
    )


class FeatureForm(forms.Form):
    """A feature; choices are those of the project and its policy."""

    name = forms.CharField(max_length=120)
    description = forms.CharField(required=False, max_length=20_000, widget=TextArea(2))
    data_type = forms.ChoiceField()
    source = forms.ChoiceField(required=False, label="Data source")
    source_table = forms.CharField(required=False, max_length=200)
    owner = forms.ChoiceField()
    known_issues = forms.CharField(required=False, max_length=20_000, widget=TextArea(2))
    offline_storage = forms.CharField(required=False, max_length=200, label="Offline store")
    offline_compute = forms.CharField(required=False, max_length=200, label="Offline: computed by")
    offline_refresh = forms.CharField(
        required=False, max_length=60, label="Offline: refreshed", help_text="Such as daily or hourly."
    )
    online_storage = forms.CharField(required=False, max_length=200, label="Online store")
    online_refresh = forms.CharField(
        required=False, max_length=60, label="Online: refreshed", help_text="Such as streaming."
    )
    online_latency_ms = forms.FloatField(
        required=False,
        min_value=0,
        label="Online: latency target",
        help_text="Milliseconds, 99th percentile.",
    )
    retired = forms.BooleanField(required=False)
    lock_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, part: Data, sources: list[Any], people: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sources = {str(one.pk): one for one in sources}
        self._people = {str(one.pk): one for one in people}
        types = part.features.data_types if part.features else ()
        self._choose("data_type", [(one, one) for one in types])
        self._choose("source", [("", "none"), *((pk, one.name) for pk, one in self._sources.items())])
        self._choose("owner", [(pk, str(one)) for pk, one in self._people.items()])
        if part.features:
            self.fields["name"].help_text = f"{part.features.form}, for example {part.features.example}."

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def said(self) -> dict[str, Any]:
        """What is said of the feature, without its name."""
        found = {
            key: value for key, value in self.cleaned_data.items() if key not in ("name", "lock_version")
        }
        return found | {
            "source": self._sources.get(found["source"]),
            "owner": self._people[found["owner"]],
        }
