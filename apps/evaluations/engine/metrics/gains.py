"""Ranked lists: gains, precision and reciprocal ranks per query (users are queries, items are documents)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.evaluations.engine.table import Floats, Ints


@dataclass(frozen=True)
class RankedLists:
    """Rows in the order in which they are shown, query by query.

    ``query`` (n,) codes without gaps; ``relevance`` (n,) gains, 0 for what is not relevant; ``shown`` (n,) is false
    for rows that were judged but not retrieved. Tied scores share their places where ``tied`` groups them, and keep
    the given order elsewhere.
    """

    query: Ints
    relevance: Floats
    shown: Any
    rank: Ints
    ties: Ints
    queries: int

    @property
    def retrieved(self) -> Floats:
        """Rows that were shown, by query (queries,)."""
        return np.bincount(self.query[self.shown], minlength=self.queries).astype(np.float64)

    @property
    def relevant(self) -> Floats:
        """Relevant rows by query, shown or not (queries,)."""
        return _summed(self.query, self.relevance > 0, self.queries)


def _summed(codes: Ints, values: Any, size: int) -> Floats:
    return np.bincount(codes, weights=values, minlength=size).astype(np.float64, copy=False)


def ranked_lists(
    query: Ints, relevance: Floats, score: Floats, *, tie_order: Ints | None = None
) -> RankedLists:
    """Sort rows by query and falling score; NaN scores were judged, but not retrieved.

    Tied scores are ordered by falling ``tie_order``, as trec_eval orders them by document id. Without it they share
    their places in the means of gains (McSherry and Najork 2008), and the least relevant comes first elsewhere.
    """
    shown = ~np.isnan(score)
    falling = np.where(shown, -score, np.inf)
    last = -tie_order if tie_order is not None else relevance
    order = np.lexsort((last, falling, query))
    query, relevance, falling, shown = query[order], relevance[order], falling[order], shown[order]
    starts = np.flatnonzero(np.r_[True, query[1:] != query[:-1]])
    rank = np.arange(len(query)) - np.repeat(starts, np.diff(np.r_[starts, len(query)]))
    new = np.r_[True, (query[1:] != query[:-1]) | (falling[1:] != falling[:-1])]
    ties = np.cumsum(new) - 1 if tie_order is None else np.arange(len(query))
    return RankedLists(query, relevance, shown, rank, ties, int(query.max()) + 1 if len(query) else 0)


def discounted_gain(lists: RankedLists, k: int | None = None, *, exponential: bool = False) -> Floats:
    """Return DCG@k by query: gains over log2(rank + 1) (Järvelin and Kekäläinen 2002); linear gains unless asked."""
    gains = 2.0**lists.relevance - 1 if exponential else lists.relevance
    return _gain(lists, gains, k)


def _gain(lists: RankedLists, gains: Floats, k: int | None) -> Floats:
    discount = 1 / np.log2(lists.rank + 2.0)
    discount[~lists.shown] = 0
    if k is not None:
        discount[lists.rank >= k] = 0
    # A tie's rows share the mean of their discounts.
    size = int(lists.ties.max()) + 1 if len(lists.ties) else 0
    mean = np.bincount(lists.ties, weights=discount, minlength=size) / np.bincount(lists.ties, minlength=size)
    return _summed(lists.query, gains * mean[lists.ties], lists.queries)


def ideal_gain(lists: RankedLists, k: int | None = None, *, exponential: bool = False) -> Floats:
    """Return the DCG@k of the best order of all judged rows, by query."""
    order = np.lexsort((-lists.relevance, lists.query))
    relevance = lists.relevance[order]
    gains = 2.0**relevance - 1 if exponential else relevance
    discount = 1 / np.log2(lists.rank + 2.0)
    if k is not None:
        discount[lists.rank >= k] = 0
    return _summed(lists.query, gains * discount, lists.queries)


def ndcg(lists: RankedLists, k: int | None = None, *, exponential: bool = False) -> Floats:
    """Return DCG@k over the ideal DCG@k by query; NaN for queries without a relevant row."""
    ideal = ideal_gain(lists, k, exponential=exponential)
    return discounted_gain(lists, k, exponential=exponential) / np.where(ideal > 0, ideal, np.nan)


def hits_at(lists: RankedLists, k: int) -> Floats:
    """Return the expected number of relevant rows among the first k, by query."""
    inside = ((lists.rank < k) & lists.shown).astype(np.float64)
    size = int(lists.ties.max()) + 1 if len(lists.ties) else 0
    mean = np.bincount(lists.ties, weights=inside, minlength=size) / np.bincount(lists.ties, minlength=size)
    return _summed(lists.query, (lists.relevance > 0) * mean[lists.ties], lists.queries)


def precision_at(lists: RankedLists, k: int) -> Floats:
    """Return the share of relevant rows among k places, by query; fewer rows than k do not raise it (trec_eval's P_k)."""
    return hits_at(lists, k) / k


def recall_at(lists: RankedLists, k: int) -> Floats:
    """Return the share of the relevant rows that are among the first k, by query; NaN without a relevant row."""
    relevant = lists.relevant
    return hits_at(lists, k) / np.where(relevant > 0, relevant, np.nan)


def average_precision(lists: RankedLists, k: int | None = None) -> Floats:
    """Return the mean of the precisions at each relevant row, over all relevant ones, by query (trec_eval's map)."""
    good = (lists.relevance > 0) & lists.shown
    if k is not None:
        good &= lists.rank < k
    running = np.cumsum(good)
    starts = np.flatnonzero(lists.rank == 0)
    before = np.repeat(running[starts] - good[starts], np.diff(np.r_[starts, len(good)]))
    precision = (running - before) / (lists.rank + 1.0)
    relevant = lists.relevant
    total = np.bincount(lists.query, weights=np.where(good, precision, 0), minlength=lists.queries)
    return total / np.where(relevant > 0, relevant, np.nan)


def reciprocal_rank(lists: RankedLists, k: int | None = None) -> Floats:
    """Return 1 over the rank of the first relevant row by query, 0 where none is shown; NaN without a relevant row."""
    good = (lists.relevance > 0) & lists.shown
    if k is not None:
        good &= lists.rank < k
    first = np.full(lists.queries, np.inf)
    np.minimum.at(first, lists.query[good], lists.rank[good] + 1.0)
    return np.where(lists.relevant > 0, 1 / first, np.nan)


def hit_at(lists: RankedLists, k: int) -> Floats:
    """Return 1 where a relevant row is among the first k, by query; NaN without a relevant row."""
    found = reciprocal_rank(lists, k)
    return np.where(np.isnan(found), np.nan, (found > 0).astype(np.float64))


def r_precision(lists: RankedLists) -> Floats:
    """Return the precision at as many places as there are relevant rows, by query (trec_eval's Rprec)."""
    relevant = lists.relevant
    inside = (lists.rank < relevant[lists.query]) & lists.shown & (lists.relevance > 0)
    hits = np.bincount(lists.query, weights=inside, minlength=lists.queries)
    return hits / np.where(relevant > 0, relevant, np.nan)
