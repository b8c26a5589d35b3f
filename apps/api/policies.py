"""Which revision a project follows: what another would change, and asking to move. Confirming takes the portal."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Person, Text, answer
from apps.gates import queries_policy as queries
from apps.gates import services
from apps.gates.impact import project_impact
from apps.policies.queries import revision_named
from apps.projects.queries import project_by_id_for


class RevisionOut(Output):
    policy = serializers.CharField(source="pack.slug")
    revision = serializers.IntegerField(source="number")


class PolicyMoveOut(Output):
    id = serializers.UUIDField()
    state = serializers.CharField()
    before = RevisionOut(source="from_revision")
    after = RevisionOut(source="to_revision")
    reason = serializers.CharField()
    asked_by = Person()
    confirmed_by = Person(allow_null=True)
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class PolicyMoveIn(Input):
    policy = Text(max_length=60)
    revision = serializers.IntegerField(required=False, min_value=1, help_text="the newest, if left out")
    reason = Text(max_length=5000)


class PolicyMoves(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.PROMOTE}

    @extend_schema(responses=PolicyMoveOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the moves of a project between revisions."""
        project = project_by_id_for(self.user, pk)
        return self.page(queries.moves_for(self.user).filter(project=project), PolicyMoveOut)

    @extend_schema(request=PolicyMoveIn, responses={201: PolicyMoveOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask that the project follows another revision. Takes an owner; a risk officer confirms in the portal."""
        project = project_by_id_for(self.user, pk)
        fields = self.read(PolicyMoveIn)
        to = revision_named(fields["policy"], str(fields.get("revision", "")))
        made = services.ask_move(project, to=to, reason=fields["reason"], by=self.user)
        return answer(PolicyMoveOut, queries.move_for(self.user, made.pk), status=201)


class ImpactRowOut(Output):
    kind = serializers.ChoiceField(choices=["request", "version"])
    id = serializers.UUIDField(source="pk")
    name = serializers.CharField()
    gate = serializers.CharField()
    before = serializers.CharField(help_text="empty where no such gate is asked")
    after = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())


class PolicyPreviewOut(Output):
    changes = ImpactRowOut(many=True)


class PolicyPreview(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        responses=PolicyPreviewOut,
        parameters=[
            OpenApiParameter("policy", required=True),
            OpenApiParameter("revision", int, description="the newest, if left out"),
        ],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Tell what would change for a project under another revision. Writes nothing."""
        project = project_by_id_for(self.user, pk)
        wanted = request.query_params
        to = revision_named(wanted.get("policy", ""), wanted.get("revision", ""))
        return answer(PolicyPreviewOut, {"changes": project_impact(project, to)})
