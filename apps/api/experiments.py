"""Experiments, runs, metrics and artifacts."""

import math
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import (
    Endpoint,
    FiniteFloatField,
    Input,
    Output,
    Person,
    Text,
    answer,
    expected_version,
)
from apps.api.digests import CONTENT_DIGEST
from apps.api.parsing import FlatJSONParser
from apps.api.uploads import ContentIn, content_of
from apps.core.errors import Invalid
from apps.experiments import comparing, queries, services
from apps.experiments.advice import hints_of
from apps.experiments.deltas import run_delta
from apps.experiments.enums import GIVEN, DataKind, RunState
from apps.experiments.models import Run
from apps.projects.queries import datasets_of, project_by_id_for


class ExperimentFields(Input):
    hypothesis = Text(required=False)
    primary_metric = Text(required=False, max_length=60)
    higher_is_better = serializers.BooleanField(required=False, help_text="of the primary metric")
    secondary_metrics = serializers.ListField(required=False, child=Text(max_length=60), max_length=20)
    baseline = FiniteFloatField(
        required=False, allow_null=True, help_text="the primary metric of what a model must beat"
    )
    baseline_source = Text(required=False, max_length=300, help_text="needed with a baseline")
    data_kind = serializers.ChoiceField(required=False, choices=DataKind.choices)
    notes = Text(required=False)


class ExperimentIn(ExperimentFields):
    name = Text(max_length=500)


class ExperimentChange(ExperimentFields):
    name = Text(required=False, max_length=500, allow_blank=False)


