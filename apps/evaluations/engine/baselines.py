"""What predictors without a model would score on the same rows, and by how much the model is better."""

from typing import Any

from apps.evaluations.engine.figures import Figure, rounded, verdict_of
from apps.evaluations.engine.metrics.confusion import Cells
from apps.evaluations.engine.statistics.proportions import newcombe_paired
from apps.evaluations.engine.statistics.testing import mcnemar


def binary_baselines(prevalence: float) -> dict[str, dict[str, float | None]]:
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
            "balanced_accuracy": 0.5,
            "mcc": None,
        },
        "stratified_random": {
            "accuracy": p * p + (1 - p) * (1 - p),
            "f1": p,
            "roc_auc": 0.5,
            "pr_auc": p,
            "brier": 2 * p * (1 - p),
            "balanced_accuracy": 0.5,
            "mcc": 0.0,
        },
    }


def beyond_baselines(cells: Cells, metrics: dict[str, Figure], prevalence: float) -> list[dict[str, Any]]:
    """Return how far the model is from its baselines: paired where the baseline decides each row, else by its interval."""
    found = [_against_majority(cells, prevalence)]
    for metric, chance in (("roc_auc", 0.5), ("pr_auc", prevalence)):
        figure = metrics.get(metric)
        if figure is None or figure.value is None or figure.low is None or figure.high is None:
            continue
        gain = Figure(
            figure.value - chance, figure.low - chance, figure.high - chance, figure.method, figure.n
        )
        found.append(
            {
                "against": "stratified_random",
                "metric": metric,
                "difference": gain.to_json(),
                "verdict": verdict_of(gain),
            }
        )
    return found


def _against_majority(cells: Cells, prevalence: float) -> dict[str, Any]:
    """Compare the accuracy with that of always saying the more frequent label, on the same rows."""
    if prevalence >= 0.5:
        # The baseline is right on positives; the model on true positives and true negatives.
        return majority_gain(cells.tp, cells.tn, cells.fn, cells.fp)
    return majority_gain(cells.tn, cells.tp, cells.fp, cells.fn)


def majority_gain(both: float, model: float, baseline: float, neither: float) -> dict[str, Any]:
    """Return how far the accuracy is beyond the majority's: rows that both, one alone, or none of them has right."""
    n = both + model + baseline + neither
    low, high = newcombe_paired(both, model, baseline, neither)
    test = mcnemar(model, baseline)
    gain = Figure((model - baseline) / n, low, high, "Newcombe, paired", n)
    return {
        "against": "majority",
        "metric": "accuracy",
        "difference": gain.to_json(),
        "p": rounded(test.p),
        "test": test.method,
        "verdict": verdict_of(gain),
    }


def lift_over_random(metrics: dict[str, Figure], prevalence: float) -> float | None:
    """Return how much better than chance the ranking is, as a share (M1.2): AUC over 0.5, or precision over prevalence."""
    name, chance = ("pr_auc", prevalence) if prevalence < 0.05 else ("roc_auc", 0.5)
    value = metrics[name].value
    return None if value is None or not chance else (value - chance) / chance
