"""Commands of the method by name (M13): how far each is, what is next, and starting what can start by itself."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Text
from apps.commands import queries, services
from apps.core.errors import Invalid


class CommandOut(Output):
    name = serializers.CharField(source="key")
    title = serializers.CharField()
    about = serializers.CharField()
    subject = serializers.CharField()
    starts = serializers.CharField()
    method = serializers.CharField()


class Commands(Endpoint):
    pagination_class = None
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=CommandOut(many=True))
    def get(self, request: Request) -> Response:
        """List the commands of the policy that new projects follow."""
        return Response(CommandOut(queries.commands_of(None), many=True).data)


class CommandIn(Input):
    project = Text(max_length=60, required=False, help_text="Short name of the project; or name a version.")
    version = serializers.UUIDField(required=False, help_text="Without one it is the newest of the project.")
    start = serializers.BooleanField(default=False, help_text="Begin the job of the command, if it has one.")


class CommandStepOut(Output):
    title = serializers.CharField(source="criterion.title")
    done = serializers.BooleanField()
    state = serializers.CharField(source="verdict.state")
    remedy = serializers.CharField(source="criterion.remedy")
    reason = serializers.CharField(source="verdict.reason")


class CommandStandingOut(Output):
    command = CommandOut()
    project = serializers.UUIDField(source="project.pk")
    version = serializers.SerializerMethodField()
    done = serializers.BooleanField()
    next = serializers.CharField()
    steps = CommandStepOut(many=True)
    url = serializers.CharField()
    job = serializers.SerializerMethodField()

    def get_version(self, one: Any) -> str | None:
        return str(one.version.pk) if one.version else None

    def get_job(self, one: Any) -> str | None:
        job = self.context.get("job")
        return str(job.pk) if job else None


class CommandOne(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=CommandIn, responses=CommandStandingOut)
    def post(self, request: Request, name: str) -> Response:
        """Say how far a command is for a project or version and what is next; with `start` begin its job."""
        given = self.read(CommandIn)
        if not given.get("project") and not given.get("version"):
            raise Invalid("Name the project by its short name, or a version by its id.", code="no_subject")
        project, version = queries.subject_of(self.user, given.get("project", ""), given.get("version"))
        standing = queries.standing_of(queries.command_called(name, project), project, version)
        job = services.start(standing, by=self.user) if given["start"] else None
        return Response(CommandStandingOut(standing, context={"job": job}).data)
