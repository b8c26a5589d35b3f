"""Judge the conditions of an approval: on the evidence, on what runs, and on the clock. Reads only.

Days come from ``now`` that the rule is given, never from the evidence, so that no digest changes by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.evaluations.queries import latest_evaluation
from apps.evidence.services import collect
from apps.gates.models import Condition
from apps.monitoring.enums import MetricsChannel
from apps.monitoring.queries import figures_of, latest_metrics
from apps.policies.conditions import LIMIT
from apps.policies.judge import judge
from apps.policies.verdicts import State, Verdict
from apps.registry.models import Version

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Rule:
    expression: str


def facts_for(
    version: Version, condition: Condition, known: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Return what a condition in force is judged on; ``known`` are evidence and monitoring.

    A window counts from the moment on that the condition came into force: what was before was not promised.
    """
    since = condition.in_force_at
    assert since is not None, "a condition in force knows since when"
    evaluated = known["evaluated_at"] or since
    return {
        **known["evidence"],
        "monitoring": _figures(known["windows"], since),
        "days_since_evaluation": (now - evaluated) / _DAY,
        "days_in_stage": (now - since) / _DAY,
        LIMIT: condition.limit,
    }


def known_of(version: Version) -> dict[str, Any]:
    """Return what all conditions of a version are judged on: evidence, newest windows, the last evaluation's end."""
    evaluation = latest_evaluation(version)
    return {
        "evidence": collect(version).document,
        "windows": [latest_metrics(version, channel) for channel in MetricsChannel.values],
        "evaluated_at": evaluation.completed_at if evaluation else None,
    }


def _figures(windows: list[Any], since: datetime) -> dict[str, Any]:
    fresh = {one.channel: one for one in windows if one is not None and one.ended_at > since}
    live = figures_of(fresh.get(MetricsChannel.PRODUCTION))
    return live | {"canary": figures_of(fresh.get(MetricsChannel.CANARY))}


def judge_condition(
    version: Version, condition: Condition, known: Mapping[str, Any], now: datetime
) -> Verdict:
    """Judge one condition in force. Missing evidence is neither a breach nor does it clear one."""
    if condition.until is not None:
        over = now >= condition.until
        day = f"{condition.until:%Y-%m-%d}"
        reason = f"The approval ended on {day}." if over else f"The approval holds until {day}."
        return Verdict(State.FAIL if over else State.PASS, (), (), reason)
    return judge(_Rule(condition.expression), facts_for(version, condition, known, now))
