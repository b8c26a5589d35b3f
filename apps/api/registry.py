"""Models, versions and CI checks."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, FileIn, Input, Output, Person, Text, answer, asked_version
from apps.api.digests import CONTENT_DIGEST
from apps.api.parsing import FlatJSONParser
from apps.api.uploads import ContentIn, content_of
from apps.experiments.queries import run_for
from apps.projects.queries import project_by_id_for
from apps.registry import queries, services
from apps.registry.enums import Change, CheckStatus


class ModelIn(Input):
    slug = Text(max_length=60)
    name = Text(max_length=120)
    description = Text(required=False)


class ModelOut(Output):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    project = serializers.UUIDField(source="project_id")
    retired_at = serializers.DateTimeField(allow_null=True)
    retirement_reason = serializers.CharField()


class Models(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=ModelOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the models of a project."""
        return self.page(
            queries.models_for(self.user).filter(project=project_by_id_for(self.user, pk)), ModelOut
        )

    @extend_schema(request=ModelIn, responses={201: ModelOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Name a model."""
        project = project_by_id_for(self.user, pk)
        made = services.create_model(project, by=self.user, **self.read(ModelIn))
        return answer(ModelOut, made, status=201, location=f"/api/v1/models/{made.pk}")


class ModelOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=ModelOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a model."""
        return answer(ModelOut, queries.model_for(self.user, pk))


class RetirementIn(Input):
    reason = Text(max_length=2000)


class Retirement(Endpoint):
    scopes = {"POST": Scope.PROMOTE, "DELETE": Scope.PROMOTE}

    @extend_schema(request=RetirementIn, responses=ModelOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Retire a model: no new versions, no promotions. Takes an owner."""
        model = queries.model_for(self.user, pk)
        return answer(ModelOut, services.retire_model(model, by=self.user, **self.read(RetirementIn)))

    @extend_schema(request=RetirementIn, responses=ModelOut)
    def delete(self, request: Request, pk: UUID) -> Response:
        """Take a retirement back, with a reason."""
        model = queries.model_for(self.user, pk)
        return answer(ModelOut, services.reinstate_model(model, by=self.user, **self.read(RetirementIn)))


class VersionIn(ContentIn):
    needs_content = False
    run = serializers.UUIDField(required=False)
    change = serializers.ChoiceField(choices=Change.choices, default=Change.MINOR)
    description = Text(required=False)
    commit = Text(required=False, max_length=64)
    file = serializers.FileField(required=False)
    path = Text(required=False, max_length=300)


class PinnedFileOut(Output):
    path = serializers.CharField()
    digest = serializers.CharField(source="blob_id")
    size_bytes = serializers.IntegerField(source="blob.size_bytes")


class VersionOut(Output):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    stage = serializers.CharField()
    change = serializers.CharField()
    description = serializers.CharField()
    model = serializers.UUIDField(source="model_id")
    run = serializers.UUIDField(source="run_id", allow_null=True)
    commit = serializers.CharField()
    files = PinnedFileOut(source="pinned", many=True)
    created_by = Person()
    created_at = serializers.DateTimeField()


class Versions(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}
    parser_classes = [FlatJSONParser, MultiPartParser]

    @extend_schema(responses=VersionOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the versions of a model."""
        model = queries.model_for(self.user, pk)
        rows = queries.versions_for(self.user).filter(model=model)
        return self.page(queries.with_files(rows), VersionOut)

    @extend_schema(
        request={"multipart/form-data": VersionIn, "application/json": VersionIn},
        responses={201: VersionOut},
        parameters=[CONTENT_DIGEST],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Register the next version, from a run, with its first file as multipart; more are pinned to it one by one."""
        model = queries.model_for(self.user, pk)
        fields: dict[str, Any] = self.read(VersionIn)
        run = run_for(self.user, fields.pop("run")) if "run" in fields else None
        file = content_of(fields, project=model.project, by=self.user)
        path = fields.pop("path", "") or "model"
        made = services.register_version(
            model, by=self.user, run=run, artifact_stream=file, artifact_path=path, **fields
        )
        shown = queries.version_with_files_for(self.user, made.pk)
        return answer(VersionOut, shown, status=201, location=f"/api/v1/versions/{made.pk}")


class CommitIn(Input):
    commit = Text(max_length=64)


class VersionOne(Endpoint):
    scopes = {"GET": Scope.READ, "PATCH": Scope.TRACK}

    @extend_schema(responses=VersionOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a version and the stage that it is in."""
        return answer(VersionOut, queries.version_with_files_for(self.user, pk))

    @extend_schema(request=CommitIn, responses=VersionOut)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Say which commit a version was built from, while it is in its first stage; its checks expire."""
        version, fields = queries.version_for(self.user, pk), self.read(CommitIn)
        services.change_commit(version, by=self.user, expect=asked_version(request), **fields)
        return answer(VersionOut, queries.version_with_files_for(self.user, pk))


class PinnedFileIn(ContentIn):
    path = Text(max_length=300)
    file = serializers.FileField(required=False)


class Artifacts(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}
    parser_classes = [MultiPartParser, FlatJSONParser]

    @extend_schema(responses=PinnedFileOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the files that are pinned to a version."""
        pinned = queries.version_for(self.user, pk).artifacts.pinned()
        return self.page(pinned.select_related("blob"), PinnedFileOut)

    @extend_schema(
        request={"multipart/form-data": PinnedFileIn, "application/json": PinnedFileIn},
        responses={201: PinnedFileOut},
        parameters=[CONTENT_DIGEST],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Pin a file to a version in its first stage; another file under the same path takes its place."""
        version = queries.version_for(self.user, pk)
        fields = self.read(PinnedFileIn)
        content = content_of(fields, project=version.model.project, by=self.user)
        made = services.pin_artifact(version, stream=content, by=self.user, **fields)
        return answer(PinnedFileOut, made, status=201)


class CheckIn(Input):
    name = Text(max_length=60)
    status = serializers.ChoiceField(choices=CheckStatus.choices)
    summary = Text(required=False)
    url = Text(required=False, max_length=500)
    figures = serializers.DictField(required=False)
    commit = Text(required=False, max_length=64)


class CheckReportIn(FileIn):
    name = Text(max_length=60)
    kind = serializers.ChoiceField(choices=[("junit", "JUnit XML"), ("sarif", "SARIF 2.1.0")])
    file = serializers.FileField()
    url = Text(required=False, max_length=500)
    commit = Text(required=False, max_length=64)
    fail_on = serializers.ChoiceField(choices=["note", "warning", "error"], default="error")


class CheckOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    status = serializers.CharField()
    summary = serializers.CharField()
    url = serializers.CharField()
    figures = serializers.JSONField()
    source = serializers.CharField()  # type: ignore[assignment]
    items = serializers.JSONField()
    contents_digest = serializers.CharField()
    created_at = serializers.DateTimeField()


class Checks(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=CheckOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List what CI reported, newest first."""
        return self.page(queries.version_for(self.user, pk).checks.all(), CheckOut)

    @extend_schema(request=CheckIn, responses={201: CheckOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Report a named check; the newest report of a name counts."""
        version = queries.version_for(self.user, pk)
        return answer(
            CheckOut, services.report_check(version, by=self.user, **self.read(CheckIn)), status=201
        )


class CheckReports(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}
    parser_classes = [MultiPartParser]

    @extend_schema(
        request={"multipart/form-data": CheckReportIn}, responses={201: CheckOut}, parameters=[CONTENT_DIGEST]
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Report a check by the file of a test runner or scanner; it is summarised, and kept whole."""
        version = queries.version_for(self.user, pk)
        fields = self.read(CheckReportIn)
        stream = fields.pop("file")
        return answer(
            CheckOut, services.report_file(version, stream=stream, by=self.user, **fields), status=201
        )
