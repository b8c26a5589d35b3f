"""Numeric columns in quantile bins. Bins are named by their ends, and what lies between two ends is counted exactly.

The ends are quantiles of evenly taken rows of the whole table, so that parts of it are cut at the same ends.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from apps.evaluations.engine.table import Floats, Grouping, Rows

#: Ends are read from about this many rows, evenly taken.
SAMPLE = 100_000
#: Numeric columns are looked at in this many quantile bins.
BINS = 4


def step_of(rows: int) -> int:
    """Return which of so many rows the ends are read from: every so manyth, from the first on."""
    return max(1, rows // SAMPLE)


def edges_of(sample: Floats, *, bins: int = BINS) -> tuple[float, ...]:
    """Return the ends between the bins of evenly taken values; missing ones do not count."""
    known = sample[~np.isnan(sample)]
    if not len(known):
        return ()
    return tuple(np.unique(np.quantile(known, np.arange(1, bins) / bins)).tolist())


def binned(values: Floats, *, bins: int = BINS, edges: Sequence[float] | None = None) -> Grouping:
    """Return a numeric column in bins, by its own quantiles or by given ends; missing values are a bin of their own."""
    if edges is None:
        edges = edges_of(values[:: step_of(len(values))], bins=bins)
    codes = np.searchsorted(np.array(edges, np.float64), values, side="right").astype(np.uint8)
    shown = [f"{edge:.4g}" for edge in edges]
    names = [f"under {shown[0]}"] if shown else ["all"]
    names += [f"{low} to under {high}" for low, high in pairwise(shown)]
    names += [f"{shown[-1]} and over"] if shown else []
    missing = np.isnan(values)
    if missing.any():
        codes[missing] = len(names)
        names.append("missing")
    return Grouping(tuple(names), codes)


def binned_features(rows: Rows) -> dict[str, Grouping]:
    """Return the numeric features of rows in bins whose ends are those of the file that they were read from."""
    return {name: binned(values, edges=rows.edges.get(name)) for name, values in rows.features.items()}
