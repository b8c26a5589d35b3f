"""The whole report on a prediction table: one JSON document, the same for the same input, configuration and seed."""

from collections.abc import Callable
from typing import Any

import numpy as np

from apps.evaluations.engine import ENGINE_VERSION, SCHEMA_VERSION
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.compare import Champion, NotComparable, compare, demand_few
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.table import Problem
from apps.evaluations.engine.tasks import task_module


def evaluate(
    table: Any,
    columns: ColumnMap,
    warnings: list[Problem],
    config: Config,
    progress: Progress = lambda share, step: None,
    *,
    champion: Champion | None = None,
) -> dict[str, Any]:
    """Compute the report of a table that ``read_table`` returned; ``champion`` is what to compare it with."""
    # What divides by zero or overflows is no number, and a figure that is no number does not apply.
    with np.errstate(all="ignore"):
        body = task_module(columns.task).report(table, columns, config, progress)
        if champion is not None:
            progress(0.97, "comparing with the champion")
            warnings = list(warnings)
            body |= compared(lambda: table, body["rows"], champion, columns, config, warnings)
    return enveloped(body, columns, warnings, config)


def compared(
    table: Callable[[], Any],
    rows: int,
    champion: Champion,
    columns: ColumnMap,
    config: Config,
    warnings: list[Problem],
) -> dict[str, Any]:
    """Return the section of the comparison, empty with a warning where the two tables cannot be compared.

    ``table`` makes the table when it is called, after a look whether ``rows`` are not too many.
    """
    try:
        demand_few(rows)
        return {"comparison": compare(table(), champion, columns, config)}
    except NotComparable as error:
        warnings.append(Problem("champion_not_compared", None, (), str(error)))
        return {"comparison": None}


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
