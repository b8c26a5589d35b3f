"""Whole files as columns that can be compared: numbers as floats, all else as text."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.evaluations.engine.binning import binned
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.files import Source, columns_of, read_source, refuse
from apps.evaluations.engine.table import Floats, Grouping, Limits, narrow

#: Text columns with more values than this are not used as categories.
MOST_VALUES = 1_000
#: Numeric columns are cut into this many quantile bins where categories are needed.
BINS = 32


@dataclass(frozen=True)
class Column:
    """One column: its numbers (n,) where it holds numbers, its text else; missing values are NaN and None."""

    name: str
    numbers: Floats | None
    text: pa.ChunkedArray | None

    @property
    def kind(self) -> str:
        """Return "number" or "text"."""
        return "number" if self.numbers is not None else "text"

    def __len__(self) -> int:
        return len(self.numbers) if self.numbers is not None else self.text.length()  # type: ignore[union-attr]

    def missing(self) -> int:
        """Return how many values are missing."""
        return int(np.isnan(self.numbers).sum()) if self.numbers is not None else int(self.text.null_count)  # type: ignore[union-attr]

    def keys(self) -> pa.ChunkedArray:
        """Return the values as text that compares equal where the values do; numbers by their exact value."""
        if self.text is not None:
            return pc.fill_null(self.text, "\x00missing")
        assert self.numbers is not None
        return pa.chunked_array([pc.cast(pa.array(self.numbers + 0.0), pa.string())])

    def categories(self) -> Grouping | None:
        """Return the values as categories, many numbers in quantile bins; nothing for text with too many values."""
        if self.numbers is not None:
            distinct, codes = np.unique(self.numbers, return_inverse=True)
            if len(distinct) > BINS:
                return binned(self.numbers, bins=BINS)
            return Grouping(tuple(f"{one:g}" for one in distinct), narrow(codes, len(distinct)))
        array = typed.encoded(pc.fill_null(self.text, "missing"))
        kinds = tuple(array.dictionary.to_pylist())
        if len(kinds) > MOST_VALUES:
            return None
        return Grouping(kinds, narrow(typed.plain_array(array.indices), len(kinds)))


def read_columns(
    path: Path, limits: Limits | None = None, *, wanted: tuple[str, ...] = ()
) -> dict[str, Column]:
    """Return the columns of a file (or those that are wanted) by name; raises TableInvalid."""
    limits = limits or Limits()
    names = wanted or columns_of(path, limits)
    source = read_source(path, names, limits)
    return {name: _column(source, name) for name in names}


def _column(source: Source, name: str) -> Column:
    kind = source.column(name).type
    if pa.types.is_temporal(kind):
        return Column(name, None, source.column(name).cast(pa.string()))
    numbers = typed.numbers_of(source, name)
    if numbers.unreadable is None and not np.isnan(numbers.values).all():
        return Column(name, numbers.values, None)
    texts = [typed.text_or_none(value) for value in typed.texts_of(source, name)]
    return Column(name, None, pa.chunked_array([pa.array(texts, pa.string())]))


def demand(columns: dict[str, Column], name: str, *, what: str) -> Column:
    """Return a column; raises TableInvalid where the file has none of that name."""
    if name not in columns:
        raise refuse(
            "column_missing",
            f"There is no column “{name}” for the {what}. The file has: {', '.join(list(columns)[:40])}.",
            column=name,
        )
    return columns[name]
