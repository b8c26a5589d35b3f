"""Jobs: the progress of long work."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Output, answer
from apps.api.waiting import PREFER, applied, wait_after, wait_to_read
from apps.core.memory import reading_anew
from apps.jobs import queries, services
from apps.jobs.models import Job


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


def started(request: Request, output: type[Output], row: Any, *, job: Job | None, location: str) -> Response:
    """Answer what a worker was asked for: 202; where the caller waited and the job has ended, 200 and how it stands."""
    seconds = wait_after(request, lambda: job is None or queries.is_finished(job.pk))
    if seconds is not None and job is not None:
        for one in dict.fromkeys((job, row)):
            one.refresh_from_db()
    ended = seconds is not None and (job is None or job.is_finished)
    return applied(answer(output, row, status=200 if ended else 202, location=location), seconds)


class JobOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=JobOut, parameters=[PREFER])
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a job; with ``Prefer: wait=30``, when it has ended."""
        job = queries.job_for(self.user, pk)
        seconds = wait_to_read(request, lambda: queries.is_finished(job.pk))
        if seconds is not None:
            # The rights to it may have ended meanwhile.
            with reading_anew():
                job = queries.job_for(self.user, pk)
        return applied(answer(JobOut, job), seconds)


class JobCancel(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=None, responses=JobOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask a job to stop."""
        return answer(JobOut, services.request_cancel(queries.job_for(self.user, pk), by=self.user))
