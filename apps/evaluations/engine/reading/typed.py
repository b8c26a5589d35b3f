"""Columns of a file as numbers, codes, texts, times and lists, with the rows that are not what they should be."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.evaluations.engine.reading.files import NULLS, Source
from apps.evaluations.engine.table import Bools, Floats, Grouping, Ints, Limits, Problem, narrow

FIRST = 5
#: ASCII alone: Python's isdigit also takes ², which int does not.
_WHOLE = re.compile(r"-?[0-9]{1,17}")


@dataclass
class Findings:
    """Problems, which end the evaluation, and warnings, which go into the report."""

    first_row: int = 0
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def problem(self, code: str, column: str | None, wrong: Any, sentence: str) -> None:
        """Note a fault; ``wrong`` is a mask of rows or their indices. The sentence is told the first of them."""
        rows, more = self._rows(wrong)
        where = f" See row {_enumerated(rows, more=more)}." if rows else ""
        self.problems.append(Problem(code, column, rows, sentence + where))

    def warning(self, code: str, column: str | None, wrong: Any, sentence: str) -> None:
        """Note what a reader of the report should know."""
        self.warnings.append(Problem(code, column, self._rows(wrong)[0], sentence))

    def _rows(self, wrong: Any) -> tuple[tuple[int, ...], bool]:
        array = np.asarray(wrong)
        index = np.flatnonzero(array) if array.dtype == bool else array
        return tuple(int(row) + 1 + self.first_row for row in index[:FIRST]), len(index) > FIRST


def _enumerated(rows: tuple[int, ...], *, more: bool) -> str:
    shown = [f"{row:,}" for row in rows]
    if more:
        return ", ".join(shown) + " and others"
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]


@dataclass(frozen=True)
class Numbers:
    """A column as numbers: NaN where a value is missing or unreadable; masks are none where no row is so."""

    values: Floats
    missing: Bools | None
    unreadable: Bools | None
    example: str
    from_text: bool


def plain_array(column: pa.ChunkedArray | pa.Array) -> Any:
    """Return an Arrow column of numbers or booleans as a numpy array, without a copy where it is one chunk.

    Nulls become NaN in columns of floats; others have none. Arrow's own conversion would import pandas wherever that is
    installed, which takes a quarter of a second.
    """
    if pa.types.is_boolean(column.type):
        return plain_array(column.cast(pa.uint8())).astype(bool)
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(float("nan"), column.type))
    chunks = [np.from_dlpack(chunk) for chunk in getattr(column, "chunks", [column]) if len(chunk)]
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks) if chunks else np.zeros(0)


def encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return a column as one dictionary and the index of each row."""
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    return pa.concat_arrays(column.unify_dictionaries().chunks)


def numbers_of(source: Source, name: str) -> Numbers:
    """Return a column as float64."""
    column = source.column(name)
    if not pa.types.is_dictionary(column.type):
        return _numbers_of(_plain(column))
    # Only the dictionary is read as numbers: a few bytes may repeat one long text for every row.
    array = encoded(column)
    kinds = _numbers_of(pa.chunked_array([array.dictionary]))
    codes = plain_array(pc.fill_null(array.indices, len(kinds.values)))
    values = np.take(np.r_[kinds.values, np.nan], codes)
    known = np.zeros(len(kinds.values), dtype=bool)
    unreadable = np.take(np.r_[known if kinds.unreadable is None else kinds.unreadable, False], codes)
    missing = np.isnan(values) & ~unreadable
    return Numbers(
        values,
        missing if missing.any() else None,
        unreadable if unreadable.any() else None,
        kinds.example,
        kinds.from_text,
    )


def _numbers_of(column: pa.ChunkedArray) -> Numbers:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _numbers_of_text(column)
    if pa.types.is_temporal(column.type):
        bad = np.ones(len(column), dtype=bool)
        return Numbers(np.full(len(column), np.nan), None, bad, str(column[0].as_py()), False)
    values = plain_array(pc.cast(column, pa.float64(), safe=False)).astype(np.float64, copy=False)
    missing = np.isnan(values)
    return Numbers(values, missing if missing.any() else None, None, "", False)


