"""Beyond one machine: parts of a table are mapped to sums by separate workers, and reduced to one report.

A part is some row groups of a Parquet file, or a whole file. Its sums (``partial.Partial``) travel as an npz archive
that holds arrays and JSON alone. Everything counted is the same as in a single pass; what ranks is read from a grid,
and the report prints the bound. Where there is a champion, the few columns that a comparison pairs travel with the sums,
and the comparison is that of a single pass, to the last digit.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from apps.evaluations.engine.binning import binned_features, edges_of, step_of
from apps.evaluations.engine.calibration import BinSums
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.compare import MOST_ROWS, Champion, demand_few
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.kept import from_bytes, kept, stacked, to_bytes
from apps.evaluations.engine.partial import Moments, Partial, Scored, reduced, summarised
from apps.evaluations.engine.reading.common import SMALL_TABLE
from apps.evaluations.engine.reading.files import read_source, row_groups_of
from apps.evaluations.engine.reading.tables import read_table
from apps.evaluations.engine.reading.typed import numbers_of
from apps.evaluations.engine.reading.weighing import Weighing
from apps.evaluations.engine.report import compared, enveloped
from apps.evaluations.engine.scoretable import ScoreTable
from apps.evaluations.engine.table import Floats, Limits, Problem, Table, TableInvalid
from apps.evaluations.engine.tasks.binary import report_of
from apps.evaluations.engine.thresholds import Sweep

#: Warnings about a whole table, which a part of it cannot give.
_OF_THE_WHOLE = frozenset({"one_class", "constant_score", "small_sample"})
#: Warnings about a whole table that each part gives in the same words.
_OF_EVERY_PART = frozenset({"weights_scaled"})
_FORMAT = 1
#: A champion's table is read by so many rows at once.
CHAMPION_ROWS = 5_000_000
_TABLE_FIELDS = ("values", "pos", "neg")
_BIN_FIELDS = ("n", "hits", "scores", "squares", "hit_scores")


@dataclass(frozen=True)
class Part:
    """The sums of one part, what was found while it was read, and its rows where they are to be compared."""

    partial: Partial
    warnings: tuple[Problem, ...]
    rows: pa.Table | None = None


#: Where a part is: a file, and row groups of it (none: all).
Place = tuple[Path, tuple[int, ...]]


def plan(path: Path, *, rows: int, limits: Limits | None = None) -> list[tuple[int, ...]]:
    """Return the row groups of each part of about ``rows`` rows; one part for a file that is no Parquet."""
    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            return [()]
    parts: list[list[int]] = [[]]
    filled = 0
    for index, size in enumerate(row_groups_of(path, limits or Limits())):
        if parts[-1] and filled + size > rows:
            parts.append([])
            filled = 0
        parts[-1].append(index)
        filled += size
    return [tuple(part) for part in parts]


@dataclass(frozen=True)
class Whole:
    """What a part must know of the whole table: the ends of the features' bins, and what all weights sum to."""

    edges: Mapping[str, Sequence[float]] = field(default_factory=dict)
    weighing: Weighing | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        weighing = None if self.weighing is None else self.weighing.to_json()
        return {"edges": {name: list(ends) for name, ends in self.edges.items()}, "weighing": weighing}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Whole":
        """Read what ``to_json`` returned."""
        weighing = data.get("weighing")
        return cls(data["edges"], None if weighing is None else Weighing(**weighing))


def whole_of(places: Sequence[Place], columns: ColumnMap) -> Whole:
    """Return what every part is to know of the whole, the same as a single pass sees it; raises TableInvalid.

    Each part is read once more, but a column at a time.
    """
    weighing = None
    if columns.weight:
        name = columns.weight
        weighing = Weighing.of_parts([Weighing.of(_numbers(path, groups, name)) for path, groups in places])
    return Whole(_edges_of_parts(places, columns.features), weighing)


def _edges_of_parts(places: Sequence[Place], features: tuple[str, ...]) -> dict[str, list[float]]:
    found = {}
    for name in features:
        values = [_numbers(path, groups, name) for path, groups in places]
        step, start, sample = step_of(sum(len(one) for one in values)), 0, []
        for one in values:
            # The first row of this part that is one of every ``step`` rows of the whole.
            sample.append(one[-start % step :: step])
            start += len(one)
        found[name] = list(edges_of(np.concatenate(sample)))
    return found


def _numbers(path: Path, row_groups: tuple[int, ...], name: str) -> Floats:
    values = numbers_of(read_source(path, (name,), Limits(), row_groups=row_groups or None), name).values
    # Infinity is refused when the part is read.
    return np.where(np.isinf(values), np.nan, values)


