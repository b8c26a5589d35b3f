"""The report on tables whose rows have several labels at once."""

from typing import Any

import numpy as np

from apps.evaluations.engine import ranking
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import (
    Area,
    Comparable,
    Mean,
    Measured,
    Sums,
    columns_by_group,
)
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.figures import Figure, proportion, rounded, undefined, whole
from apps.evaluations.engine.metrics.confusion import over
from apps.evaluations.engine.metrics.multiclass import one_against_rest
from apps.evaluations.engine.reading.classes import LabelTable
from apps.evaluations.engine.reading.classes import read_labels as read
from apps.evaluations.engine.rowslices import RowLoss, row_slices, worst_of
from apps.evaluations.engine.scoretable import score_table
from apps.evaluations.engine.statistics.sums import OfSums, SumDraws, drawn_mean, sum_draws
from apps.evaluations.engine.table import Floats, Ints

__all__ = ["comparable", "read", "report"]
#: Pairs of labels that are compared at once.
_CELLS = 5_000_000
DEFINITIONS = {
    "macro_f1": "Mean of the labels' F1, each label alike; labels without a row and without a prediction have none.",
    "micro_f1": "F1 of all labels' counts together.",
    "samples_f1": "Mean over rows of the F1 of the row's labels; 1 where a row has none and none is predicted.",
    "subset_accuracy": "Share of rows with every label right. Interval: Wilson.",
    "hamming_loss": "Share of wrong labels among all rows and labels.",
    "jaccard": "Mean over rows of common over all labels; 1 where a row has none and none is predicted.",
    "macro_auc": "Mean AUC of the labels that have both kinds of rows.",
    "lrap": "Label ranking average precision: how far up the right labels stand among a row's scores.",
}


