"""A profile of a table: what each column holds, and the scores of a data source that can be read from it (method M2.1)."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.evaluations.engine.datachecks.columns import Column, demand, read_columns
from apps.evaluations.engine.figures import rounded
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.table import Limits

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
TOP = 10
#: Share of missing values up to which a score is given: 5 under 1 %, 0 over 50 % (method M2.1).
COMPLETENESS = ((0.01, 5), (0.05, 4), (0.1, 3), (0.25, 2), (0.5, 1))
#: Share of duplicated rows up to which a score is given.
CONSISTENCY = ((0.0, 5), (0.001, 4), (0.01, 3), (0.05, 2), (0.2, 1))
#: Rows of the rarest class (of all rows without a label) from which a score is given: 5 over 10,000, 0 under 100.
VOLUME = ((10_000, 5), (5_000, 4), (1_000, 3), (500, 2), (100, 1))
#: The steps of all three; `consistency` is at most `mixed` where a column mixes formats.
STEPS: dict[str, Any] = {
    "completeness": COMPLETENESS,
    "consistency": CONSISTENCY,
    "volume": VOLUME,
    "mixed": 3,
}
#: So many values of the target are counted.
MOST_CLASSES = 50


def profile(
    path: Path,
    *,
    label: str | None = None,
    steps: dict[str, Any] | None = None,
    limits: Limits | None = None,
) -> dict[str, Any]:
    """Return the profile of a file; raises TableInvalid. ``steps`` are those of STEPS, of a policy instead."""
    steps = steps or STEPS
    columns = read_columns(path, limits)
    if label is not None:
        demand(columns, label, what="target")
    rows = len(next(iter(columns.values())))
    repeated = duplicates(columns)
    missing = sum(column.missing() for column in columns.values()) / (rows * len(columns))
    mixed = [name for name, column in columns.items() if (kinds := _spellings(column)) and len(kinds) > 1]
    rarest = _rarest(columns, label, rows)
    return {
        "rows": rows,
        "columns": [_described(column) for column in columns.values()],
        "missing_share": rounded(missing),
        "duplicate_rows": repeated,
        "mixed_formats": mixed,
        "rarest_class": rarest,
        "classes": _classes(columns[label]) if label is not None else [],
        "proposals": {
            "completeness": {
                "score": _score_under(missing, steps["completeness"]),
                "because": f"{missing:.2%} of all values are missing.",
            },
            "consistency": {
                "score": min(
                    _score_under(repeated / rows, steps["consistency"]), steps["mixed"] if mixed else 5
                ),
                "because": f"{repeated:,} of {rows:,} rows repeat another; "
                + (f"formats are mixed in {', '.join(mixed[:5])}." if mixed else "no column mixes formats."),
            },
            "volume": {
                "score": next((score for least, score in steps["volume"] if rarest >= least), 0),
                "because": f"{rarest:,} rows" + (f" of the rarest value of “{label}”." if label else "."),
            },
        },
    }


def _score_under(share: float, steps: tuple[tuple[float, int], ...]) -> int:
    return next((score for most, score in steps if share <= most), 0)


def _classes(label: Column) -> list[dict[str, Any]]:
    """Return how many rows each value of the target has, the most frequent first; nothing where it is a quantity."""
    categories = label.categories()
    if (
        categories is None
        or categories.size > MOST_CLASSES
        or (label.kind == "number" and categories.size > 20)
    ):
        return []
    counts = np.bincount(categories.codes, minlength=categories.size)
    rows = [{"value": value[:200], "n": int(n)} for value, n in zip(categories.values, counts, strict=True)]
    return sorted(rows, key=lambda row: (-int(str(row["n"])), str(row["value"])))


def _rarest(columns: dict[str, Column], label: str | None, rows: int) -> int:
    if label is None or label not in columns:
        return rows
    categories = columns[label].categories()
    if categories is None or (columns[label].kind == "number" and categories.size > 20):
        return rows
    counts = np.bincount(categories.codes, minlength=categories.size)
    return int(counts[counts > 0].min())


def duplicates(columns: dict[str, Column]) -> int:
    """Return how many rows repeat an earlier one in every column."""
    table = pa.table({f"c{index}": column.keys() for index, column in enumerate(columns.values())})
    distinct = table.group_by(table.column_names, use_threads=False).aggregate([([], "count_all")])
    return int(table.num_rows - distinct.num_rows)


def _described(column: Column) -> dict[str, Any]:
    missing = column.missing()
    found: dict[str, Any] = {
        "name": column.name,
        "kind": column.kind,
        "missing": missing,
        "missing_share": rounded(missing / len(column)),
    }
    if column.numbers is not None:
        return found | _numeric(column.numbers[~np.isnan(column.numbers)])
    return found | _textual(column)


def _numeric(values: Any) -> dict[str, Any]:
    if not len(values):
        return {"distinct": 0}
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    mean = float(values.mean())
    skew = float(((values - mean) ** 3).mean() / spread**3) if spread else None
    return {
        "distinct": len(np.unique(values)),
        "constant": bool(values.min() == values.max()),
        "mean": rounded(mean),
        "standard_deviation": rounded(spread),
        "skewness": rounded(skew),
        "zeros": int((values == 0).sum()),
        "whole_numbers": bool(np.all(values % 1 == 0)),
        "quantiles": {
            f"{share:g}": rounded(float(value))
            for share, value in zip(QUANTILES, np.quantile(values, QUANTILES), strict=True)
        },
    }


def _textual(column: Column) -> dict[str, Any]:
    assert column.text is not None
    counts = sorted(
        ((row["counts"], row["values"]) for row in pc.value_counts(column.text.drop_null()).to_pylist()),
        key=lambda row: (-row[0], row[1]),
    )
    return {
        "distinct": len(counts),
        "constant": len(counts) == 1,
        "identifier": bool(len(counts) == len(column) > 20),
        "top": [{"value": value[:200], "n": n} for n, value in counts[:TOP]],
        "formats": _spellings(column),
        "variants": _variants([value for _, value in counts]),
        "words": rounded(_words(column.text)),
        "time": _time(column),
    }


def _variants(values: list[str]) -> int:
    """Return how many values are another one but for case and white space."""
    return len(values) - len({" ".join(value.casefold().split()) for value in values})


def _words(text: pa.ChunkedArray) -> float:
    """Return the mean number of words of a value."""
    spaces = pc.mean(pc.count_substring_regex(pc.utf8_trim_whitespace(text), r"\s+")).as_py()
    return 0.0 if spaces is None else float(spaces) + 1


def _time(column: Column) -> list[str] | None:
    """Return the first and the last moment of a column in which every value is one, else nothing."""
    assert column.text is not None
    if set(_spellings(column)) != {"date"}:
        return None
    text = pa.chunked_array([column.text.drop_null().combine_chunks()])
    instants = typed.times_of(
        Source("text", (column.name,), pa.table({column.name: text})), column.name, Findings()
    )
    if instants is None:
        return None
    return [str(text[int(place)].as_py()) for place in (instants.argmin(), instants.argmax())]


def _spellings(column: Column) -> dict[str, int]:
    """Return how many values of a text column look like numbers, dates or booleans: more than one kind is mixed."""
    if column.text is None:
        return {}
    text = column.text.drop_null()
    number = pc.match_substring_regex(text, r"^[-+]?\d+([.,]\d+)?$")
    date = pc.match_substring_regex(text, r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
    kinds = Counter({"number": pc.sum(number).as_py() or 0, "date": pc.sum(date).as_py() or 0})
    kinds["text"] = len(text) - kinds["number"] - kinds["date"]
    found = {name: int(n) for name, n in kinds.items() if n}
    # A few words among many numbers are what a mixed column looks like; a few numbers among names are names.
    return found if found.get("text", 0) < 0.5 * len(text) else {"text": len(text)}
