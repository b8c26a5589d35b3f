"""Production metrics: a pipeline reports them, rules are judged on them."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, FiniteFloatField, Input, Output, Text, answer
from apps.monitoring import queries, services
from apps.monitoring.enums import MetricsChannel
from apps.registry.queries import version_for

LARGEST = 10**15


class ProductionMetricsIn(Input):
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    channel = serializers.ChoiceField(choices=MetricsChannel.choices)
    requests = serializers.IntegerField(min_value=0, max_value=LARGEST)
    errors = serializers.IntegerField(min_value=0, max_value=LARGEST)  # type: ignore[assignment]
    latency_p50_ms = FiniteFloatField(required=False)
    latency_p95_ms = FiniteFloatField(required=False)
    latency_p99_ms = FiniteFloatField(required=False)
    metric_name = Text(required=False, max_length=60)
    metric_value = FiniteFloatField(required=False)
    metric_n = serializers.IntegerField(required=False, min_value=0, max_value=LARGEST)
    metric_higher_is_better = serializers.BooleanField(required=False)
    drift = FiniteFloatField(required=False)
    traffic_percent = FiniteFloatField(required=False)


class ProductionMetricsOut(Output):
    id = serializers.UUIDField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    channel = serializers.CharField()
    requests = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    error_rate = serializers.FloatField(allow_null=True)
    latency_p50_ms = serializers.FloatField(allow_null=True)
    latency_p95_ms = serializers.FloatField(allow_null=True)
    latency_p99_ms = serializers.FloatField(allow_null=True)
    metric_name = serializers.CharField()
    metric_value = serializers.FloatField(allow_null=True)
    metric_n = serializers.IntegerField(allow_null=True)
    metric_higher_is_better = serializers.BooleanField()
    drift = serializers.FloatField(allow_null=True)
    traffic_percent = serializers.FloatField(allow_null=True)


class ProductionMetricsList(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=ProductionMetricsOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the windows of a version."""
        version = version_for(self.user, pk)
        return self.page(queries.metrics_of(version), ProductionMetricsOut)

    @extend_schema(request=ProductionMetricsIn, responses={201: ProductionMetricsOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Report one window; the same report again changes nothing, another of the same window is 409."""
        version = version_for(self.user, pk)
        made = services.report_metrics(version, by=self.user, **self.read(ProductionMetricsIn))
        return answer(ProductionMetricsOut, made, status=201)
