"""Which units of two tables are the same, and whether the same was true of them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.evaluations.engine.comparison.measures import Comparable
from apps.evaluations.engine.table import Bools, Ints

#: Numbers that differ by this share or less are the same truth, written with fewer digits.
SAME = 1e-6


def joined(own: Comparable, theirs: Comparable, warnings: list[str]) -> tuple[Ints, Ints] | None:
    """Return the places of the common units in both tables, in the order of the first; nothing where there are none."""
    if own.keys is None or theirs.keys is None:
        warnings.append(
            f"One of the tables has no ids of its {own.unit}: they cannot be paired. {own.unkeyed}"
        )
        return None
    places = _places(own.keys, theirs.keys)
    common = np.flatnonzero(places >= 0)
    if not len(common):
        warnings.append(
            f"The tables have no {_one(own.unit)} in common: they are compared as different samples."
        )
        return None
    if len(common) < max(own.n, theirs.n):
        warnings.append(
            f"{len(common):,} {own.unit} are common to both tables, of {own.n:,} and {theirs.n:,}; these are compared."
        )
    pairs = common, places[common]
    same = _same(own, theirs, pairs)
    if not same.all():
        count = int((~same).sum())
        warnings.append(
            f"{count:,} common {own.unit} have another label in the champion's table; they are left out."
        )
    return (pairs[0][same], pairs[1][same]) if same.any() else None


def _one(unit: str) -> str:
    return "row id" if unit == "rows" else {"queries": "query"}.get(unit, unit.removesuffix("s"))


def _places(own: Any, theirs: Any) -> Ints:
    """Return where each key stands among the others, -1 where it does not."""
    first, second = _column(own), _column(theirs)
    if first.type != second.type:
        first, second = first.cast(pa.string()), second.cast(pa.string())
    if first.equals(second):
        return np.arange(len(first))
    places = pc.fill_null(pc.index_in(first, value_set=second.combine_chunks()), -1)
    return np.concatenate([np.asarray(chunk) for chunk in places.chunks]).astype(np.int64)


def _column(keys: Any) -> pa.ChunkedArray:
    """Return keys as whole numbers or texts; other kinds as texts."""
    if isinstance(keys, np.ndarray):
        array = pa.array(keys) if keys.dtype.kind in "iu" else pa.array(keys.astype(str), pa.string())
        keys = pa.chunked_array([array])
    return keys.cast(pa.int64() if pa.types.is_integer(keys.type) else pa.string())


def _same(own: Comparable, theirs: Comparable, pairs: tuple[Ints, Ints]) -> Bools:
    if own.truth is None or theirs.truth is None:
        return np.ones(len(pairs[0]), dtype=bool)
    first, second = own.truth[pairs[0]], theirs.truth[pairs[1]]
    if first.dtype.kind == "f":
        found: Bools = np.isclose(first, second, rtol=SAME, atol=0)
        return found
    return np.asarray(first == second, dtype=bool)
