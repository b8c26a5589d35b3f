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


class ReasonIn(Input):
    reason = Text(max_length=5000)


class RollbackOut(Output):
    id = serializers.UUIDField()
    version = serializers.UUIDField(source="version_id")
    restored = serializers.UUIDField(source="restored_id")
    automatic = serializers.BooleanField()
    reason = serializers.CharField()
    postmortem = serializers.UUIDField(source="postmortem.pk")


class RollbackOne(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=ReasonIn, responses={201: RollbackOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Put the version before back into production. Takes a person; pipelines report metrics instead."""
        version = version_for(self.user, pk)
        made = services.roll_back(version, by=self.user, **self.read(ReasonIn))
        return answer(RollbackOut, made, status=201)


class SuspensionOut(Output):
    id = serializers.UUIDField()
    version = serializers.UUIDField(source="version_id")
    automatic = serializers.BooleanField()
    reason = serializers.CharField()
    postmortem = serializers.UUIDField(source="postmortem.pk")


class SuspensionOne(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=ReasonIn, responses={201: SuspensionOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Take a version out of production. Takes a person."""
        version = version_for(self.user, pk)
        made = services.suspend(version, by=self.user, **self.read(ReasonIn))
        return answer(SuspensionOut, made, status=201)


class PostmortemOut(Output):
    id = serializers.UUIDField()
    version = serializers.UUIDField(source="version_id")
    about = serializers.CharField(source="cause")
    reason = serializers.CharField(source="cause.reason")
    owner = Person()
    caused_by = Person(allow_null=True)
    due_at = serializers.DateTimeField()
    blocks = serializers.BooleanField()
    overdue = serializers.BooleanField(source="is_overdue")
    state = serializers.CharField()
    outcome = serializers.CharField()
    closed_by = Person(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class ProjectPostmortems(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=PostmortemOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the postmortems of exceptions in a project."""
        project = project_by_id_for(self.user, pk)
        return self.page(
            queries.postmortems_for(self.user).filter(version__model__project=project), PostmortemOut
        )


class OutcomeIn(Input):
    outcome = Text(max_length=5000)


class PostmortemClose(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=OutcomeIn, responses=PostmortemOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Close a postmortem with what was found. Takes a person, and not the one who caused it."""
        postmortem = queries.postmortem_for(self.user, pk)
        return answer(
            PostmortemOut, services.close_postmortem(postmortem, by=self.user, **self.read(OutcomeIn))
        )
