"""``python -m apps.evaluations.engine.datachecks leakage train.parquet test.parquet --label y --key id`` prints a check."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from apps.evaluations.engine.datachecks.leakage import leakage
from apps.evaluations.engine.datachecks.profile import profile
from apps.evaluations.engine.datachecks.skew import TOLERANCE, skew
from apps.evaluations.engine.guarded import guarded
from apps.evaluations.engine.table import TableInvalid


def main() -> int:
    """Run one check; exit status 1 where it does not pass, 2 where a file cannot be used."""
    options = _parser().parse_args()
    try:
        found = _run(options)
    except (TableInvalid, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    return 0 if found.get("passes", True) else 1


def _run(options: argparse.Namespace) -> dict[str, Any]:
    if options.check == "profile":
        return profile(options.table, label=options.label)
    if options.check == "leakage":
        return leakage(options.train, options.test, label=options.label, key=options.key, time=options.time)
    return skew(
        options.offline, options.online, key=options.key, tolerance=options.tolerance, most=options.most
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m apps.evaluations.engine.datachecks", description=__doc__)
    checks = parser.add_subparsers(dest="check", required=True)
    one = checks.add_parser("profile", help="what each column holds (method M2.1)")
    one.add_argument("table", type=Path)
    one.add_argument("--label", help="the target, whose rarest value counts for the volume")
    two = checks.add_parser("leakage", help="what a test table knows of the train table (M2.4)")
    two.add_argument("train", type=Path)
    two.add_argument("test", type=Path)
    for name, what in (
        ("label", "the target"),
        ("key", "the entity of a row"),
        ("time", "when a row happened"),
    ):
        two.add_argument(f"--{name}", metavar="COLUMN", help=what)
    three = checks.add_parser("skew", help="the same features offline and online (M4.3)")
    three.add_argument("offline", type=Path)
    three.add_argument("online", type=Path)
    three.add_argument("--key", metavar="COLUMN", required=True)
    three.add_argument(
        "--tolerance", type=float, default=TOLERANCE, help="relative distance of numbers that are the same"
    )
    three.add_argument("--most", type=float, default=0.0, help="share of rows of a feature that may differ")
    return parser


if __name__ == "__main__":
    sys.exit(guarded(main))
