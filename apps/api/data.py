"""Assessments and profiles of data sources, the feature registry, and checks for leakage."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import (
    Endpoint,
    FileIn,
    FiniteFloatField,
    Input,
    Output,
    Person,
    Text,
    answer,
    expected_version,
)
from apps.api.digests import CONTENT_DIGEST
from apps.api.jobs import JobOut, started
from apps.api.projects import DatasetOut, DataSourceOut
from apps.api.waiting import PREFER
from apps.data import queries, services
from apps.data.models import DIMENSIONS, Assessment, Feature, LeakageReport
from apps.data.services.features import latency_warning
from apps.experiments.usage import dataset_for
from apps.projects.models import Project
from apps.projects.queries import project_by_id_for


class DataSourceOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=DataSourceOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a data source with its six scores."""
        return answer(DataSourceOut, queries.source_for(self.user, pk))


class AssessmentOut(Output):
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    score = serializers.IntegerField()
    scores = serializers.SerializerMethodField()
    proposed = serializers.JSONField()
    profile = serializers.UUIDField(source="profile_id", allow_null=True)
    note = serializers.CharField()
    assessed_by = Person()

    def get_scores(self, assessment: Assessment) -> dict[str, int]:
        """Return the six scores by dimension."""
        return {name: getattr(assessment, name) for name in DIMENSIONS}


