"""Read production metrics."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from apps.core import charts
from apps.monitoring.enums import MetricsChannel
from apps.monitoring.models import ProductionMetrics
from apps.registry.models import Version

#: Points of the chart on a version's page.
CHARTED = 60


def metrics_of(version: Version) -> QuerySet[ProductionMetrics]:
    """Return the windows of a version, the newest first."""
    return (
        ProductionMetrics.objects.filter(version=version)
        .select_related("reported_by")
        .order_by("-ended_at", "-id")
    )


def latest_metrics(
    version: Version, channel: str = MetricsChannel.PRODUCTION, *, at_least: int = 0
) -> ProductionMetrics | None:
    """Return the newest window of a channel with ``at_least`` so many requests."""
    return metrics_of(version).filter(channel=channel, requests__gte=at_least).first()


def figures_of(metrics: ProductionMetrics | None) -> dict[str, Any]:
    """Return a window as facts; floats stay floats, so that a rule may multiply them."""
    if metrics is None:
        return {"exists": False}
    primary = None
    if metrics.metric_name:
        primary = {
            "name": metrics.metric_name,
            "value": metrics.metric_value,
            "n": metrics.metric_n,
            "higher_is_better": metrics.metric_higher_is_better,
        }
    return {
        "exists": True,
        "requests": metrics.requests,
        "errors": metrics.errors,
        "error_rate": metrics.error_rate,
        "latency_p50_ms": metrics.latency_p50_ms,
        "latency_p95_ms": metrics.latency_p95_ms,
        "latency_p99_ms": metrics.latency_p99_ms,
        "primary": primary,
        "drift": metrics.drift,
        "traffic_percent": metrics.traffic_percent,
    }


@dataclass(frozen=True)
class Watch:
    """Production metrics as a version's page shows them."""

    latest: ProductionMetrics | None
    windows: list[ProductionMetrics]
    chart: charts.Chart | None


def watch_of(version: Version) -> Watch:
    """Return the newest windows with a chart of the error rate; one query."""
    windows = list(metrics_of(version).select_related(None)[:CHARTED])
    live = [one for one in windows if one.channel == MetricsChannel.PRODUCTION]
    points = [
        (index, 100 * one.error_rate)
        for index, one in enumerate(reversed(live))
        if one.error_rate is not None
    ]
    chart = charts.series(points, name="Error rate by window in percent") if len(points) > 1 else None
    return Watch(live[0] if live else None, windows[:8], chart)
