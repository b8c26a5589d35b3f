"""The report on recommendations: users, items, scores, and which items were taken."""

from typing import Any

import numpy as np

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import Comparable
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.figures import Figure, rounded
from apps.evaluations.engine.metrics import gains
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.rowslices import RowLoss, row_slices
from apps.evaluations.engine.table import Floats, Limits, Rows
from apps.evaluations.engine.tasks.listing import (
    ListTable,
    comparable_lists,
    mean_figures,
    query_groups,
    read_lists,
    worst_queries,
)
from apps.evaluations.engine.tasks.ranking import random_order


def read(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> ListTable | None:
    """Return the table, or nothing where ``found`` has problems."""
    return read_lists(source, columns, limits, found, query=columns.user or "", item=columns.item)


def per_user(lists: gains.RankedLists, k: int) -> dict[str, Floats]:
    """Return every figure by user (users,)."""
    return {
        f"hit_rate@{k}": gains.hit_at(lists, k),
        f"recall@{k}": gains.recall_at(lists, k),
        f"precision@{k}": np.where(lists.relevant > 0, gains.precision_at(lists, k), np.nan),
        f"ndcg@{k}": gains.ndcg(lists, k),
        f"map@{k}": gains.average_precision(lists, k),
        "mrr": gains.reciprocal_rank(lists),
    }


def comparable(table: ListTable, columns: ColumnMap) -> Comparable:
    """Return what of the table is compared: figures per user."""
    k, why = (
        columns.k,
        "A property of all users' lists together: it has no interval, and neither has a difference.",
    )
    return comparable_lists(
        table,
        per_user(table.lists, k),
        "users",
        f"ndcg@{k}",
        left_out={f"coverage@{k}": why, f"gini@{k}": why},
    )


def report(table: ListTable, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
    """Return the body of the report."""
    k = columns.k
    progress(0.2, "sorting the lists")
    lists = table.lists
    values = per_user(lists, k)
    progress(0.5, "intervals")
    figures = mean_figures(
        values, config, how="users", stream=0, reason="No user took any item: the figure would be 0 / 0."
    )
    headline = f"ndcg@{k}"
    loss = 1 - values[headline]
    known = np.flatnonzero(~np.isnan(loss))
    rows = Rows(len(known), {name: one.take(known) for name, one in query_groups(table).items()})
    figures |= coverage(table, k)
    progress(0.8, "slices")
    return {
        "n": len(table.names),
        "rows": len(table.query),
        "users": len(table.names),
        "users_without_relevant": int((lists.relevant == 0).sum()),
        "metrics": {name: figure.to_json() for name, figure in figures.items()},
        "headline": {
            "metric": headline,
            **figures[headline].to_json(),
            "why": "NDCG rewards what was taken, and more so near the top of the list.",
            "watch_out": "Offline, only items that were shown could be taken; a list like yesterday's looks best. "
            "Coverage beside it says how much of the catalogue is ever shown.",
        },
        "baselines": {
            "random_order": random_order(lists, k),
            "popularity": _popularity(table, k),
        },
        "worst": worst_queries(table, values[headline], headline),
        "definitions": {
            f"hit_rate@{k}": f"Share of users with a taken item among the first {k}.",
            f"recall@{k}": f"Share of a user's taken items that are among the first {k}.",
            f"precision@{k}": f"Taken items among {k} places.",
            f"ndcg@{k}": f"DCG@{k} with linear gains and log2(rank + 1), over that of the best order.",
            f"map@{k}": f"Mean average precision of the first {k}, over all taken items.",
            "mrr": "Mean of 1 over the rank of the first taken item.",
            f"coverage@{k}": f"Share of the items of the table that are among the first {k} of anyone.",
            f"gini@{k}": f"How unevenly the first {k} places are spread over the items; 0 is even.",
        },
        **row_slices(rows, RowLoss(f"1 - {headline}", loss[known]), columns.groups),
    }


def coverage(table: ListTable, k: int) -> dict[str, Figure]:
    """Return the share of all items that are ever among the first k, and how unevenly the places are spread."""
    assert table.items is not None
    order = np.lexsort(
        (-(table.tie_order if table.tie_order is not None else table.items), -table.score, table.query)
    )
    query = table.query[order]
    starts = np.flatnonzero(np.r_[True, query[1:] != query[:-1]])
    rank = np.arange(len(query)) - np.repeat(starts, np.diff(np.r_[starts, len(query)]))
    top = (rank < k) & ~np.isnan(table.score[order])
    counts = np.bincount(table.items[order][top], minlength=int(table.items.max()) + 1)
    ranked = np.sort(counts)
    n = len(ranked)
    total = float(ranked.sum())
    gini = float((2 * np.arange(1, n + 1) - n - 1) @ ranked) / (n * total) if total else 0.0
    note = "a property of the whole table, without an interval"
    return {
        f"coverage@{k}": Figure(float((counts > 0).mean()), method=note, n=n),
        f"gini@{k}": Figure(gini, method=note, n=n),
    }


def _popularity(table: ListTable, k: int) -> dict[str, float | None]:
    """Return what showing everybody the items that were taken most would score on the same rows."""
    assert table.items is not None
    taken = np.bincount(table.items, weights=table.relevance > 0)
    # A user's own choice does not make an item popular for that user.
    popular = taken[table.items] - (table.relevance > 0)
    lists = gains.ranked_lists(
        table.query, table.relevance, popular.astype(np.float64), tie_order=table.tie_order
    )
    with np.errstate(all="ignore"):
        ndcg, recall, hit = gains.ndcg(lists, k), gains.recall_at(lists, k), gains.hit_at(lists, k)
    if np.isnan(ndcg).all():
        return {f"ndcg@{k}": None}
    return {
        f"ndcg@{k}": rounded(float(np.nanmean(ndcg))),
        f"recall@{k}": rounded(float(np.nanmean(recall))),
        f"hit_rate@{k}": rounded(float(np.nanmean(hit))),
    }
