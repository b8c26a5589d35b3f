"""What the readers of several tasks share: numbers without gaps, groupings, weights and entities."""

import numpy as np

from apps.evaluations.engine.binning import edges_of, step_of
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.reading.weighing import Weighing
from apps.evaluations.engine.table import Bools, Floats, Ints, Limits, Rows

#: Under this many rows every figure is a guess.
SMALL_TABLE = 100


def read_rows(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> Rows:
    """Return what rows of any task may have."""
    groups = {name: typed.grouping(source, name, limits, found) for name in columns.groups}
    features = features_of(source, columns, found)
    return Rows(
        source.rows,
        {name: group for name, group in groups.items() if group},
        typed.unique_ids(source, columns.row_id, found) if columns.row_id else None,
        weights_of(source, columns, found),
        entities_of(source, columns),
        features,
        np.arange(source.rows) + source.first_row + 1 if source.first_row else None,
        {name: edges_of(values[:: step_of(len(values))]) for name, values in features.items()},
    )


def finite_numbers(source: Source, name: str, found: Findings, *, what: str) -> typed.Numbers | None:
    """Return a column whose values are finite numbers where they are not missing; problems are noted."""
    column = typed.numbers_of(source, name)
    if column.unreadable is not None:
        found.problem(
            "type",
            name,
            column.unreadable,
            f"“{name}” holds text where a number is needed, such as “{column.example}”.",
        )
        return None
    if column.from_text and source.format == "parquet":
        found.warning("type_cast", name, [], f"“{name}” holds numbers as text; they were read as numbers.")
    endless = np.isinf(column.values)
    if endless.any():
        found.problem("score_not_finite", name, endless, f"“{name}” holds infinity. {what}")
        return None
    return column


def full_numbers(source: Source, name: str, found: Findings, *, what: str) -> Floats | None:
    """Return a column of finite numbers without gaps; problems are noted."""
    column = finite_numbers(source, name, found, what="Send finite numbers.")
    if column is None:
        return None
    if column.missing is not None:
        found.problem(
            f"{what}_missing",
            name,
            column.missing,
            f"{int(column.missing.sum())} rows have no {what} in “{name}”. Fill them in, or leave the rows out.",
        )
        return None
    return column.values


def target_numbers(source: Source, columns: ColumnMap, found: Findings) -> tuple[Floats | None, Bools | None]:
    """Return a numeric target, and the rows that are left out because theirs is pending."""
    name = columns.label or ""
    column = finite_numbers(source, name, found, what="Send finite numbers.")
    if column is None:
        return None, None
    if column.missing is not None and not pending_allowed(column.missing, columns, found):
        return None, None
    return column.values, column.missing


def pending_allowed(missing: Bools, columns: ColumnMap, found: Findings) -> bool:
    """Note that labels are missing: a warning where they were declared as pending, else a problem."""
    count, name = int(missing.sum()), columns.label
    if columns.missing_labels == "pending":
        found.warning("label_pending", name, missing, f"{count} rows have no label yet; they are left out.")
        return True
    found.problem(
        "label_missing",
        name,
        missing,
        f"{count} rows have no label in “{name}”. Remove them, or declare missing_labels: pending.",
    )
    return False


def warn_small(n: int, found: Findings, *, what: str = "rows") -> None:
    """Note that a table is small."""
    if n < SMALL_TABLE:
        found.warning(
            "small_sample",
            None,
            [],
            f"Only {n} {what}: the intervals are wide, and few figures can be judged.",
        )


def shown(kinds: "tuple[str, ...] | list[str]") -> str:
    """Return the first few of many values."""
    return ", ".join(kinds[:6]) + (" …" if len(kinds) > 6 else "")


def weights_of(source: Source, columns: ColumnMap, found: Findings) -> Floats | None:
    """Return the weights of the rows, or nothing where every row counts once.

    Weights that are not whole cannot be repeats: they are scaled to sum to the effective number of rows
    (Kish, Survey Sampling, 1965), so that no interval is narrower than the rows allow. A part of a table is scaled as
    the whole is (``source.weighing``).
    """
    name = columns.weight
    if not name:
        return None
    column = finite_numbers(source, name, found, what="A weight is a number from 0.")
    if column is None:
        return None
    wrong = np.isnan(column.values) | (column.values < 0)
    if wrong.any():
        found.problem("weight_invalid", name, wrong, f"“{name}” holds weights that are missing or negative.")
        return None
    weighing = source.weighing or Weighing.of(column.values)
    if weighing.total <= 0:
        found.problem("weight_invalid", name, [], f"Every weight in “{name}” is zero: no row counts.")
        return None
    if weighing.whole:
        return column.values
    found.warning(
        "weights_scaled",
        name,
        [],
        f"The weights in “{name}” are not whole; they were scaled to sum to the effective number of rows "
        f"({weighing.effective:,.1f} of {weighing.rows:,}; Kish 1965).",
    )
    return column.values * weighing.factor


def entities_of(source: Source, columns: ColumnMap) -> Ints | None:
    """Return the code of each row's entity: rows of one entity are drawn together."""
    if not columns.entity:
        return None
    column = typed.coded(source, columns.entity)
    codes = column.codes.astype(np.int64)
    alone = np.flatnonzero(codes < 0)
    codes[alone] = len(column.values) + np.arange(len(alone))
    return codes


def features_of(source: Source, columns: ColumnMap, found: Findings) -> dict[str, Floats]:
    """Return the numeric features of the rows, NaN where one is missing."""
    features = {}
    for name in columns.features:
        column = finite_numbers(source, name, found, what="Send numbers.")
        if column is not None:
            features[name] = column.values
    return features
