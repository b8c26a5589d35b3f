"""The report on anomaly scores: few anomalies, and a person looks at the first k alarms."""

from dataclasses import replace
from typing import Any

import numpy as np

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.figures import Figure, proportion, rounded, undefined, whole
from apps.evaluations.engine.partial import summarised
from apps.evaluations.engine.ranking import ONE_CLASS, auc_figure, stratified_draws
from apps.evaluations.engine.reading.binary import read_binary
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.slices import discovered, pair_slices, slices_of
from apps.evaluations.engine.table import Limits, Table
from apps.evaluations.engine.tasks.binary import binned_features
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
    partial = summarised(alarms, dict(table.groups) | binned_features(table))
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
    places = min(float(k), float(weights.sum()))
    order = np.argsort(-table.score, kind="stable")
    ranked, weight, hits = table.score[order], weights[order], (table.y * weights)[order]
    edge = ranked[min(int(np.searchsorted(np.cumsum(weight), places)), table.n - 1)]
    over, tied = ranked > edge, ranked == edge
    room = places - float(weight[over].sum())
    found = float(hits[over].sum()) + float(hits[tied].sum()) * room / float(weight[tied].sum())
    positives = float(hits.sum())
    return {
        f"precision@{k}": proportion(found, places, what="rows"),
        f"recall@{k}": proportion(min(found, positives), positives, what="anomalies"),
    }
