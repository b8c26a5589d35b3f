"""Judge the policy's rollback rules: the newest window against the version before, or this one's canary (M8.1)."""

from dataclasses import dataclass
from typing import Any

from apps.gates.moving import in_production_since, previous_of
from apps.monitoring.enums import MetricsChannel
from apps.monitoring.models import ProductionMetrics
from apps.monitoring.queries import figures_of, latest_metrics
from apps.policies.judge import CriterionResult, State, judge_all
from apps.policies.queries import pack_of
from apps.registry.models import Version


@dataclass(frozen=True)
class Finding:
    """What the rules said: on which window, against which, and how much worse in percent."""

    metrics: ProductionMetrics
    baseline: ProductionMetrics
    results: tuple[CriterionResult, ...]
    changes: dict[str, float]

    @property
    def fires(self) -> list[CriterionResult]:
        """The rules that hold, each of which rolls back. One without evidence does not."""
        return [one for one in self.results if one.verdict.state == State.PASS]

    @property
    def reason(self) -> str:
        """What a person reads: the rules that hold, and the differences in percent."""
        rules = "; ".join(one.title for one in self.fires)
        figures = ", ".join(
            f"{name.replace('_', ' ')} {value:+.1f} %" for name, value in self.changes.items()
        )
        return f"By rule: {rules} ({figures})." if figures else f"By rule: {rules}."

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON; changes are percent relative to the baseline."""
        return {
            "metrics": str(self.metrics.pk),
            "baseline": str(self.baseline.pk),
            "baseline_version": str(self.baseline.version_id),
            "changes_percent": self.changes,
            "criteria": [one.to_json() for one in self.results],
        }


def find(version: Version) -> Finding | None:
    """Judge the newest window of a version in production; None where there is nothing to judge.

    A window counts from the moment on that the version went to production, and with the policy's minimum of
    requests on both sides, so that noise rolls nothing back.
    """
    rule = pack_of(version.model.project.policy_revision).exceptions.rollback
    entered = in_production_since(version)
    if not rule.criteria or entered is None:
        return None
    metrics = latest_metrics(version, MetricsChannel.PRODUCTION)
    enough = rule.minimum_requests
    if metrics is None or metrics.requests < enough or metrics.ended_at <= entered.created_at:
        return None
    previous = previous_of(version)
    baseline = latest_metrics(previous, MetricsChannel.PRODUCTION, at_least=enough) if previous else None
    baseline = baseline or latest_metrics(version, MetricsChannel.CANARY, at_least=enough)
    if baseline is None:
        return None
    now, before = figures_of(metrics), figures_of(baseline)
    verdict = judge_all(rule.criteria, {"monitoring": now, "previous": {"monitoring": before}})
    return Finding(metrics, baseline, verdict.results, _changes(now, before))


def _changes(now: dict[str, Any], before: dict[str, Any]) -> dict[str, float]:
    """Return the relative differences in percent, of figures that both have and that are not zero before."""
    pairs = {name: (now[name], before[name]) for name in ("error_rate", "latency_p95_ms")}
    new, old = now["primary"], before["primary"]
    if new and old and new["name"] == old["name"]:
        pairs["primary_metric"] = (new["value"], old["value"])
    return {
        name: round(100 * (value - base) / abs(base), 2)
        for name, (value, base) in pairs.items()
        if value is not None and base
    }
