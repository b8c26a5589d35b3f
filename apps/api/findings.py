"""What the portal finds wrong with a project: pipelines read it; people decide."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Person, Text, answer, expected_version
from apps.api.requests import demand_person
from apps.findings import queries, services
from apps.findings.enums import Choice
from apps.findings.judging import judge_project
from apps.projects.queries import project_by_id_for


class FindingDecisionOut(Output):
    choice = serializers.CharField()
    reason = serializers.CharField()
    until = serializers.DateField(allow_null=True)
    decided_by = Person()
    created_at = serializers.DateTimeField()


class FindingOut(Output):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    key = serializers.CharField()
    title = serializers.CharField()
    remedy = serializers.CharField()
    method = serializers.CharField()
    state = serializers.CharField()
    version = serializers.UUIDField(source="version_id", allow_null=True)
    until = serializers.DateField(allow_null=True)
    seen = serializers.JSONField()
    decisions = FindingDecisionOut(many=True)
    found_at = serializers.DateTimeField(source="created_at")
    gone_at = serializers.DateTimeField(allow_null=True)


class ProjectFindings(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=FindingOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List what was found wrong with a project, newest first; what is no longer so stays, as `gone`."""
        project = project_by_id_for(self.user, pk)
        return self.page(queries.findings_for(self.user).filter(project=project), FindingOut)


class FindingRuleOut(Output):
    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    method = serializers.CharField()
    holds = serializers.BooleanField(allow_null=True)
    reason = serializers.CharField()
    version = serializers.UUIDField(allow_null=True)


class FindingRules(Endpoint):
    pagination_class = None
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=FindingRuleOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Judge the mistakes and kill criteria of a project on the evidence of now; `holds` null: evidence is missing."""
        judged = [one.to_json() for one in judge_project(project_by_id_for(self.user, pk))]
        return Response(FindingRuleOut(judged, many=True).data)


class FindingDecisionIn(Input):
    choice = serializers.ChoiceField(choices=Choice.choices)
    reason = Text(max_length=5000)
    until = serializers.DateField(required=False)


class FindingDecide(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=FindingDecisionIn, responses={201: FindingDecisionOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Go on in spite of a finding until a day, or stop the project. Takes a person, and If-Match."""
        finding = queries.finding_for(self.user, pk)
        demand_person(request)
        given = self.read(FindingDecisionIn)
        made = services.decide(finding, by=self.user, expect=expected_version(request), **given)
        return answer(FindingDecisionOut, made, status=201)
