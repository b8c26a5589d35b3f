"""The report on anomaly scores: few anomalies, and a person looks at the first k alarms."""

from dataclasses import replace
from typing import Any

import numpy as np

from apps.evaluations.engine.binning import binned_features
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import Comparable, Mean, Measured, Sums, columns_by_group
from apps.evaluations.engine.comparison.ranks import area_of, ranked_sums, two_classes
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.figures import Figure, proportion, rounded, undefined, whole
from apps.evaluations.engine.partial import summarised
from apps.evaluations.engine.ranking import ONE_CLASS, auc_figure, stratified_draws
from apps.evaluations.engine.reading.binary import read_binary
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.slices import discovered, pair_slices, slices_of
from apps.evaluations.engine.table import Bits, Floats, Ints, Limits, Table
from apps.evaluations.engine.thresholds import curves


def read(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> Table | None:
    """Return the table, or nothing where ``found`` has problems; scores of anomalies only rank, on any scale."""
    return read_binary(source, replace(columns, score_kind="decision"), limits, found)


def report(table: Table, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
    """Return the body of the report; the first k rows by score are the alarms, ties with the last of them included."""
    assert table.score is not None
    k = min(columns.k, table.n)
    edge = float(np.partition(table.score, table.n - k)[table.n - k])
    alarms = Table(
        table.y, table.score, (table.score >= edge).astype(np.uint8), table.rows, probability=False
    )
    progress(0.2, "sorting and counting")
    partial = summarised(alarms, dict(table.groups) | binned_features(table.rows))
    assert partial.scored is not None
    own = partial.scored.table
    rng = np.random.default_rng([config.seed, 0])
    if own.two_classes:
        figures = {"roc_auc": auc_figure(own)} | stratified_draws(own, config.resamples, rng).figures(
            ("pr_auc",)
        )
    else:
        figures = {name: undefined(ONE_CLASS, n=own.total) for name in ("roc_auc", "pr_auc")}
    figures = at_k(table, columns.k) | figures
    progress(0.6, "slices")
    streams = [np.random.default_rng([config.seed, part]) for part in (1, 2)]
    prevalence = own.positives / own.total
    return {
        "n": whole(own.total),
        "rows": table.n,
        "positives": whole(own.positives),
        "threshold": rounded(edge),
        "metrics": {name: figure.to_json() for name, figure in figures.items()},
        "headline": {
            "metric": f"precision@{columns.k}",
            **figures[f"precision@{columns.k}"].to_json(),
            "why": f"Somebody looks at the first {columns.k} alarms: what matters is how many of them are true.",
            "watch_out": f"Where a miss is dangerous, look at recall@{columns.k}: precision says nothing of what was missed.",
        },
        "baselines": {
            "random_order": {
                f"precision@{columns.k}": rounded(prevalence),
                f"recall@{columns.k}": rounded(k / table.n),
                "roc_auc": 0.5,
                "pr_auc": rounded(prevalence),
            }
        },
        "curves": curves(own),
        "slices": slices_of(partial, columns.groups, config.resamples, streams[0]),
        "pair_slices": pair_slices(partial, columns.groups, config.resamples, streams[1]),
        "discovered": discovered(partial),
        "worst": partial.worst,
        "definitions": {
            f"precision@{columns.k}": f"Anomalies among the {columns.k} highest scores; tied rows share the last places. "
            "Interval: Wilson.",
            f"recall@{columns.k}": f"Share of all anomalies that are among the {columns.k} highest scores. Interval: Wilson.",
            "roc_auc": "Probability that an anomaly scores higher than another row; ties count half. Interval: DeLong.",
            "pr_auc": "Average precision: sum of recall steps times precision.",
        },
    }


def at_k(table: Table, k: int) -> dict[str, Figure]:
    """Return precision and recall of the k highest scores; rows tied at the edge count with their share of the places."""
    assert table.score is not None
    weights = np.ones(table.n) if table.weights is None else table.weights
    hits = table.y * weights
    found = float((hits * alarms_of(table.score, weights, k)).sum())
    positives = float(hits.sum())
    return {
        f"precision@{k}": proportion(found, min(float(k), float(weights.sum())), what="rows"),
        f"recall@{k}": proportion(min(found, positives), positives, what="anomalies"),
    }


def alarms_of(score: Floats, weights: Floats, k: int) -> Floats:
    """Return the share of each row (n,) that is among the k highest scores: 1, 0, or the share of the tied ones."""
    places = min(float(k), float(weights.sum()))
    order = np.argsort(-score, kind="stable")
    last = min(int(np.searchsorted(np.cumsum(weights[order]), places)), len(score) - 1)
    edge = score[order][last]
    over, tied = score > edge, score == edge
    room = places - float(weights[over].sum())
    share: Floats = over + tied * (room / max(float(weights[tied].sum()), 1e-300))
    return share


def comparable(table: Table, columns: ColumnMap) -> Comparable:
    """Return what of the table is compared: how scores rank, and what the first k alarms hold."""
    assert table.score is not None
    scores, k = table.score, columns.k

    def measure(units: Ints, weights: Floats | None) -> Measured:
        y, score = table.y[units], scores[units]
        alarm = alarms_of(score, np.ones(len(y)) if weights is None else weights, k)
        right = Mean((y == (alarm > 0)).astype(np.uint8))
        sums, areas = {"alarms": _alarm_sums(alarm, y, weights, k)}, {}
        if two_classes(y, weights):
            areas["roc_auc"] = area_of(score, y, weights)
            sums["ranked"] = ranked_sums(score, y, weights, ("pr_auc",))
        return Measured({}, sums, areas, sliced=("accuracy", right))

    return Comparable("rows", table.rows.ids, table.y, table.rows, measure)


def _alarm_sums(alarm: Floats, y: Bits, weights: Floats | None, k: int) -> Sums:
    """Return precision and recall of the alarms; each keeps its place in every draw, with the row it stands for."""
    columns = np.stack([alarm, alarm * y, y], axis=1)
    return Sums(
        columns_by_group(columns, weights),
        {
            f"precision@{k}": lambda sums: sums[..., 1] / sums[..., 0],
            f"recall@{k}": lambda sums: sums[..., 1] / sums[..., 2],
        },
    )
