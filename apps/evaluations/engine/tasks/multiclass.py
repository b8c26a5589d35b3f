"""The report on a table with many classes."""

from typing import Any

import numpy as np

from apps.evaluations.engine.baselines import majority_gain
from apps.evaluations.engine.calibration import bin_sums, calibration
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import Area, Comparable, Mean, Measured, Sums
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.fairness import Group, fairness_of
from apps.evaluations.engine.figures import Figure, mean_figure, proportion, rounded, undefined, whole
from apps.evaluations.engine.metrics import multiclass as metrics
from apps.evaluations.engine.metrics.confusion import cells_by_group
from apps.evaluations.engine.metrics.scoring import CLIP
from apps.evaluations.engine.reading.classes import ClassTable
from apps.evaluations.engine.reading.classes import read_classes as read
from apps.evaluations.engine.rowslices import RowLoss, row_slices, worst_of
from apps.evaluations.engine.scoretable import score_table
from apps.evaluations.engine.statistics import resampling
from apps.evaluations.engine.table import Floats, Ints

__all__ = ["comparable", "read", "report"]
#: Confusion matrices with more filled cells than this are drawn by groups of rows.
MOST_CELLS = 4_000
#: Pairs of more classes than this are not compared one by one.
MOST_PAIRED = 50
DEFINITIONS = {name: definition for name, (_, definition) in metrics.CLASS_METRICS.items()} | {
    "hand_till": "Mean AUC of all ordered pairs of classes (Hand and Till 2001), the same as one-vs-one macro AUC.",
    "macro_auc": "Mean AUC of each class against all others.",
    "log_loss": "Mean negative log of the probability that was given to the true class, clipped to 1e-15.",
    "brier": "Mean over rows of the sum over classes of (probability - truth) squared, 0 to 2 (Brier 1950).",
    "top_2_accuracy": "Share of rows whose class is among the two with the highest scores.",
    "ece": "Calibration of the highest probability: mean distance to the share of right rows over ten bins (Guo 2017).",
}


