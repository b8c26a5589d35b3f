"""Who gets a yes, and who is served well: rates by group, their ratios and differences, with intervals.

Groups under 30 rows are reported and not judged. A rate that does not apply (no positive rows) leaves its group out
of the maximum with a warning; libraries that say 0 there invent a gap.
"""

import math
from dataclasses import dataclass
from typing import Any

from apps.evaluations.engine.figures import Figure, difference, proportion, ratio, rounded, undefined, whole
from apps.evaluations.engine.metrics.confusion import RATES, Cells
from apps.evaluations.engine.statistics.testing import impact_test

SMALLEST_GROUP = 30
#: A ratio needs this many expected rows with a yes and with a no in each group.
SMALLEST_CELL = 5
#: The four-fifths rule: 29 CFR 1607.4(D), Uniform Guidelines on Employee Selection Procedures.
FOUR_FIFTHS = 0.8
ALPHA = 0.05
#: The rates of each group: the report's name and the confusion metric behind it.
GROUP_RATES = {
    "selection_rate": "selection_rate",
    "tpr": "recall",
    "fpr": "fpr",
    "fnr": "fnr",
    "ppv": "precision",
    "npv": "npv",
    "accuracy": "accuracy",
    "base_rate": "prevalence",
}
#: Each difference is the largest gap between two groups in any of these rates.
DIFFERENCES = {
    "demographic_parity_difference": ("selection_rate",),
    "equal_opportunity_difference": ("tpr",),
    "equalised_odds_difference": ("tpr", "fpr"),
    "predictive_parity_difference": ("ppv",),
    "accuracy_difference": ("accuracy",),
    "base_rate_difference": ("base_rate",),
}
RATIOS = {"equalised_odds_ratio": ("tpr", "fpr"), "equal_opportunity_ratio": ("tpr",)}
TOO_FEW = "Fewer than two groups are large enough to be judged."


@dataclass(frozen=True)
class Group:
    """One group's counts, and the mean of its scores less its share of positives (none without probabilities)."""

    value: str
    cells: Cells
    gap: float | None = None
    gap_error: float | None = None
    auc: Figure | None = None
    ece: float | None = None

    @property
    def n(self) -> float:
        return self.cells.n

    def counts(self, rate: str) -> tuple[float, float]:
        """Return the hits of a rate and what they are a share of."""
        return self.cells.counts(GROUP_RATES[rate])

    def applies(self, rate: str) -> bool:
        """Return whether the group has rows that the rate is a share of."""
        return self.counts(rate)[1] > 0

    def value_of(self, rate: str) -> float:
        """Return a rate that applies."""
        hits, n = self.counts(rate)
        return hits / n


def fairness_of(groups: list[Group]) -> dict[str, Any]:
    """Return the fairness figures of the groups of one protected attribute, or of a crossing of several."""
    judged = [group for group in groups if group.n >= SMALLEST_GROUP]
    warnings = [
        f"{group.value}: {group.n:g} rows are too few to judge ({SMALLEST_GROUP} are needed)."
        for group in groups
        if group.n < SMALLEST_GROUP
    ]
    whole_table = _sum(groups)
    selectable = [group for group in judged if _too_small(group, whole_table) is None]
    warnings += [
        f"{group.value}: {_too_small(group, whole_table)} It is left out of the impact ratio."
        for group in judged
        if group not in selectable
    ]
    best = _extremes(selectable, "selection_rate")
    report: dict[str, Any] = {
        "groups": [_group_json(group, best[1] if best else None, whole_table) for group in groups],
        "groups_judged": len(judged),
        "groups_not_judged": len(groups) - len(judged),
        "smallest_group": whole(min(group.n for group in groups)),
        "disparate_impact": _impact(selectable),
        "four_fifths": _four_fifths(selectable),
        "calibration_gap": rounded(_largest_calibration_gap(judged)),
    }
    for name, rates in DIFFERENCES.items():
        report[name] = _largest_gap(judged, rates, warnings)
    for name, rates in RATIOS.items():
        report[name] = _smallest_ratio(judged, rates)
    report["warnings"] = list(dict.fromkeys(warnings))
    return report


def _sum(groups: list[Group]) -> Cells:
    return Cells(*(sum(getattr(group.cells, name) for group in groups) for name in ("tp", "fp", "fn", "tn")))


def _group_json(group: Group, best: Group | None, everyone: Cells) -> dict[str, Any]:
    found: dict[str, Any] = {
        "value": group.value,
        "n": whole(group.n),
        "share": rounded(group.n / everyone.n),
        "judged": group.n >= SMALLEST_GROUP,
    }
    if not found["judged"]:
        found["reason"] = f"Not judged: {group.n:g} rows, {SMALLEST_GROUP} are needed."
    for name, metric in GROUP_RATES.items():
        found[name] = proportion(*group.counts(name), what=RATES[metric].what).to_json()
    found["calibration_gap"] = rounded(group.gap)
    found["calibration_gap_error"] = rounded(group.gap_error)
    found["ece"] = rounded(group.ece)
    if group.auc is not None:
        found["roc_auc"] = group.auc.to_json()
    small = _too_small(group, everyone)
    if small is not None or best is None:
        reason = TOO_FEW if small is None else f"group_too_small: {small}"
        found["impact_ratio"] = undefined(reason, n=group.n).to_json()
    else:
        own, theirs = group.counts("selection_rate"), best.counts("selection_rate")
        found["impact_ratio"] = ratio(*own, *theirs).to_json()
    found["to_overall"] = _to_overall(group, everyone)
    return found


