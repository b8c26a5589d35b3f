"""The report on predicted numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import Comparable, Mean, Measured, Sums, columns_by_group
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.figures import mean_figure, rounded, verdict_of, whole
from apps.evaluations.engine.metrics import regression as metrics
from apps.evaluations.engine.reading.common import full_numbers, read_rows, target_numbers, warn_small
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.rowslices import RowLoss, row_slices, worst_of
from apps.evaluations.engine.statistics.quantiles import quantile
from apps.evaluations.engine.statistics.sums import drawn_mean
from apps.evaluations.engine.table import Floats, Ints, Limits, Rows

DEFINITIONS = {name: one.definition for name, one in metrics.REGRESSION_METRICS.items()} | {
    "median_absolute_error": "Half of the rows err by less. Interval: order statistics (Conover 1999).",
    "p90_absolute_error": "Nine rows of ten err by less. Interval: order statistics.",
}


@dataclass(frozen=True)
class NumberTable:
    """Targets and predictions (n,)."""

    y: Floats
    p: Floats
    rows: Rows


def read(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> NumberTable | None:
    """Return the table, or nothing where ``found`` has problems."""
    y, pending = target_numbers(source, columns, found)
    p = full_numbers(source, columns.prediction or "", found, what="prediction")
    rows = read_rows(source, columns, limits, found)
    if found.problems or y is None or p is None:
        return None
    if pending is not None:
        keep = np.flatnonzero(~pending)
        y, p, rows = y[keep], p[keep], rows.take(keep)
    if not len(y):
        found.problem(
            "no_rows", columns.label, [], "No row is left to evaluate: every label is still pending."
        )
        return None
    if y.min() == y.max():
        found.warning("constant_target", columns.label, [], metrics.CONSTANT)
    warn_small(len(y), found)
    return NumberTable(y, p, rows)


def report(table: NumberTable, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
    """Return the body of the report."""
    rng = np.random.default_rng([config.seed, 0])
    progress(0.2, "metrics and intervals")
    how = "rows" if table.rows.entities is None else "entities"
    draws = metrics.regression_draws(
        table.y,
        table.p,
        config.resamples,
        rng,
        weights=table.rows.weights,
        members=table.rows.entities,
        how=how,
    )
    figures = metrics.regression_figures(draws)
    error = np.abs(table.p - table.y)
    figures["median_absolute_error"] = metrics.quantile_figure(error, 0.5, table.rows.weights)
    figures["p90_absolute_error"] = metrics.quantile_figure(error, 0.9, table.rows.weights)
    progress(0.6, "slices")
    found = row_slices(table.rows, RowLoss("mae", error), columns.groups)
    progress(0.8, "baselines")
    baselines = _baselines(table)
    return {
        "n": whole(table.rows.total),
        "rows": table.rows.n,
        "metrics": {name: figure.to_json() for name, figure in figures.items()},
        "headline": {
            "metric": "mae",
            **figures["mae"].to_json(),
            "why": "The mean absolute error says how far off a prediction is, in units of the target.",
            "watch_out": "RMSE beside it punishes large errors: much larger than MAE, a few rows are far off.",
        },
        "baselines": {
            name: {metric: rounded(value) for metric, value in values.items()}
            for name, (values, _) in baselines.items()
        },
        "beyond_baselines": [
            _beyond(name, table, prediction, config, place)
            for place, (name, (_, prediction)) in enumerate(baselines.items())
        ],
        "group_differences": {
            name: _group_errors(table, name) for name in columns.protected if name in table.rows.groups
        },
        "residuals": _residuals(table),
        "worst": [
            table.rows.described(row)
            | {
                "label": rounded(float(table.y[row])),
                "prediction": rounded(float(table.p[row])),
                "score": None,
                "loss": rounded(float(error[row])),
            }
            for row in worst_of(table.rows, error)
        ],
        "definitions": DEFINITIONS,
        **found,
    }


def _baselines(table: NumberTable) -> dict[str, tuple[dict[str, float | None], Floats]]:
    """Return what always saying the mean or the median of the target would score, and those predictions."""
    found = {}
    weights = table.rows.weights
    for name, value in (
        ("mean", float(np.average(table.y, weights=weights))),
        ("median", quantile(table.y, 0.5, weights)),
    ):
        prediction = np.full(len(table.y), value)
        found[name] = (metrics.values_of(table.y, prediction, weights), prediction)
    return found


def _beyond(name: str, table: NumberTable, prediction: Floats, config: Config, place: int) -> dict[str, Any]:
    """Return how much smaller the absolute error is than the baseline's on the same rows."""
    gain = np.abs(prediction - table.y) - np.abs(table.p - table.y)
    rng = np.random.default_rng([config.seed, 10 + place])
    figure = drawn_mean(
        gain,
        config.resamples,
        rng,
        weights=table.rows.weights,
        members=table.rows.entities,
        how="paired rows",
    )
    return {"against": name, "metric": "mae", "difference": figure.to_json(), "verdict": verdict_of(figure)}


