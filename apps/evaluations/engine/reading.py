"""From a file to a table that can be evaluated, or to the whole list of what is wrong with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps.evaluations.engine.raw import Raw, read_raw
from apps.evaluations.engine.table import (
    ColumnMap,
    Floats,
    Grouping,
    Ints,
    Limits,
    Problem,
    Table,
    TableInvalid,
)

FIRST = 5
#: Under this many rows every figure is a guess.
SMALL_TABLE = 100
_YES_NO = {True: 1.0, False: 0.0, "true": 1.0, "false": 0.0, "True": 1.0, "False": 0.0}


@dataclass(frozen=True)
class Inspection:
    """What was found in a file before anything is computed."""

    ok: bool
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    columns: tuple[str, ...]
    row_count: int
    format: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "ok": self.ok,
            "problems": [problem.to_json() for problem in self.problems],
            "warnings": [problem.to_json() for problem in self.warnings],
            "columns": list(self.columns),
            "row_count": self.row_count,
            "format": self.format,
        }


@dataclass
class _Findings:
    problems: list[Problem]
    warnings: list[Problem]

    def problem(self, code: str, column: str | None, wrong: Any, sentence: str) -> None:
        self.problems.append(Problem(code, column, _rows(wrong), sentence))

    def warning(self, code: str, column: str | None, wrong: Any, sentence: str) -> None:
        self.warnings.append(Problem(code, column, _rows(wrong), sentence))


def inspect_table(
    path: Path, columns: ColumnMap, limits: Limits | None = None, *, name: str = ""
) -> Inspection:
    """Say whether the file can be evaluated, with every problem at once."""
    try:
        _, found, raw = _read(path, columns, limits or Limits(), name)
    except TableInvalid as error:
        return Inspection(False, tuple(error.problems), (), (), 0, "")
    return Inspection(
        not found.problems, tuple(found.problems), tuple(found.warnings), raw.header, raw.rows, raw.format
    )


def read_table(path: Path, columns: ColumnMap, limits: Limits | None = None) -> tuple[Table, list[Problem]]:
    """Return the table and its warnings; raises TableInvalid."""
    table, found, _ = _read(path, columns, limits or Limits(), "")
    if found.problems or table is None:
        raise TableInvalid(found.problems)
    return table, found.warnings


def _read(path: Path, columns: ColumnMap, limits: Limits, name: str) -> tuple[Table | None, _Findings, Raw]:
    raw = read_raw(path, columns.declared, limits, name=name)
    found = _Findings([], [])
    y = _labels(raw, columns, found)
    score = _scores(raw, columns, found)
    groups = {name: _group(raw, name, limits, found) for name in columns.groups}
    ids = _ids(raw, columns, found)
    if y is None or score is None or found.problems:
        return None, found, raw
    decision = (score >= columns.threshold).astype(np.int64)
    if columns.prediction:
        _compare_predictions(raw, columns, decision, found)
    for value, word in ((0, "negative"), (1, "positive")):
        if not np.any(y == value):
            found.warning(
                "one_class",
                columns.label,
                [],
                f"No row is {word}: ranking metrics such as AUC are not applicable.",
            )
    if np.ptp(score) == 0:
        found.warning(
            "constant_score",
            columns.score,
            [],
            "Every row has the same score: the model does not tell rows apart.",
        )
    if len(y) < SMALL_TABLE:
        found.warning(
            "small_sample",
            None,
            [],
            f"Only {len(y)} rows: the intervals are wide, and few figures can be judged.",
        )
    return (
        Table(y, score, decision, {name: group for name, group in groups.items() if group}, ids),
        found,
        raw,
    )


def _labels(raw: Raw, columns: ColumnMap, found: _Findings) -> Ints | None:
    values, name = raw.columns[columns.label], columns.label
    missing = _is_null(values)
    if missing.any():
        found.problem(
            "label_missing",
            name,
            missing,
            f"{int(missing.sum())} rows have no label in “{name}”. Remove them, or wait for their labels.",
        )
        return None
    if columns.positive_label is not None:
        return _declared_labels(values, columns, found)
    numbers = _numbers(values)
    if np.isnan(numbers).any():
        kinds = sorted({str(value) for value in values[:10_000]})[:6]
        found.problem(
            "positive_label_undeclared",
            name,
            np.isnan(numbers),
            f"The labels in “{name}” are {', '.join(kinds)}. Say which of them counts as yes (positive_label).",
        )
        return None
    wrong = ~np.isin(numbers, (0.0, 1.0))
    if not wrong.any():
        return numbers.astype(np.int64)
    kinds_found = np.unique(numbers)
    if len(kinds_found) == 2 and not np.any(numbers % 1):
        shown = " and ".join(f"{value:g}" for value in kinds_found)
        found.problem(
            "label_set_mismatch",
            name,
            wrong,
            f"The labels in “{name}” are {shown}, not 0 and 1. Recode them, or declare positive_label.",
        )
    else:
        first = float(numbers[wrong][0])
        found.problem(
            "label_not_in_set",
            name,
            wrong,
            f"“{name}” holds {first:g}, which is neither 0 nor 1. Mend the rows.",
        )
    return None


def _declared_labels(values: Any, columns: ColumnMap, found: _Findings) -> Ints | None:
    text = np.array([_as_text(value) for value in values], object)
    kinds = sorted(set(text))
    if columns.positive_label not in kinds or len(kinds) > 2:
        found.problem(
            "label_not_in_set",
            columns.label,
            text != columns.positive_label,
            f"“{columns.label}” holds {', '.join(kinds[:6])}; two labels are needed, of which one is “{columns.positive_label}”.",
        )
        return None
    return (text == columns.positive_label).astype(np.int64)


def _scores(raw: Raw, columns: ColumnMap, found: _Findings) -> Floats | None:
    values, name = raw.columns[columns.score], columns.score
    missing = _is_null(values)
    if missing.any():
        found.problem(
            "score_missing",
            name,
            missing,
            f"{int(missing.sum())} rows have no score in “{name}”. Score them again, or leave them out.",
        )
        return None
    numbers = _numbers(values)
    unreadable = np.isnan(numbers)
    if unreadable.any():
        found.problem(
            "type",
            name,
            unreadable,
            f"“{name}” holds text where a number is needed, such as “{values[unreadable][0]}”.",
        )
        return None
    if raw.format == "parquet" and values.dtype == object and isinstance(values[0], str):
        found.warning("type_cast", name, [], f"“{name}” holds numbers as text; they were read as numbers.")
    endless = ~np.isfinite(numbers)
    if endless.any():
        found.problem(
            "score_not_finite", name, endless, f"“{name}” holds infinity. A probability lies between 0 and 1."
        )
        return None
    outside = (numbers < 0) | (numbers > 1)
    if outside.any():
        percent = numbers.min() >= 0 and 1.5 < numbers.max() <= 100
        hint = " They look like percent: divide by 100." if percent else " Send probabilities."
        found.problem(
            "score_out_of_range",
            name,
            outside,
            f"{int(outside.sum())} scores in “{name}” lie outside 0 to 1.{hint}",
        )
        return None
    return numbers


def _group(raw: Raw, name: str, limits: Limits, found: _Findings) -> Grouping | None:
    values = raw.columns[name]
    empty = _is_null(values)
    text = np.array(
        ["missing" if none else _as_text(value) for value, none in zip(values, empty, strict=True)], object
    )
    kinds, codes = np.unique(text.astype(str), return_inverse=True)
    if len(kinds) > limits.group_values:
        found.problem(
            "attribute_cardinality",
            name,
            [],
            f"“{name}” has {len(kinds)} different values; a group column has at most {limits.group_values}. "
            "It looks like an identifier; leave it out.",
        )
        return None
    if empty.any():
        found.warning(
            "group_missing",
            name,
            empty,
            f"{int(empty.sum())} rows have no “{name}”; they are shown as the group “missing”.",
        )
    return Grouping(tuple(str(kind) for kind in kinds), codes.astype(np.int64))


def _ids(raw: Raw, columns: ColumnMap, found: _Findings) -> tuple[str, ...]:
    if columns.row_id is None:
        return ()
    ids = tuple(_as_text(value) for value in raw.columns[columns.row_id])
    seen: dict[str, int] = {}
    twice = [index for index, value in enumerate(ids) if seen.setdefault(value, index) != index]
    if twice:
        found.problem(
            "duplicate_id",
            columns.row_id,
            np.array(twice),
            f"{len(twice)} ids in “{columns.row_id}” stand there more than once. Each row needs its own.",
        )
    return ids


def _compare_predictions(raw: Raw, columns: ColumnMap, decision: Ints, found: _Findings) -> None:
    name = columns.prediction or ""
    numbers = _numbers(raw.columns[name])
    differs = numbers != decision
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
            f"“{name}” differs from the score at the threshold in {share:.1%} of the rows; the score counts.",
        )


def _numbers(values: Any) -> Floats:
    if values.dtype != object:
        return np.asarray(values, np.float64)
    return np.array([_number(value) for value in values], np.float64)


def _number(value: Any) -> float:
    if isinstance(value, bool | np.bool_) or value in _YES_NO:
        return _YES_NO[value if isinstance(value, str) else bool(value)]
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _is_null(values: Any) -> Any:
    if values.dtype != object:
        return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    return np.array(
        [value is None or (isinstance(value, float) and value != value) for value in values], bool
    )


def _as_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _rows(wrong: Any) -> tuple[int, ...]:
    array = np.asarray(wrong)
    index = np.flatnonzero(array) if array.dtype == bool else array
    return tuple(int(row) + 1 for row in index[:FIRST])