def report(table: LabelTable, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
    """Return the body of the report."""
    labels = len(table.names)
    weights = table.rows.weights
    rng = np.random.default_rng([config.seed, 0])
    progress(0.2, "counting and intervals")
    how = "rows" if table.rows.entities is None else "entities"
    draws = sum_draws(
        _count_columns(table.truth, table.predicted),
        config.resamples,
        rng,
        weights=weights,
        members=table.rows.entities,
        how=how,
    )
    figures = {
        "macro_f1": draws.figure(_macro_f1(labels), reason="No label has rows or predictions."),
        "micro_f1": draws.figure(_micro_f1(labels), reason="No label has rows or predictions."),
        **{
            name: _mean(values, table, config)
            for name, values in _per_row(table.truth, table.predicted).items()
        },
    }
    exact = (table.truth == table.predicted).all(axis=1)
    hits = float((exact if weights is None else exact * weights).sum())
    figures["subset_accuracy"] = proportion(hits, table.rows.total, what="rows")
    figures |= _scored(table, config)
    wrong = (table.truth != table.predicted).mean(axis=1)
    progress(0.7, "slices")
    return {
        "n": whole(table.rows.total),
        "rows": table.rows.n,
        "labels": _labels(table, draws),
        "metrics": {name: figure.to_json() for name, figure in figures.items()},
        "headline": {
            "metric": "macro_f1",
            **figures["macro_f1"].to_json(),
            "why": "Macro F1 treats every label alike, the rare ones too.",
            "watch_out": "Micro F1 beside it follows the frequent labels; far apart, the rare ones are missed.",
        },
        "baselines": _baselines(table),
        "worst": [
            table.rows.described(row)
            | {
                "label": _named(table, table.truth[row]),
                "prediction": _named(table, table.predicted[row]),
                "score": None,
                "loss": rounded(float(wrong[row])),
            }
            for row in worst_of(table.rows, wrong)
        ],
        "definitions": DEFINITIONS,
        **row_slices(table.rows, RowLoss("hamming_loss", wrong), columns.groups),
    }


def _count_columns(truth: Ints, predicted: Ints) -> Floats:
    """Return 1, and of each label whether it is right, true and predicted (n, 1 + 3 × labels)."""
    parts = [np.ones((len(truth), 1)), truth * predicted, truth, predicted]
    return np.concatenate(parts, axis=1).astype(np.float64)


def _per_row(truth: Ints, predicted: Ints) -> dict[str, Floats]:
    """Return the figures that are means over rows."""
    both = (truth * predicted).sum(axis=1)
    true, said = truth.sum(axis=1), predicted.sum(axis=1)
    none = (true + said) == 0
    return {
        "hamming_loss": (truth != predicted).mean(axis=1),
        "samples_f1": np.where(none, 1.0, 2 * both / np.maximum(true + said, 1)),
        "jaccard": np.where(none, 1.0, both / np.maximum(true + said - both, 1)),
    }


def _counts(sums: Floats, labels: int) -> tuple[Floats, Floats, Floats]:
    return (
        sums[..., 1 : 1 + labels],
        sums[..., 1 + labels : 1 + 2 * labels],
        sums[..., 1 + 2 * labels : 1 + 3 * labels],
    )


def _macro_f1(labels: int) -> OfSums:
    def function(sums: Floats) -> Floats:
        right, true, said = _counts(sums, labels)
        scores = over(2 * right, true + said)
        known = ~np.isnan(scores)
        return np.where(known, scores, 0).sum(axis=-1) / np.where(
            known.any(axis=-1), known.sum(axis=-1), np.nan
        )

    return function


def _micro_f1(labels: int) -> OfSums:
    def function(sums: Floats) -> Floats:
        right, true, said = _counts(sums, labels)
        found: Floats = over(2 * right.sum(axis=-1), (true + said).sum(axis=-1))
        return found

    return function


def _labels(table: LabelTable, draws: SumDraws) -> list[dict[str, Any]]:
    labels = len(table.names)
    right, true, said = _counts(draws.total, labels)
    found = []
    for index, name in enumerate(table.names):
        one = index

        def f1(sums: Floats, place: int = one) -> Floats:
            r, t, s = (part[..., place] for part in _counts(sums, labels))
            value: Floats = over(2 * r, t + s)
            return value

        row = {
            "value": name,
            "n": whole(float(true[index])),
            "precision": proportion(
                float(right[index]), float(said[index]), what="rows predicted so"
            ).to_json(),
            "recall": proportion(float(right[index]), float(true[index]), what="rows of the label").to_json(),
            "f1": draws.figure(f1, reason="The label has no rows and is never predicted.").to_json(),
        }
        if table.scores is not None:
            own = score_table(
                table.scores[:, index], table.truth[:, index].astype(np.uint8), table.rows.weights
            )
            row["roc_auc"] = ranking.auc_figure(own).to_json()
        found.append(row)
    return found


def _scored(table: LabelTable, config: Config) -> dict[str, Figure]:
    if table.scores is None:
        return {
            name: undefined("No scores were given, only predictions.", n=table.rows.total)
            for name in ("macro_auc", "lrap")
        }
    _, areas = one_against_rest(table.truth.astype(np.uint8), table.scores, table.rows.weights)
    lrap = _mean(label_ranking_precision(table.truth, table.scores), table, config)
    return {"macro_auc": areas.figure("mean of DeLong placements"), "lrap": lrap}


def _mean(values: Floats, table: LabelTable, config: Config) -> Figure:
    """Return the mean of a figure per row."""
    return drawn_mean(
        values,
        config.resamples,
        np.random.default_rng([config.seed, 1]),
        weights=table.rows.weights,
        members=table.rows.entities,
        how="rows" if table.rows.entities is None else "entities",
    )


def label_ranking_precision(truth: Any, scores: Floats) -> Floats:
    """Return by row the mean over its labels of how many labels ranked as high are right; 1 without or with all labels."""
    found = np.ones(len(truth))
    labels = truth.shape[1]
    counts = truth.sum(axis=1)
    rows = np.flatnonzero((counts > 0) & (counts < labels))
    for start in range(0, len(rows), max(1, _CELLS // labels**2)):
        block = rows[start : start + max(1, _CELLS // labels**2)]
        own, good = scores[block], truth[block] == 1
        # at_least[r, i, j]: in row r, label j ranks as high as label i.
        at_least = own[:, None, :] >= own[:, :, None]
        share = (at_least & good[:, None, :]).sum(axis=2) / at_least.sum(axis=2)
        found[block] = np.where(good, share, 0).sum(axis=1) / counts[block]
    return found


def _baselines(table: LabelTable) -> dict[str, dict[str, float | None]]:
    """Return what giving each row the more frequent value of each label would score."""
    share = np.average(table.truth, axis=0, weights=table.rows.weights)
    said = (share >= 0.5).astype(np.int64)
    wrong = np.minimum(share, 1 - share)
    same = (table.truth == said).all(axis=1)
    right, true = share * said, share + said
    known = true > 0
    return {
        "majority": {
            "hamming_loss": rounded(float(wrong.mean())),
            "subset_accuracy": rounded(float(np.average(same, weights=table.rows.weights))),
            "macro_f1": rounded(float((2 * right[known] / true[known]).mean())) if known.any() else None,
        }
    }


def _named(table: LabelTable, bits: Any) -> str:
    return ", ".join(name for name, bit in zip(table.names, bits, strict=True) if bit) or "none"


def comparable(table: LabelTable, columns: ColumnMap) -> Comparable:
    """Return what of the table is compared: label sets row by row, and scores where there are some."""
    labels = len(table.names)

    def measure(units: Ints, weights: Floats | None) -> Measured:
        truth, predicted = table.truth[units], table.predicted[units]
        means = {name: Mean(values) for name, values in _per_row(truth, predicted).items()}
        means["subset_accuracy"] = Mean((truth == predicted).all(axis=1).astype(np.uint8))
        sums = Sums(
            columns_by_group(_count_columns(truth, predicted), weights),
            {"macro_f1": _macro_f1(labels), "micro_f1": _micro_f1(labels)},
        )
        areas = {}
        if table.scores is not None:
            scores = table.scores[units]
            means["lrap"] = Mean(label_ranking_precision(truth, scores))
            mean = one_against_rest(truth.astype(np.uint8), scores, weights)[1]
            if mean.count:
                areas["macro_auc"] = Area(mean.value, mean.influence, mean.ends, "DeLong placements")
        return Measured(means, {"labels": sums}, areas, sliced=("hamming_loss", means["hamming_loss"]))

    order = np.argsort(np.array(table.names, dtype=str), kind="stable")
    bits = np.packbits(table.truth[:, order].astype(np.uint8), axis=1)
    return Comparable(
        "rows",
        table.rows.ids,
        np.ascontiguousarray(bits).view(f"S{bits.shape[1]}").ravel(),
        table.rows,
        measure,
        basis="the labels " + ", ".join(sorted(table.names)),
    )
