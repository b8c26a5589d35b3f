"""The whole report on a prediction table: one JSON document, the same for the same input, configuration and seed."""

from typing import Any

import numpy as np

from apps.evaluations.engine import ENGINE_VERSION, SCHEMA_VERSION
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.compare import compare
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.table import Problem, Table
from apps.evaluations.engine.tasks import task_module


def evaluate(
    table: Any,
    columns: ColumnMap,
    warnings: list[Problem],
    config: Config,
    progress: Progress = lambda share, step: None,
    *,
    champion: Table | None = None,
) -> dict[str, Any]:
    """Compute the report of a table that ``read_table`` returned; ``champion`` is a binary table to compare with."""
    # What divides by zero or overflows is no number, and a figure that is no number does not apply.
    with np.errstate(all="ignore"):
        body = task_module(columns.task).report(table, columns, config, progress)
        if champion is not None:
            progress(0.97, "comparing with the champion")
            body["comparison"] = compare(table, champion, config)
    return enveloped(body, columns, warnings, config)


def enveloped(
    body: dict[str, Any], columns: ColumnMap, warnings: list[Problem], config: Config
) -> dict[str, Any]:
    """Return a report with what every report says of itself, and every section, empty where the task has none."""
    sections: dict[str, Any] = {
        "calibration": None,
        "thresholds": None,
        "curves": None,
        "confusion": None,
        "lift_over_random": None,
        "slices": [],
        "pair_slices": [],
        "discovered": None,
        "fairness": {},
        "intersections": {},
        "proxy": {},
        "beyond_baselines": [],
        "approximations": [],
        "comparison": None,
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "engine_version": ENGINE_VERSION,
        "task": columns.task,
        "config": config.to_json(),
        "columns": columns.to_json(),
        "warnings": [warning.to_json() for warning in warnings],
        **sections,
        **body,
    }