class ExperimentOut(Output):
    id = serializers.UUIDField()
    key = serializers.CharField()
    name = serializers.CharField()
    hypothesis = serializers.CharField()
    primary_metric = serializers.CharField()
    higher_is_better = serializers.BooleanField()
    secondary_metrics = serializers.ListField(child=serializers.CharField())
    baseline = serializers.FloatField(allow_null=True)
    baseline_source = serializers.CharField()
    data_kind = serializers.CharField()
    notes = serializers.CharField()
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
    scopes = {"GET": Scope.READ, "PATCH": Scope.TRACK}

    @extend_schema(responses=ExperimentOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return an experiment."""
        return answer(ExperimentOut, queries.experiment_for(self.user, pk))

    @extend_schema(request=ExperimentChange, responses=ExperimentOut)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what an experiment says of itself (If-Match)."""
        experiment = queries.experiment_for(self.user, pk)
        expect = expected_version(request)
        fields = self.read(ExperimentChange)
        return answer(
            ExperimentOut, services.change_experiment(experiment, by=self.user, expect=expect, **fields)
        )


class VerdictIn(Input):
    verdict = serializers.ChoiceField(choices=[(one.value, one.label) for one in GIVEN])
    reason = Text(max_length=5000, help_text="what the runs showed; ten characters or more")


class VerdictOut(Output):
    id = serializers.UUIDField()
    verdict = serializers.CharField()
    reason = serializers.CharField()
    given_by = Person()
    created_at = serializers.DateTimeField()


class Verdicts(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=VerdictOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List what was decided about an experiment, newest first; the first is in force."""
        return self.page(queries.verdicts_of(queries.experiment_for(self.user, pk)), VerdictOut)

    @extend_schema(request=VerdictIn, responses={201: VerdictOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Give an experiment its verdict. Takes a person: a service account's token is refused."""
        experiment = queries.experiment_for(self.user, pk)
        given = services.give_verdict(experiment, by=self.user, **self.read(VerdictIn))
        return answer(VerdictOut, given, status=201)


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


class DeltaOut(Output):
    value = serializers.FloatField()
    baseline = serializers.FloatField()
    difference = serializers.FloatField()
    gain = serializers.FloatField(help_text="the difference, with its sign turned where lower is better")
    relative = serializers.FloatField(allow_null=True, help_text="the gain as a share of the baseline")


class HintOut(Output):
    param = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    family = serializers.CharField()
    sentence = serializers.CharField()
    method = serializers.CharField()


class UsedDatasetOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.CharField()
    content_digest = serializers.CharField()


class RunDetail(RunOut):
    """A run with the latest value of each metric, how far it is over its baseline, and hints on its parameters."""

    training_seconds = serializers.FloatField(allow_null=True)
    notes = serializers.CharField()
    used_datasets = UsedDatasetOut(many=True, source="datasets")
    metrics = serializers.SerializerMethodField()
    delta = serializers.SerializerMethodField()
    hints = serializers.SerializerMethodField()

    def get_metrics(self, run: Run) -> dict[str, float]:
        """Return the latest value of each metric."""
        return queries.latest_metrics([run.pk]).get(run.pk, {})

    @extend_schema_field(DeltaOut(allow_null=True))
    def get_delta(self, run: Run) -> Any:
        """Return how far the primary metric is from the baseline."""
        delta = run_delta(run.experiment, self.get_metrics(run))
        return DeltaOut(delta).data if delta else None

    @extend_schema_field(HintOut(many=True))
    def get_hints(self, run: Run) -> Any:
        """Return the hyperparameters outside their usual range."""
        return HintOut(hints_of(run, run.experiment.project), many=True).data


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


class ComparedRunOut(Output):
    id = serializers.UUIDField(source="run.pk")
    name = serializers.CharField(source="run.name")
    experiment = serializers.UUIDField(source="run.experiment_id")
    delta = DeltaOut(allow_null=True)
    hints = HintOut(many=True)


class ComparedRowOut(Output):
    kind = serializers.ChoiceField(choices=["run", "param", "metric"])
    name = serializers.CharField()
    values = serializers.ListField(
        child=serializers.JSONField(allow_null=True), help_text="in the order of the runs"
    )
    differs = serializers.BooleanField()


class ComparisonOut(Output):
    runs = ComparedRunOut(many=True)
    rows = ComparedRowOut(many=True)


class RunsCompare(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        responses=ComparisonOut,
        parameters=[
            OpenApiParameter(
                "run", UUID, many=True, required=True, description="an id of a run; up to 20 of one project"
            )
        ],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Compare up to 20 runs of a project: each parameter and metric, and whether it differs."""
        project = project_by_id_for(self.user, pk)
        ids = comparing.ids_of(request.query_params.getlist("run"))
        return answer(ComparisonOut, comparing.compare(project, ids))


class MetricIn(Input):
    name = Text(max_length=250)
    value = FiniteFloatField()
    step = serializers.IntegerField(default=0, min_value=-(2**63), max_value=2**63 - 1)
    at = serializers.DateTimeField(default=None, allow_null=True)


class MetricsIn(Input):
    metrics = MetricIn(many=True, allow_empty=False)


class MetricsOut(Output):
    added = serializers.IntegerField()


class MeasuredField(serializers.FloatField):
    """A measured number; null where it is NaN or infinite, which MLflow's clients may log and JSON cannot say."""

    def to_representation(self, value: float) -> Any:
        return super().to_representation(value) if math.isfinite(value) else None


class MetricOut(Output):
    name = serializers.CharField()
    value = MeasuredField(allow_null=True)
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


class ArtifactIn(ContentIn):
    path = Text(max_length=300)
    file = serializers.FileField(required=False, allow_empty_file=True)


class ArtifactOut(Output):
    id = serializers.UUIDField()
    path = serializers.CharField()
    digest = serializers.CharField(source="blob_id")
    size_bytes = serializers.IntegerField(source="blob.size_bytes")


class Artifacts(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}
    parser_classes = [MultiPartParser, FlatJSONParser]

    @extend_schema(responses=ArtifactOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the files of a run."""
        files = queries.run_for(self.user, pk).artifacts.standing()
        return self.page(files.select_related("blob"), ArtifactOut)

    @extend_schema(
        request={"multipart/form-data": ArtifactIn, "application/json": ArtifactIn},
        responses={201: ArtifactOut},
        parameters=[CONTENT_DIGEST],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Keep a file under a relative path."""
        run = queries.run_for(self.user, pk)
        fields = self.read(ArtifactIn)
        content = content_of(fields, project=run.experiment.project, by=self.user)
        made = services.log_artifact(run, stream=content, by=self.user, **fields)
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
