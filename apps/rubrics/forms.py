"""The forms of the rubric: one for the whole scorecard, each dimension with its own choice."""

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.core.forms import TextArea
from apps.policies.rubric import Dimension, Rubric
from apps.rubrics.models import Score
from apps.rubrics.scoring import TOP_LEVEL
from apps.rubrics.services import Given

LEVELS = range(TOP_LEVEL + 1)


def described(dimension: Dimension, level: int, suggested: int | None = None) -> str:
    """Return a level with what it looks like, never a bare number."""
    mark = " (what the evidence suggests)" if level == suggested else ""
    return f"{level}: {dimension.described(level)}{mark}"


class ScoreForm(forms.Form):
    """A level for each dimension. Nothing is chosen beforehand but what this reviewer gave before.

    ``seen`` is the version of the scorecard that the page showed, 0 before there was one.
    """

    seen = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        rubric: Rubric,
        suggested: Mapping[str, int],
        before: Mapping[str, Score],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rubric, self.suggested, self.before = rubric, suggested, before
        for one in rubric.dimensions:
            old = before.get(one.key)
            self.fields[f"level_{one.key}"] = forms.TypedChoiceField(
                choices=[(n, described(one, n, suggested.get(one.key))) for n in LEVELS],
                coerce=int,
                empty_value=None,
                required=False,
                widget=forms.RadioSelect,
                label="Level",
                initial=old.level if old else None,
            )
            self.fields[f"comment_{one.key}"] = forms.CharField(
                required=False,
                max_length=5000,
                widget=TextArea(2),
                label="Comment",
                help_text="Needed where the level differs from what the evidence suggests.",
                initial=old.comment if old else "",
            )

    @property
    def expect(self) -> int | None:
        """The version of the scorecard that these levels were chosen on: a scorecard begins with 1."""
        seen: int | None = self.cleaned_data["seen"]
        return None if seen is None else max(seen, 1)

    @property
    def given(self) -> list[Given]:
        """The dimensions that were chosen and differ from what this reviewer gave before."""
        found = []
        for one in self.rubric.dimensions:
            level = self.cleaned_data.get(f"level_{one.key}")
            comment = self.cleaned_data.get(f"comment_{one.key}", "")
            old = self.before.get(one.key)
            same = old is not None and (old.level, old.comment) == (level, comment.strip())
            if level is not None and not same:
                found.append(Given(one.key, level, comment, self.suggested.get(one.key)))
        return found

    def fields_of(self, dimension: str) -> tuple[forms.BoundField, forms.BoundField]:
        """Return level and comment of a dimension."""
        return self[f"level_{dimension}"], self[f"comment_{dimension}"]


class WhatIfForm(forms.Form):
    """Levels to try out; nothing is saved."""

    def __init__(self, *args: Any, rubric: Rubric, levels: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in rubric.dimensions:
            self.fields[one.key] = forms.TypedChoiceField(
                choices=[(n, described(one, n)) for n in LEVELS],
                coerce=int,
                label=f"{one.title}, weight {one.weight}",
                initial=levels.get(one.key, 0),
            )


class ConsensusForm(forms.Form):
    dimension = forms.CharField(widget=forms.HiddenInput, max_length=60)
    level = forms.TypedChoiceField(
        choices=[(n, str(n)) for n in LEVELS], coerce=int, widget=forms.RadioSelect, label="Agreed level"
    )
    reason = forms.CharField(max_length=5000, widget=TextArea(2))

    def __init__(self, *args: Any, about: Dimension | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if about is not None:
            choices = [(n, described(about, n)) for n in LEVELS]
            self.fields["level"].choices = choices  # type: ignore[attr-defined]


class RoundForm(forms.Form):
    reason = forms.CharField(max_length=5000, widget=TextArea(2), label="Why it is to be scored anew")