class Assessments(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=AssessmentOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the assessments of a data source, newest first."""
        return self.page(queries.assessments_of(queries.source_for(self.user, pk)), AssessmentOut)


class ProfileIn(FileIn):
    file = serializers.FileField(help_text="CSV or Parquet")
    target = Text(required=False, max_length=250)


class ProfileOut(Output):
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    digest = serializers.CharField(source="blob_id")
    file_name = serializers.CharField()
    target = serializers.CharField()
    report = serializers.JSONField(
        help_text="rows, columns, duplicate_rows, classes and proposals with reasons"
    )
    job = serializers.UUIDField(source="job_id")


class Profiles(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}
    parser_classes = [MultiPartParser]

    @extend_schema(responses=ProfileOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the profiles of a data source, newest first."""
        return self.page(queries.profiles_of(queries.source_for(self.user, pk)), ProfileOut)

    @extend_schema(
        request={"multipart/form-data": ProfileIn},
        responses={200: JobOut, 202: JobOut},
        parameters=[CONTENT_DIGEST, PREFER],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Send a sample; ask the job in Location until it is done, then read the profile."""
        source = queries.source_for(self.user, pk)
        fields: dict[str, Any] = self.read(ProfileIn)
        file = fields.pop("file")
        job = services.request_profile(source, stream=file, name=file.name or "", by=self.user, **fields)
        return started(request, JobOut, job, job=job, location=f"/api/v1/jobs/{job.pk}")


class LeakageIn(Input):
    train = serializers.FileField(help_text="CSV or Parquet")
    test = serializers.FileField(help_text="CSV or Parquet")
    key = Text(required=False, max_length=250, help_text="the column that names the entity of a row")
    time = Text(required=False, max_length=250)
    target = Text(required=False, max_length=250)


class LeakageOut(Output):
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    train_digest = serializers.CharField(source="train_id")
    test_digest = serializers.CharField(source="test_id")
    passes = serializers.SerializerMethodField()
    figures = serializers.SerializerMethodField()
    report = serializers.JSONField()
    job = serializers.UUIDField(source="job_id")

    def get_passes(self, found: LeakageReport) -> bool:
        """Return whether no check that was asked for failed."""
        return bool(found.report["passes"])

    def get_figures(self, found: LeakageReport) -> dict[str, Any]:
        """Return the figures that become facts."""
        return queries.leakage_figures(found.report)


class LeakageChecks(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}
    parser_classes = [MultiPartParser]

    @extend_schema(responses=LeakageOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the comparisons of train and test tables, newest first."""
        return self.page(queries.leakage_reports_of(project_by_id_for(self.user, pk)), LeakageOut)

    @extend_schema(
        request={"multipart/form-data": LeakageIn},
        responses={200: JobOut, 202: JobOut},
        parameters=[CONTENT_DIGEST, PREFER],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Send a train and a test table; ask the job in Location until it is done, then list the comparisons."""
        project = project_by_id_for(self.user, pk)
        job = services.request_leakage(project, by=self.user, **self.read(LeakageIn))
        return started(request, JobOut, job, job=job, location=f"/api/v1/jobs/{job.pk}")


class FeatureChange(Input):
    description = Text(required=False)
    data_type = Text(required=False, max_length=60)
    source_table = Text(required=False, max_length=200)
    data_source = serializers.UUIDField(required=False, allow_null=True)
    known_issues = Text(required=False)
    offline_storage = Text(required=False, max_length=200)
    offline_compute = Text(required=False, max_length=200)
    offline_refresh = Text(required=False, max_length=60)
    online_storage = Text(required=False, max_length=200)
    online_refresh = Text(required=False, max_length=60)
    online_latency_ms = FiniteFloatField(required=False, allow_null=True)
    retired = serializers.BooleanField(required=False)


class FeatureIn(FeatureChange):
    name = Text(max_length=120)
    data_type = Text(max_length=60)


class FeatureOut(Output):
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    name = serializers.CharField()
    description = serializers.CharField()
    data_type = serializers.CharField()
    source_table = serializers.CharField()
    data_source = serializers.UUIDField(source="source_id", allow_null=True)
    owner = Person()
    known_issues = serializers.CharField()
    offline_storage = serializers.CharField()
    offline_compute = serializers.CharField()
    offline_refresh = serializers.CharField()
    online_storage = serializers.CharField()
    online_refresh = serializers.CharField()
    online_latency_ms = serializers.FloatField(allow_null=True)
    retired = serializers.BooleanField()


class FeatureDetail(FeatureOut):
    warning = serializers.SerializerMethodField()

    def get_warning(self, feature: Feature) -> str:
        """Return what to say of a latency target over the policy's."""
        return latency_warning(feature)


class Features(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=FeatureOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the features of a project, retired ones too, newest first."""
        project = project_by_id_for(self.user, pk)
        return self.page(queries.features_of(project, show="all").order_by("-id"), FeatureOut)

    @extend_schema(request=FeatureIn, responses={201: FeatureDetail})
    def post(self, request: Request, pk: UUID) -> Response:
        """Register a feature; its name has the form that the policy says."""
        project = project_by_id_for(self.user, pk)
        fields = _with_source(self, project, self.read(FeatureIn))
        made = services.register_feature(project, by=self.user, **fields)
        return answer(FeatureDetail, made, status=201, location=f"/api/v1/features/{made.pk}")


class FeatureOne(Endpoint):
    scopes = {"GET": Scope.READ, "PATCH": Scope.TRACK}

    @extend_schema(responses=FeatureDetail)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a feature."""
        return answer(FeatureDetail, queries.feature_for(self.user, pk))

    @extend_schema(request=FeatureChange, responses=FeatureDetail)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is said of a feature (If-Match); its name stays."""
        feature = queries.feature_for(self.user, pk)
        expect = expected_version(request)
        fields = _with_source(self, feature.project, self.read(FeatureChange))
        return answer(FeatureDetail, services.change_feature(feature, by=self.user, expect=expect, **fields))


def _with_source(view: Endpoint, project: Project, fields: dict[str, Any]) -> dict[str, Any]:
    if "data_source" in fields:
        pk = fields.pop("data_source")
        fields["source"] = queries.source_for(view.user, pk) if pk else None
    return fields


class FeatureFileIn(FileIn):
    file = serializers.FileField(help_text="CSV, or YAML where the name ends in .yaml or .yml")


class FeatureFileOut(Output):
    registered = serializers.IntegerField()
    changed = serializers.IntegerField()


class FeatureImport(Endpoint):
    scopes = {"POST": Scope.TRACK}
    parser_classes = [MultiPartParser]

    @extend_schema(
        request={"multipart/form-data": FeatureFileIn}, responses=FeatureFileOut, parameters=[CONTENT_DIGEST]
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Register and change the features of a file: all of them, or none, with the fault of each row."""
        project = project_by_id_for(self.user, pk)
        file = self.read(FeatureFileIn)["file"]
        new, old = services.import_features(project, stream=file, name=file.name or "", by=self.user)
        return answer(FeatureFileOut, {"registered": new, "changed": old})


class DatasetOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=DatasetOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a dataset version."""
        return answer(DatasetOut, dataset_for(self.user, pk))