def map_part(
    path: Path,
    columns: ColumnMap,
    row_groups: tuple[int, ...] = (),
    *,
    whole: Whole | None = None,
    keep_rows: bool = False,
) -> Part:
    """Return the sums of a part, with its rows where they are to be compared; raises TableInvalid.

    ``whole`` is what the part must know of all parts (``whole_of``); without it numeric features are not searched, and
    weights that are not whole are refused.
    """
    weighing = None if whole is None else whole.weighing
    table, warnings = read_table(path, columns, row_groups=row_groups or None, weighing=weighing)
    if weighing is None and any(one.code == "weights_scaled" for one in warnings):
        sentence = f"The weights in “{columns.weight}” are scaled over the whole table; this part knows its own alone."
        raise TableInvalid([Problem("weights_of_a_part", columns.weight, (), sentence)])
    searched = dict(table.groups)
    if whole is not None:
        ends = {name: tuple(one) for name, one in whole.edges.items()}
        searched |= binned_features(replace(table.rows, edges=ends))
    partial = summarised(table, searched, protected=columns.protected)
    scored = partial.scored
    if scored is not None:
        compact = replace(
            scored,
            table=scored.table.compact(probability=table.probability),
            by_group={
                name: [one.compact(probability=table.probability) for one in tables]
                for name, tables in scored.by_group.items()
            },
        )
        partial = replace(partial, scored=compact)
    told = tuple(one for one in warnings if one.code not in _OF_THE_WHOLE)
    return Part(partial, told, kept(table) if keep_rows else None)


def reduce_parts(
    parts: list[Part],
    columns: ColumnMap,
    config: Config,
    progress: Progress = lambda share, step: None,
    *,
    champion: Champion | None = None,
) -> dict[str, Any]:
    """Return the report of all parts; raises TableInvalid where only the whole shows what is wrong.

    ``champion`` is compared with the parts' rows, which all parts must have kept.
    """
    partial = reduced([part.partial for part in parts], probability=columns.score_kind == "probability")
    for name, values in partial.values.items():
        if len(values) > Limits().group_values:
            sentence = f"“{name}” has {len(values)} different values; a group column has at most {Limits().group_values}."
            raise TableInvalid([Problem("attribute_cardinality", name, (), sentence)])
    body = report_of(partial, columns, config, progress)
    rows = [part.rows for part in parts if part.rows is not None]
    comparing = champion if len(rows) == len(parts) else None
    # Ids are held against each other where all parts' rows are stacked.
    checked = comparing is not None and partial.rows <= MOST_ROWS
    warnings = _warnings(parts, partial, columns, checked=checked)
    if comparing is not None:
        progress(0.97, "comparing with the champion")
        probability, id_column = columns.score_kind == "probability", columns.row_id
        body |= compared(
            lambda: stacked(rows, probability=probability, id_column=id_column),
            partial.rows,
            comparing,
            columns,
            config,
            warnings,
        )
    return enveloped(body, columns, warnings, config) | {"parts": len(parts)}


def champion_table(path: Path, columns: ColumnMap) -> Table:
    """Return a champion's binary table, read by some million rows at once; raises TableInvalid and NotComparable."""
    columns = columns.of_a_champion
    demand_few(_rows_of(path))
    # Weights are scaled and entities numbered over a whole file.
    parts = plan(path, rows=CHAMPION_ROWS) if columns.can_part and not columns.weight else [()]
    if len(parts) == 1:
        return _binary(path, columns)
    return stacked(
        [kept(_binary(path, columns, row_groups)) for row_groups in parts],
        probability=columns.score_kind == "probability",
        id_column=columns.row_id,
    )


def _rows_of(path: Path) -> int:
    """Return the rows of a Parquet file, 0 for a file that is none: its rows are counted when they are read."""
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    return sum(row_groups_of(path, Limits())) if parquet else 0


def _binary(path: Path, columns: ColumnMap, row_groups: tuple[int, ...] = ()) -> Table:
    table: Table = read_table(path, columns, row_groups=row_groups or None)[0]
    return table


def _warnings(parts: list[Part], partial: Partial, columns: ColumnMap, *, checked: bool) -> list[Problem]:
    found = [
        replace(one, sentence=f"Part {number}: {one.sentence}") if len(parts) > 1 else one
        for number, part in enumerate(parts, start=1)
        for one in part.warnings
        if one.code not in _OF_EVERY_PART
    ]
    # Each part says the same of the whole; a part of whole weights among others says it too.
    found += [one for one in parts[0].warnings if one.code in _OF_EVERY_PART]
    tn, fp, fn, tp = partial.everyone.tolist()
    for count, word in ((tn + fp, "negative"), (tp + fn, "positive")):
        if not count:
            found.append(
                Problem("one_class", columns.label, (), f"No row is {word}: ranking metrics do not apply.")
            )
    if partial.rows < SMALL_TABLE:
        found.append(Problem("small_sample", None, (), f"Only {partial.rows} rows: the intervals are wide."))
    if partial.scored and len(partial.scored.table.values) == 1:
        found.append(Problem("constant_score", columns.score, (), "Every row has the same score."))
    if len(parts) > 1 and columns.row_id and not checked:
        sentence = f"The table was read in {len(parts)} parts; that no id of “{columns.row_id}” repeats was checked in each."
        found.append(Problem("ids_checked_by_part", columns.row_id, (), sentence))
    if not set(columns.features) <= set(partial.cells):
        sentence = "The table was read in parts: slices of numeric features were not looked for."
        found.append(Problem("features_not_searched", None, (), sentence))
    return found


