"""What a version gains over the one in production, as facts: above 0 is better, whichever way a metric runs. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from apps.evaluations.engine import LOWER_IS_BETTER


def comparison_facts(
    report: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None, champion: str
) -> dict[str, Any]:
    """Return the comparison with ``champion``, the version in production now.

    The report's own, row by row, where it was with that version; else from the intervals of both reports, as of
    different rows (wider). Without either there is none.
    """
    made = (report or {}).get("comparison")
    if made and ((made.get("champion") or {}).get("version")) == champion:
        gains = {one["metric"]: _gain(one) for one in made["metrics"]}
        slices = [
            {name: one[name] for name in ("column", "value", "metric", "champion")} | {"gain": _gain(one)}
            for one in made["slices"]
        ]
        return {
            "exists": True,
            "paired": made["paired"],
            "rows": made["rows"],
            "gains": {name: gain for name, gain in gains.items() if gain["value"] is not None},
            "slices": slices,
        }
    if report is None or theirs is None:
        return {"exists": False}
    apart = {
        name: _apart(name, figure, theirs["metrics"][name])
        for name, figure in report["metrics"].items()
        if name in theirs["metrics"]
    }
    return {
        "exists": True,
        "paired": False,
        "rows": 0,
        "gains": {name: gain for name, gain in apart.items() if gain is not None},
        "slices": [],
    }


def _gain(one: Mapping[str, Any]) -> dict[str, Any]:
    gap = one["difference"]
    found = {name: gap.get(name) for name in ("value", "low", "high", "n")}
    if one["metric"] in LOWER_IS_BETTER:
        found |= {"value": _less(gap["value"]), "low": _less(gap["high"]), "high": _less(gap["low"])}
    return found | {"champion": one["champion"]}


def _less(value: float | None) -> float | None:
    return None if value is None else 0.0 - value


def _apart(name: str, own: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the gain of independent samples: half-widths add as squares (MOVER; Zou and Donner, Stat. Med. 27, 2008)."""
    if any(figure.get(end) is None for figure in (own, theirs) for end in ("value", "low", "high")):
        return None
    better, worse = (theirs, own) if name in LOWER_IS_BETTER else (own, theirs)
    gain = better["value"] - worse["value"]
    below = math.hypot(better["value"] - better["low"], worse["high"] - worse["value"])
    above = math.hypot(better["high"] - better["value"], worse["value"] - worse["low"])
    n = min(own.get("n") or 0, theirs.get("n") or 0)
    found = {"value": gain, "low": gain - below, "high": gain + above, "n": n, "champion": theirs["value"]}
    return {key: float(f"{value:.12g}") for key, value in found.items()}