def _numbers_of_text(column: pa.ChunkedArray) -> Numbers:
    text = pc.utf8_trim_whitespace(column)
    text = pc.if_else(pc.is_in(pc.utf8_lower(text), value_set=pa.array(NULLS, text.type)), None, text)
    missing = plain_array(text.is_null()) if text.null_count else None
    try:
        values = plain_array(pc.cast(text, pa.float64()))
        return Numbers(values, missing, None, "", True)
    except pa.ArrowInvalid:
        pass
    values = np.array([number(value) for value in text.to_pylist()], np.float64)
    unreadable = np.isnan(values) if missing is None else np.isnan(values) & ~missing
    example = str(text[int(np.flatnonzero(unreadable)[0])].as_py()) if unreadable.any() else ""
    return Numbers(values, missing, unreadable if unreadable.any() else None, example, True)


def number(text: str | None) -> float:
    """Return a text as a number, NaN where it is none."""
    try:
        return float(text) if text is not None and "_" not in text else float("nan")
    except ValueError:
        return float("nan")


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the column without its dictionary; booleans as 0 and 1."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.uint8()) if pa.types.is_boolean(column.type) else column


@dataclass(frozen=True)
class Coded:
    """A column as codes into its distinct values as text, in the order of their first row; -1 is a missing value."""

    values: tuple[str, ...]
    codes: NDArray[np.signedinteger[Any]]

    @property
    def missing(self) -> Bools:
        return self.codes < 0


def coded(source: Source, name: str) -> Coded:
    """Return a column's distinct values as text and the code of each row."""
    array = encoded(source.column(name))
    texts = [text_or_none(value) for value in array.dictionary.to_pylist()]
    # Different spellings of the same value, and of "missing", share a code.
    kinds: dict[str, int] = {}
    places = [-1 if text is None else kinds.setdefault(text, len(kinds)) for text in texts]
    # The last place is that of nulls, whose index becomes -1.
    place = np.array([*places, -1], dtype=np.int32 if len(places) > 32_767 else np.int16)
    indices = array.indices
    codes = plain_array(pc.fill_null(indices, -1) if indices.null_count else indices)
    return Coded(tuple(kinds), codes if places == list(range(len(places))) else np.take(place, codes))


def plain_bits(source: Source, name: str) -> NDArray[np.uint8] | None:
    """Return a numeric column that holds nothing but 0 and 1, the usual case; nothing for any other column."""
    column = source.column(name)
    kind = column.type
    if column.null_count or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return None
    values = plain_array(column)
    if not len(values) or not (values.min() >= 0 and values.max() <= 1):
        return None
    bits = values.astype(np.uint8)
    return bits if pa.types.is_integer(kind) or bool(np.all(bits == values)) else None


