"""``python -m apps.evaluations.engine table.parquet --task binary --sensitive race`` prints the report.

Columns that are not named are looked for by their usual names (y_true, label, y_score, score, y_pred, row_id …).
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps.evaluations.engine.columns import LIST_ROLES, SINGLE_ROLES, TASKS, ColumnMap, ColumnsInvalid
from apps.evaluations.engine.compare import Champion
from apps.evaluations.engine.config import Config, ConfigInvalid
from apps.evaluations.engine.guarded import guarded
from apps.evaluations.engine.partitions import map_part, reduce_parts, whole_of
from apps.evaluations.engine.printing import as_text
from apps.evaluations.engine.reading.files import columns_of
from apps.evaluations.engine.reading.tables import read_table
from apps.evaluations.engine.report import evaluate
from apps.evaluations.engine.table import Limits, TableInvalid

#: What the columns of a role are usually called.
USUAL_NAMES = {
    "label": ("y_true", "label", "target", "actual", "relevance", "truth", "y"),
    "score": ("y_score", "score", "probability", "y_prob", "y_pred_proba", "p"),
    "prediction": ("y_pred", "prediction", "predicted", "forecast", "cluster"),
    "row_id": ("row_id", "id"),
    "query": ("query_id", "query", "qid"),
    "document": ("doc_id", "document"),
    "user": ("user_id", "user"),
    "item": ("item_id", "item"),
    "time": ("time", "timestamp", "date"),
    "series": ("series", "series_id"),
    "reference": ("reference", "expected_answer", "ground_truth"),
    "answer": ("answer", "output", "response"),
}
_SHORT = {
    "protected": "--sensitive",
    "slices": "--slice",
    "features": "--feature",
    "positive_label": "--positive",
}


def main() -> int:
    """Evaluate a file, or several that are parts of one table; exit status 2 when they cannot be used."""
    options = _parser().parse_args()
    try:
        columns = with_usual_names(_columns(options), columns_of(options.table[0], Limits()))
        columns.demand_complete()
        report = _report(options, columns)
    except (TableInvalid, ColumnsInvalid, ConfigInvalid, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n" if options.json else as_text(report)
    sys.stdout.write(text)
    return 0


def _report(options: argparse.Namespace, columns: ColumnMap) -> dict[str, Any]:
    names = ("seed", "resamples", "margin", "false_positive_cost", "false_negative_cost")
    config = Config.from_json({name: getattr(options, name) for name in names})
    champion = None
    if options.champion:
        champion = Champion(read_table(options.champion, columns.of_a_champion)[0], columns)
    if len(options.table) > 1:
        if not columns.can_part:
            raise ColumnsInvalid("Several files are taken for a binary task, without entities.")
        whole = whole_of([(path, ()) for path in options.table], columns)
        parts = [
            map_part(path, columns, whole=whole, keep_rows=champion is not None) for path in options.table
        ]
        return reduce_parts(parts, columns, config, champion=champion)
    table, warnings = read_table(options.table[0], columns)
    return evaluate(table, columns, warnings, config, champion=champion)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m apps.evaluations.engine", description=__doc__)
    parser.add_argument(
        "table", type=Path, nargs="+", help="a Parquet or CSV file, or several that are one table"
    )
    parser.add_argument("--task", choices=list(TASKS), default="binary")
    for role in (*SINGLE_ROLES, "positive_label"):
        parser.add_argument(*_flags(role), dest=role, metavar="COLUMN", default=None)
    for role in (*LIST_ROLES, "classes"):
        parser.add_argument(
            *_flags(role), dest=role, metavar="COLUMN", action="append", help="may be repeated"
        )
    parser.add_argument("--threshold", type=float, default=ColumnMap.threshold)
    parser.add_argument("--score-kind", default=ColumnMap.score_kind, help="probability or decision")
    parser.add_argument("--missing-scores", default=ColumnMap.missing_scores, help="refuse or drop")
    parser.add_argument("--missing-labels", default=ColumnMap.missing_labels, help="refuse or pending")
    parser.add_argument("-k", type=int, default=ColumnMap.k, help="cut-off of ranking metrics")
    parser.add_argument("--period", type=int, default=ColumnMap.period, help="time steps of a season")
    parser.add_argument("--seed", type=int, default=Config.seed)
    parser.add_argument("--resamples", type=int, default=Config.resamples)
    parser.add_argument("--false-positive-cost", type=float, default=Config.false_positive_cost)
    parser.add_argument("--false-negative-cost", type=float, default=Config.false_negative_cost)
    parser.add_argument("--margin", type=float, default=Config.margin, help="how much worse is not inferior")
    parser.add_argument("--champion", type=Path, help="another file of the same columns, compared row by row")
    parser.add_argument("--json", action="store_true", help="print the whole document")
    return parser


def _flags(role: str) -> list[str]:
    return [f"--{role.replace('_', '-')}", *([_SHORT[role]] if role in _SHORT else [])]


def _columns(options: argparse.Namespace) -> ColumnMap:
    given = {
        role: getattr(options, role) for role in (*SINGLE_ROLES, "positive_label") if getattr(options, role)
    }
    given |= {
        role: tuple(getattr(options, role)) for role in (*LIST_ROLES, "classes") if getattr(options, role)
    }
    names = ("task", "threshold", "score_kind", "missing_scores", "missing_labels", "k", "period")
    return ColumnMap(**given, **{name: getattr(options, name) for name in names})


def with_usual_names(columns: ColumnMap, header: tuple[str, ...]) -> ColumnMap:
    """Return the map with the roles that the task needs and nobody named, where a column has a usual name for it."""
    task = TASKS[columns.task]
    wanted = [role for role in (*task.needs, *task.one_of, "row_id") if role in USUAL_NAMES]
    found: dict[str, Any] = {}
    for role in wanted:
        if not getattr(columns, role):
            found[role] = next((name for name in USUAL_NAMES[role] if name in header), None)
    return replace(columns, **found)


if __name__ == "__main__":
    sys.exit(guarded(main))
