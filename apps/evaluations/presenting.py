"""An evaluation report as a page shows it: the verdict, charts, a table of slices to sort, and data as CSV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from apps.core import charts
from apps.core.charts import Chart
from apps.evaluations.engine import LOWER_IS_BETTER
from apps.evaluations.verdicts import Verdict, best_baseline, verdict
from apps.evaluations.wording import label_of

#: Metrics between 0 and 1 that the forest shows, in this order, where a report has them.
UNIT_METRICS = (
    *("roc_auc", "pr_auc", "f1", "precision", "recall", "specificity", "accuracy", "balanced_accuracy"),
    *(
        "macro_f1",
        "weighted_f1",
        "macro_auc",
        "hand_till",
        "micro_f1",
        "samples_f1",
        "subset_accuracy",
        "jaccard",
        "lrap",
    ),
    *(
        "correct",
        "exact_match",
        "token_f1",
        "rouge_1",
        "rouge_2",
        "rouge_l",
        "citation_validity",
        "abstention_recall",
    ),
    *(
        "adjusted_rand",
        "adjusted_mutual_information",
        "v_measure",
        "purity",
        "map",
        "mrr",
        "r_precision",
        "ndcg",
        "r2",
        "ccc",
    ),
)
_AT_K = ("ndcg@", "precision@", "recall@", "hit@", "hit_rate@", "map@", "coverage@", "pass@", "reranked_")
#: Shades of the heat table, from the worst fifth to the best.
SHADES = 5
SLICE_METRICS = ("roc_auc", "f1", "accuracy", "recall", "precision", "selection_rate")


@dataclass(frozen=True)
class MetricRow:
    """A metric with what it is compared with."""

    name: str
    label: str
    figure: dict[str, Any]
    baseline: float | None
    champion: float | None


@dataclass(frozen=True)
class SliceRow:
    """A slice with its cells: the figure and its shade, 1 the worst fifth, 0 not applicable."""

    name: str
    n: float
    error_share: float
    small: bool
    cells: tuple[tuple[dict[str, Any], int], ...]


@dataclass(frozen=True)
class SliceTable:
    """The slices in the order that was asked for; ``sort`` is a key of ``columns``."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[SliceRow, ...]
    sort: str


@dataclass(frozen=True)
class Picture:
    """A report as a page shows it; ``charts`` by the name of their data."""

    verdict: Verdict
    metrics: tuple[MetricRow, ...]
    charts: dict[str, Chart]
    slices: SliceTable
    at_threshold: dict[str, Any] | None
    #: What the metrics and slices of the comparison are called.
    compared: dict[str, str]

    def of(self, kind: str) -> list[tuple[str, Chart]]:
        """Return the charts of a kind with their names."""
        return [(name, chart) for name, chart in self.charts.items() if name.split("-")[0] == kind]

    @property
    def impacts(self) -> list[tuple[str, Chart]]:
        """The charts of impact ratios."""
        return self.of("impact")