def _too_small(group: Group, everyone: Cells) -> str | None:
    """Return why a selection ratio is not judged on the group; without any selection at all nothing is expected."""
    if group.n < SMALLEST_GROUP:
        return f"{group.n:g} rows, {SMALLEST_GROUP} are needed."
    rate = everyone.value("selection_rate") or 0.0
    expected = group.n * min(rate, 1 - rate)
    if 0 < rate < 1 and expected < SMALLEST_CELL:
        return f"{expected:.1f} rows of one kind are expected, {SMALLEST_CELL} are needed."
    return None


def _to_overall(group: Group, everyone: Cells) -> dict[str, Any]:
    """Return each rate less that of the whole table, and over it."""
    found: dict[str, dict[str, float | None]] = {}
    for name, metric in GROUP_RATES.items():
        own, overall = group.cells.value(metric), everyone.value(metric)
        if own is None or overall is None:
            found[name] = {"difference": None, "ratio": None}
        else:
            found[name] = {
                "difference": rounded(own - overall),
                "ratio": rounded(own / overall) if overall else None,
            }
    return found


def _extremes(groups: list[Group], rate: str) -> tuple[Group, Group] | None:
    """Return the groups with the lowest and the highest rate, of those to which it applies."""
    having = [group for group in groups if group.applies(rate)]
    if len(having) < 2:
        return None
    ordered = sorted(having, key=lambda group: (group.value_of(rate), group.value))
    return ordered[0], ordered[-1]


def _impact(groups: list[Group]) -> dict[str, Any]:
    """Return the disparate impact ratio: lowest over highest selection rate of the judged groups."""
    found = _extremes(groups, "selection_rate")
    if found is None:
        return undefined(TOO_FEW).to_json()
    low, high = found
    figure = ratio(*low.counts("selection_rate"), *high.counts("selection_rate"))
    return figure.to_json() | {"worst_group": low.value, "best_group": high.value}


def _four_fifths(groups: list[Group]) -> dict[str, Any]:
    """Judge the ratio against 0.8, with the test that adverse-impact practice asks for beside it.

    ``verdict``: "pass", "fail" (under 0.8, and the difference is significant), "not significant" (under 0.8, but so
    few rows that chance may have made it), or nothing where it does not apply.
    """
    found = _extremes(groups, "selection_rate")
    if found is None:
        return {"passes": None, "p_value": None, "test": "", "verdict": None, "reason": TOO_FEW}
    low, high = found
    test = impact_test(*low.counts("selection_rate"), *high.counts("selection_rate"))
    result: dict[str, Any] = {
        "p_value": rounded(test.p),
        "test": test.method,
        "standard_deviations": rounded(test.statistic),
        "ratio_threshold": FOUR_FIFTHS,
    }
    if not high.counts("selection_rate")[0]:
        return result | {"passes": None, "verdict": None, "reason": "No group was selected at all."}
    passes = low.value_of("selection_rate") / high.value_of("selection_rate") >= FOUR_FIFTHS
    verdict = "pass" if passes else "fail" if test.p < ALPHA else "not significant"
    return result | {"passes": passes, "verdict": verdict}


def _largest_calibration_gap(groups: list[Group]) -> float:
    gaps = [abs(group.gap) for group in groups if group.gap is not None]
    return max(gaps, default=math.nan)


def _largest_gap(groups: list[Group], rates: tuple[str, ...], warnings: list[str]) -> dict[str, Any]:
    best: tuple[Figure, Group, Group, str] | None = None
    for rate in rates:
        warnings += [
            f"{group.value}: the rate {rate} does not apply; the group is left out of the difference."
            for group in groups
            if not group.applies(rate)
        ]
        found = _extremes(groups, rate)
        if found is None:
            continue
        low, high = found
        figure = difference(*high.counts(rate), *low.counts(rate))
        if best is None or (figure.value or 0) > (best[0].value or 0):
            best = (figure, low, high, rate)
    if best is None:
        return undefined("Fewer than two judged groups have rows that the rate applies to.").to_json()
    figure, low, high, rate = best
    return figure.to_json() | {"between": [low.value, high.value], "rate": rate}


def _smallest_ratio(groups: list[Group], rates: tuple[str, ...]) -> dict[str, Any]:
    """Return the smallest ratio of two groups' rates."""
    best: tuple[Figure, Group, Group] | None = None
    for rate in rates:
        found = _extremes(groups, rate)
        if found is None:
            continue
        low, high = found
        figure = ratio(*low.counts(rate), *high.counts(rate))
        if figure.value is not None and (best is None or figure.value < (best[0].value or 0)):
            best = (figure, low, high)
    if best is None:
        return undefined("Fewer than two judged groups have a rate over zero that applies.").to_json()
    figure, low, high = best
    return figure.to_json() | {"between": [low.value, high.value]}