def report(table: ClassTable, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
    """Return the body of the report."""
    weights, classes = table.rows.weights, len(table.classes)
    rng = np.random.default_rng([config.seed, 0])
    progress(0.2, "counting and intervals")
    matrix = metrics.matrix_of(table.true, table.predicted, classes, weights)
    draws = _draws(table, matrix, config, rng)
    figures = metrics.class_figures(matrix, draws)
    figures["accuracy"] = _accuracy(figures["accuracy"], matrix, clustered=table.rows.entities is not None)
    progress(0.4, "scores per class")
    scored, class_auc = _scored(table)
    figures |= scored
    wrong = (table.true != table.predicted).astype(np.float64)
    progress(0.7, "slices")
    loss = wrong if table.scores is None else wrong + (1 - table.scores[np.arange(len(wrong)), table.true])
    return {
        "n": whole(table.rows.total),
        "rows": table.rows.n,
        "classes": _classes(table, matrix, draws, class_auc),
        "metrics": {name: figure.to_json() for name, figure in figures.items()},
        "headline": {
            "metric": "macro_f1",
            **figures["macro_f1"].to_json(),
            "why": "Macro F1 treats every class alike, the rare ones too.",
            "watch_out": "Where a class matters by how often it occurs, accuracy (micro F1) is the one to read.",
        },
        "baselines": _baselines(matrix),
        "beyond_baselines": [_beyond(matrix)],
        "confusion": {
            "classes": list(table.classes),
            "rows": [
                {"true": int(t), "predicted": int(p), "n": whole(w)}
                for t, p, w in zip(matrix.true, matrix.predicted, matrix.weight.tolist(), strict=True)
            ],
        },
        "calibration": _calibration(table, config),
        "fairness": _fairness(table, columns),
        "worst": [
            table.rows.described(row)
            | {
                "label": table.classes[table.true[row]],
                "prediction": table.classes[table.predicted[row]],
                "score": None if table.scores is None else rounded(float(table.scores[row, table.true[row]])),
                "loss": rounded(float(loss[row])),
            }
            for row in worst_of(table.rows, loss * wrong)
        ],
        "definitions": DEFINITIONS,
        **row_slices(table.rows, RowLoss("error_rate", wrong, share=True), columns.groups),
    }


def _draws(
    table: ClassTable, matrix: metrics.Matrix, config: Config, rng: np.random.Generator
) -> metrics.ClassDraws:
    """Draw rows by the cells of the matrix; whole entities, or the rows of very many cells, by random groups."""
    entities = table.rows.entities
    if entities is None and len(matrix.weight) <= MOST_CELLS:
        return metrics.cell_draws(matrix, config.resamples, rng)
    members = np.arange(table.rows.n) if entities is None else entities
    how = "groups of rows drawn" if entities is None else "entities drawn whole"
    return metrics.group_draws(
        table.true,
        table.predicted,
        len(table.classes),
        table.rows.weights,
        members,
        config.resamples,
        rng,
        how=how,
    )


def _accuracy(drawn: Figure, matrix: metrics.Matrix, *, clustered: bool) -> Figure:
    right = float(matrix.weight[matrix.true == matrix.predicted].sum())
    return drawn if clustered else proportion(right, float(matrix.weight.sum()), what="rows")


def _scored(table: ClassTable) -> tuple[dict[str, Figure], list[Figure]]:
    """Return the figures that need scores, and the AUC of each class."""
    scores, n = table.scores, table.rows.total
    if scores is None:
        names = ("macro_auc", "hand_till", "log_loss", "brier", "top_2_accuracy")
        return {name: undefined("No scores were given, only predictions.", n=n) for name in names}, []
    weights = table.rows.weights
    truth = np.eye(len(table.classes), dtype=np.uint8)[table.true]
    class_auc, areas = metrics.one_against_rest(truth, scores, weights)
    many = f"More than {MOST_PAIRED} classes: their pairs are not compared one by one."
    found = {
        "macro_auc": areas.figure("mean of DeLong placements"),
        "hand_till": metrics.hand_till(table.true, scores, weights).figure("Hand and Till, DeLong placements")
        if len(table.classes) <= MOST_PAIRED
        else undefined(many, n=n),
    }
    given = scores[np.arange(len(scores)), table.true]
    if table.probability:
        found["log_loss"] = _mean(-np.log(np.clip(given, CLIP, 1)), weights)
        found["brier"] = _mean(((scores - truth) ** 2).sum(axis=1), weights)
    above = (scores > given[:, None]).sum(axis=1)
    hits = (above < 2) if weights is None else (above < 2) * weights
    found["top_2_accuracy"] = proportion(float(hits.sum()), n, what="rows")
    return found, class_auc


def _mean(values: Floats, weights: Floats | None) -> Figure:
    weight = np.ones(len(values)) if weights is None else weights
    n = float(weight.sum())
    mean = float((values * weight).sum()) / n
    variance = float((weight * (values - mean) ** 2).sum()) / max(n - 1, 1.0)
    return mean_figure(mean, variance, n)


def _classes(
    table: ClassTable, matrix: metrics.Matrix, draws: metrics.ClassDraws, class_auc: list[Figure]
) -> list[dict[str, Any]]:
    own = matrix.counts(matrix.weight)
    f1, drawn_f1 = metrics.class_f1(own), metrics.class_f1(draws.drawn)
    found = []
    for index, name in enumerate(table.classes):
        right = float(own.right[index])
        row = {
            "value": name,
            "n": whole(float(own.true[index])),
            "precision": proportion(right, float(own.predicted[index]), what="rows predicted so").to_json(),
            "recall": proportion(right, float(own.true[index]), what="rows of the class").to_json(),
        }
        if np.isfinite(f1[index]):
            n = float(own.true[index])
            row["f1"] = resampling.bootstrap_figure(
                float(f1[index]), drawn_f1[:, index], n=n, how=draws.how
            ).to_json()
        else:
            row["f1"] = undefined("The class has no rows and is never predicted.").to_json()
        if class_auc:
            row["roc_auc"] = class_auc[index].to_json()
        found.append(row)
    return found


def _baselines(matrix: metrics.Matrix) -> dict[str, dict[str, float | None]]:
    counts = matrix.counts(matrix.weight)
    shares = counts.true / counts.n
    present = shares[shares > 0]
    most = float(present.max())
    return {
        "majority": {
            "accuracy": rounded(most),
            "macro_f1": rounded(2 * most / (1 + most) / len(present)),
            "balanced_accuracy": rounded(1 / len(present)),
        },
        "stratified_random": {
            "accuracy": rounded(float((present**2).sum())),
            "macro_f1": rounded(1 / len(present)),
            "balanced_accuracy": rounded(1 / len(present)),
        },
    }


def _beyond(matrix: metrics.Matrix) -> dict[str, Any]:
    """Compare the accuracy with that of always saying the most frequent class, on the same rows."""
    own = matrix.counts(matrix.weight)
    most = int(own.true.argmax())
    right = matrix.true == matrix.predicted
    common = matrix.true == most
    cells = [(right & common), (right & ~common), (~right & common), (~right & ~common)]
    return majority_gain(*(float(matrix.weight[one].sum()) for one in cells))


def _calibration(table: ClassTable, config: Config) -> dict[str, Any] | None:
    """Return how far the highest probability can be trusted."""
    if table.scores is None or not table.probability:
        return None
    confidence = table.scores.max(axis=1)
    right = (table.scores.argmax(axis=1) == table.true).astype(np.uint8)
    scores = score_table(np.minimum(confidence, 1.0), right, table.rows.weights)
    return calibration(scores, bin_sums(scores), np.random.default_rng([config.seed, 3])) | {
        "of": "the highest probability of each row"
    }


def _fairness(table: ClassTable, columns: ColumnMap) -> dict[str, Any]:
    """Return who is given the class that counts as yes, where one was declared."""
    if columns.positive_label not in table.classes:
        return {}
    yes = table.classes.index(columns.positive_label)
    y, decision = ((codes == yes).astype(np.uint8) for codes in (table.true, table.predicted))
    found = {}
    for name in columns.protected:
        group = table.rows.groups[name]
        cells = cells_by_group(y, decision, group.codes, group.size, table.rows.weights)
        found[name] = fairness_of(
            [Group(value, own) for value, own in zip(group.values, cells, strict=True) if own.n]
        )
    return found


def comparable(table: ClassTable, columns: ColumnMap) -> Comparable:
    """Return what of the table is compared: predicted classes row by row, and scores where there are some."""

    def measure(units: Ints, weights: Floats | None) -> Measured:
        true, predicted = table.true[units], table.predicted[units]
        right = Mean((true == predicted).astype(np.uint8))
        functions = {name: one for name, (one, _) in metrics.CLASS_METRICS.items() if name != "accuracy"}
        sums = {"classes": Sums(*metrics.count_sums(true, predicted, len(table.classes), weights, functions))}
        means, areas = {"accuracy": right}, {}
        if table.scores is not None:
            scores = table.scores[units]
            means |= _score_means(scores, true, probability=table.probability)
            areas = _areas(scores, true, weights)
        return Measured(means, sums, areas, sliced=("accuracy", right))

    truth = np.array(table.classes)[table.true]
    return Comparable("rows", table.rows.ids, truth, table.rows, measure)


def _score_means(scores: Floats, true: Ints, *, probability: bool) -> dict[str, Mean]:
    given = scores[np.arange(len(scores)), true]
    found = {"top_2_accuracy": Mean(((scores > given[:, None]).sum(axis=1) < 2).astype(np.uint8))}
    if probability:
        found["log_loss"] = Mean(-np.log(np.clip(given, CLIP, 1)))
        found["brier"] = Mean((scores**2).sum(axis=1) - 2 * given + 1)
    return found


def _areas(scores: Floats, true: Ints, weights: Floats | None) -> dict[str, Area]:
    classes = scores.shape[1]
    truth = np.eye(classes, dtype=np.uint8)[true]
    means = {"macro_auc": metrics.one_against_rest(truth, scores, weights)[1]}
    if classes <= MOST_PAIRED:
        means["hand_till"] = metrics.hand_till(true, scores, weights)
    return {
        name: Area(one.value, one.influence, one.ends, "DeLong placements")
        for name, one in means.items()
        if one.count
    }
