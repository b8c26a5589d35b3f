"""Exceptions: waivers can be asked for; granting one takes a person in the portal."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Person, Text, answer
from apps.gates import queries_exceptions as queries
from apps.gates import services
from apps.projects.queries import project_by_id_for
from apps.registry.queries import version_for


class WaiverIn(Input):
    to = Text(max_length=30)
    criterion = Text(max_length=60)
    reason = Text(max_length=5000)
    until = serializers.DateTimeField()


class GrantOut(Output):
    signer = serializers.CharField(source="signer_name")
    role = serializers.CharField()
    comment = serializers.CharField()
    granted_at = serializers.DateTimeField()


class WaiverOut(Output):
    id = serializers.UUIDField()
    version = serializers.UUIDField(source="version_id")
    gate = serializers.CharField()
    criterion = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField()
    evidence_digest = serializers.CharField()
    until = serializers.DateTimeField()
    asked_by = Person()
    grant = GrantOut(allow_null=True, default=None)
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class Waivers(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.PROMOTE}

    @extend_schema(responses=WaiverOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the waivers of a version."""
        version = version_for(self.user, pk)
        return self.page(queries.waivers_for(self.user).filter(version=version), WaiverOut)

    @extend_schema(request=WaiverIn, responses={201: WaiverOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask that a criterion need not hold, on the evidence of now. A person grants it in the portal."""
        version = version_for(self.user, pk)
        fields = self.read(WaiverIn)
        made = services.ask_waiver(version, to_stage=fields.pop("to"), by=self.user, **fields)
        return answer(WaiverOut, queries.waiver_for(self.user, made.pk), status=201)


class ProjectWaivers(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=WaiverOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the waivers of a project."""
        project = project_by_id_for(self.user, pk)
        return self.page(queries.waivers_for(self.user).filter(version__model__project=project), WaiverOut)
