"""A report in figures: metrics, slices and groups as a card, a PDF and an export read them. Plain values, no objects."""

from collections.abc import Iterator, Mapping
from typing import Any

from apps.core.clock import utc_text
from apps.evaluations import presenting
from apps.evaluations.engine import LOWER_IS_BETTER
from apps.evaluations.engine.fairness import DIFFERENCES
from apps.evaluations.models import Evaluation
from apps.evaluations.wording import label_of

#: Metrics that describe the rows or the threshold; neither end is the better one.
NEUTRAL = frozenset({"prevalence", "selection_rate", "base_rate", "predicted_positive_rate", "mean_error"})
VERDICTS = {"pass": "pass", "fail": "fail", "not significant": "not_significant"}
#: How the values of rows without one are called where a table says so in words.
UNKNOWN = frozenset({"", "unknown", "missing", "not known", "prefer not to say", "n/a", "none"})


def figures_of(evaluation: Evaluation, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a complete evaluation with every figure of its ``report``, as ``presenting.upgraded`` gives it."""
    assert evaluation.completed_at is not None
    table = evaluation.prediction_set
    calibration = report["calibration"] or {}
    return {
        "id": str(evaluation.pk),
        "task": report["task"],
        "dataset": table.dataset,
        "split": table.split,
        "dataset_digest": table.blob_id,
        "rows": report["rows"],
        "completed_at": utc_text(evaluation.completed_at),
        "report_digest": evaluation.report_digest,
        "engine": evaluation.engine_version,
        "threshold": report.get("threshold"),
        "positives": report.get("positives"),
        "headline": [report["headline"]["metric"]],
        "metrics": [_metric(row, report) for row in presenting.metric_rows(dict(report))],
        "slices": list(_slices(report)),
        "fairness": list(fairness_of(report)),
        "calibration": {
            "ece": calibration.get("ece"),
            "brier": report["metrics"].get("brier", {}).get("value"),
        },
        "definitions": [{"key": key, "text": text} for key, text in sorted(report["definitions"].items())],
        "charts": presenting.chart_names(dict(report)),
    }


def _metric(row: presenting.MetricRow, report: Mapping[str, Any]) -> dict[str, Any]:
    figure = row.figure
    ends = figure["low"] is not None
    return {
        "key": row.name,
        "title": row.label,
        "value": figure["value"],
        "low": figure["low"],
        "high": figure["high"],
        "level": report["config"]["confidence"] if ends else None,
        "method": figure["method"],
        "n": figure["n"],
        "better": better(row.name),
        "definition": report["definitions"].get(row.name, ""),
        "reason": figure.get("reason", ""),
    }


def better(metric: str) -> str:
    """Return which end of a metric is the better one: higher, lower or none."""
    base = metric.partition("@")[0]
    if base in NEUTRAL:
        return "none"
    return "lower" if base in LOWER_IS_BETTER else "higher"


def _slices(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield single slices, then crossed ones, as the report lists them."""
    for one in report["slices"]:
        yield _slice(one, [(one["column"], one["value"])])
    for one in report["pair_slices"]:
        yield _slice(one, list(zip(one["columns"], one["values"], strict=True)))


def _slice(one: Mapping[str, Any], attributes: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "name": " & ".join(f"{name}={value}" for name, value in attributes),
        "attributes": [{"name": str(name), "value": str(value)} for name, value in attributes],
        "rows": one["n"],
        "small": one["small"],
        "metrics": [
            {"key": key, **{part: figure[part] for part in ("value", "low", "high", "n")}}
            for key, figure in sorted(one["metrics"].items())
        ],
    }


def fairness_of(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the figures of each protected attribute, then those of their crossings."""
    for name, figures in sorted(report["fairness"].items()):
        yield _fairness(name, figures, crossing=False)
    for name, figures in sorted(report["intersections"].items()):
        yield _fairness(name, figures, crossing=True)


def _fairness(name: str, figures: Mapping[str, Any], *, crossing: bool) -> dict[str, Any]:
    impact = figures["disparate_impact"]
    groups = [_group(one) for one in figures["groups"]]
    return {
        "attribute": name,
        "crossing": crossing,
        "reference": impact.get("best_group") or "",
        "impact_ratio": impact["value"],
        "unknown_rows": sum(one["rows"] for one in groups if is_unknown(one["value"])),
        "groups": groups,
        "four_fifths": VERDICTS.get(figures["four_fifths"].get("verdict") or "", "not_judged"),
        "differences": [
            {
                "key": key,
                "title": label_of(key),
                **{end: figures[key][end] for end in ("value", "low", "high")},
            }
            for key in DIFFERENCES
            if key in figures
        ],
    }


def _group(one: Mapping[str, Any]) -> dict[str, Any]:
    rate, ratio = one["selection_rate"], one["impact_ratio"]
    return {
        "value": str(one["value"]),
        "rows": one["n"],
        "share": one.get("share"),
        # A whole number but for rounding: the report keeps rates to a fixed number of places.
        "selected": None if rate["value"] is None else round(rate["value"] * one["n"]),
        "selection_rate": rate["value"],
        "low": rate["low"],
        "high": rate["high"],
        "impact_ratio": ratio["value"],
        "impact_low": ratio["low"],
        "impact_high": ratio["high"],
        "left_out": ratio["value"] is None,
        "left_out_reason": ratio.get("reason", ""),
        "tpr": one["tpr"]["value"],
        "fpr": one["fpr"]["value"],
    }


def is_unknown(value: str) -> bool:
    """Tell whether a group's value says that the group is not known; of a crossing, whether one part does."""
    return any(part.strip().casefold() in UNKNOWN for part in value.split("·"))
