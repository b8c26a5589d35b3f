"""The report on forecasts: targets and predictions in time order, by series; rows without a prediction are the history."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import Comparable, Mean, Measured, Sums, columns_by_group
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.figures import Figure, rounded, undefined, verdict_of
from apps.evaluations.engine.metrics import forecasting, regression
from apps.evaluations.engine.metrics.forecasting import Series
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.common import finite_numbers, pending_allowed, read_rows, warn_small
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.rowslices import RowLoss, row_slices, worst_of
from apps.evaluations.engine.statistics.sums import drawn_mean
from apps.evaluations.engine.table import Floats, Ints, Limits, Rows

NO_HISTORY = (
    "A series has no history to scale by: send the rows before the forecast too, without a prediction, "
    "and more than a season of them."
)
METRICS = ("mae", "rmse", "bias", "mape", "smape")


@dataclass(frozen=True)
class ForecastTable:
    """The series, and the rows that have a forecast: targets, forecasts, series, step and time of each (n,)."""

    series: tuple[Series, ...]
    rows: Rows
    target: Floats
    forecast: Floats
    owner: Ints
    step: Ints
    times: Ints


def read(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> ForecastTable | None:
    """Return the table, or nothing where ``found`` has problems."""
    target = finite_numbers(source, columns.label or "", found, what="Send finite numbers.")
    forecast = finite_numbers(source, columns.prediction or "", found, what="Send finite numbers.")
    times = typed.times_of(source, columns.time or "", found)
    owner = typed.coded(source, columns.series) if columns.series else None
    rows = read_rows(source, columns, limits, found)
    if target is not None and target.missing is not None:
        pending_allowed(target.missing, columns, found)
    if found.problems or target is None or forecast is None or times is None:
        return None
    codes = np.zeros(source.rows, np.int64) if owner is None else owner.codes.astype(np.int64)
    names = ("all",) if owner is None else owner.values
    _demand_distinct_times(codes, times, columns, found)
    if found.problems:
        return None
    series = tuple(
        _series(name, np.flatnonzero(codes == index), times, target.values, forecast.values)
        for index, name in enumerate(names)
    )
    kept = [one for one in series if len(one.target)]
    if not kept:
        found.problem("no_rows", columns.prediction, [], "No row has both a target and a forecast.")
        return None
    chosen = np.concatenate([one.rows for one in kept])
    warn_small(len(chosen), found)
    return ForecastTable(
        tuple(kept),
        rows.take(chosen),
        np.concatenate([one.target for one in kept]),
        np.concatenate([one.forecast for one in kept]),
        np.repeat(np.arange(len(kept)), [len(one.target) for one in kept]),
        np.concatenate([np.arange(len(one.target)) for one in kept]),
        times[chosen],
    )


def _demand_distinct_times(codes: Ints, times: Ints, columns: ColumnMap, found: Findings) -> None:
    order = np.lexsort((times, codes))
    again = np.zeros(len(times), dtype=bool)
    again[order[1:]] = (times[order][1:] == times[order][:-1]) & (codes[order][1:] == codes[order][:-1])
    if again.any():
        found.problem(
            "duplicate_time",
            columns.time,
            again,
            f"{int(again.sum())} rows repeat a time of “{columns.time}” within one series. "
            "Each step stands there once; name the series column where there are several.",
        )


def _series(name: str, rows: Ints, times: Ints, target: Floats, forecast: Floats) -> Series:
    rows = rows[np.argsort(times[rows], kind="stable")]
    known = rows[~np.isnan(target[rows])]
    ahead = known[~np.isnan(forecast[known])]
    first = times[ahead[0]] if len(ahead) else None
    before = known if first is None else known[times[known] < first]
    return Series(name, target[before], target[ahead], forecast[ahead], ahead)


def report(table: ForecastTable, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
    """Return the body of the report."""
    period = columns.period
    progress(0.2, "metrics and intervals")
    blocks, how = _blocks(table, period)
    rng = np.random.default_rng([config.seed, 0])
    draws = regression.regression_draws(
        table.target, table.forecast, config.resamples, rng, members=blocks, how=how
    )
    figures = {
        name: draws.figure(regression.REGRESSION_METRICS[name].function, reason=regression.ZEROS)
        for name in METRICS
    }
    scales = [forecasting.scale_of(one.history, period) for one in table.series]
    figures["mase"] = _mase(table, scales, blocks, how, config)
    name = "mase" if figures["mase"].value is not None else "mae"
    error = np.abs(table.forecast - table.target)
    progress(0.6, "baselines")
    baselines, beyond = _baselines(table, period, scales, error, blocks, how, config)
    return {
        "n": len(table.target),
        "rows": len(table.target),
        "series": len(table.series),
        "metrics": {metric: figures[metric].to_json() for metric in ("mase", *METRICS)},
        "headline": {
            "metric": name,
            **figures[name].to_json(),
            "why": "MASE compares the error with that of repeating the last value (or season): under 1 beats it."
            if name == "mase"
            else "The mean absolute error, because there is no history to scale by.",
            "watch_out": "MAPE explodes near zero and forgives forecasts that are too low; it does not lead here.",
        },
        "baselines": baselines,
        "beyond_baselines": beyond,
        "by_step": _by_step(table),
        "worst": [
            table.rows.described(row)
            | {
                "label": rounded(float(table.target[row])),
                "prediction": rounded(float(table.forecast[row])),
                "score": None,
                "loss": rounded(float(error[row])),
            }
            for row in worst_of(table.rows, error)
        ],
        "definitions": {metric: regression.REGRESSION_METRICS[metric].definition for metric in METRICS}
        | {
            "mase": f"Mean absolute error over that of the naive forecast within the history, season {period} "
            "(Hyndman and Koehler 2006); several series weigh by their steps."
        },
        **row_slices(table.rows, RowLoss("mae", error), columns.groups),
    }


def _blocks(table: ForecastTable, period: int) -> tuple[Ints, str]:
    """Return what is drawn as a whole: a series where there are many, else blocks of neighbouring steps.

    Errors of neighbouring steps resemble each other; blocks of a season or of n^(1/3) steps keep that (Künsch 1989).
    """
    if len(table.series) >= 20:
        return table.owner, "series"
    length = max(period, round(len(table.target) ** (1 / 3)), 1)
    keys = table.owner * (int(table.step.max()) + 1) + table.step // length
    return np.unique(keys, return_inverse=True)[1], f"blocks of {length} steps"


def _mase(table: ForecastTable, scales: list[float | None], blocks: Ints, how: str, config: Config) -> Figure:
    if any(scale is None for scale in scales):
        return undefined(NO_HISTORY, n=len(table.target))
    scale = np.array(scales, dtype=np.float64)[table.owner]
    scaled = np.abs(table.forecast - table.target) / scale
    rng = np.random.default_rng([config.seed, 1])
    return drawn_mean(scaled, config.resamples, rng, members=blocks, how=how)


def _baselines(
    table: ForecastTable,
    period: int,
    scales: list[float | None],
    error: Floats,
    blocks: Ints,
    how: str,
    config: Config,
) -> tuple[dict[str, dict[str, float | None]], list[dict[str, Any]]]:
    forecasts = [forecasting.baselines_of(one, period) for one in table.series]
    common = [
        name for name in ("naive", "seasonal_naive", "mean", "drift") if all(name in one for one in forecasts)
    ]
    found, beyond = {}, []
    for place, name in enumerate(common):
        said = np.concatenate([one[name] for one in forecasts])
        values = regression.values_of(table.target, said)
        row = {metric: rounded(values[metric]) for metric in METRICS}
        if all(scale is not None for scale in scales):
            scale = np.array(scales, dtype=np.float64)[table.owner]
            row["mase"] = rounded(float((np.abs(said - table.target) / scale).mean()))
        found[name] = row
        gain = np.abs(said - table.target) - error
        rng = np.random.default_rng([config.seed, 20 + place])
        figure = drawn_mean(gain, config.resamples, rng, members=blocks, how=how)
        beyond.append(
            {"against": name, "metric": "mae", "difference": figure.to_json(), "verdict": verdict_of(figure)}
        )
    return found, beyond


def _by_step(table: ForecastTable) -> list[dict[str, Any]]:
    """Return the mean absolute error by steps ahead, the first hundred."""
    error = np.abs(table.forecast - table.target)
    n = np.bincount(table.step)
    sums = np.bincount(table.step, weights=error)
    return [
        {"step": step + 1, "n": int(n[step]), "mae": rounded(float(sums[step] / n[step]))}
        for step in range(min(len(n), 100))
        if n[step]
    ]


def comparable(table: ForecastTable, columns: ColumnMap) -> Comparable:
    """Return what of the table is compared: errors step by step, paired by series and time, drawn by blocks."""
    blocks, how = _blocks(table, columns.period)
    scales = [forecasting.scale_of(one.history, columns.period) for one in table.series]
    known = all(scale is not None for scale in scales)
    scale = np.array(scales, dtype=np.float64)[table.owner]

    def measure(units: Ints, weights: Floats | None) -> Measured:
        target, forecast = table.target[units], table.forecast[units]
        error = np.abs(forecast - target)
        functions = {name: regression.REGRESSION_METRICS[name].function for name in METRICS if name != "bias"}
        sums = Sums(columns_by_group(regression.terms_of(target, forecast), None), functions)
        if not known:
            return Measured({}, {"errors": sums}, sliced=("mae", Mean(error)))
        text = ",".join(f"{one:.6g}" for one in scale[units])
        ground = f"histories: {hashlib.sha256(text.encode()).hexdigest()}"
        return Measured(
            {"mase": Mean(error / scale[units])}, {"errors": sums}, {}, {"mase": ground}, ("mae", Mean(error))
        )

    keys = [
        f"{table.series[owner].name}\n{time}"
        for owner, time in zip(table.owner.tolist(), table.times.tolist(), strict=True)
    ]
    left_out = {"bias": "A bias is best at 0, so a difference does not say which is better: look at both."}
    return Comparable(
        "steps",
        pa.chunked_array([pa.array(keys, pa.string())]),
        table.target,
        replace(table.rows, entities=blocks, weights=None),
        measure,
        left_out=left_out if known else left_out | {"mase": NO_HISTORY},
        drawn=how,
    )
