"""Entry points for a child process: JSON in, JSON out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.evaluations.engine import partitions
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.compare import Champion, NotComparable
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.datachecks.leakage import leakage
from apps.evaluations.engine.datachecks.profile import profile
from apps.evaluations.engine.datachecks.skew import skew
from apps.evaluations.engine.reading.tables import inspect_table, read_table
from apps.evaluations.engine.report import evaluate as report_on
from apps.evaluations.engine.table import Limits, Problem, TableInvalid


def inspect(payload: dict[str, Any]) -> dict[str, Any]:
    """Inspect ``{"path", "columns", "limits"?, "name"?}``; ``name`` is what the sender called the file."""
    limits = Limits(**payload.get("limits", {}))
    columns = ColumnMap.from_json(payload["columns"])
    return inspect_table(Path(payload["path"]), columns, limits, name=payload.get("name", "")).to_json()


def evaluate(payload: dict[str, Any]) -> dict[str, Any]:
    """Evaluate ``{"path", "columns", "config"?, "champion"?}``: ``{"report"}``, or ``{"problems"}`` of an unusable table.

    ``champion`` is ``{"path", "columns", "of"?}`` of the predictions to compare with; ``of`` is told in the report.
    """
    columns = ColumnMap.from_json(payload["columns"])
    try:
        table, warnings = read_table(Path(payload["path"]), columns)
    except TableInvalid as error:
        return {"problems": [problem.to_json() for problem in error.problems]}
    config = Config.from_json(payload.get("config", {}))
    champion, more = _champion(payload.get("champion"), columns)
    report = report_on(table, columns, [*warnings, *more], config, champion=champion)
    return {"report": _with_name_of(report, payload)}


def _with_name_of(report: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    if report["comparison"] is not None:
        report["comparison"]["champion"] = payload["champion"].get("of")
    return report


def _champion(payload: dict[str, Any] | None, columns: ColumnMap) -> tuple[Champion | None, list[Problem]]:
    """Return the champion's table; a champion that cannot be read or compared is a warning, not a failure."""
    if payload is None:
        return None, []
    theirs = ColumnMap.from_json(payload["columns"])
    if theirs.task != columns.task:
        sentence = f"The champion's predictions are of the task {theirs.task}: they are not compared."
        return None, [Problem("champion_differs", None, (), sentence)]
    try:
        path = Path(payload["path"])
        if theirs.task == "binary":
            return Champion(partitions.champion_table(path, theirs), theirs), []
        return Champion(read_table(path, theirs.of_a_champion)[0], theirs), []
    except NotComparable as error:
        sentence = f"The champion's predictions are not compared. {error}"
        return None, [Problem("champion_not_compared", None, (), sentence)]
    except TableInvalid as error:
        sentence = f"The champion's predictions cannot be read, so there is no comparison: {error}"
        return None, [Problem("champion_unreadable", None, (), sentence)]


def plan(payload: dict[str, Any]) -> dict[str, Any]:
    """Return ``{"parts": [[row groups], …], "whole"}`` of ``{"path", "rows", "columns"}``: parts of about so many rows.

    ``whole`` is what every part must know of all parts.
    """
    path = Path(payload["path"])
    try:
        parts = partitions.plan(path, rows=payload["rows"])
        whole = partitions.whole_of([(path, one) for one in parts], ColumnMap.from_json(payload["columns"]))
        return {"parts": [list(one) for one in parts], "whole": whole.to_json()}
    except TableInvalid as error:
        return {"problems": [problem.to_json() for problem in error.problems]}


def map_part(payload: dict[str, Any]) -> dict[str, Any]:
    """Write the sums of a part to ``out``: ``{"path", "columns", "row_groups", "out", "whole"?, "keep_rows"?}``."""
    columns = ColumnMap.from_json(payload["columns"])
    try:
        part = partitions.map_part(
            Path(payload["path"]),
            columns,
            tuple(payload["row_groups"]),
            whole=partitions.Whole.from_json(payload["whole"]) if payload.get("whole") else None,
            keep_rows=payload.get("keep_rows", False),
        )
    except TableInvalid as error:
        return {"problems": [problem.to_json() for problem in error.problems]}
    partitions.save(part, Path(payload["out"]))
    return {"rows": part.partial.rows}


def reduce_parts(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the report of ``{"parts": [paths], "columns", "config"?, "champion"?}``, or its problems.

    ``champion`` is as ``evaluate`` takes it. Parts that were mapped before there was one have kept no rows: the report
    then says that they were not compared.
    """
    columns, config = ColumnMap.from_json(payload["columns"]), Config.from_json(payload.get("config", {}))
    parts = [partitions.load(Path(path)) for path in payload["parts"]]
    champion, more = _champion(payload.get("champion"), columns)
    if champion is not None and any(part.rows is None for part in parts):
        sentence = (
            "The parts of the table were read before there was a version in production to compare them with. "
            "Evaluate again to compare."
        )
        champion, more = None, [Problem("champion_not_compared", None, (), sentence)]
    try:
        report = partitions.reduce_parts(parts, columns, config, champion=champion)
    except TableInvalid as error:
        return {"problems": [problem.to_json() for problem in error.problems]}
    report["warnings"] += [problem.to_json() for problem in more]
    return {"report": _with_name_of(report, payload)}


CHECKS: dict[str, Callable[..., dict[str, Any]]] = {"profile": profile, "leakage": leakage, "skew": skew}


def check(payload: dict[str, Any]) -> dict[str, Any]:
    """Run a check of data: ``{"check": "profile" | "leakage" | "skew", "paths": [...], "options": {...}}``."""
    try:
        function = CHECKS[payload["check"]]
        return {"report": function(*(Path(path) for path in payload["paths"]), **payload.get("options", {}))}
    except TableInvalid as error:
        return {"problems": [problem.to_json() for problem in error.problems]}
