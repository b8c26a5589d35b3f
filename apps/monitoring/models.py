"""What a version did in production, window by window, as a pipeline reports it."""

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import User
from apps.core.models import Row
from apps.monitoring.enums import MetricsChannel
from apps.registry.models import Version


class ProductionMetrics(Row):
    """Figures of one window of one channel; append-only, and one report a window.

    Latencies are milliseconds, ``drift`` is the largest population stability index (PSI) of any feature,
    ``traffic_percent`` the share of the requests that this version served, 0 to 100.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="production_metrics")
    channel = models.CharField(max_length=20, choices=MetricsChannel)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    requests = models.PositiveBigIntegerField()
    errors = models.PositiveBigIntegerField()
    latency_p50_ms = models.FloatField(null=True)
    latency_p95_ms = models.FloatField(null=True)
    latency_p99_ms = models.FloatField(null=True)
    metric_name = models.CharField(max_length=60, blank=True)
    metric_value = models.FloatField(null=True)
    metric_n = models.PositiveBigIntegerField(null=True)
    metric_higher_is_better = models.BooleanField(default=True)
    drift = models.FloatField(null=True)
    traffic_percent = models.FloatField(null=True)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "channel", "started_at", "ended_at"], name="monitoring_metrics_window_once"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=MetricsChannel.values), name="monitoring_metrics_channel_known"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__gt=F("started_at")), name="monitoring_metrics_window_ends_later"
            ),
            models.CheckConstraint(
                condition=Q(errors__lte=F("requests")), name="monitoring_metrics_errors_are_requests"
            ),
            models.CheckConstraint(
                condition=Q(traffic_percent__isnull=True) | Q(traffic_percent__range=(0, 100)),
                name="monitoring_metrics_traffic_is_percent",
            ),
            models.CheckConstraint(
                condition=Q(metric_name="", metric_value__isnull=True)
                | (~Q(metric_name="") & Q(metric_value__isnull=False)),
                name="monitoring_metrics_metric_whole",
            ),
        ]
        indexes = [models.Index(fields=["version", "channel", "-ended_at"], name="monitoring_metrics_newest")]

    def __str__(self) -> str:
        return f"{self.get_channel_display().lower()} metrics until {self.ended_at:%Y-%m-%d %H:%M} UTC"

    @property
    def error_rate(self) -> float | None:
        """Errors as a share of requests; None without requests."""
        return self.errors / self.requests if self.requests else None
