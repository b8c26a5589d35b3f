"""Do features have the same values offline and online: a replay of the same keys (method M4.3)."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from apps.evaluations.engine.datachecks.columns import Column, demand, read_columns
from apps.evaluations.engine.figures import proportion, rounded
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.files import refuse
from apps.evaluations.engine.statistics import drift
from apps.evaluations.engine.table import Limits

#: Numbers differ when they are further apart than this, relative to the larger one.
TOLERANCE = 1e-6
FIRST = 5
BINS = 10


def skew(
    offline: Path,
    online: Path,
    *,
    key: str,
    tolerance: float = TOLERANCE,
    most: float = 0.0,
    limits: Limits | None = None,
) -> dict[str, Any]:
    """Return the mismatch rate of each common feature over the keys that both files have; raises TableInvalid.

    A feature passes when at most the share ``most`` of its values differ.
    """
    tables = read_columns(offline, limits), read_columns(online, limits)
    keys = [demand(table, key, what="key").keys() for table in tables]
    for values, name in zip(keys, ("offline", "online"), strict=True):
        distinct = pc.count_distinct(values).as_py()
        if distinct < len(values):
            raise refuse(
                "duplicate_id",
                f"{len(values) - distinct:,} keys in “{key}” of the {name} file repeat.",
                column=key,
            )
    places = typed.plain_array(pc.fill_null(pc.index_in(keys[0], value_set=keys[1].combine_chunks()), -1))
    own = np.flatnonzero(places >= 0)
    if not len(own):
        raise refuse("no_common_rows", f"The files have no value of “{key}” in common.", column=key)
    theirs = places[own]
    common = [name for name in tables[0] if name in tables[1] and name != key]
    features = [
        _compared(tables[0][name], tables[1][name], own, theirs, keys[0], tolerance, most) for name in common
    ]
    features.sort(key=lambda row: (-row["mismatch"]["value"], row["feature"]))
    return {
        "rows": len(own),
        "only_offline": len(keys[0]) - len(own),
        "only_online": len(keys[1]) - len(own),
        "columns_only_offline": [name for name in tables[0] if name not in tables[1]],
        "columns_only_online": [name for name in tables[1] if name not in tables[0]],
        "tolerance": tolerance,
        "features": features,
        "passes": all(row["passes"] for row in features),
    }


def _compared(
    first: Column, second: Column, own: Any, theirs: Any, keys: Any, tolerance: float, most: float
) -> dict[str, Any]:
    if first.numbers is not None and second.numbers is not None:
        a, b = first.numbers[own], second.numbers[theirs]
        gone = np.isnan(a) != np.isnan(b)
        differs = gone | (np.abs(a - b) > tolerance * np.maximum(np.abs(a), np.abs(b)))
        both = ~np.isnan(a) & ~np.isnan(b)
        extra = {
            "mean_difference": rounded(float((b - a)[both].mean())) if both.any() else None,
            "stability_index": _drift(a[both], b[both]),
        }
    else:
        a, b = first.keys().take(own), second.keys().take(theirs)
        differs = typed.plain_array(pc.not_equal(a, b))
        gone = np.zeros(len(own), dtype=bool)
        for one, other in ((first, second), (second, first)):
            if one.kind != other.kind:
                differs = np.ones(len(own), dtype=bool)
        extra = {}
    count = int(differs.sum())
    return {
        "feature": first.name,
        "kind": first.kind if first.kind == second.kind else f"{first.kind} offline, {second.kind} online",
        "mismatches": count,
        "mismatch": proportion(count, len(own), what="rows").to_json(),
        "missing_on_one_side": int(gone.sum()),
        "examples": keys.take(own[np.flatnonzero(differs)[:FIRST]]).to_pylist(),
        "passes": count <= most * len(own),
        **extra,
    }


def _drift(a: Any, b: Any) -> float | None:
    """Return the stability index over tenths of the offline values; half a row is added to each bin."""
    if not len(a):
        return None
    edges = np.unique(np.quantile(a, np.arange(1, BINS) / BINS))
    counts = [
        np.bincount(np.searchsorted(edges, x, side="right"), minlength=len(edges) + 1) + 0.5 for x in (a, b)
    ]
    return rounded(drift.stability_index(*counts))
