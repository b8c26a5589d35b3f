"""An evaluation report as a page shows it: charts, and the worst slices in words."""

from dataclasses import dataclass
from typing import Any

from apps.core import charts

SPECIAL = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC", "f1": "F1", "mcc": "MCC", "ks": "KS", "ece": "ECE"}
IN_FOREST = ("roc_auc", "pr_auc", "f1", "precision", "recall", "specificity", "accuracy", "balanced_accuracy")


@dataclass(frozen=True)
class Picture:
    """The charts of a report, and what to read first."""

    forest: charts.Chart
    calibration: charts.Chart
    curves: tuple[charts.Chart, ...]
    confusion: charts.Chart
    impacts: tuple[charts.Chart, ...]
    worst_slices: tuple[dict[str, Any], ...]
    slices: tuple[dict[str, Any], ...]


def label_of(name: str) -> str:
    """Return a metric's name as people write it."""
    return SPECIAL.get(name, name.replace("_", " ").capitalize())


def metrics_chart(report: dict[str, Any]) -> charts.Chart:
    """Return the forest of the metrics that lie between 0 and 1, higher being better."""
    rows = [
        charts.Estimate(
            label_of(name),
            report["metrics"][name]["value"],
            report["metrics"][name]["low"],
            report["metrics"][name]["high"],
            reason=report["metrics"][name].get("reason", ""),
        )
        for name in IN_FOREST
    ]
    return charts.forest(rows, title=f"Metrics with 95 % intervals, {report['n']:,} rows")


def impact_chart(attribute: str, figures: dict[str, Any]) -> charts.Chart:
    """Return the selection rates of one attribute against four fifths of the highest."""
    groups = [
        charts.GroupRate(
            group["value"],
            group["n"],
            group["selection_rate"]["value"],
            group["selection_rate"]["low"],
            group["selection_rate"]["high"],
            group["judged"],
        )
        for group in figures["groups"]
    ]
    return charts.impact_ratios(groups, attribute=attribute, ratio=figures["disparate_impact"]["value"])


def calibration_chart(report: dict[str, Any]) -> charts.Chart:
    """Return the reliability curve."""
    return charts.calibration(report["calibration"]["bins"], ece=report["calibration"]["ece"])


def picture(report: dict[str, Any]) -> Picture:
    """Draw a report."""
    prevalence = report["positives"] / report["n"]
    metrics, curves = report["metrics"], report["curves"]
    judged = [
        one
        for one in report["slices"]
        if not one["small"] and one["metrics"]["accuracy"]["value"] is not None
    ]
    worst = sorted(judged, key=lambda one: one["metrics"]["accuracy"]["value"])[:3]
    marked = {(one["column"], one["value"]) for one in worst}
    return Picture(
        forest=metrics_chart(report),
        calibration=calibration_chart(report),
        curves=(
            charts.curve(curves["roc"], kind="roc", area=metrics["roc_auc"]["value"], prevalence=prevalence),
            charts.curve(curves["pr"], kind="pr", area=metrics["pr_auc"]["value"], prevalence=prevalence),
        ),
        confusion=charts.confusion(**report["confusion"], threshold=report["threshold"]),
        impacts=tuple(impact_chart(name, figures) for name, figures in report["fairness"].items()),
        worst_slices=tuple(worst),
        slices=tuple(one | {"worst": (one["column"], one["value"]) in marked} for one in report["slices"]),
    )
