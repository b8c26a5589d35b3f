"""What a test table knows of the train table, and what one feature knows of the target (method M2.4)."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.evaluations.engine import ranking
from apps.evaluations.engine.datachecks.columns import Column, demand, read_columns
from apps.evaluations.engine.figures import proportion, rounded
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.scoretable import score_table
from apps.evaluations.engine.table import Limits, TableInvalid

#: A single feature that ranks or finds the classes this well alone is suspected to hold the answer.
ALONE = 0.98
FIRST = 5


def leakage(
    train: Path,
    test: Path,
    *,
    label: str | None = None,
    key: str | None = None,
    time: str | None = None,
    alone: float = ALONE,
    limits: Limits | None = None,
) -> dict[str, Any]:
    """Return the checks of two files: shared keys, repeated rows, overlapping times, telling features. Raises TableInvalid.

    Each check says whether it ``passes``; nothing where it was not asked for.
    A feature that finds the target at least as well as ``alone`` (AUC or balanced accuracy) is suspected.
    """
    tables = read_columns(train, limits), read_columns(test, limits)
    common = [name for name in tables[0] if name in tables[1]]
    found: dict[str, Any] = {
        "rows": {"train": _rows(tables[0]), "test": _rows(tables[1])},
        "shared_keys": _shared_keys(*(demand(table, key, what="key") for table in tables)) if key else None,
        "repeated_rows": _repeated_rows(tables, [name for name in common if name != key]),
        "times": _times(*(demand(table, time, what="time") for table in tables)) if time else None,
        "telling_features": _telling(tables[0], demand(tables[0], label, what="label"), {key, time}, alone)
        if label
        else None,
    }
    checks = [one for one in found.values() if isinstance(one, dict) and "passes" in one]
    found["passes"] = all(one["passes"] for one in checks)
    return found


def _rows(table: dict[str, Column]) -> int:
    return len(next(iter(table.values())))


def _shared_keys(train: Column, test: Column) -> dict[str, Any]:
    """Return how many rows of the test table belong to an entity of the train table."""
    keys = test.keys()
    shared = pc.is_in(keys, value_set=train.keys().combine_chunks())
    count = int(pc.sum(shared).as_py() or 0)
    examples = pc.unique(keys.filter(shared)).slice(0, FIRST).to_pylist()
    return {
        "passes": count == 0,
        "test_rows": count,
        "share": proportion(count, len(test), what="rows").to_json(),
        "examples": examples,
    }


def _repeated_rows(tables: tuple[dict[str, Column], dict[str, Column]], common: list[str]) -> dict[str, Any]:
    """Return how many rows of the test table stand in the train table with the same values in every common column."""
    if not common:
        return {"passes": True, "test_rows": 0, "columns": []}
    sides = [
        pa.table({f"c{index}": table[name].keys() for index, name in enumerate(common)}).append_column(
            "side", pa.array(np.full(_rows(table), side, np.int8))
        )
        for side, table in enumerate(tables)
    ]
    names = [f"c{index}" for index in range(len(common))]
    grouped = (
        pa.concat_tables(sides)
        .group_by(names, use_threads=False)
        .aggregate([("side", "min"), ("side", "sum")])
    )
    both = pc.and_(pc.equal(grouped["side_min"], 0), pc.greater(grouped["side_sum"], 0))
    count = int(pc.sum(grouped["side_sum"].filter(both)).as_py() or 0)
    return {
        "passes": count == 0,
        "test_rows": count,
        "share": proportion(count, _rows(tables[1]), what="rows").to_json(),
        "columns": common,
    }


def _times(train: Column, test: Column) -> dict[str, Any]:
    """Return whether the test rows lie after the train rows."""
    first, second = (_instants(column) for column in (train, test))
    early = int((second <= first.max()).sum())
    return {
        "passes": early == 0,
        "test_rows_before_train_ends": early,
        "share": proportion(early, len(second), what="rows").to_json(),
        "train": _range(train, first),
        "test": _range(test, second),
    }


def _instants(column: Column) -> Any:
    if column.numbers is not None:
        return column.numbers
    found = Findings()
    source = Source("text", (column.name,), pa.table({column.name: column.text}))
    instants = typed.times_of(source, column.name, found)
    if instants is None:
        raise TableInvalid(found.problems)
    return instants


def _range(column: Column, instants: Any) -> list[str]:
    keys = column.keys()
    return [str(keys[int(place)].as_py()) for place in (instants.argmin(), instants.argmax())]


def _telling(
    table: dict[str, Column], label: Column, left_out: set[str | None], alone: float
) -> dict[str, Any]:
    """Return how well each feature alone predicts the target.

    Binary targets and numbers: the AUC, either way round. Else the balanced accuracy of the most frequent class per
    value or quantile bin, fitted on one half of the rows and asked on the other.
    """
    target = label.categories()
    if target is None or target.size < 2:
        return {
            "passes": True,
            "features": [],
            "reason": "The target has one value, or too many to be classes.",
        }
    rows = []
    for name, column in table.items():
        if name == label.name or name in left_out:
            continue
        strength, measure = _strength(column, target)
        if strength is not None:
            rows.append(
                {
                    "feature": name,
                    "strength": rounded(strength),
                    "measure": measure,
                    "suspected": strength >= alone,
                }
            )
    rows.sort(key=lambda row: (-float(str(row["strength"])), str(row["feature"])))
    return {"passes": not any(row["suspected"] for row in rows), "threshold": alone, "features": rows}


def _strength(column: Column, target: Any) -> tuple[float | None, str]:
    if target.size == 2 and column.numbers is not None:
        known = ~np.isnan(column.numbers)
        y = target.codes[known].astype(np.uint8)
        if not 0 < y.sum() < len(y):
            return None, ""
        value = ranking.auc(score_table(column.numbers[known], y))
        return max(value, 1 - value), "AUC"
    values = column.categories()
    if values is None:
        return None, ""
    return _balanced_accuracy(values, target), "balanced accuracy, cross-fitted"


def _balanced_accuracy(values: Any, target: Any) -> float:
    right, asked = np.zeros(target.size), np.zeros(target.size)
    codes, truth = values.codes.astype(np.int64), target.codes.astype(np.int64)
    for half in (0, 1):
        fit, ask = slice(half, None, 2), slice(1 - half, None, 2)
        joint = np.bincount(codes[fit] * target.size + truth[fit], minlength=values.size * target.size)
        joint = joint.reshape(values.size, target.size).astype(np.float64)
        # Each class counts alike, however rare.
        share = joint / np.maximum(joint.sum(0), 1)
        said = share.argmax(1)[codes[ask]]
        asked += np.bincount(truth[ask], minlength=target.size)
        right += np.bincount(truth[ask][said == truth[ask]], minlength=target.size)
    seen = asked > 0
    return float((right[seen] / asked[seen]).mean())
