"""The metrics of a set of rows, with intervals."""

from typing import Any

import numpy as np

from apps.evaluations.engine import ranking
from apps.evaluations.engine.figures import Figure, mean_figure, proportion, undefined
from apps.evaluations.engine.metrics import CONFUSION_METRICS
from apps.evaluations.engine.table import Floats, Ints

#: What each figure is, in the words that the report prints.
DEFINITIONS = {
    "roc_auc": "Probability that a positive row scores higher than a negative one; ties count half. Interval: DeLong 1988.",
    "pr_auc": "Average precision: sum of recall steps times precision (not the trapezoid).",
    "precision": "TP / (TP + FP). Interval: Wilson 1927.",
    "recall": "TP / (TP + FN), the true positive rate. Interval: Wilson.",
    "specificity": "TN / (TN + FP). Interval: Wilson.",
    "accuracy": "(TP + TN) / n. Interval: Wilson.",
    "selection_rate": "(TP + FP) / n: the share that gets a yes. Interval: Wilson.",
    "brier": "Mean of (score - label) squared; lower is better.",
    "log_loss": "Mean negative log-likelihood, scores clipped to 1e-15; lower is better.",
    "ks": "Largest distance between the score distributions of the two classes.",
    **{name: definition for name, (_, definition) in CONFUSION_METRICS.items()},
}
ORDER = (
    "roc_auc",
    "pr_auc",
    "f1",
    "precision",
    "recall",
    "specificity",
    "accuracy",
    "balanced_accuracy",
    "mcc",
)
ORDER_TAIL = ("brier", "log_loss", "ks", "selection_rate")


def confusion(y: Ints, decision: Ints) -> tuple[int, int, int, int]:
    """Return (TP, FP, FN, TN)."""
    counts = np.bincount(2 * y + decision, minlength=4)
    return int(counts[3]), int(counts[1]), int(counts[2]), int(counts[0])


def all_metrics(
    y: Ints, score: Floats, decision: Ints, *, resamples: int, rng: np.random.Generator
) -> dict[str, Figure]:
    """Return every metric of the rows with its 95 % interval."""
    cells = confusion(y, decision)
    found = proportions(cells) | resampled_metrics(cells, resamples=resamples, rng=rng)
    found["roc_auc"] = ranking.auc(y, score)
    found |= _ranked(y, score, resamples=resamples, rng=rng)
    found["brier"] = mean_figure((score - y) ** 2)
    clipped = np.clip(score, 1e-15, 1 - 1e-15)
    found["log_loss"] = mean_figure(-np.log(np.where(y == 1, clipped, 1 - clipped)))
    return {name: found[name] for name in (*ORDER, *ORDER_TAIL)}


def proportions(cells: tuple[int, int, int, int]) -> dict[str, Figure]:
    """Return the metrics that are plain proportions, with Wilson's interval."""
    tp, fp, fn, tn = cells
    return {
        "precision": proportion(tp, tp + fp, what="rows with a yes"),
        "recall": proportion(tp, tp + fn, what="positive rows"),
        "specificity": proportion(tn, tn + fp, what="negative rows"),
        "accuracy": proportion(tp + tn, tp + fp + fn + tn, what="rows"),
        "selection_rate": proportion(tp + fp, tp + fp + fn + tn, what="rows"),
    }


def resampled_metrics(
    cells: tuple[int, int, int, int], *, resamples: int, rng: np.random.Generator
) -> dict[str, Figure]:
    """Return the other confusion metrics; a stratified bootstrap of rows is a binomial of the cells, exactly."""
    tp, fp, fn, tn = cells
    n_pos, n_neg = tp + fn, fp + tn
    draws_tp = rng.binomial(n_pos, tp / n_pos if n_pos else 0, resamples)
    draws_fp = rng.binomial(n_neg, fp / n_neg if n_neg else 0, resamples)
    found = {}
    for name, (function, _) in CONFUSION_METRICS.items():
        value = float(function(tp, fp, fn, tn))
        if not np.isfinite(value):
            found[name] = undefined(
                "A divisor of the metric is zero: too few rows of one kind.", n=n_pos + n_neg
            )
            continue
        draws = function(draws_tp, draws_fp, n_pos - draws_tp, n_neg - draws_fp)
        draws = draws[np.isfinite(draws)]
        low, high = np.quantile(draws, (0.025, 0.975)) if len(draws) else (np.nan, np.nan)
        found[name] = Figure(
            value, float(low), float(high), f"stratified bootstrap, {resamples:,} resamples", n_pos + n_neg
        )
    return found


def _ranked(y: Ints, score: Floats, *, resamples: int, rng: np.random.Generator) -> dict[str, Figure]:
    if not 0 < y.sum() < len(y):
        return {name: undefined(ranking.ONE_CLASS, n=len(y)) for name in ("pr_auc", "ks")}
    cells = ranking.cells_of(y, score)
    pos, neg = ranking.resampled(cells, resamples=resamples, rng=rng)
    own_pos, own_neg = cells.positives.astype(float), cells.negatives.astype(float)
    exact_ap = ranking.exact_average_precision(y, score)
    centre_ap = float(ranking.average_precision(own_pos, own_neg))
    centre_ks = float(ranking.kolmogorov_smirnov(own_pos, own_neg))
    return {
        "pr_auc": ranking.percentile_figure(
            exact_ap, ranking.average_precision(pos, neg), centre_ap, n=len(y)
        ),
        "ks": ranking.percentile_figure(centre_ks, ranking.kolmogorov_smirnov(pos, neg), centre_ks, n=len(y)),
    }


def headline(metrics: dict[str, Figure], prevalence: float) -> dict[str, Any]:
    """Choose the metric that matters (method M4.1) and say why, with what to watch out for."""
    if prevalence < 0.05:
        name = "pr_auc"
        why = "Positives are under 5 % of the rows, so average precision comes first."
        watch = "ROC-AUC looks good on rare positives even when most alarms are false."
    else:
        name = "f1"
        why = "Both classes are present in numbers, so F1 balances precision and recall."
        always = 2 * prevalence / (1 + prevalence)
        watch = f"Saying yes to everybody would score {always:.3f}; look at ROC-AUC beside it."
    return {"metric": name, **metrics[name].to_json(), "why": why, "watch_out": watch}


def baselines(prevalence: float) -> dict[str, dict[str, float | None]]:
    """Return what two predictors without a model would score, in expectation."""
    p = prevalence
    yes = p >= 0.5
    return {
        "majority": {
            "accuracy": max(p, 1 - p),
            "f1": 2 * p / (1 + p) if yes else 0.0,
            "roc_auc": 0.5,
            "pr_auc": p,
            "brier": min(p, 1 - p),
        },
        "stratified_random": {
            "accuracy": p * p + (1 - p) * (1 - p),
            "f1": p,
            "roc_auc": 0.5,
            "pr_auc": p,
            "brier": 2 * p * (1 - p),
        },
    }


def lift_over_random(metrics: dict[str, Figure], prevalence: float) -> float | None:
    """Return how much better than chance the ranking is, as a share (M1.2): AUC over 0.5, or precision over prevalence."""
    name, chance = ("pr_auc", prevalence) if prevalence < 0.05 else ("roc_auc", 0.5)
    value = metrics[name].value
    return None if value is None or not chance else (value - chance) / chance
