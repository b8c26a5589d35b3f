"""Entry points for a child process: JSON in, JSON out."""

from pathlib import Path
from typing import Any

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.reading.tables import inspect_table, read_table
from apps.evaluations.engine.report import evaluate as report_on
from apps.evaluations.engine.table import Limits, TableInvalid


def inspect(payload: dict[str, Any]) -> dict[str, Any]:
    """Inspect ``{"path", "columns", "limits"?, "name"?}``; ``name`` is what the sender called the file."""
    limits = Limits(**payload.get("limits", {}))
    columns = ColumnMap.from_json(payload["columns"])
    return inspect_table(Path(payload["path"]), columns, limits, name=payload.get("name", "")).to_json()


def evaluate(payload: dict[str, Any]) -> dict[str, Any]:
    """Evaluate ``{"path", "columns", "config"}``: ``{"report"}``, or ``{"problems"}`` when the table is unusable."""
    columns = ColumnMap.from_json(payload["columns"])
    try:
        table, warnings = read_table(Path(payload["path"]), columns)
    except TableInvalid as error:
        return {"problems": [problem.to_json() for problem in error.problems]}
    return {"report": report_on(table, columns, warnings, Config.from_json(payload.get("config", {})))}
