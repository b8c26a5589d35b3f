"""Forms of conditional approvals: the section of the sign form, and the two answers to an obligation."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms

from apps.core.forms import TextArea
from apps.gates.forms_exceptions import DayField, end_of
from apps.gates.terms import Chosen, Owed, Terms
from apps.policies.conditions import Conditional

#: Rows of the section; more obligations take another signature, or the API of none.
ROWS = 3


class TermsForm(forms.Form):
    """What an approval is bound to: templates of the policy, a last day, and a few obligations. All of it optional."""

    until = DayField(
        required=False,
        label="Last day of the approval",
        help_text="In UTC. Empty: it does not end.",
    )

    def __init__(
        self, *args: Any, rules: Conditional, people: Iterable[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rules = rules
        for one in rules.templates:
            self.fields[one.key] = forms.BooleanField(required=False, label=one.title)
            if one.parameter:
                title, unit = one.parameter.title, one.parameter.unit
                # "Days, days" says nothing twice.
                label = f"{title}, {unit}" if unit and unit.lower() not in title.lower() else title
                self.fields[f"{one.key}_limit"] = forms.FloatField(
                    required=False,
                    label=label,
                    initial=one.parameter.default,
                    min_value=one.parameter.minimum,
                    max_value=one.parameter.maximum,
                )
        for row in range(1, ROWS + 1):
            self.fields[f"owed_{row}"] = forms.CharField(
                required=False, max_length=2000, label="What is owed", widget=TextArea(2)
            )
            self.fields[f"owner_{row}"] = forms.ChoiceField(
                required=False, label="Who owes it", choices=[("", "Nobody yet"), *people]
            )
            self.fields[f"due_{row}"] = DayField(required=False, label="Due on")

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        for row in range(1, ROWS + 1):
            given = [bool(fields.get(f"{part}_{row}")) for part in ("owed", "owner", "due")]
            if any(given) and not all(given):
                self.add_error(f"owed_{row}", "An obligation needs a text, an owner and a due day.")
        return fields

    def terms(self) -> Terms:
        """Return what was chosen; call it on a valid form."""
        said = self.cleaned_data
        until = said.get("until")
        chosen = [
            Chosen(one.key, said.get(f"{one.key}_limit")) for one in self.rules.templates if said.get(one.key)
        ]
        owed = [
            Owed(said[f"owed_{row}"], UUID(said[f"owner_{row}"]), end_of(said[f"due_{row}"]))
            for row in range(1, ROWS + 1)
            if said.get(f"owed_{row}")
        ]
        return Terms(tuple(chosen), end_of(until) if until else None, tuple(owed))

    def condition_rows(self) -> list[dict[str, Any]]:
        """Return the fields of the templates side by side, for the page."""
        return [
            {
                "box": self[one.key],
                "limit": self[f"{one.key}_limit"] if one.parameter else None,
                "on_breach": one.on_breach,
            }
            for one in self.rules.templates
        ]

    def obligation_rows(self) -> list[dict[str, Any]]:
        """Return the fields of each obligation, for the page; an empty one but the first may stand closed."""
        rows = [[self[f"{part}_{row}"] for part in ("owed", "owner", "due")] for row in range(1, ROWS + 1)]
        return [{"fields": one, "open": any(field.value() for field in one)} for one in rows]

    @property
    def is_filled(self) -> bool:
        """Tell whether somebody wrote here, so that the section stands open."""
        return bool(self.errors) or (self.is_bound and bool(self.terms()))


class FulfilForm(forms.Form):
    note = forms.CharField(
        max_length=5000, label="What was done", widget=TextArea(3), help_text="10 characters or more."
    )
    link = forms.URLField(
        required=False,
        max_length=500,
        label="Where it is seen",
        assume_scheme="https",
        help_text="A link, if there is one.",
    )


class AnswerForm(forms.Form):
    """The button says which answer it is."""

    answer = forms.CharField(
        required=False,
        max_length=5000,
        label="What you found",
        widget=TextArea(3),
        help_text="Needed to send it back: 10 characters or more.",
    )
    confirmed = forms.ChoiceField(choices=[("yes", "Confirm"), ("no", "Send back")])
