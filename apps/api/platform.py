"""The platform inventory of a project (M8.3)."""

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Person, Text, answer, asked_version
from apps.api.requests import member
from apps.projects import services
from apps.projects.enums import ComponentState
from apps.projects.inventory import inventory_of
from apps.projects.queries import project_by_id_for


class PlatformEntryOut(Output):
    component = serializers.CharField()
    state = serializers.ChoiceField(choices=ComponentState.choices)
    tool = serializers.CharField()
    owner = Person(allow_null=True)
    link = serializers.CharField()
    reason = serializers.CharField()


class PlatformPartOut(Output):
    component = serializers.CharField(source="component.key")
    title = serializers.CharField(source="component.title")
    needed = serializers.CharField(source="component.needed")
    hint = serializers.CharField(source="component.hint")
    state = serializers.ChoiceField(choices=ComponentState.choices)
    missing = serializers.BooleanField(source="is_missing")
    entry = PlatformEntryOut(allow_null=True)


class PlatformOut(Output):
    complete = serializers.BooleanField(source="facts.complete", allow_null=True)
    missing = serializers.ListField(source="facts.missing", child=serializers.CharField(), allow_null=True)
    parts = PlatformPartOut(many=True)


class PlatformOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=PlatformOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the parts of the platform that the policy names, what is missing first."""
        return answer(PlatformOut, inventory_of(project_by_id_for(self.user, pk)))


class ComponentIn(Input):
    state = serializers.ChoiceField(choices=ComponentState.choices)
    tool = Text(required=False, max_length=120)
    owner = serializers.UUIDField(required=False, allow_null=True, help_text="a member of the project")
    link = serializers.URLField(required=False, max_length=500, allow_blank=True)
    reason = Text(required=False, max_length=2000)


class ComponentOne(Endpoint):
    scopes = {"GET": Scope.READ, "PUT": Scope.TRACK}

    @extend_schema(responses=PlatformPartOut, operation_id="projects_platform_component_retrieve")
    def get(self, request: Request, pk: UUID, component: str) -> Response:
        """Return one part of the platform."""
        part = inventory_of(project_by_id_for(self.user, pk)).part(component)
        if part is None:
            raise Http404
        response = answer(PlatformPartOut, part)
        response["ETag"] = f'"{part.entry.lock_version if part.entry else 0}"'
        return response

    @extend_schema(request=ComponentIn, responses=PlatformEntryOut)
    def put(self, request: Request, pk: UUID, component: str) -> Response:
        """Say how a part stands: the tool, who owns it, where it is."""
        project = project_by_id_for(self.user, pk)
        fields = self.read(ComponentIn)
        owner = fields.pop("owner", None)
        if owner is not None:
            fields["owner"] = member(project, owner)
        done = services.note_component(
            project, component=component, by=self.user, expect=asked_version(request), **fields
        )
        return answer(PlatformEntryOut, done)
