"""Answers of a generating model: references, retrieved passages, citations, ratings, latency and cost."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.common import finite_numbers, read_rows, warn_small
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.table import Floats, Ints, Limits, Rows

Lists = list[list[str]]
LIST_ROLES = ("contexts", "relevant", "retrieved", "reranked", "citations")
NUMBER_ROLES = ("latency", "cost", "rating", "label", "answerable")


@dataclass(frozen=True)
class AnswerTable:
    """Rows of questions; what was not given is absent. ``numbers`` may hold NaN for missing values."""

    n: int
    answers: list[str] | None
    references: Lists | None
    rows: Rows
    lists: dict[str, Lists] = field(default_factory=dict)
    numbers: dict[str, Floats] = field(default_factory=dict)
    query: Ints | None = None


def read_answers(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> AnswerTable | None:
    """Return the table, or nothing where ``found`` has problems."""
    answers = [text or "" for text in typed.texts_of(source, columns.answer)] if columns.answer else None
    references = _references(source, columns, found)
    lists = {}
    for role in LIST_ROLES:
        name = getattr(columns, role)
        read = typed.lists_of(source, name, found) if name else None
        if read is not None:
            lists[role] = read
    numbers = {}
    for role in NUMBER_ROLES:
        name = getattr(columns, role)
        column = finite_numbers(source, name, found, what="Send finite numbers.") if name else None
        if column is not None:
            numbers[role] = column.values
    _demand_sense(columns, numbers, found)
    query = typed.coded(source, columns.query).codes.astype(np.int64) if columns.query else None
    rows = read_rows(source, columns, limits, found)
    if found.problems:
        return None
    warn_small(source.rows, found)
    return AnswerTable(source.rows, answers, references, rows, lists, numbers, query)


def _references(source: Source, columns: ColumnMap, found: Findings) -> Lists | None:
    name = columns.reference
    if not name:
        return None
    if not columns.answer:
        found.problem(
            "column_missing", None, [], "References need answers beside them: name the column of the answer."
        )
        return None
    kind = source.column(name).type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        references = typed.lists_of(source, name, found) or []
    else:
        references = [[] if text is None else [text] for text in typed.texts_of(source, name)]
    return references


def _demand_sense(columns: ColumnMap, numbers: dict[str, Floats], found: Findings) -> None:
    for role in ("latency", "cost"):
        values = numbers.get(role)
        if values is not None and (values < 0).any():
            found.problem(
                "negative",
                getattr(columns, role),
                values < 0,
                f"“{getattr(columns, role)}” holds values under 0.",
            )
    for role in ("answerable", "label"):
        values = numbers.get(role)
        wrong = None if values is None else ~(np.isnan(values) | (values == 0) | (values == 1))
        if wrong is not None and wrong.any():
            name = getattr(columns, role)
            found.problem(
                "label_not_in_set",
                name,
                wrong,
                f"“{name}” holds values that are neither 0 nor 1. Mend the rows.",
            )
    if columns.relevant and not columns.retrieved:
        found.problem(
            "column_missing",
            None,
            [],
            "Relevant passages need the retrieved ones beside them: name that column too.",
        )
