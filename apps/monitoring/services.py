"""Report what a version does in production."""

import math
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Invalid, Refused
from apps.jobs import services as jobs
from apps.monitoring.enums import MetricsChannel
from apps.monitoring.models import ProductionMetrics
from apps.projects.permissions import Right, can
from apps.registry.models import Version

#: Clocks of pipelines are not ours; further ahead than this a window is a mistake.
CLOCK_SLACK = timedelta(minutes=5)
LONGEST_WINDOW = timedelta(days=31)
_NOT_NEGATIVE = ("latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "drift", "traffic_percent")


@service
def report_metrics(
    version: Version,
    *,
    started_at: datetime,
    ended_at: datetime,
    channel: str,
    requests: int,
    errors: int,
    by: User,
    **figures: Any,
) -> ProductionMetrics:
    """Enter the figures of one window; the same report again returns the row there is.

    ``figures`` are the other columns of ProductionMetrics. The rules of rollback and the conditions of approvals
    are judged by a job afterwards.
    """
    can(by, Right.CONTRIBUTE, version.model.project).enforce()
    _demand_window(started_at, ended_at, channel)
    _demand_figures(requests, errors, figures)
    fields = {"requests": requests, "errors": errors, **figures}
    key = {"version": version, "channel": channel, "started_at": started_at, "ended_at": ended_at}
    metrics, fresh = ProductionMetrics.objects.get_or_create(**key, defaults={**fields, "reported_by": by})
    if not fresh:
        metrics.refresh_from_db()
        different = sorted(name for name, value in fields.items() if getattr(metrics, name) != value)
        if different:
            raise Refused(
                f"This window was reported already with other figures ({', '.join(different)}). "
                "A report is never changed; report the next window.",
                code="window_reported",
            )
        return metrics
    audit.record(
        "monitoring.metrics_reported",
        metrics,
        by=by,
        project_id=version.model.project_id,
        version=str(version),
        channel=channel,
        requests=requests,
        errors=errors,
    )
    for kind in settings.METRICS_JOBS:
        jobs.enqueue(
            kind,
            {"version": str(version.pk), "metrics": str(metrics.pk)},
            by=by,
            project_id=version.model.project_id,
        )
    return metrics


def _demand_window(started_at: datetime, ended_at: datetime, channel: str) -> None:
    if channel not in MetricsChannel.values:
        raise Invalid(
            f"A channel is {' or '.join(MetricsChannel.values)}, not “{channel[:30]}”.",
            code="unknown_channel",
            field="channel",
        )
    if timezone.is_naive(started_at) or timezone.is_naive(ended_at):
        raise Invalid("Say the window's times with their offset, for example …T12:00:00Z.", code="no_offset")
    if ended_at <= started_at or ended_at - started_at > LONGEST_WINDOW:
        raise Invalid(
            f"A window ends after it starts, within {LONGEST_WINDOW.days} days.",
            code="bad_window",
            field="ended_at",
        )
    if ended_at > timezone.now() + CLOCK_SLACK:
        raise Invalid(
            "The window ends in the future. Report it when it is over; check the pipeline's clock.",
            code="bad_window",
            field="ended_at",
        )


def _demand_figures(requests: int, errors: int, figures: dict[str, Any]) -> None:
    if requests < 0 or errors < 0 or errors > requests:
        raise Invalid(
            f"{errors} errors of {requests} requests cannot be: errors are some of the requests.",
            code="bad_counts",
            field="errors",
        )
    for name in (*_NOT_NEGATIVE, "metric_value"):
        value = figures.get(name)
        if value is not None and (not math.isfinite(value) or (name in _NOT_NEGATIVE and value < 0)):
            raise Invalid(
                f"{name} is {value}; a finite number from 0 is needed.", code="bad_figure", field=name
            )
    if (figures.get("traffic_percent") or 0) > 100:
        raise Invalid("traffic_percent is a share of 0 to 100.", code="bad_figure", field="traffic_percent")
    latencies = [figures.get(name) for name in _NOT_NEGATIVE[:3]]
    known = [value for value in latencies if value is not None]
    if known != sorted(known):
        raise Invalid("Latencies grow: p50, p95, p99.", code="bad_figure", field="latency_p95_ms")
    if bool(figures.get("metric_name")) != (figures.get("metric_value") is not None):
        raise Invalid("Give metric_name and metric_value together.", code="bad_figure", field="metric_name")
