"""The report on a table with two classes."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from apps.evaluations.engine import ranking
from apps.evaluations.engine.baselines import beyond_baselines, binary_baselines, lift_over_random
from apps.evaluations.engine.binning import binned_features
from apps.evaluations.engine.calibration import bin_sums, calibration, calibration_errors
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import Comparable, Mean, Measured, Sums, codes_by_group
from apps.evaluations.engine.comparison.ranks import area_of, ranked_sums, two_classes
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.fairness import Group, fairness_of
from apps.evaluations.engine.figures import Figure, mean_figure, rounded, undefined, whole
from apps.evaluations.engine.metrics import confusion
from apps.evaluations.engine.metrics.confusion import CONFUSION_METRICS, RATES, Cells, Metric
from apps.evaluations.engine.metrics.scoring import CLIP
from apps.evaluations.engine.partial import Partial, Scored, as_cells, summarised
from apps.evaluations.engine.proxies import joint_prediction, proxies
from apps.evaluations.engine.reading.binary import read_binary as read
from apps.evaluations.engine.slices import discovered, pair_slices, slices_of
from apps.evaluations.engine.statistics import resampling
from apps.evaluations.engine.statistics.sums import OfSums
from apps.evaluations.engine.table import Bits, Floats, Ints, Table
from apps.evaluations.engine.thresholds import curves, threshold_table

#: Positives under this share make precision the question (method M4.1).
RARE = 0.05
ORDER = (
    *(
        "roc_auc",
        "pr_auc",
        "f1",
        "precision",
        "recall",
        "specificity",
        "accuracy",
        "balanced_accuracy",
        "mcc",
        "kappa",
    ),
    *("brier", "log_loss", "ks", "pr_auc_trapezoid"),
    *("selection_rate", "prevalence", "fpr", "fnr", "npv", "lr_positive", "lr_negative"),
)
DEFINITIONS = {
    "roc_auc": "Probability that a positive row scores higher than a negative one; ties count half. Interval: DeLong 1988.",
    "pr_auc": "Average precision: sum of recall steps times precision (not the trapezoid).",
    "pr_auc_trapezoid": "Area under the precision-recall curve by the trapezoid, from recall 0 at precision 1.",
    "brier": "Mean of (score - label) squared; lower is better.",
    "log_loss": "Mean negative log-likelihood, scores clipped to 1e-15; lower is better.",
    "ks": "Largest distance between the score distributions of the two classes.",
    "ece": "Mean distance of mean score and share of positives over ten bins of equal width, by rows (Naeini 2015).",
    "disparate_impact": "Lowest over highest selection rate of the groups that are judged. Interval: Koopman's score.",
    "differences": "Largest gap of two judged groups' rates. Interval: Newcombe 1998, method 10.",
    **{name: f"{rate.definition} Interval: Wilson 1927." for name, rate in RATES.items()},
    **{name: definition for name, (_, definition) in CONFUSION_METRICS.items()},
}
NO_SCORES = "No scores were given, only predictions."
NO_PROBABILITIES = "The scores are declared as decisions: they rank, but they are no probabilities."


__all__ = ["comparable", "read", "report", "report_of"]


def report(table: Table, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
    """Return the body of the report of a whole table."""
    progress(0.1, "sorting and counting")
    searched = dict(table.groups) | binned_features(table.rows)
    partial = summarised(table, searched, protected=columns.protected)
    body = report_of(partial, columns, config, progress, table=table)
    progress(0.95, "looking for proxies")
    others = {name: group for name, group in table.groups.items() if name not in columns.protected}
    others |= binned_features(table.rows)
    for attribute, found in body["proxy"].items():
        found["together"] = joint_prediction(table, attribute, others)
    return body


def report_of(
    partial: Partial, columns: ColumnMap, config: Config, progress: Progress, *, table: Table | None = None
) -> dict[str, Any]:
    """Return the report of the sums of a table; ``table`` itself serves the draws of whole entities.

    Each part draws from its own stream, so that one part does not move another's intervals.
    """
    streams = [np.random.default_rng([config.seed, part]) for part in range(4)]
    cells = as_cells(partial.everyone[None, :])[0]
    prevalence = cells.positives / cells.n
    progress(0.3, "metrics and intervals")
    metrics = all_metrics(partial, cells, config.resamples, streams[0], table=table)
    progress(0.5, "slices")
    given = tuple(name for name in columns.groups if name in partial.cells)
    slices = slices_of(partial, given, config.resamples, streams[1])
    pairs = pair_slices(partial, given, config.resamples, streams[2])
    found = discovered(partial)
    progress(0.7, "fairness")
    fairness = {
        name: fairness_of(groups_of(partial, name)) for name in columns.protected if name in partial.cells
    }
    progress(0.85, "calibration and curves")
    scored = partial.scored
    return {
        "n": whole(cells.n),
        "rows": partial.rows,
        "positives": whole(cells.positives),
        "threshold": rounded(columns.threshold),
        "metrics": {name: figure.to_json() for name, figure in metrics.items()},
        "headline": headline(metrics, prevalence),
        "baselines": {
            name: {metric: rounded(value) for metric, value in row.items()}
            for name, row in binary_baselines(prevalence).items()
        },
        "beyond_baselines": beyond_baselines(cells, metrics, prevalence),
        "lift_over_random": rounded(lift_over_random(metrics, prevalence)),
        "confusion": cells.to_json(),
        "calibration": _calibration(scored, streams[3]),
        "thresholds": threshold_table(
            scored.table, scored.sweep, (config.false_positive_cost, config.false_negative_cost)
        )
        if scored
        else None,
        "curves": curves(scored.table)
        if scored
        else {"roc": [], "pr": [], "area_lost": None, "pr_area_lost": None},
        "slices": slices,
        "pair_slices": pairs,
        "discovered": found,
        "fairness": fairness,
        "intersections": _intersections(partial, columns.protected),
        "proxy": proxies(partial, columns.protected),
        "worst": [
            {**row, "score": rounded(row["score"]), "loss": rounded(row["loss"])} for row in partial.worst
        ],
        "definitions": DEFINITIONS,
        "approximations": _approximations(scored),
    }


def all_metrics(
    partial: Partial, cells: Cells, resamples: int, rng: np.random.Generator, *, table: Table | None = None
) -> dict[str, Figure]:
    """Return every metric with its 95 % interval, in the order of the report."""
    if table is not None and table.rows.entities is not None:
        draws = _EntityDraws.of(table, table.rows.entities, resamples, rng)
    else:
        draws = None
    cell_draws = draws.cells(table) if draws and table else confusion.stratified_draws(cells, resamples, rng)
    found = confusion.rate_figures(cells)
    if draws:
        found = confusion.clustered(found, cells, cell_draws)
    found |= confusion.drawn_figures(cells, cell_draws)
    found |= _ranked(partial.scored, cells, draws, resamples, rng, table)
    found |= _losses(partial.scored, cells.n)
    return {name: found[name] for name in ORDER}


@dataclass(frozen=True)
class _EntityDraws:
    """How often each random group of entities is drawn (resamples, groups), and the group of each row."""

    groups: Any
    counts: Floats

    @classmethod
    def of(cls, table: Table, entities: Any, resamples: int, rng: np.random.Generator) -> "_EntityDraws":
        members = resampling.random_groups(int(entities.max()) + 1, rng)
        groups = members[entities]
        return cls(groups, resampling.group_draws(int(groups.max()) + 1, resamples, rng))

    def cells(self, table: Table) -> confusion.CellDraws:
        """Return the confusion cells of each draw."""
        size = self.counts.shape[1]
        outcome = self.groups * 4 + 2 * table.y + table.decision
        sums = np.bincount(outcome, weights=table.weights, minlength=size * 4).reshape(size, 4)
        return confusion.entity_draws(sums.astype(np.float64), self.counts)


def _ranked(
    scored: Scored | None,
    cells: Cells,
    entities: _EntityDraws | None,
    resamples: int,
    rng: np.random.Generator,
    table: Table | None,
) -> dict[str, Figure]:
    names = ("roc_auc", "pr_auc", "pr_auc_trapezoid", "ks")
    if scored is None:
        return {name: undefined(NO_SCORES, n=cells.n) for name in names}
    if not scored.table.two_classes:
        return {name: undefined(ranking.ONE_CLASS, n=cells.n) for name in names}
    own = scored.table
    if entities is not None and table is not None and table.score is not None:
        of_cell = own.coarse_cells(table.score)
        draws = ranking.entity_draws(own, of_cell, table.y, table.weights, entities.groups, entities.counts)
    else:
        draws = ranking.stratified_draws(own, resamples, rng)
    found = draws.figures()
    delong = ranking.auc_figure(own)
    pair = (found["roc_auc"], delong) if entities is not None else (delong, found["roc_auc"])
    return found | {"roc_auc": _beside(*pair)}


def _beside(first: Figure, second: Figure) -> Figure:
    """Return the first figure with the intervals of the second beside its own."""
    others = dict(second.others)
    if second.low is not None and second.high is not None:
        others[second.method.split(",")[0]] = (second.low, second.high)
    return replace(first, others=dict(first.others) | others)


def _losses(scored: Scored | None, n: float) -> dict[str, Figure]:
    if scored is None or scored.losses is None:
        reason = NO_SCORES if scored is None else NO_PROBABILITIES
        return {name: undefined(reason, n=n) for name in ("brier", "log_loss")}
    return {name: mean_figure(one.mean, one.variance, one.total) for name, one in scored.losses.items()}


def groups_of(partial: Partial, column: str) -> list[Group]:
    """Return the groups of a protected attribute with what calibration and ranking say of each."""
    scored = partial.scored
    found = []
    for index, (value, cells) in enumerate(
        zip(partial.values[column], partial.cells_of(column), strict=True)
    ):
        if not cells.n:
            continue
        gap = error = auc = ece = None
        if scored and scored.gaps is not None:
            weight, sums, squares = scored.gaps[column][index].tolist()
            gap = sums / weight
            ece = calibration_errors(bin_sums(scored.by_group[column][index]))["ece"]
            error = float(np.sqrt(max(squares / weight - gap * gap, 0.0) / max(weight - 1, 1.0)))
        if scored:
            auc = ranking.auc_figure(scored.by_group[column][index])
        found.append(Group(value, cells, gap, error, auc, ece))
    return found


def _intersections(partial: Partial, protected: tuple[str, ...]) -> dict[str, Any]:
    """Return the fairness of each pair of protected attributes and of all together, by the name "first × second"."""
    found: dict[str, Any] = {}
    for pair, counts in partial.pairs.items():
        if pair[0] in protected and pair[1] in protected:
            groups = [
                Group(" · ".join(values), cells)
                for values, cells in zip(partial.pair_values(pair), as_cells(counts), strict=True)
                if cells.n
            ]
            found[" × ".join(pair)] = fairness_of(groups) | {"attributes": list(pair)}
    if partial.crossing:
        groups = [Group(value, as_cells(counts[None, :])[0]) for value, counts in partial.crossing.items()]
        found[" × ".join(protected)] = fairness_of(groups) | {"attributes": list(protected)}
    return found


def _calibration(scored: Scored | None, rng: np.random.Generator) -> dict[str, Any]:
    if scored is None or scored.bins is None:
        reason = NO_SCORES if scored is None else NO_PROBABILITIES
        names = ("ece", "ece_rms", "mce", "slope", "intercept")
        return dict.fromkeys(names) | {"reason": reason, "slope_reason": reason, "bins": []}
    return calibration(scored.table, scored.bins, rng)


def headline(metrics: dict[str, Figure], prevalence: float) -> dict[str, Any]:
    """Choose the metric that matters (method M4.1) and say why, with what to watch out for."""
    if prevalence < RARE and metrics["pr_auc"].value is not None:
        name = "pr_auc"
        why = "Positives are under 5 % of the rows, so average precision comes first."
        watch = "ROC-AUC looks good on rare positives even when most alarms are false."
    elif prevalence < RARE:
        name = "f1"
        why = "Positives are under 5 % of the rows; without scores, F1 is what remains."
        watch = "Accuracy says little here: saying no to everybody would be right nearly always."
    else:
        name = "f1"
        why = "Both classes are present in numbers, so F1 balances precision and recall."
        always = 2 * prevalence / (1 + prevalence)
        watch = f"Saying yes to everybody would score {always:.3f}; look at ROC-AUC beside it."
    return {"metric": name, **metrics[name].to_json(), "why": why, "watch_out": watch}


def _approximations(scored: Scored | None) -> list[dict[str, Any]]:
    if scored is None or not scored.table.on_grid:
        return []
    return [
        {
            "figures": [
                "roc_auc",
                "pr_auc",
                "pr_auc_trapezoid",
                "ks",
                "curves",
                "calibration.slope",
                "thresholds.best_f1",
            ],
            "bound": rounded(scored.table.bound),
            "why": "The parts held more than 262,144 distinct scores; these were put into the cells of a fixed grid. "
            "The bound is that of the AUC: pairs of rows within one cell count half.",
        }
    ]


def comparable(table: Table, columns: ColumnMap) -> Comparable:
    """Return what of the table is compared: decisions row by row, and scores where there are some."""

    def measure(units: Ints, weights: Floats | None) -> Measured:
        y, decision = table.y[units], table.decision[units]
        right = (y == decision).astype(np.uint8)
        means = {"accuracy": Mean(right), "recall": Mean(right, y == 1), "specificity": Mean(right, y == 0)}
        names = ("f1", "balanced_accuracy", "mcc")
        cells = codes_by_group(2 * y.astype(np.int64) + decision, 4, weights)
        sums = {"cells": Sums(cells, {name: _of_cells(CONFUSION_METRICS[name][0]) for name in names})}
        areas = {}
        if table.score is not None and two_classes(y, weights):
            score = table.score[units]
            areas["roc_auc"] = area_of(score, y, weights)
            sums["ranked"] = ranked_sums(score, y, weights, ("pr_auc", "ks"))
            if table.probability:
                sums["losses"] = _loss_sums(score, y, weights)
        return Measured(means, sums, areas, sliced=("accuracy", means["accuracy"]))

    return Comparable("rows", table.rows.ids, table.y, table.rows, measure)


def _of_cells(metric: Metric) -> OfSums:
    """Return a metric as a function of sums (…, 4) in the order TN, FP, FN, TP."""
    return lambda sums: metric(sums[..., 3], sums[..., 1], sums[..., 2], sums[..., 0])


def _loss_sums(score: Floats, y: Bits, weights: Floats | None) -> Sums:
    """Return Brier score and log loss as functions of sums of the rows' losses."""

    def by_group(groups: Ints, size: int) -> Floats:
        given = np.maximum(np.abs(score + (y - 1.0)), CLIP)
        columns = []
        for values in (np.ones(len(y)), (1 - given) ** 2, -np.log(given)):
            own = values if weights is None else values * weights
            columns.append(np.bincount(groups, weights=own, minlength=size))
        return np.stack(columns, axis=1)

    return Sums(
        by_group,
        {
            "brier": lambda sums: sums[..., 1] / sums[..., 0],
            "log_loss": lambda sums: sums[..., 2] / sums[..., 0],
        },
    )