def text_or_none(value: Any) -> str | None:
    """Return a value as text; nothing for a missing one, however it is spelled."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return None if text.lower() in NULLS else text


def grouping(source: Source, name: str, limits: Limits, found: Findings) -> Grouping | None:
    """Return a column to group by; missing values are a group of their own, too many values a problem."""
    column = coded(source, name)
    if len(column.values) > limits.group_values:
        found.problem(
            "attribute_cardinality",
            name,
            [],
            f"“{name}” has {len(column.values)} different values; a group column has at most {limits.group_values}. "
            "It looks like an identifier; leave it out.",
        )
        return None
    return sorted_grouping(column, name, found)


def sorted_grouping(column: Coded, name: str, found: Findings) -> Grouping:
    """Return the grouping of a coded column, its values sorted, missing ones as “missing”."""
    kinds, codes = list(column.values), column.codes
    missing = column.missing
    last = len(kinds)
    if missing.any():
        if "missing" not in kinds:
            kinds.append("missing")
        last = kinds.index("missing")
        found.warning(
            "group_missing",
            name,
            missing,
            f"{int(missing.sum())} rows have no “{name}”; they are shown as the group “missing”.",
        )
    order = np.argsort(np.array(kinds, dtype=str), kind="stable")
    place = np.empty(len(kinds), dtype=np.int64)
    place[order] = np.arange(len(kinds))
    # A missing value's code is -1, which is the last place.
    places = narrow(np.r_[place, place[last : last + 1]], len(kinds))
    return Grouping(tuple(kinds[index] for index in order), np.take(places, codes))


def texts_of(source: Source, name: str) -> list[str | None]:
    """Return a column as texts."""
    return [None if value is None else str(value) for value in _plain(source.column(name)).to_pylist()]


def repeats(keys: Any) -> Bools:
    """Return which rows repeat the key of an earlier one."""
    again = np.ones(len(keys), dtype=bool)
    again[np.unique(keys, return_index=True)[1]] = False
    return again


def unique_ids(source: Source, name: str, found: Findings, *, advice: str = "Each row needs its own.") -> Any:
    """Return the ids of the rows as an Arrow column or integers, after a look whether any stands there twice."""
    column = source.column(name)
    if column.null_count:
        found.problem(
            "id_missing",
            name,
            plain_array(column.is_null()),
            f"{column.null_count} rows have no id in “{name}”.",
        )
        return None
    if pa.types.is_integer(column.type):
        numbers = plain_array(column)
        if len(numbers) < 2 or bool(np.all(numbers[1:] > numbers[:-1])):
            return numbers
    array = encoded(column)
    if len(array.dictionary) < len(column):
        again = repeats(plain_array(array.indices))
        found.problem(
            "duplicate_id",
            name,
            again,
            f"{int(again.sum())} ids in “{name}” stand there more than once. {advice}",
        )
        return None
    return plain_array(column) if pa.types.is_integer(column.type) else _plain(column)


def times_of(source: Source, name: str, found: Findings) -> Ints | None:
    """Return times as microseconds since 1970 in UTC, whole numbers as they are; problems are noted."""
    column = _plain(source.column(name))
    if pa.types.is_temporal(column.type):
        if column.null_count:
            found.problem(
                "time_missing", name, plain_array(column.is_null()), f"Rows without a time in “{name}”."
            )
            return None
        kind = pa.timestamp("us", tz="UTC" if getattr(column.type, "tz", None) else None)
        return plain_array(pc.cast(pc.cast(column, kind), pa.int64()))
    texts = texts_of(source, name)
    if all(text is not None and _WHOLE.fullmatch(text) for text in texts):
        return np.array([int(text or 0) for text in texts], dtype=np.int64)
    return _parsed_times(texts, name, found)


def _parsed_times(texts: list[str | None], name: str, found: Findings) -> Ints | None:
    parsed = [_time(text) for text in texts]
    bad = np.array([one is None for one in parsed])
    if bad.any():
        example = texts[int(np.flatnonzero(bad)[0])]
        found.problem(
            "time_unreadable",
            name,
            bad,
            f"“{name}” holds “{example}”, which is no time. Write ISO 8601, such as 2026-03-29T02:30:00+01:00.",
        )
        return None
    zoned = np.array([one is not None and one.tzinfo is not None for one in parsed])
    if zoned.any() and not zoned.all():
        found.problem(
            "timezone_mixed",
            name,
            ~zoned,
            f"In “{name}” {int((~zoned).sum())} times have no offset while others have one. "
            "Write every time with its offset, such as +01:00 or Z.",
        )
        return None
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00" if zoned.any() else "1970-01-01")
    steps = [(one - epoch) for one in parsed if one is not None]
    return np.array(
        [(s.days * 86_400 + s.seconds) * 1_000_000 + s.microseconds for s in steps], dtype=np.int64
    )


def _time(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None


def lists_of(source: Source, name: str, found: Findings) -> list[list[str]] | None:
    """Return a column of lists: lists in Parquet, JSON arrays or values separated by | in text. None is no list."""
    column = source.column(name)
    if not (pa.types.is_string(column.type) or pa.types.is_dictionary(column.type)):
        return [[] if row is None else [str(value) for value in row] for row in column.to_pylist()]
    rows, bad = [], []
    for index, text in enumerate(texts_of(source, name)):
        row = _list(text)
        if row is None:
            bad.append(index)
        rows.append(row or [])
    if bad:
        found.problem(
            "list_unreadable",
            name,
            np.array(bad),
            f'“{name}” has {len(bad)} values that begin like a JSON array and are none. Write ["a", "b"] or a|b.',
        )
        return None
    return rows


def _list(text: str | None) -> list[str] | None:
    if text is None or not text.strip():
        return []
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split("|") if part.strip()]
    try:
        values = json.loads(text)
    except ValueError:
        return None
    return [str(value) for value in values]
