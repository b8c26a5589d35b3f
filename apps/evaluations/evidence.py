"""Facts from the newest complete evaluation of a version, and of the version in production."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.evaluations.gains import comparison_facts
from apps.evaluations.models import Evaluation
from apps.evaluations.queries import latest_evaluation, latest_evaluation_ids
from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact
from apps.registry.queries import production_version_of

_DIFFERENCES = ("equal_opportunity_difference", "equalised_odds_difference", "predictive_parity_difference")
VOCABULARY = [
    Fact("evaluation.exists", "boolean", "", "A complete evaluation is there."),
    Fact(
        "evaluation.task",
        "text",
        "",
        "What was evaluated: binary, multiclass, regression, ranking and others.",
    ),
    Fact(
        "evaluation.n",
        "number",
        "rows",
        "Rows of the evaluation (queries of ranked lists); weights count as repeats.",
    ),
    Fact("evaluation.positives", "number", "rows", "Positive rows of a binary evaluation."),
    Fact(
        "evaluation.split", "text", "", "What the rows were for: holdout, test, validation, train, reference."
    ),
    Fact("evaluation.threshold", "number", "", "The decision threshold."),
    Fact("evaluation.intervals", "boolean", "", "Figures carry 95 % intervals."),
    Fact("evaluation.report_digest", "text", "", "SHA-256 of the report."),
    Fact("evaluation.headline.metric", "text", "", "The metric that matters by the task (M4.1)."),
    Fact("evaluation.headline.value", "number", "", "Its value."),
    Fact("evaluation.headline.low", "number", "", "Lower end of its 95 % interval."),
    Fact("evaluation.headline.high", "number", "", "Upper end of its 95 % interval."),
    Fact("evaluation.headline.n", "number", "rows", "What it was measured on."),
    Fact("evaluation.metrics.<name>.value", "number", "", "A metric of the report."),
    Fact("evaluation.metrics.<name>.low", "number", "", "Lower end of its 95 % interval."),
    Fact("evaluation.metrics.<name>.high", "number", "", "Upper end of its 95 % interval."),
    Fact("evaluation.metrics.<name>.n", "number", "rows", "What it was measured on."),
    Fact(
        "evaluation.baselines.<name>.<metric>", "number", "", "What a predictor without a model would score."
    ),
    Fact("evaluation.lift_over_random", "number", "share", "How much better than chance it ranks."),
    Fact(
        "evaluation.beyond_baselines",
        "boolean",
        "",
        "Better than every baseline, by intervals on the same rows.",
    ),
    Fact("evaluation.comparison.exists", "boolean", "", "It was compared with the version in production."),
    Fact("evaluation.comparison.paired", "boolean", "", "The comparison is of the same rows."),
    Fact("evaluation.comparison.unit", "text", "", "What was paired: rows, queries, users or steps."),
    Fact(
        "evaluation.comparison.rows", "integer", "rows", "Rows (queries, users, steps) that both predicted."
    ),
    Fact(
        "evaluation.comparison.slices_worse",
        "integer",
        "slices",
        "Slices that are worse than the champion's, the false discovery rate held at 5 %.",
    ),
    Fact("evaluation.comparison.margin", "number", "", "How much worse still counts as not inferior."),
    Fact(
        "evaluation.comparison.<metric>.difference",
        "number",
        "",
        "This version's metric less the champion's.",
    ),
    Fact("evaluation.comparison.<metric>.low", "number", "", "Lower end of its 95 % interval."),
    Fact("evaluation.comparison.<metric>.high", "number", "", "Upper end of its 95 % interval."),
    Fact("evaluation.comparison.<metric>.verdict", "text", "", "better, worse, or no difference shown."),
    Fact("evaluation.comparison.<metric>.non_inferior", "text", "", "yes, no, or not enough evidence."),
    Fact(
        "evaluation.discovered.count",
        "integer",
        "slices",
        "Slices that err more than the rest beyond chance.",
    ),
    Fact(
        "evaluation.discovered.worst_effect",
        "number",
        "",
        "The largest effect size of such a slice, 0 without one.",
    ),
    Fact("evaluation.worst_count", "integer", "rows", "Rows in the list of the worst predictions."),
    Fact("evaluation.calibration.ece", "number", "", "Expected calibration error, ten bins."),
    Fact("evaluation.calibration.mce", "number", "", "Largest calibration error of a bin."),
    Fact("evaluation.calibration.slope", "number", "", "Calibration slope; 1 is right."),
    Fact("evaluation.slices.count", "integer", "slices", "How many slices the report has."),
    Fact("evaluation.slices.small", "integer", "slices", "How many are too small to judge."),
    Fact("evaluation.fairness_attributes", "list", "", "The protected attributes of the report."),
    Fact(
        "evaluation.fairness.<attribute>.disparate_impact",
        "number",
        "",
        "Lowest over highest selection rate.",
    ),
    Fact("evaluation.fairness.<attribute>.disparate_impact_low", "number", "", "Lower end of its interval."),
    Fact("evaluation.fairness.<attribute>.disparate_impact_high", "number", "", "Upper end of its interval."),
    Fact(
        "evaluation.fairness.<attribute>.worst_group", "text", "", "The group with the lowest selection rate."
    ),
    Fact(
        "evaluation.fairness.<attribute>.equal_opportunity_difference",
        "number",
        "",
        "Largest gap of true positive rates.",
    ),
    Fact(
        "evaluation.fairness.<attribute>.equalised_odds_difference",
        "number",
        "",
        "Largest gap of true or false positive rates.",
    ),
    Fact(
        "evaluation.fairness.<attribute>.predictive_parity_difference",
        "number",
        "",
        "Largest gap of precision.",
    ),
    Fact(
        "evaluation.fairness.<attribute>.calibration_gap",
        "number",
        "",
        "Largest gap of mean score and outcome in a group.",
    ),
    Fact("evaluation.fairness.<attribute>.smallest_group", "integer", "rows", "Rows of the smallest group."),
    Fact("evaluation.fairness.<attribute>.groups_judged", "integer", "groups", "Groups of 30 rows or more."),
    Fact(
        "evaluation.fairness.<attribute>.groups_not_judged", "integer", "groups", "Groups too small to judge."
    ),
    Fact(
        "evaluation.fairness.<attribute>.four_fifths",
        "text",
        "",
        "pass, fail (significant), or not significant.",
    ),
    Fact(
        "evaluation.fairness_worst.disparate_impact",
        "number",
        "",
        "The lowest ratio of all protected attributes.",
    ),
    Fact("evaluation.fairness_worst.attribute", "text", "", "The attribute it belongs to."),
    Fact("evaluation.fairness_worst.group", "text", "", "The group with the lowest rate."),
    Fact(
        "evaluation.fairness_worst.equal_opportunity_difference",
        "number",
        "",
        "The largest difference of all attributes.",
    ),
    Fact("evaluation.fairness_worst.calibration_gap", "number", "", "The largest gap of all attributes."),
    Fact(
        "evaluation.proxy.<attribute>.strength",
        "number",
        "0 to 1",
        "How well another column predicts the attribute.",
    ),
    Fact("evaluation.proxy.<attribute>.column", "text", "", "That column."),
    Fact("evaluation.proxy_worst.strength", "number", "0 to 1", "The strongest proxy of all attributes."),
    Fact("champion.evaluation.metrics.<name>.value", "number", "", "A metric of the version in production."),
    Fact("champion.comparison.exists", "boolean", "", "It is compared with the version in production now."),
    Fact("champion.comparison.paired", "boolean", "", "On the same rows; else by the intervals of both."),
    Fact("champion.comparison.rows", "integer", "rows", "Rows that both predicted."),
    Fact("champion.comparison.slices", "list", "", "Slices with column, value, metric and gain."),
    Fact("champion.comparison.gains.<metric>.champion", "number", "", "The champion's value."),
    *(
        Fact(f"{branch}.{end}", "number", unit, f"{what}: {meaning}")
        for branch, what in (
            ("champion.comparison.gains.<metric>", "How much better than the champion, above 0 is better"),
            ("evaluation.fairness.<attribute>.estimates.<figure>", "An impact ratio or difference"),
            ("evaluation.fairness_worst.estimates.<figure>", "That figure of the worst attribute"),
        )
        for end, unit, meaning in (
            ("value", "", "the value."),
            ("low", "", "lower end of its 95 % interval."),
            ("high", "", "upper end of its 95 % interval."),
            ("n", "rows", "what it was measured on."),
        )
    ),
]
_ENDS = ("value", "low", "high", "n")


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the newest complete evaluation, and how it compares with the version in production."""
    latest = latest_evaluation(version)
    found: dict[str, Any] = {"evaluation": _facts(latest) if latest else {"exists": False}}
    champion = production_version_of(version.model) if known.get("champion", {}).get("exists") else None
    if champion is None:
        return found
    theirs = latest_evaluation(champion)
    report = theirs.report if theirs is not None else None
    metrics = {
        name: {"value": figure["value"]} for name, figure in (report or {"metrics": {}})["metrics"].items()
    }
    found["champion"] = {
        "comparison": comparison_facts(latest.report if latest else None, report, str(champion))
    }
    if report is not None:
        found["champion"]["evaluation"] = {"metrics": metrics}
    return found


