"""Live facts: what a version does in production, by its newest window, and what its canary does."""

from collections.abc import Mapping
from typing import Any

from apps.monitoring.enums import MetricsChannel
from apps.monitoring.queries import figures_of, latest_metrics
from apps.policies.vocabulary import Fact

_FIGURES = [
    ("exists", "boolean", "", "Production metrics were reported."),
    ("requests", "integer", "requests", "Requests in the newest window."),
    ("errors", "integer", "requests", "Requests that failed in it."),
    ("error_rate", "number", "share", "Errors as a share of requests."),
    ("latency_p50_ms", "number", "ms", "Median latency."),
    ("latency_p95_ms", "number", "ms", "95th percentile of the latency."),
    ("latency_p99_ms", "number", "ms", "99th percentile of the latency."),
    ("primary.name", "text", "", "The name of the primary metric."),
    ("primary.value", "number", "", "The primary metric."),
    ("primary.n", "integer", "cases", "How many cases the primary metric rests on."),
    ("primary.higher_is_better", "boolean", "", "A larger value of the primary metric is better."),
    ("drift", "number", "PSI", "The largest population stability index of any feature."),
    ("traffic_percent", "number", "percent", "The share of the traffic that the version serves."),
]
VOCABULARY = [
    Fact(f"{root}.{name}", kind, unit, meaning + note, live=True)
    for root, note in (("monitoring", ""), ("monitoring.canary", " (canary)"))
    for name, kind, unit, meaning in _FIGURES
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the live facts of the newest window of each channel."""
    live = figures_of(latest_metrics(version, MetricsChannel.PRODUCTION))
    return {"monitoring": live | {"canary": figures_of(latest_metrics(version, MetricsChannel.CANARY))}}
