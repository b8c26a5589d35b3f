"""The data behind each chart and table of a report as CSV, with full precision."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from apps.core.cells import neutral
from apps.evaluations.presenting import metric_rows, upgraded

Rows = Iterable[tuple[Any, ...]]


def csv_of(report: dict[str, Any], name: str) -> str | None:
    """Return a part of a report as CSV; nothing for a part that it does not have."""
    found = _part(upgraded(report), name)
    if found is None:
        return None
    header, rows = found
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([neutral(value) for value in row] for row in rows)
    return out.getvalue()


def _part(report: dict[str, Any], name: str) -> tuple[tuple[str, ...], Rows] | None:
    kind, _, of = name.partition("-")
    if kind == "impact":
        figures = report["fairness"].get(of) or report["intersections"].get(of)
        return _impact(figures) if figures else None
    if name in ("roc", "pr"):
        points = (report["curves"] or {}).get(kind)
        return (
            (("x", "y", "threshold"), [(p["x"], p["y"], p["threshold"]) for p in points]) if points else None
        )
    parts = {
        "metrics": _metrics,
        "calibration": _calibration,
        "confusion": _confusion,
        "slices": _slices,
        "worst": _worst,
    }
    return parts[kind](report) if kind in parts and not of else None


def _metrics(report: dict[str, Any]) -> tuple[tuple[str, ...], Rows]:
    header = ("metric", "value", "low", "high", "n", "method", "reason", "baseline", "champion")
    return header, [
        (
            row.name,
            *(row.figure.get(key) for key in ("value", "low", "high", "n", "method", "reason")),
            row.baseline,
            row.champion,
        )
        for row in metric_rows(report)
    ]


def _calibration(report: dict[str, Any]) -> tuple[tuple[str, ...], Rows] | None:
    bins = (report["calibration"] or {}).get("bins")
    if not bins:
        return None
    header = ("low", "high", "n", "mean_score", "observed", "ci_low", "ci_high")
    return header, [tuple(one.get(key) for key in header) for one in bins]


def _confusion(report: dict[str, Any]) -> tuple[tuple[str, ...], Rows] | None:
    """Return the counts at every threshold; for many classes the cells."""
    if report["thresholds"]:
        header = ("threshold", "tp", "fp", "fn", "tn")
        return header, [tuple(row[key] for key in header) for row in report["thresholds"]["rows"]]
    confusion = report["confusion"]
    if confusion and "classes" in confusion:
        names = confusion["classes"]
        return ("true", "predicted", "rows"), [
            (names[row["true"]], names[row["predicted"]], row["n"]) for row in confusion["rows"]
        ]
    return None


def _slices(report: dict[str, Any]) -> tuple[tuple[str, ...], Rows]:
    header = (
        "column",
        "value",
        "second_column",
        "second_value",
        "rows",
        "share_of_errors",
        "metric",
        "figure",
        "low",
        "high",
    )
    singles = [((one["column"], one["value"], None, None), one) for one in report["slices"]]
    pairs = [
        ((one["columns"][0], one["values"][0], one["columns"][1], one["values"][1]), one)
        for one in report["pair_slices"]
    ]
    return header, [
        (*where, one["n"], one["error_share"], metric, figure["value"], figure["low"], figure["high"])
        for where, one in (*singles, *pairs)
        for metric, figure in one["metrics"].items()
    ]


def _worst(report: dict[str, Any]) -> tuple[tuple[str, ...], Rows]:
    groups = sorted({name for row in report["worst"] for name in row["groups"]})
    header = ("row", "id", "label", "prediction", "score", *groups)
    return header, [
        (
            row["row"],
            row["id"],
            row.get("label"),
            row.get("prediction", row.get("decision")),
            row.get("score"),
            *(row["groups"].get(name) for name in groups),
        )
        for row in report["worst"]
    ]


def _impact(figures: dict[str, Any]) -> tuple[tuple[str, ...], Rows]:
    rates = ("selection_rate", "tpr", "fpr", "fnr", "ppv")
    header = ("group", "rows", "judged", *(f"{rate}{end}" for rate in rates for end in ("", "_low", "_high")))
    return header, [
        (
            group["value"],
            group["n"],
            group["judged"],
            *(group[rate][key] for rate in rates for key in ("value", "low", "high")),
        )
        for group in figures["groups"]
    ]
