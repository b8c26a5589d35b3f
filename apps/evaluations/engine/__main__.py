"""``python -m apps.evaluations.engine table.parquet --label y --score p --sensitive race`` prints the report."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from apps.evaluations.engine.reading import read_table
from apps.evaluations.engine.report import Config, evaluate
from apps.evaluations.engine.table import ColumnMap, TableInvalid


def main() -> int:
    """Evaluate one file; exit status 2 when it cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m apps.evaluations.engine", description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--task", choices=["binary"], default="binary")
    parser.add_argument("--label", default="label")
    parser.add_argument("--score", default="score")
    parser.add_argument(
        "--sensitive", action="append", default=[], help="a protected attribute; may be repeated"
    )
    parser.add_argument(
        "--slice", action="append", default=[], help="another column to slice by; may be repeated"
    )
    parser.add_argument("--positive", help="the label that counts as yes")
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--json", action="store_true", help="print the whole document")
    options = parser.parse_args()
    columns = ColumnMap(
        label=options.label,
        score=options.score,
        protected=tuple(options.sensitive),
        slices=tuple(options.slice),
        positive_label=options.positive,
        threshold=options.threshold,
    )
    try:
        table, warnings = read_table(options.table, columns)
    except (TableInvalid, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    report = evaluate(table, columns, warnings, Config())
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if options.json else _text(report))
    return 0


def _text(report: dict[str, Any]) -> str:
    lines = [f"{report['n']:,} rows, {report['positives']:,} positive, threshold {report['threshold']:g}", ""]
    lines += [f"  {name:<20} {_figure(figure)}" for name, figure in report["metrics"].items()]
    lines.append(f"  {'ece':<20} {report['calibration']['ece']:.3f}")
    for attribute, found in report["fairness"].items():
        lines += ["", f"{attribute}: disparate impact {_figure(found['disparate_impact'])}"]
        lines += [
            f"  {group['value']:<20} {_figure(group['selection_rate'])}  n {group['n']}"
            for group in found["groups"]
        ]
    lines += ["", *(warning["sentence"] for warning in report["warnings"])]
    return "\n".join(lines) + "\n"


def _figure(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return f"not applicable: {figure.get('reason', '')}"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


if __name__ == "__main__":
    sys.exit(main())
