"""Do other columns give a protected attribute away?"""

import math
from typing import Any

import numpy as np

from apps.evaluations.engine.figures import rounded
from apps.evaluations.engine.partial import Partial
from apps.evaluations.engine.table import Floats, Grouping, Table

MEASURE = "Cramér's V, bias-corrected"
#: The joint prediction is cross-fitted on at most this many rows, evenly taken.
SAMPLE = 100_000


def proxies(partial: Partial, protected: tuple[str, ...]) -> dict[str, Any]:
    """Say how well each other column predicts a protected attribute: Cramér's V, corrected for bias (Bergsma 2013)."""
    found: dict[str, Any] = {}
    for attribute in protected:
        strengths = [
            (cramers_v(counts), name)
            for name, counts in _crossings(partial, attribute)
            if name not in protected
        ]
        if strengths:
            strengths.sort(key=lambda row: (-row[0], row[1]))
            columns = [{"column": name, "strength": rounded(strength)} for strength, name in strengths]
            found[attribute] = columns[0] | {"measure": MEASURE, "columns": columns}
    return found


def _crossings(partial: Partial, attribute: str) -> list[tuple[str, Floats]]:
    """Return the table of counts (attribute, other column) for each other column."""
    found = []
    for (first, second), cells in partial.pairs.items():
        counts = cells.sum(axis=1).reshape(len(partial.values[first]), len(partial.values[second]))
        if first == attribute:
            found.append((second, counts))
        elif second == attribute:
            found.append((first, counts.T))
    return found


def cramers_v(counts: Floats) -> float:
    """Return the association of the rows and columns of a table of counts, 0 to 1."""
    counts = counts[counts.sum(1) > 0][:, counts.sum(0) > 0]
    rows, columns = counts.shape
    n = float(counts.sum())
    if min(rows, columns) < 2 or n < 2:
        return 0.0
    expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / n
    phi2 = float(((counts - expected) ** 2 / expected).sum() / n)
    phi2 = max(0.0, phi2 - (rows - 1) * (columns - 1) / (n - 1))
    r, k = rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)
    return min(1.0, math.sqrt(phi2 / max(min(r, k) - 1, 1e-12)))


def joint_prediction(table: Table, attribute: str, columns: dict[str, Grouping]) -> dict[str, Any] | None:
    """Say how well all other columns together predict the attribute: naive Bayes, fitted on one half, asked on the other.

    ``balanced_accuracy`` is the mean share of each value's rows that are found; without any information it is
    ``chance``, one over the number of values.
    """
    target = table.groups[attribute]
    step = max(1, table.n // SAMPLE)
    rows = np.arange(0, table.n, step)
    if not columns or target.size < 2 or len(rows) < 4 * target.size:
        return None
    right, asked = np.zeros(target.size), np.zeros(target.size)
    for half in (0, 1):
        fit, ask = rows[half::2], rows[1 - half :: 2]
        predicted = _naive_bayes(target, columns, fit, ask)
        truth = target.codes[ask]
        asked += np.bincount(truth, minlength=target.size)
        right += np.bincount(truth[predicted == truth], minlength=target.size)
    seen = asked > 0
    return {
        "balanced_accuracy": rounded(float((right[seen] / asked[seen]).mean())),
        "chance": rounded(1 / int(seen.sum())),
        "columns": sorted(columns),
        "rows": len(rows),
    }


def _naive_bayes(target: Grouping, columns: dict[str, Grouping], fit: Any, ask: Any) -> Any:
    own = target.codes[fit].astype(np.int64)
    logs = np.zeros((len(ask), target.size))
    for column in columns.values():
        joint = np.bincount(own * column.size + column.codes[fit], minlength=target.size * column.size)
        # Half a row is added to each cell, so that nothing unseen is impossible.
        smoothed = joint.reshape(target.size, column.size) + 0.5
        logs += np.log(smoothed / smoothed.sum(axis=1, keepdims=True)).T[column.codes[ask]]
    return logs.argmax(axis=1)
