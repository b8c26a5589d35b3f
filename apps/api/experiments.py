"""Experiments, runs, metrics and artifacts."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, FiniteFloatField, Input, Output, Person, Text, answer
from apps.core.errors import Invalid
from apps.experiments import queries, services
from apps.experiments.enums import RunState
from apps.experiments.models import Run
from apps.projects.queries import datasets_of, project_by_id_for


class ExperimentIn(Input):
    name = Text(max_length=120)
    hypothesis = Text(required=False)
    primary_metric = Text(required=False, max_length=60)


class ExperimentOut(Output):
    id = serializers.UUIDField()
    key = serializers.CharField()
    name = serializers.CharField()
    hypothesis = serializers.CharField()
    primary_metric = serializers.CharField()
    verdict = serializers.CharField()
    project = serializers.UUIDField(source="project_id")


class Experiments(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=ExperimentOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the experiments of a project."""
        project = project_by_id_for(self.user, pk)
        return self.page(queries.experiments_for(self.user).filter(project=project), ExperimentOut)

    @extend_schema(request=ExperimentIn, responses={201: ExperimentOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Begin an experiment; its key counts those of the day."""
        project = project_by_id_for(self.user, pk)
        made = services.create_experiment(project, by=self.user, **self.read(ExperimentIn))
        return answer(ExperimentOut, made, status=201, location=f"/api/v1/experiments/{made.pk}")


class ExperimentOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=ExperimentOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return an experiment."""
        return answer(ExperimentOut, queries.experiment_for(self.user, pk))


class RunIn(Input):
    name = Text(max_length=120)
    model_type = Text(required=False, max_length=120)
    params = serializers.DictField(required=False)
    tags = serializers.DictField(required=False, child=Text(max_length=8000))
    features = serializers.ListField(required=False, child=Text(max_length=250), max_length=10_000)
    seed = serializers.IntegerField(required=False, min_value=-(2**63), max_value=2**63 - 1)
    code_commit = Text(required=False, max_length=80)
    datasets = serializers.ListField(required=False, child=serializers.UUIDField(), max_length=100)


class RunOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    state = serializers.CharField()
    model_type = serializers.CharField()
    params = serializers.JSONField()
    tags = serializers.JSONField()
    features = serializers.JSONField()
    seed = serializers.IntegerField(allow_null=True)
    code_commit = serializers.CharField()
    experiment = serializers.UUIDField(source="experiment_id")
    started_by = Person()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class RunDetail(RunOut):
    metrics = serializers.SerializerMethodField()

    def get_metrics(self, run: Run) -> dict[str, float]:
        """Return the latest value of each metric."""
        return queries.latest_metrics([run.pk]).get(run.pk, {})


class Runs(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=RunOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the runs of an experiment."""
        experiment = queries.experiment_for(self.user, pk)
        return self.page(queries.runs_for(self.user).filter(experiment=experiment), RunOut)

    @extend_schema(request=RunIn, responses={201: RunOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Begin a run with what is known beforehand."""
        experiment = queries.experiment_for(self.user, pk)
        fields: dict[str, Any] = self.read(RunIn)
        wanted = fields.pop("datasets", [])
        known = list(datasets_of(experiment.project).filter(pk__in=wanted))
        if len(known) != len(set(wanted)):
            raise Invalid("datasets: one of them is not recorded in this project.", code="unknown_dataset")
        run = services.start_run(experiment, by=self.user, datasets=known, **fields)
        return answer(RunOut, run, status=201, location=f"/api/v1/runs/{run.pk}")


class RunOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=RunDetail)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a run with the latest value of each metric."""
        return answer(RunDetail, queries.run_for(self.user, pk))


class MetricIn(Input):
    name = Text(max_length=250)
    value = FiniteFloatField()
    step = serializers.IntegerField(default=0, min_value=-(2**63), max_value=2**63 - 1)
    at = serializers.DateTimeField(default=None, allow_null=True)


class MetricsIn(Input):
    metrics = MetricIn(many=True, allow_empty=False)


class MetricsOut(Output):
    added = serializers.IntegerField()


class MetricOut(Output):
    name = serializers.CharField()
    value = serializers.FloatField()
    step = serializers.IntegerField()
    at = serializers.DateTimeField()


class Metrics(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=MetricOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the points of a run, newest first."""
        return self.page(queries.run_for(self.user, pk).metrics.all(), MetricOut)

    @extend_schema(request=MetricsIn, responses={201: MetricsOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Log up to 1,000 points, all or none; a point sent twice counts once."""
        run = queries.run_for(self.user, pk)
        points = [services.MetricPoint(**point) for point in self.read(MetricsIn)["metrics"]]
        return answer(
            MetricsOut, {"added": services.log_metrics(run, metrics=points, by=self.user)}, status=201
        )


class ArtifactIn(Input):
    path = Text(max_length=300)
    file = serializers.FileField(allow_empty_file=True)


class ArtifactOut(Output):
    id = serializers.UUIDField()
    path = serializers.CharField()
    digest = serializers.CharField(source="blob_id")
    size_bytes = serializers.IntegerField(source="blob.size_bytes")


class Artifacts(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}
    parser_classes = [MultiPartParser]

    @extend_schema(responses=ArtifactOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the files of a run."""
        return self.page(queries.run_for(self.user, pk).artifacts.select_related("blob"), ArtifactOut)

    @extend_schema(request={"multipart/form-data": ArtifactIn}, responses={201: ArtifactOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Keep a file under a relative path."""
        run = queries.run_for(self.user, pk)
        fields = self.read(ArtifactIn)
        made = services.log_artifact(run, path=fields["path"], stream=fields["file"], by=self.user)
        return answer(ArtifactOut, made, status=201)


class RunEndIn(Input):
    state = serializers.ChoiceField(choices=[RunState.FINISHED, RunState.FAILED], default=RunState.FINISHED)
    notes = Text(required=False)


class RunEnd(Endpoint):
    scopes = {"POST": Scope.TRACK}

    @extend_schema(request=RunEndIn, responses=RunOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """End a run."""
        run = queries.run_for(self.user, pk)
        return answer(RunOut, services.end_run(run, by=self.user, **self.read(RunEndIn)))
