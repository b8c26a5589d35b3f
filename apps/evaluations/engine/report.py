"""The whole report on a prediction table: one JSON document, the same for the same input, configuration and seed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.evaluations.engine import ENGINE_VERSION, SCHEMA_VERSION
from apps.evaluations.engine.calibration import calibration
from apps.evaluations.engine.curves import curves
from apps.evaluations.engine.fairness import SMALLEST_GROUP, fairness_of, proxies
from apps.evaluations.engine.figures import rounded
from apps.evaluations.engine.ranking import auc
from apps.evaluations.engine.scores import (
    DEFINITIONS,
    all_metrics,
    baselines,
    confusion,
    headline,
    lift_over_random,
    proportions,
    resampled_metrics,
)
from apps.evaluations.engine.table import ColumnMap, Problem, Table

WORST = 50
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Config:
    """How to compute: the seed of all resampling, and how many resamples."""

    seed: int = 20819
    resamples: int = 1000

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Config":
        """Read a configuration; raises ValueError for what is out of range or unknown."""
        unknown = sorted(set(data) - {"seed", "resamples"})
        if unknown:
            raise ValueError(f"The configuration knows seed and resamples, not {', '.join(unknown)}.")
        config = cls(**data)
        if not isinstance(config.resamples, int) or not 100 <= config.resamples <= 20_000:
            raise ValueError("resamples is a whole number from 100 to 20,000.")
        if not isinstance(config.seed, int) or config.seed < 0:
            raise ValueError("seed is a whole number, 0 or more.")
        return config


def evaluate(
    table: Table,
    columns: ColumnMap,
    warnings: list[Problem],
    config: Config,
    progress: Progress = lambda share, step: None,
) -> dict[str, Any]:
    """Compute the report. Each part draws from its own stream, so that one part does not move another's intervals."""
    streams = [np.random.default_rng([config.seed, part]) for part in range(2)]
    prevalence = float(table.y.mean())
    progress(0.1, "metrics and intervals")
    metrics = all_metrics(table.y, table.score, table.decision, resamples=config.resamples, rng=streams[0])
    progress(0.5, "slices")
    slices = _slices(table, columns, config, streams[1])
    progress(0.7, "fairness")
    fairness = {
        name: fairness_of(table, table.groups[name]) for name in columns.protected if name in table.groups
    }
    progress(0.85, "calibration and curves")
    tp, fp, fn, tn = confusion(table.y, table.decision)
    others = tuple(name for name in columns.slices if name not in columns.protected)
    return {
        "schema_version": SCHEMA_VERSION,
        "engine_version": ENGINE_VERSION,
        "task": "binary",
        "n": table.n,
        "positives": int(table.y.sum()),
        "threshold": rounded(columns.threshold),
        "config": {"seed": config.seed, "resamples": config.resamples, "confidence": 0.95},
        "columns": columns.to_json(),
        "metrics": {name: figure.to_json() for name, figure in metrics.items()},
        "headline": headline(metrics, prevalence),
        "baselines": {
            name: {metric: rounded(value) for metric, value in row.items()}
            for name, row in baselines(prevalence).items()
        },
        "lift_over_random": rounded(lift_over_random(metrics, prevalence)),
        "confusion": {"tp": tp, "fp": fp, "fn": fn, "tn": tn},
        "calibration": calibration(table.y, table.score),
        "curves": curves(table.y, table.score),
        "slices": slices,
        "fairness": fairness,
        "proxy": proxies(table, columns.protected, others),
        "worst": _worst(table),
        "warnings": [warning.to_json() for warning in warnings],
        "definitions": DEFINITIONS,
    }


def _slices(
    table: Table, columns: ColumnMap, config: Config, rng: np.random.Generator
) -> list[dict[str, Any]]:
    wrong = table.y != table.decision
    found = []
    for column in columns.groups:
        grouping = table.groups[column]
        for index, value in enumerate(grouping.values):
            rows = grouping.mask(index)
            y, decision = table.y[rows], table.decision[rows]
            cells = confusion(y, decision)
            figures = proportions(cells) | resampled_metrics(cells, resamples=config.resamples, rng=rng)
            figures["roc_auc"] = auc(y, table.score[rows])
            names = ("roc_auc", "f1", "accuracy", "recall", "selection_rate")
            found.append(
                {
                    "column": column,
                    "value": value,
                    "n": len(y),
                    "share": rounded(len(y) / table.n),
                    "error_share": rounded(float(wrong[rows].sum() / max(int(wrong.sum()), 1))),
                    "small": len(y) < SMALLEST_GROUP,
                    "metrics": {name: figures[name].to_json() for name in names},
                }
            )
    return found


def _worst(table: Table) -> list[dict[str, Any]]:
    """Return the rows that the model was most wrongly sure of."""
    loss = np.abs(table.y - table.score)
    order = np.lexsort((np.arange(table.n), -loss))[:WORST]
    return [
        {
            "row": int(row) + 1,
            "id": table.ids[row] if table.ids else None,
            "label": int(table.y[row]),
            "score": rounded(float(table.score[row])),
            "groups": {name: group.values[group.codes[row]] for name, group in table.groups.items()},
        }
        for row in order
    ]
