"""From a file to a table of a binary task, or to the whole list of what is wrong with it."""

import numpy as np

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.common import (
    finite_numbers,
    pending_allowed,
    read_rows,
    shown,
    warn_small,
)
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.table import Bits, Bools, Floats, Limits, Table

#: Missing scores are dropped on demand up to this share.
DROPPED_SHARE = 0.01
_YES_NO = {"true": "1", "false": "0"}


def read_binary(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> Table | None:
    """Return the table, or nothing where ``found`` has problems."""
    y, pending = _labels(source, columns, found)
    score, dropped = _scores(source, columns, found) if columns.score else (None, None)
    predicted = _predictions(source, columns, found)
    rows = read_rows(source, columns, limits, found)
    if columns.time:
        typed.times_of(source, columns.time, found)
    if found.problems or y is None:
        return None
    if score is None:
        decision = predicted
    else:
        decision = (score >= columns.threshold).astype(np.uint8)
        if predicted is not None:
            _compare_predictions(columns, predicted, decision, found)
            decision = predicted
    assert decision is not None
    left_out = [mask for mask in (pending, dropped) if mask is not None]
    if left_out:
        keep = np.flatnonzero(~np.logical_or.reduce(left_out))
        y, decision, rows = y[keep], decision[keep], rows.take(keep)
        score = None if score is None else score[keep]
    table = Table(y, score, decision, rows, columns.score_kind == "probability")
    _look_at(table, columns, found)
    return None if found.problems else table


def _look_at(table: Table, columns: ColumnMap, found: Findings) -> None:
    if table.n == 0:
        found.problem(
            "no_rows", columns.label, [], "No row is left to evaluate: every label is still pending."
        )
        return
    counts = np.bincount(table.y, minlength=2)
    for count, word in zip(counts, ("negative", "positive"), strict=True):
        if not count:
            found.warning(
                "one_class",
                columns.label,
                [],
                f"No row is {word}: ranking metrics such as AUC are not applicable.",
            )
    if table.score is not None and table.score.min() == table.score.max():
        found.warning(
            "constant_score",
            columns.score,
            [],
            "Every row has the same score: the model does not tell rows apart.",
        )
    warn_small(table.n, found)


def _labels(source: Source, columns: ColumnMap, found: Findings) -> tuple[Bits | None, Bools | None]:
    """Return labels as 0 and 1, and the rows whose label is pending."""
    name = columns.label or ""
    plain = typed.plain_bits(source, name) if columns.positive_label is None else None
    if plain is not None:
        return plain, None
    column = typed.coded(source, name)
    missing = column.missing
    if missing.any() and not pending_allowed(missing, columns, found):
        return None, None
    bits = _bits_of(column, columns, found)
    if bits is None:
        return None, None
    y = np.take(bits, column.codes)
    return y, missing if missing.any() else None


def _bits_of(column: typed.Coded, columns: ColumnMap, found: Findings) -> Bits | None:
    """Return 0 or 1 for each distinct label (and 0 for a missing one, at the end)."""
    name, kinds = columns.label or "", column.values
    if columns.positive_label is not None:
        if columns.positive_label not in kinds or len(kinds) > 2:
            found.problem(
                "label_not_in_set",
                name,
                column.codes
                != (kinds.index(columns.positive_label) if columns.positive_label in kinds else -1),
                f"“{name}” holds {shown(kinds)}; two labels are needed, of which one is “{columns.positive_label}”.",
            )
            return None
        return np.array([kind == columns.positive_label for kind in kinds] + [False], np.uint8)
    plain = [_YES_NO.get(kind.lower(), kind) for kind in kinds]
    if set(plain) <= {"0", "1"}:
        return np.array([kind == "1" for kind in plain] + [False], np.uint8)
    numbers = np.array([typed.number(kind) for kind in plain] + [0.0])
    wrong = ~np.isin(numbers, (0.0, 1.0))[column.codes]
    if np.isnan(numbers).any():
        found.problem(
            "positive_label_undeclared",
            name,
            np.isnan(numbers)[column.codes],
            f"The labels in “{name}” are {shown(sorted(kinds))}. Say which of them counts as yes (positive_label).",
        )
    elif len(kinds) == 2 and np.isfinite(numbers).all() and not np.any(numbers % 1):
        both = " and ".join(f"{value:g}" for value in sorted(numbers[:2]))
        found.problem(
            "label_set_mismatch",
            name,
            wrong,
            f"The labels in “{name}” are {both}, not 0 and 1. Recode them, or declare positive_label.",
        )
    else:
        first = kinds[column.codes[np.flatnonzero(wrong)[0]]] if wrong.any() else kinds[0]
        found.problem(
            "label_not_in_set",
            name,
            wrong,
            f"“{name}” holds {first}, which is neither 0 nor 1. Mend the rows.",
        )
    return None


def _scores(source: Source, columns: ColumnMap, found: Findings) -> tuple[Floats | None, Bools | None]:
    """Return scores, and the rows without one that are dropped."""
    name = columns.score or ""
    meaning = (
        "A probability lies between 0 and 1." if columns.score_kind == "probability" else "Send numbers."
    )
    column = finite_numbers(source, name, found, what=meaning)
    if column is None:
        return None, None
    missing = column.missing
    if missing is not None and not _may_drop(missing, name, columns, found):
        return None, None
    if columns.score_kind == "probability" and not _in_unit_interval(column.values, name, found):
        return None, None
    return column.values, missing


def _may_drop(missing: Bools, name: str, columns: ColumnMap, found: Findings) -> bool:
    count, share = int(missing.sum()), float(missing.mean())
    if columns.missing_scores == "drop" and share <= DROPPED_SHARE:
        found.warning(
            "score_dropped", name, missing, f"{count} rows ({share:.2%}) have no score; they are left out."
        )
        return True
    limit = f" Rows are left out only up to {DROPPED_SHARE:.0%}." if columns.missing_scores == "drop" else ""
    found.problem(
        "score_missing",
        name,
        missing,
        f"{count} rows have no score in “{name}”. Score them again, or leave them out.{limit}",
    )
    return False


def _in_unit_interval(values: Floats, name: str, found: Findings) -> bool:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low >= 0 and high <= 1:
        return True
    outside = (values < 0) | (values > 1)
    percent = low >= 0 and 1.5 < high <= 100
    hint = (
        " They look like percent: divide by 100."
        if percent
        else " Send probabilities, or declare score_kind: decision."
    )
    found.problem(
        "score_out_of_range",
        name,
        outside,
        f"{int(outside.sum())} scores in “{name}” lie outside 0 to 1.{hint}",
    )
    return False


def _predictions(source: Source, columns: ColumnMap, found: Findings) -> Bits | None:
    name = columns.prediction
    if not name:
        return None
    column = typed.coded(source, name)
    if column.missing.any() and columns.score is None:
        found.problem(
            "prediction_missing",
            name,
            column.missing,
            f"{int(column.missing.sum())} rows have no prediction in “{name}”. Predict them, or leave them out.",
        )
        return None
    plain = [_YES_NO.get(kind.lower(), kind) for kind in column.values]
    yes = "1" if set(plain) <= {"0", "1"} or columns.positive_label is None else columns.positive_label
    unknown = [kind for kind in plain if kind not in ("0", "1")]
    if yes == "1" and unknown:
        found.problem(
            "prediction_not_in_set",
            name,
            np.array([kind not in ("0", "1") for kind in plain] + [False])[column.codes],
            f"“{name}” holds {shown(unknown)}, which is neither 0 nor 1. Recode it, or declare positive_label.",
        )
        return None
    bits = np.array([kind == yes for kind in plain] + [False], np.uint8)
    return bits[column.codes]


def _compare_predictions(columns: ColumnMap, predicted: Bits, decision: Bits, found: Findings) -> None:
    name, differs = columns.prediction, predicted != decision
    share = float(differs.mean())
    if share > 0.5:
        found.problem(
            "prediction_inverted",
            name,
            differs,
            f"“{name}” contradicts the score at the threshold {columns.threshold:g} in {share:.0%} of the rows. "
            "Are the scores those of the other class?",
        )
    elif share > 0:
        found.warning(
            "prediction_contradicts",
            name,
            differs,
            f"“{name}” differs from the score at the threshold in {share:.1%} of the rows; what was predicted counts.",
        )