def _group_errors(table: NumberTable, name: str) -> dict[str, Any]:
    """Return mean absolute error and mean error of each group, and the largest gaps of groups of 30 rows."""
    group = table.rows.groups[name]
    found: list[dict[str, Any]] = []
    for index, value in enumerate(group.values):
        rows = group.mask(index)
        n = int(rows.sum())
        if not n:
            continue
        errors = table.p[rows] - table.y[rows]
        spread = float(errors.var(ddof=1)) if n > 1 else 0.0
        absolute = np.abs(errors)
        own = float(absolute.var(ddof=1)) if n > 1 else 0.0
        found.append(
            {
                "value": value,
                "n": n,
                "judged": n >= 30,
                "mae": mean_figure(float(absolute.mean()), own, n).to_json(),
                "bias": mean_figure(float(errors.mean()), spread, n).to_json(),
            }
        )
    judged = [one for one in found if one["judged"]]
    gaps = {
        f"{metric}_difference": rounded(max(values) - min(values)) if len(judged) > 1 else None
        for metric in ("mae", "bias")
        for values in [[one[metric]["value"] for one in judged]]
    }
    return {"groups": found, **gaps}


def _residuals(table: NumberTable) -> list[dict[str, Any]]:
    """Return mean prediction and mean target over tenths of the predictions: a calibration curve for numbers."""
    order = np.argsort(table.p, kind="stable")
    rows = []
    for part in np.array_split(order, min(10, len(order))):
        target = table.y[part]
        spread = float(target.var(ddof=1)) if len(part) > 1 else 0.0
        rows.append(
            {
                "mean_prediction": rounded(float(table.p[part].mean())),
                "target": mean_figure(float(target.mean()), spread, len(part)).to_json(),
            }
        )
    return rows


#: Figures that a difference says nothing about: a bias is best at 0, and quantiles are not made of sums.
NOT_COMPARED = {
    "bias": "A bias is best at 0, so a difference does not say which is better: look at both.",
    "median_absolute_error": "Quantiles have no paired interval here: look at both.",
    "p90_absolute_error": "Quantiles have no paired interval here: look at both.",
}


def comparable(table: NumberTable, columns: ColumnMap) -> Comparable:
    """Return what of the table is compared: errors row by row."""

    def measure(units: Ints, weights: Floats | None) -> Measured:
        y, p = table.y[units], table.p[units]
        functions = {
            name: one.function for name, one in metrics.REGRESSION_METRICS.items() if name not in NOT_COMPARED
        }
        sums = Sums(columns_by_group(metrics.terms_of(y, p), weights), functions)
        return Measured(sums={"errors": sums}, sliced=("mae", Mean(np.abs(p - y))))

    return Comparable("rows", table.rows.ids, table.y, table.rows, measure, left_out=NOT_COMPARED)