def sources(version: Any) -> list[Source]:
    """Return the pages of the evaluations that the facts come from."""
    champion = production_version_of(version.model)
    others = [champion] if champion is not None and champion.pk != version.pk else []
    newest = latest_evaluation_ids([version, *others])
    found = []
    if own := newest.get(version.pk):
        page = reverse("evaluations:evaluation", args=[own])
        found += [Source("evaluation", "Evaluation", page)]
        found += [Source("champion.comparison", "Evaluation, comparison", page)]
    if others and (theirs := newest.get(others[0].pk)):
        label = f"Evaluation of v{others[0].number}, in production"
        page = reverse("evaluations:evaluation", args=[theirs])
        found += [Source(f"champion.{part}", label, page) for part in ("evaluation", "comparison")]
    return found


def _facts(evaluation: Evaluation) -> dict[str, Any]:
    report = evaluation.report or {}
    fairness = {name: _fairness(figures) for name, figures in report["fairness"].items()}
    proxies = {
        name: {"strength": found["strength"], "column": found["column"]}
        for name, found in report["proxy"].items()
    }
    return {
        "exists": True,
        "task": report["task"],
        "n": report["n"],
        "positives": report.get("positives"),
        "split": evaluation.prediction_set.split,
        "threshold": report.get("threshold"),
        "intervals": any(figure["low"] is not None for figure in report["metrics"].values()),
        "report_digest": evaluation.report_digest,
        "headline": {name: report["headline"].get(name) for name in ("metric", *_ENDS)},
        "metrics": {
            name: {part: figure.get(part) for part in _ENDS} for name, figure in report["metrics"].items()
        },
        "baselines": report["baselines"],
        "lift_over_random": report["lift_over_random"],
        "beyond_baselines": _beyond(report),
        "comparison": _comparison(report.get("comparison")),
        "discovered": _discovered(report.get("discovered")),
        "worst_count": len(report["worst"]),
        "calibration": {name: (report["calibration"] or {}).get(name) for name in ("ece", "mce", "slope")},
        "slices": {
            "count": len(report["slices"]),
            "small": sum(1 for one in report["slices"] if one["small"]),
        },
        "fairness": fairness,
        "fairness_attributes": sorted(fairness),
        "fairness_worst": _worst(fairness),
        "proxy": proxies,
        "proxy_worst": {"strength": max((one["strength"] for one in proxies.values()), default=None)},
    }


