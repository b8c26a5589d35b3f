"""The whole report on a prediction table: one JSON document, the same for the same input, configuration and seed."""

from collections.abc import Callable
from typing import Any

from apps.evaluations.engine import ENGINE_VERSION, SCHEMA_VERSION
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.table import Problem
from apps.evaluations.engine.tasks.binary import binary_report

Reporter = Callable[[Any, ColumnMap, Config, Progress], dict[str, Any]]
REPORTERS: dict[str, Reporter] = {"binary": binary_report}


def evaluate(
    table: Any,
    columns: ColumnMap,
    warnings: list[Problem],
    config: Config,
    progress: Progress = lambda share, step: None,
) -> dict[str, Any]:
    """Compute the report of a table that ``read_table`` returned."""
    return enveloped(REPORTERS[columns.task](table, columns, config, progress), columns, warnings, config)


def enveloped(
    body: dict[str, Any], columns: ColumnMap, warnings: list[Problem], config: Config
) -> dict[str, Any]:
    """Return a report with what every report says of itself."""
    return {
        "schema_version": SCHEMA_VERSION,
        "engine_version": ENGINE_VERSION,
        "task": columns.task,
        "config": config.to_json(),
        "columns": columns.to_json(),
        "warnings": [warning.to_json() for warning in warnings],
        **body,
    }
