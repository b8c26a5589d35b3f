"""Who am I, which policy, what happened."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.accounts.models import Token
from apps.api.base import Endpoint, Output, Person, answer
from apps.audit.events import present
from apps.audit.models import Event
from apps.audit.queries import events_of_project
from apps.policies.queries import current_revision
from apps.projects.queries import project_by_id_for


class MeOut(Output):
    user = Person()
    person = Person()
    scopes = serializers.ListField(child=serializers.CharField())


class Me(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        """Return who calls, and what the token is good for."""
        scopes = request.auth.scopes if isinstance(request.auth, Token) else list(Scope.values)
        return answer(MeOut, {"user": self.user, "person": self.user.person, "scopes": scopes})


class PolicyOut(Output):
    slug = serializers.CharField(source="pack.slug")
    title = serializers.CharField(source="pack.title")
    number = serializers.IntegerField()
    content_hash = serializers.CharField()
    document = serializers.JSONField()


class PolicyOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=PolicyOut)
    def get(self, request: Request, slug: str) -> Response:
        """Return the newest revision of a policy."""
        return answer(PolicyOut, current_revision(slug))


class EventOut(Output):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    sentence = serializers.SerializerMethodField()
    actor = serializers.CharField(source="actor_label")
    project = serializers.UUIDField(source="project_id", allow_null=True)
    object = serializers.CharField(source="object_label")
    object_type = serializers.CharField()
    object_id = serializers.UUIDField()
    sequence = serializers.IntegerField()
    recorded_at = serializers.DateTimeField()
    leaf_hash = serializers.CharField()
    data = serializers.JSONField()  # type: ignore[assignment]

    def get_sentence(self, event: Event) -> str:
        """Return the event as a sentence without its subject."""
        return present(event.kind, event.data, label=event.object_label)


class ProjectAudit(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=EventOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the events of a project, newest first."""
        return self.page(events_of_project(project_by_id_for(self.user, pk).pk), EventOut)
