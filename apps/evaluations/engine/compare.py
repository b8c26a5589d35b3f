"""A challenger against a champion on the same units: paired tests, the difference with its interval, non-inferiority."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import Comparable, Measured
from apps.evaluations.engine.comparison.outcomes import Compared, incomparable
from apps.evaluations.engine.comparison.pairing import joined
from apps.evaluations.engine.comparison.testing import (
    Frame,
    Samples,
    paired_mean,
    paired_share,
    tested,
)
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.figures import rounded
from apps.evaluations.engine.statistics.testing import benjamini_hochberg
from apps.evaluations.engine.table import Ints, Rows
from apps.evaluations.engine.tasks import task_module

#: Slices of fewer units than this are not compared.
SMALLEST_SLICE = 30
LEVEL = 0.05
#: The streams of random numbers of the paired draws, and of the champion's own where units are not the same.
_STREAM, _OTHER_STREAM = 5, 6
#: What is asked of a champion's list or forecast is what is asked of the challenger's.
_ASKED = ("k", "period")


#: More rows than this, of either table, do not fit into a job's memory beside each other.
MOST_ROWS = 10_000_000


class NotComparable(ValueError):
    """The champion's table is of something else, or too large; the sentence says so."""


def demand_few(rows: int) -> None:
    """Raise NotComparable for a table that is too large to be compared."""
    if rows > MOST_ROWS:
        raise NotComparable(
            f"The table has {rows:,} rows; up to {MOST_ROWS:,} are compared row by row. Send a sample to compare."
        )


@dataclass(frozen=True)
class Champion:
    """The table to compare with, of the same task, and which of its columns was what."""

    table: Any
    columns: ColumnMap


def compare(challenger: Any, champion: Champion, columns: ColumnMap, config: Config) -> dict[str, Any]:
    """Return the comparison of two tables of one task, paired by their units; as two samples where they share none.

    Weights, entities and groups are those of the challenger's table. Raises NotComparable.
    """
    module = task_module(columns.task)
    asked = {name: getattr(columns, name) for name in _ASKED}
    with np.errstate(all="ignore"):
        own = module.comparable(challenger, columns)
        demand_few(own.n)
        theirs = module.comparable(champion.table, replace(champion.columns, **asked))
        if own.basis != theirs.basis:
            raise NotComparable(
                f"The champion's predictions are of {theirs.basis}, these of {own.basis}: they are not compared."
            )
        demand_few(theirs.n)
        warnings: list[str] = []
        pairs = joined(own, theirs, warnings)
        rows = None if pairs is None else _compact(own.rows, pairs[0])
        if pairs is None or rows is None or not rows.total:
            return _unpaired(own, theirs, config, warnings)
        first, second = own.measure(pairs[0], rows.weights), theirs.measure(pairs[1], rows.weights)
        frame = Frame.of(rows, own, config, _STREAM)
        found = tested(first, second, Samples(frame, frame))
        return _told(own, theirs, found, config, warnings) | {
            "paired": True,
            "rows": rows.n,
            "only_challenger": own.n - len(pairs[0]),
            "only_champion": theirs.n - len(pairs[1]),
            "slices": _slices(first, second, rows),
        }


def _compact(rows: Rows, units: Ints) -> Rows:
    """Return some units with their groups, weights and entities alone, the entities counted without gaps."""
    found = replace(rows, ids=None, features={}, numbers=None).take(units)
    if found.entities is None:
        return found
    return replace(found, entities=np.unique(found.entities, return_inverse=True)[1])


def _told(
    own: Comparable, theirs: Comparable, found: list[Compared], config: Config, warnings: list[str]
) -> dict[str, Any]:
    reasons = {**theirs.left_out, **own.left_out}
    told = {one.metric for one in found}
    found = found + [incomparable(name, why) for name, why in reasons.items() if name not in told]
    return {
        "unit": own.unit,
        "margin": config.margin,
        "metrics": [one.to_json(config.margin) for one in found],
        "warnings": warnings,
    }


def _unpaired(own: Comparable, theirs: Comparable, config: Config, warnings: list[str]) -> dict[str, Any]:
    """Compare two samples that share no units: wider intervals, no test of pairs, and no slices."""
    sides = []
    for side, stream in ((own, _STREAM), (theirs, _OTHER_STREAM)):
        everyone: Ints = np.arange(side.n)
        rows = _compact(side.rows, everyone)
        sides.append((side.measure(everyone, rows.weights), Frame.of(rows, side, config, stream)))
    (first, frame), (second, other) = sides
    found = tested(first, second, Samples(frame, other))
    return _told(own, theirs, found, config, warnings) | {
        "paired": False,
        "rows": 0,
        "only_challenger": own.n,
        "only_champion": theirs.n,
        "slices": [],
    }


def _slices(first: Measured, second: Measured, rows: Rows) -> list[dict[str, Any]]:
    """Compare one mean in each group, with the false discovery rate over all groups held at 5 %."""
    if first.sliced is None or second.sliced is None or first.sliced[0] != second.sliced[0]:
        return []
    (name, own), (_, theirs) = first.sliced, second.sliced
    own, theirs = own.among(theirs), theirs.among(own)
    weights = own.weighed(rows.weights)
    compared: list[tuple[str, str, Compared]] = []
    for column, group in rows.groups.items():
        for index, value in enumerate(group.values):
            inside = np.flatnonzero(group.mask(index))
            weight = weights[inside]
            if weight.sum() >= SMALLEST_SLICE:
                parts = own.take(inside), theirs.take(inside)
                if own.is_share and theirs.is_share and rows.entities is None:
                    one = paired_share(name, *parts, weight)
                else:
                    entities = None if rows.entities is None else rows.entities[inside]
                    one = paired_mean(name, *parts, weight, entities)
                compared.append((column, value, one))
    levels = benjamini_hochberg([one.p or 0.0 for _, _, one in compared]).tolist()
    return [
        {"column": column, "value": value, "q": rounded(q)}
        | one.to_json(0.0)
        | {"verdict": _verdict_at(one, q)}
        for (column, value, one), q in zip(compared, levels, strict=True)
    ]


def _verdict_at(one: Compared, q: float) -> str:
    gain = one.gain.value or 0.0
    if q > LEVEL or gain == 0:
        return "no difference shown"
    return "better" if gain > 0 else "worse"