def upgraded(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report of any engine with every section that the page asks for."""
    missing = {
        "beyond_baselines": [],
        "pair_slices": [],
        "discovered": None,
        "intersections": {},
        "comparison": None,
        "thresholds": None,
        "approximations": [],
        "rows": report["n"],
    }
    return missing | report


def picture(report: dict[str, Any], *, threshold: float | None = None, sort: str = "") -> Picture:
    """Draw a report; ``threshold`` chooses the confusion matrix, ``sort`` the order of the slices."""
    report = upgraded(report)
    chosen = at_threshold(report, threshold)
    return Picture(
        verdict=verdict(report),
        metrics=metric_rows(report),
        charts=charts_of(report, chosen),
        slices=slice_table(report, sort),
        at_threshold=chosen,
        compared=_compared_names(report["comparison"]),
    )


def _compared_names(comparison: dict[str, Any] | None) -> dict[str, str]:
    rows = [*comparison["metrics"], *comparison["slices"]] if comparison else []
    return {one["metric"]: label_of(one["metric"]) for one in rows}


def compared_rows(comparison: dict[str, Any] | None) -> list[tuple[str, dict[str, Any]]]:
    """Return each metric of the comparison with what it is called."""
    return [(label_of(one["metric"]), one) for one in (comparison or {}).get("metrics", [])]


def metric_rows(report: dict[str, Any]) -> tuple[MetricRow, ...]:
    """Return every metric beside its strongest baseline and the champion."""
    champion = {one["metric"]: one["champion"] for one in (report.get("comparison") or {}).get("metrics", [])}
    return tuple(
        MetricRow(name, label_of(name), figure, best_baseline(report, name), champion.get(name))
        for name, figure in _ordered(report["metrics"])
    )


def _ordered(metrics: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return metrics in the order in which people read them: the database keeps none."""
    known = {name: place for place, name in enumerate(UNIT_METRICS)}
    return sorted(metrics.items(), key=lambda item: (known.get(item[0], len(known)), item[0]))


def _in_forest(report: dict[str, Any]) -> list[str]:
    known = [name for name in UNIT_METRICS if name in report["metrics"]]
    return known + sorted(name for name in report["metrics"] if name.startswith(_AT_K))


def metrics_chart(report: dict[str, Any]) -> Chart:
    """Return the forest of the metrics that lie between 0 and 1, higher being better."""
    rows = {row.name: row for row in metric_rows(report)}
    estimates = [
        charts.Estimate(
            rows[name].label,
            rows[name].figure["value"],
            rows[name].figure["low"],
            rows[name].figure["high"],
            reason=rows[name].figure.get("reason", ""),
            champion=rows[name].champion,
            baseline=rows[name].baseline,
        )
        for name in _in_forest(report)
    ]
    unit = next((name for name in ("queries", "users") if name in report), "rows")
    return charts.forest(estimates, title=f"Metrics with 95 % intervals, {report['n']:,} {unit}")


def impact_chart(attribute: str, figures: dict[str, Any]) -> Chart:
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


def calibration_chart(report: dict[str, Any]) -> Chart:
    """Return the reliability curve."""
    return charts.calibration(report["calibration"]["bins"], ece=report["calibration"]["ece"])


def charts_of(report: dict[str, Any], chosen: dict[str, Any] | None = None) -> dict[str, Chart]:
    """Return the charts that a report has data for, by name; page and PDF show the same ones."""
    return {name: draw() for name, draw in _drawings(report, chosen).items()}


def chart_names(report: dict[str, Any]) -> list[str]:
    """Return the names of those charts without drawing them."""
    return list(_drawings(report, None))


def _drawings(report: dict[str, Any], chosen: dict[str, Any] | None) -> dict[str, Callable[[], Chart]]:
    found: dict[str, Callable[[], Chart]] = {}
    if _in_forest(report):
        found["metrics"] = partial(metrics_chart, report)
    if (report["calibration"] or {}).get("bins"):
        found["calibration"] = partial(calibration_chart, report)
    curves = report["curves"] or {}
    for kind, metric in (("roc", "roc_auc"), ("pr", "pr_auc")):
        if curves.get(kind):
            area, prevalence = report["metrics"][metric]["value"], report["positives"] / report["n"]
            found[kind] = partial(charts.curve, curves[kind], kind=kind, area=area, prevalence=prevalence)
    cells = chosen or (report["confusion"] if "tp" in (report["confusion"] or {}) else None)
    if cells:
        counts = [cells[name] for name in ("tp", "fp", "fn", "tn")]
        threshold = chosen["threshold"] if chosen else report["threshold"]
        found["confusion"] = partial(charts.confusion, *counts, threshold=threshold)
    for name, figures in (*report["fairness"].items(), *report.get("intersections", {}).items()):
        found[f"impact-{name}"] = partial(impact_chart, name, figures)
    return found


def at_threshold(report: dict[str, Any], threshold: float | None) -> dict[str, Any] | None:
    """Return the counts and rates at the step of the threshold table that is nearest to ``threshold``."""
    table = report.get("thresholds")
    if threshold is None or not table:
        return None
    row = min(table["rows"], key=lambda one: abs(one["threshold"] - threshold))
    tp, fp, fn, tn = (row[name] for name in ("tp", "fp", "fn", "tn"))
    return row | {
        "precision": tp / (tp + fp) if tp + fp else None,
        "recall": tp / (tp + fn) if tp + fn else None,
        "f1": 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None,
        "selection_rate": (tp + fp) / (tp + fp + fn + tn),
    }


def slice_table(report: dict[str, Any], sort: str = "") -> SliceTable:
    """Return the given slices, the worst first unless another column was asked for."""
    slices = report["slices"]
    names = _slice_metrics(slices)
    columns = (
        ("slice", "Slice"),
        ("n", "Rows"),
        ("error_share", "Share of errors"),
        *((name, label_of(name)) for name in names),
    )
    sort = (
        sort
        if sort in dict(columns)
        else (names[0] if "accuracy" not in names else "accuracy")
        if names
        else "n"
    )
    edges = {name: _edges([one["metrics"][name]["value"] for one in slices]) for name in names}
    rows = [
        (
            one,
            SliceRow(
                f"{label_of(one['column'])}: {one['value']}",
                one["n"],
                one["error_share"],
                one["small"],
                tuple(
                    (one["metrics"][name], _shade(one["metrics"][name]["value"], edges[name], name))
                    for name in names
                ),
            ),
        )
        for one in slices
    ]
    rows.sort(key=_order(sort))
    return SliceTable(columns, tuple(row for _, row in rows), sort)


def _slice_metrics(slices: Sequence[dict[str, Any]]) -> list[str]:
    if not slices:
        return []
    having = slices[0]["metrics"]
    return [name for name in SLICE_METRICS if name in having] or list(having)


def _order(sort: str) -> Callable[[tuple[dict[str, Any], SliceRow]], Any]:
    def key(row: tuple[dict[str, Any], SliceRow]) -> Any:
        one, shown = row
        if sort == "slice":
            return (0, shown.name)
        if sort in ("n", "error_share"):
            return (0, -one[sort], shown.name)
        value = one["metrics"][sort]["value"]
        # Errors are worst when they are large; what does not apply comes last.
        return (value is None, -(value or 0) if _is_error(sort) else (value or 0), shown.name)

    return key


def _is_error(name: str) -> bool:
    return name in LOWER_IS_BETTER or name.startswith(("1 - ", "best rating"))


def _edges(values: Sequence[float | None]) -> tuple[float, float] | None:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if len(known) > 1 and max(known) > min(known) else None


def _shade(value: float | None, edges: tuple[float, float] | None, name: str) -> int:
    if value is None or edges is None or name == "selection_rate":
        return 0
    place = (value - edges[0]) / (edges[1] - edges[0])
    place = 1 - place if _is_error(name) else place
    return min(SHADES, 1 + int(place * SHADES))


@dataclass(frozen=True)
class Pair:
    """A metric of two reports, and how far the second is from the first; ``apart`` when their intervals are."""

    label: str
    first: dict[str, Any]
    second: dict[str, Any]
    difference: float | None
    apart: bool


@dataclass(frozen=True)
class Beside:
    """Two reports side by side."""

    metrics: tuple[Pair, ...]
    charts: tuple[tuple[Chart | None, Chart | None], ...]
    same_task: bool


def beside(first: dict[str, Any], second: dict[str, Any]) -> Beside:
    """Set two reports side by side, metric by metric and chart by chart."""
    first, second = upgraded(first), upgraded(second)
    own, other = charts_of(first), charts_of(second)
    names = [name for name, _ in _ordered(first["metrics"]) if name in second["metrics"]]
    return Beside(
        tuple(_pair(name, first["metrics"][name], second["metrics"][name]) for name in names),
        tuple((own.get(name), other.get(name)) for name in dict.fromkeys((*own, *other))),
        first["task"] == second["task"],
    )


def _pair(name: str, first: dict[str, Any], second: dict[str, Any]) -> Pair:
    known = first["value"] is not None and second["value"] is not None
    ends = [one[end] for one in (first, second) for end in ("low", "high")]
    apart = None not in ends and (ends[1] < ends[2] or ends[3] < ends[0])
    return Pair(label_of(name), first, second, second["value"] - first["value"] if known else None, apart)
