"""What ranking and recommendation share: rows by query, and the figures of their ranked lists."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import Comparable, Mean, Measured
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.figures import Figure, rounded
from apps.evaluations.engine.metrics import gains
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.common import finite_numbers, full_numbers, read_rows, warn_small
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.statistics.sums import drawn_mean
from apps.evaluations.engine.table import Floats, Grouping, Ints, Limits, Rows

NONE_RELEVANT = "No query has a relevant row: the figure would be 0 / 0."


@dataclass(frozen=True)
class ListTable:
    """Rows of queries: codes of the query, relevance, score (NaN: judged, not retrieved), and the order of ties."""

    query: Ints
    names: tuple[str, ...]
    relevance: Floats
    score: Floats
    tie_order: Ints | None
    items: Ints | None
    rows: Rows
    item_names: tuple[str, ...] = ()

    @property
    def lists(self) -> gains.RankedLists:
        """The rows in the order in which they are shown."""
        return gains.ranked_lists(self.query, self.relevance, self.score, tie_order=self.tie_order)


def read_lists(
    source: Source, columns: ColumnMap, limits: Limits, found: Findings, *, query: str, item: str | None
) -> ListTable | None:
    """Return the table, or nothing where ``found`` has problems. Scores may be missing: judged, but not retrieved."""
    owner = typed.coded(source, query)
    if owner.missing.any():
        found.problem(
            "query_missing",
            query,
            owner.missing,
            f"{int(owner.missing.sum())} rows have no “{query}”. Fill it in.",
        )
    relevance = full_numbers(source, columns.label or "", found, what="relevance")
    if relevance is not None and (relevance < 0).any():
        found.problem(
            "relevance_negative", columns.label, relevance < 0, f"“{columns.label}” holds relevances under 0."
        )
    score = finite_numbers(source, columns.score or "", found, what="Send finite scores.")
    items = typed.coded(source, item) if item else None
    if items is not None and items.missing.any():
        found.problem(
            "item_missing",
            item,
            items.missing,
            f"{int(items.missing.sum())} rows have no “{item}”. Fill it in.",
        )
    elif items is not None:
        _demand_distinct(owner, items, item or "", found)
    rows = read_rows(source, columns, limits, found)
    if found.problems or relevance is None or score is None:
        return None
    warn_small(len(owner.values), found, what="queries")
    return ListTable(
        owner.codes.astype(np.int64),
        owner.values,
        relevance,
        score.values,
        _text_order(items) if items is not None else None,
        items.codes.astype(np.int64) if items is not None else None,
        rows,
        items.values if items is not None else (),
    )


def _text_order(items: typed.Coded) -> Ints:
    """Return the place of each row's item among all, by its text."""
    order = np.argsort(np.array(items.values, dtype=str), kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[items.codes]


def _demand_distinct(owner: typed.Coded, items: typed.Coded, name: str, found: Findings) -> None:
    keys = owner.codes.astype(np.int64) * (len(items.values) + 1) + items.codes
    again = typed.repeats(keys)
    if again.any():
        found.problem(
            "duplicate_document",
            name,
            again,
            f"{int(again.sum())} rows repeat a value of “{name}” within one query. Each stands there once.",
        )


def query_groups(table: ListTable) -> dict[str, Grouping]:
    """Return the groupings of queries: those whose value is the same in all rows of each query."""
    first = np.zeros(len(table.names), dtype=np.int64)
    first[table.query[::-1]] = np.arange(len(table.query))[::-1]
    return {
        name: group.take(first)
        for name, group in table.rows.groups.items()
        if np.array_equal(group.codes, group.codes[first][table.query])
    }


def mean_figures(
    values: dict[str, Floats], config: Config, *, how: str, stream: int, reason: str = NONE_RELEVANT
) -> dict[str, Figure]:
    """Return the means of figures per query (queries,) with bootstrap intervals; NaN queries are left out of theirs."""
    return {
        name: drawn_mean(
            per_query, config.resamples, np.random.default_rng([config.seed, stream]), how=how, reason=reason
        )
        for name, per_query in values.items()
    }


def worst_queries(table: ListTable, per_query: Floats, name: str, count: int = 50) -> list[dict[str, Any]]:
    """Return the queries with the lowest figure."""
    known = np.flatnonzero(~np.isnan(per_query))
    order = known[np.lexsort((known, per_query[known]))][:count]
    return [
        {"row": None, "id": table.names[int(index)], name: rounded(float(per_query[index])), "groups": {}}
        for index in order
        if per_query[index] < 1
    ]


def comparable_lists(
    table: ListTable,
    values: dict[str, Floats],
    unit: str,
    headline: str,
    *,
    left_out: dict[str, str] | None = None,
) -> Comparable:
    """Return figures per query (queries,) to be paired by query. Queries whose relevant rows differ are not the same."""
    means = {name: Mean.known(per_query) for name, per_query in values.items()}

    def measure(units: Ints, weights: Floats | None) -> Measured:
        own = {name: one.take(units) for name, one in means.items()}
        return Measured(own, sliced=(headline, own[headline]))

    return Comparable(
        unit,
        pa.chunked_array([pa.array(list(table.names), pa.string())]),
        _relevant_rows(table),
        Rows(len(table.names), query_groups(table)),
        measure,
        left_out=left_out or {},
    )


def _relevant_rows(table: ListTable) -> Any:
    """Return what is relevant to each query as text (queries,): by item where items are named, else by grade."""
    rows = np.flatnonzero(table.relevance > 0)
    grades = [f"{grade:g}" for grade in table.relevance[rows].tolist()]
    if table.items is not None:
        names = [table.item_names[item] for item in table.items[rows].tolist()]
        grades = [f"{name}\n{grade}" for name, grade in zip(names, grades, strict=True)]
    found: list[list[str]] = [[] for _ in table.names]
    for query, text in zip(table.query[rows].tolist(), grades, strict=True):
        found[query].append(text)
    return np.array(["\n".join(sorted(one)) for one in found], dtype=object)
