"""Criteria of a gate in the order and words in which people read them: stored verdicts and those of now alike. Pure."""

from typing import Any

from apps.core import charts
from apps.core.charts import Chart
from apps.policies.judge import State

#: States in which a criterion does not stand in the way.
HOLDS = frozenset({State.PASS, State.WAIVED})
PLACES = {State.FAIL: 0, State.INCONCLUSIVE: 1, State.MISSING: 2, State.WAIVED: 3, State.PASS: 4}


def ordered(criteria: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return criteria with what keeps the gate shut first, then what only warns, then waived, then what passes."""

    def place(one: dict[str, Any]) -> tuple[bool, bool, int]:
        state = State(one["state"])
        return state in HOLDS, one["severity"] != "block" and state not in HOLDS, PLACES[state]

    return sorted(criteria, key=place)


def to_change(criteria: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the changes that would open the gate: of each criterion that blocks, what stands now and what is needed."""
    return [
        change | {"title": one["title"], "state": one["state"]}
        for one in criteria
        if one["severity"] == "block" and State(one["state"]) not in HOLDS
        for change in one.get("changes", [])
    ]


def reasons(criteria: list[dict[str, Any]]) -> list[str]:
    """Return a sentence for each criterion that keeps the gate shut, failures first."""
    return [
        f"{one['title']}: {one['reason']}"
        for one in ordered(criteria)
        if one["severity"] == "block" and State(one["state"]) not in HOLDS
    ]


def estimates_chart(criteria: list[dict[str, Any]]) -> Chart | None:
    """Draw the estimates that were held against thresholds on the scale of 0 to 1; nothing where there is none."""
    rows = [
        charts.Estimate(
            short_name(found["name"]), found["value"], found["low"], found["high"], found["threshold"]
        )
        for one in criteria
        for found in one.get("estimates", [])
        if 0 <= found["threshold"] <= 1 and 0 <= found["value"] <= 1
    ]
    return charts.forest(rows, title="Estimates and what the policy asks") if rows else None


def short_name(path: str) -> str:
    """Return a figure's path without what every path has."""
    hidden = {"evaluation", "metrics", "fairness", "estimates", "champion", "comparison"}
    return " ".join(step.replace("_", " ") for step in path.split(".") if step not in hidden)
