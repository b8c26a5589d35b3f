"""The report on ranked lists: queries, documents, graded relevance, scores."""

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

TIES = {
    True: "Tied scores are ordered by falling document id, as trec_eval does.",
    False: "Tied scores share their places in NDCG, precision and recall; elsewhere the least relevant comes first.",
}


def read(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> ListTable | None:
    """Return the table, or nothing where ``found`` has problems."""
    return read_lists(source, columns, limits, found, query=columns.query or "", item=columns.document)


def per_query(lists: gains.RankedLists, k: int) -> dict[str, Floats]:
    """Return every figure by query (queries,)."""
    return {
        f"ndcg@{k}": gains.ndcg(lists, k),
        "ndcg": gains.ndcg(lists),
        f"ndcg_exponential@{k}": gains.ndcg(lists, k, exponential=True),
        f"dcg@{k}": np.where(lists.relevant > 0, gains.discounted_gain(lists, k), np.nan),
        "map": gains.average_precision(lists),
        "mrr": gains.reciprocal_rank(lists),
        f"precision@{k}": np.where(lists.relevant > 0, gains.precision_at(lists, k), np.nan),
        f"recall@{k}": gains.recall_at(lists, k),
        f"hit@{k}": gains.hit_at(lists, k),
        "r_precision": gains.r_precision(lists),
    }


def report(table: ListTable, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
    """Return the body of the report."""
    k = columns.k
    progress(0.2, "sorting the lists")
    lists = table.lists
    values = per_query(lists, k)
    progress(0.5, "intervals")
    figures = mean_figures(values, config, how="queries", stream=0)
    empty = int((lists.relevant == 0).sum())
    headline = _headline_of(table, k)
    loss = 1 - values[headline]
    known = np.flatnonzero(~np.isnan(loss))
    rows = Rows(len(known), {group: one.take(known) for group, one in query_groups(table).items()})
    progress(0.8, "slices")
    return {
        "n": len(table.names),
        "rows": len(table.query),
        "queries": len(table.names),
        "queries_without_relevant": empty,
        "metrics": {metric: figure.to_json() for metric, figure in figures.items()},
        "headline": _headline(headline, figures),
        "baselines": {"random_order": random_order(lists, k)},
        "beyond_baselines": [],
        "worst": worst_queries(table, values[headline], headline),
        "definitions": definitions(k, tied=table.tie_order is not None, empty=empty),
        **row_slices(rows, RowLoss(f"1 - {headline}", loss[known]), columns.groups),
    }


def _headline_of(table: ListTable, k: int) -> str:
    binary = bool(np.all((table.relevance == 0) | (table.relevance == 1)))
    return "map" if binary else f"ndcg@{k}"


def comparable(table: ListTable, columns: ColumnMap) -> Comparable:
    """Return what of the table is compared: figures per query."""
    values = per_query(table.lists, columns.k)
    return comparable_lists(table, values, "queries", _headline_of(table, columns.k))


def _headline(name: str, figures: dict[str, Figure]) -> dict[str, Any]:
    why = (
        "Relevance is yes or no, so mean average precision comes first."
        if name == "map"
        else "Relevance has grades, so NDCG comes first: it weighs them, and the first places more."
    )
    watch = "Documents that nobody judged count as not relevant: a list with unjudged ones looks worse than it is."
    return {"metric": name, **figures[name].to_json(), "why": why, "watch_out": watch}


def random_order(lists: gains.RankedLists, k: int) -> dict[str, float | None]:
    """Return the expected figures of the same rows in random order."""
    retrieved = np.maximum(lists.retrieved, 1)
    shown = np.bincount(lists.query, weights=lists.relevance * lists.shown, minlength=lists.queries)
    hits = np.bincount(lists.query, weights=(lists.relevance > 0) * lists.shown, minlength=lists.queries)
    places = np.minimum(retrieved, k).astype(int)
    discounts = np.r_[0.0, np.cumsum(1 / np.log2(np.arange(k) + 2.0))]
    ideal = gains.ideal_gain(lists, k)
    good = lists.relevant > 0
    if not good.any():
        return {f"ndcg@{k}": None, f"precision@{k}": None, f"recall@{k}": None}
    ndcg = (shown / retrieved * discounts[places])[good] / ideal[good]
    expected = (hits / retrieved * places)[good]
    return {
        f"ndcg@{k}": rounded(float(ndcg.mean())),
        f"precision@{k}": rounded(float((expected / k).mean())),
        f"recall@{k}": rounded(float((expected / lists.relevant[good]).mean())),
    }


def definitions(k: int, *, tied: bool, empty: int) -> dict[str, str]:
    """Return how each figure was computed."""
    left_out = f"{empty} queries without a relevant row are left out (0 / 0). " if empty else ""
    return {
        f"ndcg@{k}": f"DCG@{k} with linear gains and log2(rank + 1), over that of the best order. {left_out}{TIES[tied]}",
        "ndcg": "The same over the whole list.",
        f"ndcg_exponential@{k}": "The same with gains 2^relevance - 1 (Burges et al. 2005).",
        f"dcg@{k}": "Linear gains over log2(rank + 1), not normalised.",
        "map": "Mean over queries of average precision over all relevant rows (trec_eval's map).",
        "mrr": "Mean of 1 over the rank of the first relevant row (trec_eval's recip_rank).",
        f"precision@{k}": f"Relevant rows among {k} places; shorter lists count as filled with others (trec_eval's P).",
        f"recall@{k}": f"Share of all relevant rows that are among the first {k}.",
        f"hit@{k}": f"Share of queries with a relevant row among the first {k}.",
        "r_precision": "Precision at as many places as the query has relevant rows (trec_eval's Rprec).",
    }
