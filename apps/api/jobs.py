"""Jobs: the progress of long work."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Output, answer
from apps.jobs import queries, services


class JobOut(Output):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.CharField()
    progress = serializers.FloatField()
    step = serializers.CharField()
    attempt = serializers.IntegerField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class JobOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=JobOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a job."""
        return answer(JobOut, queries.job_for(self.user, pk))


class JobCancel(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=None, responses=JobOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask a job to stop."""
        return answer(JobOut, services.request_cancel(queries.job_for(self.user, pk), by=self.user))
