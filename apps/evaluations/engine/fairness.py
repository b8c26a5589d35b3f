"""Who gets a yes, and who is served well: rates by group, their ratios and differences, with intervals.

Groups under 30 rows are reported and not judged. A rate that does not apply (no positive rows) leaves its group out
of the maximum with a warning; libraries that say 0 there invent a gap.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from apps.evaluations.engine.figures import Figure, difference, proportion, ratio, rounded, undefined
from apps.evaluations.engine.scores import confusion
from apps.evaluations.engine.table import Grouping, Table

SMALLEST_GROUP = 30
#: The four-fifths rule: 29 CFR 1607.4(D), Uniform Guidelines on Employee Selection Procedures.
FOUR_FIFTHS = 0.8


@dataclass(frozen=True)
class Group:
    """One group's counts and figures."""

    value: str
    n: int
    tp: int
    fp: int
    fn: int
    tn: int
    gap: float

    @property
    def judged(self) -> bool:
        return self.n >= SMALLEST_GROUP

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """Return hits and rows of each rate."""
        return {
            "selection_rate": (self.tp + self.fp, self.n),
            "tpr": (self.tp, self.tp + self.fn),
            "fpr": (self.fp, self.fp + self.tn),
            "fnr": (self.fn, self.tp + self.fn),
            "ppv": (self.tp, self.tp + self.fp),
            "base_rate": (self.tp + self.fn, self.n),
        }

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        found: dict[str, Any] = {"value": self.value, "n": self.n, "judged": self.judged}
        if not self.judged:
            found["reason"] = f"Not judged: {self.n} rows, {SMALLEST_GROUP} are needed."
        words = {
            "tpr": "positive rows",
            "fnr": "positive rows",
            "fpr": "negative rows",
            "ppv": "rows with a yes",
        }
        for name, (hits, n) in self.counts.items():
            found[name] = proportion(hits, n, what=words.get(name, "rows")).to_json()
        return found | {"calibration_gap": rounded(self.gap)}


def groups_of(table: Table, grouping: Grouping) -> list[Group]:
    """Count each group of a column."""
    found = []
    for index, value in enumerate(grouping.values):
        rows = grouping.mask(index)
        y, score = table.y[rows], table.score[rows]
        tp, fp, fn, tn = confusion(y, table.decision[rows])
        found.append(Group(value, len(y), tp, fp, fn, tn, abs(float(score.mean() - y.mean()))))
    return found


def fairness_of(table: Table, grouping: Grouping) -> dict[str, Any]:
    """Return the fairness figures of one protected attribute."""
    groups = groups_of(table, grouping)
    judged = [group for group in groups if group.judged]
    warnings = [
        f"{group.value}: {group.n} rows are too few to judge ({SMALLEST_GROUP} are needed)."
        for group in groups
        if not group.judged
    ]
    report: dict[str, Any] = {
        "groups": [group.to_json() for group in groups],
        "groups_judged": len(judged),
        "groups_not_judged": len(groups) - len(judged),
        "smallest_group": min(group.n for group in groups),
        "disparate_impact": _impact(judged),
        "four_fifths": _four_fifths(judged),
        "calibration_gap": rounded(max((group.gap for group in judged), default=math.nan)),
    }
    names = {
        "demographic_parity_difference": ("selection_rate",),
        "equal_opportunity_difference": ("tpr",),
        "equalised_odds_difference": ("tpr", "fpr"),
        "predictive_parity_difference": ("ppv",),
    }
    for name, rates in names.items():
        report[name] = _largest_gap(judged, rates, warnings)
    report["warnings"] = list(dict.fromkeys(warnings))
    return report


def _extremes(groups: list[Group], rate: str) -> tuple[Group, Group] | None:
    """Return the groups with the lowest and the highest rate, of those to which it applies."""
    having = [group for group in groups if group.counts[rate][1]]
    if len(having) < 2:
        return None
    ordered = sorted(having, key=lambda group: (group.counts[rate][0] / group.counts[rate][1], group.value))
    return ordered[0], ordered[-1]


def _impact(groups: list[Group]) -> dict[str, Any]:
    """Return the disparate impact ratio: lowest over highest selection rate of the judged groups."""
    found = _extremes(groups, "selection_rate")
    if found is None:
        return undefined("Fewer than two groups are large enough to be judged.").to_json()
    low, high = found
    figure = ratio(*low.counts["selection_rate"], *high.counts["selection_rate"])
    return figure.to_json() | {"worst_group": low.value, "best_group": high.value}


def _four_fifths(groups: list[Group]) -> dict[str, Any]:
    """Judge the ratio against 0.8 with Fisher's exact test of the two extreme groups."""
    found = _extremes(groups, "selection_rate")
    if found is None:
        return {
            "passes": None,
            "p_value": None,
            "test": "Fisher exact",
            "reason": "Fewer than two groups are judged.",
        }
    (low_hits, low_n), (high_hits, high_n) = (group.counts["selection_rate"] for group in found)
    table = [[low_hits, low_n - low_hits], [high_hits, high_n - high_hits]]
    passes = None if not high_hits else (low_hits / low_n) / (high_hits / high_n) >= FOUR_FIFTHS
    return {"passes": passes, "p_value": rounded(float(stats.fisher_exact(table)[1])), "test": "Fisher exact"}


def _largest_gap(groups: list[Group], rates: tuple[str, ...], warnings: list[str]) -> dict[str, Any]:
    best: tuple[Figure, Group, Group] | None = None
    for rate in rates:
        for group in groups:
            if not group.counts[rate][1]:
                warnings.append(
                    f"{group.value}: the rate {rate} does not apply; the group is left out of the difference."
                )
        found = _extremes(groups, rate)
        if found is None:
            continue
        low, high = found
        figure = difference(*high.counts[rate], *low.counts[rate])
        if best is None or (figure.value or 0) > (best[0].value or 0):
            best = (figure, low, high)
    if best is None:
        return undefined("Fewer than two judged groups have rows that the rate applies to.").to_json()
    figure, low, high = best
    return figure.to_json() | {"between": [low.value, high.value]}


def proxies(table: Table, protected: tuple[str, ...], others: tuple[str, ...]) -> dict[str, Any]:
    """Say how well each other column predicts a protected attribute: Cramér's V, corrected for bias (Bergsma 2013)."""
    found: dict[str, Any] = {}
    for attribute in protected:
        strengths = [
            (cramers_v(table.groups[attribute], table.groups[name]), name)
            for name in others
            if name in table.groups
        ]
        if strengths:
            strength, column = max(strengths)
            found[attribute] = {
                "strength": rounded(strength),
                "column": column,
                "measure": "Cramér's V, bias-corrected",
            }
    return found


def cramers_v(first: Grouping, second: Grouping) -> float:
    """Return the association of two columns, 0 to 1."""
    rows, columns = len(first.values), len(second.values)
    n = len(first.codes)
    counts = np.bincount(first.codes * columns + second.codes, minlength=rows * columns).reshape(
        rows, columns
    )
    expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / n
    phi2 = float(((counts - expected) ** 2 / np.maximum(expected, 1e-12)).sum() / n)
    phi2 = max(0.0, phi2 - (rows - 1) * (columns - 1) / max(n - 1, 1))
    r, k = rows - (rows - 1) ** 2 / max(n - 1, 1), columns - (columns - 1) ** 2 / max(n - 1, 1)
    return math.sqrt(phi2 / max(min(r, k) - 1, 1e-12)) if min(r, k) > 1 else 0.0
