"""Measure the judge on production's gate of the standard pack, beside bare CEL on the same facts.

``make bench-judge``. Prints microseconds and the ratio to executing the gate's compiled CEL expressions and nothing else.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from apps.policies.expressions import compiled
from apps.policies.judge import judge_all
from apps.policies.loading import standard_text
from apps.policies.pack import parse_pack

REPEATS = 300
SLICES = 200


def figure(value: float, half: float, n: int) -> dict[str, float]:
    """Return a figure with its interval."""
    return {"value": value, "low": value - half, "high": value + half, "n": n, "champion": 0.9}


def facts() -> dict[str, Any]:
    """Return evidence on which every criterion has something to judge."""
    impact, gap = figure(0.88, 0.09, 750), figure(0.05, 0.1, 660)
    estimates = {"disparate_impact": impact, "equal_opportunity_difference": gap}
    worst = {"disparate_impact": 0.88, "equal_opportunity_difference": 0.05, "estimates": estimates}
    names = ("race", "sex", "age")
    return {
        "evaluation": {
            **{"exists": True, "split": "holdout", "intervals": True, "lift_over_random": 0.7},
            "headline": {"metric": "f1"},
            "metrics": {"roc_auc": figure(0.85, 0.05, 800)},
            "calibration": {"ece": 0.02},
            "fairness_worst": worst,
            "fairness": {name: {"estimates": estimates} for name in names},
        },
        "champion": {
            "exists": True,
            "comparison": {
                "gains": {"f1": figure(0.01, 0.01, 800)},
                "slices": [
                    {"column": "branch", "value": str(number), "metric": "accuracy", "champion": 0.9}
                    | {"gain": figure(0.0, 0.1, 60)}
                    for number in range(SLICES)
                ],
            },
        },
        "brief": {"complete": True},
        "project": {"tier": "medium"},
        "data": {"score": 20},
        "checklists": {"bias": {"complete": True, "failed": 0}},
        "rubric": {"scored": True, "total": 79.0},
        "checks": {name: {"status": "passed"} for name in ("load_test", "integration_test")},
        "card": {"complete": True},
        "costs": {"budget_set": True, "month": 16.0, "budget": 150.0},
    }


def microseconds(call: Callable[[], object]) -> float:
    """Return the median time of a call; the first, which compiles, does not count."""
    call()
    spent = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1e6


def main() -> int:
    """Run and print."""
    pack = parse_pack(standard_text())
    known = facts()
    for key in ("staging", "production"):
        gate = pack.gate(key)
        assert gate is not None
        plain = [compiled(one.expression) for one in gate.criteria if not (one.estimate or one.champion)]
        roots = [{name: known[name] for name in program.variables()} for program in plain]

        def bare(plain: Any = plain, roots: Any = roots) -> None:
            for program, given in zip(plain, roots, strict=True):
                program.execute(given)

        base = microseconds(bare)
        whole = microseconds(lambda gate=gate: judge_all(gate.criteria, known))
        sys.stdout.write(
            f"{key:<12} {len(gate.criteria):>3} criteria {whole:8.0f} µs, bare CEL of {len(plain):>2} {base:8.0f} µs, "
            f"ratio {whole / base:5.1f}\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
