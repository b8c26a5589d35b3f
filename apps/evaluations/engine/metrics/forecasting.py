"""Forecasts of time series: errors scaled by what a naive forecast would have missed, and the naive forecasts themselves."""

from dataclasses import dataclass

import numpy as np

from apps.evaluations.engine.table import Floats, Ints


@dataclass(frozen=True)
class Series:
    """One series in time order: its history (h,), and targets and forecasts of the steps after it (n,)."""

    name: str
    history: Floats
    target: Floats
    forecast: Floats
    rows: Ints


def scale_of(history: Floats, period: int) -> float | None:
    """Return the mean absolute error of the (seasonal) naive forecast within the history (Hyndman and Koehler 2006).

    Nothing where the history is too short or never changes: MASE does not apply.
    """
    if len(history) <= period:
        return None
    scale = float(np.abs(history[period:] - history[:-period]).mean())
    return scale or None


def naive(history: Floats, steps: int) -> Floats:
    """Return the last value, for every step."""
    return np.full(steps, history[-1])


def seasonal_naive(history: Floats, steps: int, period: int) -> Floats:
    """Return the value of the same step of the last season."""
    return history[len(history) - period + np.arange(steps) % period]


def mean_forecast(history: Floats, steps: int) -> Floats:
    """Return the mean of the history, for every step."""
    return np.full(steps, history.mean())


def drift(history: Floats, steps: int) -> Floats:
    """Return the last value moved on by the mean change: the line through the first and the last value."""
    slope = (history[-1] - history[0]) / max(len(history) - 1, 1)
    return history[-1] + slope * np.arange(1, steps + 1)


def baselines_of(series: Series, period: int) -> dict[str, Floats]:
    """Return the baselines' forecasts that the history is long enough for."""
    history, steps = series.history, len(series.target)
    if not len(history):
        return {}
    found = {"naive": naive(history, steps), "mean": mean_forecast(history, steps)}
    if len(history) > 1:
        found["drift"] = drift(history, steps)
    if period > 1 and len(history) >= period:
        found["seasonal_naive"] = seasonal_naive(history, steps, period)
    return found
