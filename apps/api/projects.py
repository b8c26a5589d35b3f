"""Projects, their briefs, members, data sources and datasets."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, FiniteFloatField, Input, Output, Person, Text, answer, expected_version
from apps.data.queries import profile_for
from apps.data.services import assess
from apps.projects import queries, services
from apps.projects.briefs import missing_fields
from apps.projects.enums import Consumer, DataRole, Direction, Latency, Task
from apps.projects.models import Brief, DataSource


class ProjectOut(Output):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    purpose = serializers.CharField()
    policy = serializers.CharField(source="policy_revision.pack.slug")
    policy_revision = serializers.IntegerField(source="policy_revision.number")
    created_at = serializers.DateTimeField()


class ProjectIn(Input):
    slug = Text(max_length=60)
    name = Text(max_length=120)
    purpose = Text(required=False)


class ProjectChange(Input):
    name = Text(required=False, max_length=120)
    purpose = Text(required=False)


class Projects(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=ProjectOut(many=True))
    def get(self, request: Request) -> Response:
        """List the projects that you may see."""
        return self.page(queries.projects_for(self.user).order_by("-id"), ProjectOut)

    @extend_schema(request=ProjectIn, responses={201: ProjectOut})
    def post(self, request: Request) -> Response:
        """Begin a project; the person behind the caller owns it."""
        project = services.create_project(**self.read(ProjectIn), by=self.user)
        return answer(ProjectOut, project, status=201, location=f"/api/v1/projects/{project.pk}")


class ProjectOne(Endpoint):
    scopes = {"GET": Scope.READ, "PATCH": Scope.TRACK}

    @extend_schema(responses=ProjectOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a project."""
        return answer(ProjectOut, queries.project_by_id_for(self.user, pk))

    @extend_schema(request=ProjectChange, responses=ProjectOut)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change name or purpose (If-Match)."""
        project = queries.project_by_id_for(self.user, pk)
        expect = expected_version(request)
        return answer(
            ProjectOut,
            services.change_project(project, by=self.user, expect=expect, **self.read(ProjectChange)),
        )


class BriefFields(Input):
    business_objective = Text(required=False)
    success_metric = Text(required=False, max_length=60)
    success_target = FiniteFloatField(required=False, allow_null=True)
    success_direction = serializers.ChoiceField(required=False, allow_blank=True, choices=Direction.choices)
    baseline = Text(required=False)
    task = serializers.ChoiceField(required=False, choices=Task.choices)
    prediction_target = Text(required=False)
    consumer = serializers.ChoiceField(required=False, choices=Consumer.choices)
    latency = serializers.ChoiceField(required=False, choices=Latency.choices)
    data_available = Text(required=False)
    data_gaps = Text(required=False)
    ethical_considerations = Text(required=False)
    fairness_metric = Text(required=False, max_length=60)
    fairness_threshold = FiniteFloatField(required=False, allow_null=True)
    kill_criteria = Text(required=False)


class BriefOut(Output):
    business_objective = serializers.CharField()
    success_metric = serializers.CharField()
    success_target = serializers.FloatField(allow_null=True)
    success_direction = serializers.CharField()
    baseline = serializers.CharField()
    task = serializers.CharField()
    prediction_target = serializers.CharField()
    consumer = serializers.CharField()
    latency = serializers.CharField()
    data_available = serializers.CharField()
    data_gaps = serializers.CharField()
    ethical_considerations = serializers.CharField()
    fairness_metric = serializers.CharField()
    fairness_threshold = serializers.FloatField(allow_null=True)
    fairness_declared_at = serializers.DateTimeField(allow_null=True)
    kill_criteria = serializers.CharField()
    complete = serializers.SerializerMethodField()
    missing = serializers.SerializerMethodField()

    def get_complete(self, brief: Brief) -> bool:
        """Tell whether every required field is filled."""
        return not missing_fields(brief)

    def get_missing(self, brief: Brief) -> list[str]:
        """Return the required fields that are empty."""
        return missing_fields(brief)


class BriefOne(Endpoint):
    scopes = {"GET": Scope.READ, "PATCH": Scope.TRACK}

    @extend_schema(responses=BriefOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the problem brief."""
        return answer(BriefOut, queries.brief_of(queries.project_by_id_for(self.user, pk)))

    @extend_schema(request=BriefFields, responses=BriefOut)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Fill in fields of the brief (If-Match); a stale one is answered 412 with the fields that differ."""
        project = queries.project_by_id_for(self.user, pk)
        expect = expected_version(request)
        return answer(
            BriefOut, services.change_brief(project, by=self.user, expect=expect, **self.read(BriefFields))
        )


class MemberOut(Output):
    id = serializers.UUIDField()
    user = Person()
    role = serializers.CharField()


class Members(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=MemberOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the members; they are managed in the portal, by people."""
        return self.page(
            queries.members_of(queries.project_by_id_for(self.user, pk)).order_by("-id"), MemberOut
        )


class Scores(Input):
    completeness = serializers.IntegerField()
    accuracy = serializers.IntegerField()
    consistency = serializers.IntegerField()
    timeliness = serializers.IntegerField()
    relevance = serializers.IntegerField()
    volume = serializers.IntegerField()


class DataSourceIn(Input):
    name = Text(max_length=120)
    description = Text(required=False)
    note = Text(required=False, max_length=5000)
    profile = serializers.UUIDField(
        required=False, help_text="the profile whose proposals you saw; scoring otherwise then needs a note"
    )
    scores = Scores()


class DataSourceOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    score = serializers.IntegerField()
    scores = serializers.SerializerMethodField()

    def get_scores(self, source: DataSource) -> dict[str, int]:
        """Return the six scores by dimension."""
        return {name: getattr(source, name) for name in DataSource.DIMENSIONS}


class DataSources(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=DataSourceOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the data sources with their six scores."""
        return self.page(
            queries.data_sources_of(queries.project_by_id_for(self.user, pk)).order_by("-id"), DataSourceOut
        )

    @extend_schema(request=DataSourceIn, responses={201: DataSourceOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Assess a data source: six scores of 0 to 5; the same name again assesses it anew."""
        project = queries.project_by_id_for(self.user, pk)
        fields: dict[str, Any] = self.read(DataSourceIn)
        if "profile" in fields:
            fields["profile"] = profile_for(self.user, fields["profile"])
        return answer(DataSourceOut, assess(project, by=self.user, **fields), status=201)


class DatasetIn(Input):
    name = Text(max_length=120)
    role = serializers.ChoiceField(choices=DataRole.choices)
    content_digest = Text(max_length=64)
    row_count = serializers.IntegerField(min_value=0, max_value=10**12)


class DatasetOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.CharField()
    content_digest = serializers.CharField()
    row_count = serializers.IntegerField()


class Datasets(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=DatasetOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the dataset versions."""
        return self.page(
            queries.datasets_of(queries.project_by_id_for(self.user, pk)).order_by("-id"), DatasetOut
        )

    @extend_schema(request=DatasetIn, responses={201: DatasetOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Record one state of a dataset by the SHA-256 of its content."""
        project = queries.project_by_id_for(self.user, pk)
        fields: dict[str, Any] = self.read(DatasetIn)
        return answer(DatasetOut, services.record_dataset(project, by=self.user, **fields), status=201)
