"""From a file to a table that can be evaluated, or to the whole list of what is wrong with it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.reading.files import Source, read_source, refuse
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.reading.weighing import Weighing
from apps.evaluations.engine.table import Limits, Problem, TableInvalid
from apps.evaluations.engine.tasks import task_module

_LIST_ROLES = ("contexts", "relevant", "retrieved", "reranked", "citations", "reference")


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


def inspect_table(
    path: Path, columns: ColumnMap, limits: Limits | None = None, *, name: str = ""
) -> Inspection:
    """Say whether the file can be evaluated, with every problem at once."""
    try:
        _, found, source = _read(path, columns, limits or Limits(), name)
    except TableInvalid as error:
        return Inspection(False, tuple(error.problems), (), (), 0, "")
    return Inspection(
        not found.problems,
        tuple(found.problems),
        tuple(found.warnings),
        source.header,
        source.rows,
        source.format,
    )


def read_table(
    path: Path,
    columns: ColumnMap,
    limits: Limits | None = None,
    *,
    row_groups: tuple[int, ...] | None = None,
    weighing: Weighing | None = None,
) -> tuple[Any, list[Problem]]:
    """Return the table of the column map's task and its warnings; raises TableInvalid.

    ``weighing`` is what the weights of the whole sum to, where the row groups are a part of it.
    """
    table, found, _ = _read(path, columns, limits or Limits(), "", row_groups, weighing)
    if found.problems or table is None:
        raise TableInvalid(found.problems)
    return table, found.warnings


def _read(
    path: Path,
    columns: ColumnMap,
    limits: Limits,
    name: str,
    row_groups: tuple[int, ...] | None = None,
    weighing: Weighing | None = None,
) -> tuple[Any, Findings, Source]:
    lists = frozenset(column for role in _LIST_ROLES if (column := getattr(columns, role)))
    source = read_source(path, columns.declared, limits, name=name, lists=lists, row_groups=row_groups)
    source = replace(source, weighing=weighing)
    found = Findings(source.first_row)
    try:
        return task_module(columns.task).read(source, columns, limits, found), found, source
    except UnicodeDecodeError:
        raise refuse("encoding", "The file holds text that is not UTF-8. Write it again as UTF-8.") from None
    except pa.ArrowException as error:
        raise refuse("not_parquet", f"The file cannot be read to its end ({str(error)[:120]}).") from None