def save(part: Part, path: Path) -> None:
    """Write a part's sums to a file: arrays, and one array that is JSON."""
    partial, scored = part.partial, part.partial.scored
    arrays: dict[str, Any] = {"everyone": partial.everyone}
    arrays |= {f"cells/{index}": one for index, one in enumerate(partial.cells.values())}
    arrays |= {f"pairs/{index}": one for index, one in enumerate(partial.pairs.values())}
    head: dict[str, Any] = {
        "format": _FORMAT,
        "rows": partial.rows,
        "values": {name: list(values) for name, values in partial.values.items()},
        "cells": list(partial.cells),
        "pairs": [list(pair) for pair in partial.pairs],
        "worst": partial.worst,
        "warnings": [one.to_json() for one in part.warnings],
        "scored": scored is not None,
        "crossing": {value: counts.tolist() for value, counts in partial.crossing.items()},
    }
    if scored is not None:
        head["groups"] = {name: len(tables) for name, tables in scored.by_group.items()}
        head["losses"] = {
            name: [one.total, one.sums, one.squares] for name, one in (scored.losses or {}).items()
        }
        arrays |= _table_arrays("table", scored.table)
        for name, tables in scored.by_group.items():
            for index, table in enumerate(tables):
                arrays |= _table_arrays(f"group/{name}/{index}", table)
        arrays |= {f"sweep/{field}": getattr(scored.sweep, field) for field in ("thresholds", "tp", "fp")}
        if scored.bins is not None:
            arrays |= {f"bins/{field}": getattr(scored.bins, field) for field in _BIN_FIELDS}
        arrays |= {f"gaps/{name}": one for name, one in (scored.gaps or {}).items()}
    if part.rows is not None:
        arrays["rows"] = to_bytes(part.rows)
    text = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    with path.open("wb") as file:
        np.savez(
            file,
            head=text,
            **{f"a{index}": one for index, one in enumerate(arrays.values())},
            names=_names(arrays),
        )


def _names(arrays: dict[str, Any]) -> Any:
    return np.frombuffer(json.dumps(list(arrays)).encode(), dtype=np.uint8)


def _table_arrays(name: str, table: ScoreTable) -> dict[str, Any]:
    found = {f"{name}/{field}": getattr(table, field) for field in _TABLE_FIELDS}
    return found if table.codes is None else found | {f"{name}/codes": table.codes}


def load(path: Path) -> Part:
    """Read what ``save`` wrote; nothing is unpickled. Raises ValueError for a file of another format."""
    with np.load(path, allow_pickle=False) as file:
        head = json.loads(file["head"].tobytes())
        if head["format"] != _FORMAT:
            raise ValueError(f"The part was written in format {head['format']}; this engine reads {_FORMAT}.")
        names = json.loads(file["names"].tobytes())
        arrays = {name: file[f"a{index}"] for index, name in enumerate(names)}
    partial = Partial(
        head["rows"],
        {name: tuple(values) for name, values in head["values"].items()},
        arrays["everyone"],
        {name: arrays[f"cells/{index}"] for index, name in enumerate(head["cells"])},
        {(first, second): arrays[f"pairs/{index}"] for index, (first, second) in enumerate(head["pairs"])},
        head["worst"],
        _scored(head, arrays) if head["scored"] else None,
        {value: np.array(counts) for value, counts in head["crossing"].items()},
    )
    warnings = tuple(
        Problem(one["code"], one["column"], tuple(one["rows"]), one["sentence"]) for one in head["warnings"]
    )
    return Part(partial, warnings, from_bytes(arrays["rows"]) if "rows" in arrays else None)


def _scored(head: dict[str, Any], arrays: dict[str, Any]) -> Scored:
    losses = {name: Moments(*sums) for name, sums in head["losses"].items()}
    bins = BinSums(*(arrays[f"bins/{field}"] for field in _BIN_FIELDS)) if "bins/n" in arrays else None
    gaps = {name: arrays[f"gaps/{name}"] for name in head["groups"] if f"gaps/{name}" in arrays}
    return Scored(
        _table(arrays, "table"),
        {
            name: [_table(arrays, f"group/{name}/{index}") for index in range(count)]
            for name, count in head["groups"].items()
        },
        Sweep(*(arrays[f"sweep/{field}"] for field in ("thresholds", "tp", "fp"))),
        bins,
        losses or None,
        gaps if bins is not None else None,
    )


def _table(arrays: dict[str, Any], name: str) -> ScoreTable:
    values, pos, neg = (arrays[f"{name}/{field}"] for field in _TABLE_FIELDS)
    codes = arrays.get(f"{name}/codes")
    return (
        ScoreTable(values, pos, neg, codes=codes)
        if codes is None
        else ScoreTable.on_cells(values, pos, neg, codes)
    )