def _beyond(report: dict[str, Any]) -> bool | None:
    """Return whether every baseline was beaten; unknown where none was compared."""
    found = report.get("beyond_baselines")
    return all(one["verdict"] == "better" for one in found) if found else None


def _comparison(comparison: dict[str, Any] | None) -> dict[str, Any]:
    if comparison is None:
        return {"exists": False}
    metrics = {
        one["metric"]: {
            "difference": one["difference"]["value"],
            "low": one["difference"]["low"],
            "high": one["difference"]["high"],
            "verdict": one["verdict"],
            "non_inferior": one["non_inferior"],
        }
        for one in comparison["metrics"]
    }
    found = {"exists": True} | {name: comparison[name] for name in ("paired", "rows", "margin")} | metrics
    if "unit" not in comparison:
        # A report of engine 2.0: its facts stay as they were, because approvals are bound to their digest.
        return found
    worse = sum(one["verdict"] == "worse" for one in comparison["slices"])
    return found | {"unit": comparison["unit"], "slices_worse": worse}


def _discovered(found: dict[str, Any] | None) -> dict[str, Any]:
    if found is None:
        return {"count": None, "worst_effect": None}
    return {
        "count": len(found["slices"]),
        "worst_effect": max((one["effect"] for one in found["slices"]), default=0.0),
    }


def _fairness(figures: dict[str, Any]) -> dict[str, Any]:
    impact = figures["disparate_impact"]
    return {
        "four_fifths": figures["four_fifths"].get("verdict"),
        "disparate_impact": impact["value"],
        "disparate_impact_low": impact["low"],
        "disparate_impact_high": impact["high"],
        "worst_group": impact.get("worst_group"),
        **{name: figures[name]["value"] for name in _DIFFERENCES},
        "estimates": {
            name: {part: figures[name].get(part) for part in _ENDS}
            for name in ("disparate_impact", *_DIFFERENCES)
        },
        **{
            name: figures[name]
            for name in ("calibration_gap", "smallest_group", "groups_judged", "groups_not_judged")
        },
    }


def _worst(fairness: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the worst of all attributes; one that could not be judged makes the worst unknown, never better."""
    worst: dict[str, Any] = {"disparate_impact": None, "attribute": None, "group": None}
    estimates: dict[str, Any] = {}
    judged = {name: row for name, row in fairness.items() if row["disparate_impact"] is not None}
    if judged and len(judged) == len(fairness):
        name = min(judged, key=lambda key: judged[key]["disparate_impact"])
        worst = {
            "disparate_impact": judged[name]["disparate_impact"],
            "attribute": name,
            "group": judged[name]["worst_group"],
        }
        estimates["disparate_impact"] = judged[name]["estimates"]["disparate_impact"]
    for figure in ("equal_opportunity_difference", "calibration_gap"):
        values = [row[figure] for row in fairness.values()]
        worst[figure] = max(values) if values and None not in values else None
        if worst[figure] is not None and figure in _DIFFERENCES:
            of = max(fairness.values(), key=lambda row: row[figure])
            estimates[figure] = of["estimates"][figure]
    return worst | {"estimates": estimates}
