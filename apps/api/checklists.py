"""Checklists of a version."""

from typing import Any
from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import (
    Endpoint,
    FileIn,
    FileNegotiation,
    Input,
    Output,
    Person,
    Text,
    answer,
    expected_version,
)
from apps.api.digests import CONTENT_DIGEST
from apps.api.parsing import FlatJSONParser
from apps.checklists import migrating, queries, services
from apps.checklists.enums import AnswerValue
from apps.core import blobs
from apps.registry.models import Version
from apps.registry.queries import version_for


class AnswerEvidenceOut(Output):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    text = serializers.CharField()
    file_name = serializers.CharField()
    sha256 = serializers.CharField(source="blob_id", allow_null=True)
    size_bytes = serializers.IntegerField(source="blob.size_bytes", allow_null=True, default=None)
    evaluation = serializers.UUIDField(source="evaluation_id", allow_null=True)
    shown_by = Person(source="answer.answered_by")
    created_at = serializers.DateTimeField()


class ItemCommentOut(Output):
    text = serializers.CharField()
    written_by = Person()
    created_at = serializers.DateTimeField()


class AssignmentOut(Output):
    assignee = Person(allow_null=True)
    due_on = serializers.DateField(allow_null=True)


class LineOut(Output):
    key = serializers.CharField(source="item.key")
    question = serializers.CharField(source="item.question")
    method = serializers.CharField(source="item.method")
    value = serializers.CharField(allow_null=True)
    by_evidence = serializers.BooleanField()
    automatic = serializers.SerializerMethodField()
    given = serializers.CharField(source="answer.value", default=None, allow_null=True)
    reason = serializers.CharField(source="answer.reason", default="")
    evidence_url = serializers.CharField(source="answer.evidence_url", default="")
    answered_by = Person(source="answer.answered_by", default=None, allow_null=True)
    standing = serializers.CharField(allow_null=True)
    overruled_facts = serializers.SerializerMethodField()
    evidence = AnswerEvidenceOut(many=True)
    needs_evidence = serializers.BooleanField()
    assignment = AssignmentOut(allow_null=True)
    comments = ItemCommentOut(many=True)

    def get_automatic(self, line: queries.Line) -> dict[str, Any] | None:
        """Return what the evidence says, with the values it looked at."""
        return line.automatic.to_json() if line.automatic else None

    def get_overruled_facts(self, line: queries.Line) -> list[Any] | None:
        """Return path and value of the facts that a person's answer overruled."""
        return line.answer.facts if line.answer else None


class SheetHeadOut(Output):
    key = serializers.CharField()
    title = serializers.CharField()
    answered = serializers.IntegerField()
    total = serializers.IntegerField()
    failed = serializers.IntegerField()
    in_doubt = serializers.IntegerField()
    complete = serializers.BooleanField()
    current = serializers.BooleanField()


class SheetOut(SheetHeadOut):
    applies = serializers.BooleanField()
    without_evidence = serializers.IntegerField()
    items = LineOut(source="lines", many=True)


class SheetAnswerIn(FileIn):
    item = Text(max_length=60)
    value = serializers.ChoiceField(choices=AnswerValue.choices)
    reason = Text(required=False)
    evidence_url = Text(required=False, max_length=500)
    text = Text(required=False)
    evaluation = serializers.UUIDField(required=False)
    file = serializers.FileField(required=False, allow_empty_file=True)


class AssignmentIn(Input):
    item = Text(max_length=60)
    assignee = serializers.UUIDField(allow_null=True, required=False, default=None)
    due_on = serializers.DateField(allow_null=True, required=False, default=None)


class ItemCommentIn(Input):
    item = Text(max_length=60)
    text = Text(max_length=5000)


def sheet(version: Version, key: str, *, status: int = 200) -> Response:
    """Answer a checklist as it stands, with the ETag of its row."""
    found = queries.sheet_of(version, key, queries.judged_on(version))
    response = answer(SheetOut, found, status=status)
    response["ETag"] = f'"{found.checklist.lock_version if found.checklist else 0}"'
    return response


class ChecklistList(Endpoint):
    pagination_class = None
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=SheetHeadOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the checklists that the policy asks of a version, with how far each is."""
        version = version_for(self.user, pk)
        found = queries.sheets_of(version, queries.judged_on(version))
        return Response(SheetHeadOut(found, many=True).data)


class ChecklistOne(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}
    parser_classes = [FlatJSONParser, MultiPartParser]

    @extend_schema(responses=SheetOut)
    def get(self, request: Request, pk: UUID, key: str) -> Response:
        """Return a checklist: automatic and human answers."""
        return sheet(version_for(self.user, pk), key)

    @extend_schema(
        request={"application/json": SheetAnswerIn, "multipart/form-data": SheetAnswerIn},
        responses={201: SheetOut},
        parameters=[CONTENT_DIGEST],
    )
    def post(self, request: Request, pk: UUID, key: str) -> Response:
        """Answer one item; evidence is a link, a text, an evaluation of the version, or a file as multipart."""
        version = version_for(self.user, pk)
        fields = self.read(SheetAnswerIn)
        file = fields.pop("file", None)
        shown = services.Shown(
            fields.pop("text", ""), file, file.name if file else "", fields.pop("evaluation", None)
        )
        checklist = services.open_checklist(version, key=key, by=self.user)
        services.answer(checklist, by=self.user, shown=shown, **fields)
        return sheet(version, key, status=201)


class ChecklistAssignments(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=AssignmentIn, responses={201: SheetOut})
    def post(self, request: Request, pk: UUID, key: str) -> Response:
        """Give an item to a member who may answer, or with null take it back."""
        version = version_for(self.user, pk)
        fields = self.read(AssignmentIn)
        checklist = services.open_checklist(version, key=key, by=self.user)
        services.assign(checklist, by=self.user, **fields)
        return sheet(version, key, status=201)


class ChecklistComments(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=ItemCommentIn, responses={201: SheetOut})
    def post(self, request: Request, pk: UUID, key: str) -> Response:
        """Comment on an item."""
        version = version_for(self.user, pk)
        fields = self.read(ItemCommentIn)
        checklist = services.open_checklist(version, key=key, by=self.user)
        services.comment(checklist, by=self.user, **fields)
        return sheet(version, key, status=201)


class StepOut(Output):
    key = serializers.CharField()
    question = serializers.CharField()
    fate = serializers.CharField()
    answered = serializers.BooleanField()
    carried = serializers.BooleanField()


class ChecklistMigrationOut(Output):
    carried = serializers.IntegerField()
    to_confirm = serializers.IntegerField()
    items = StepOut(source="steps", many=True)


class ChecklistMigration(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=ChecklistMigrationOut)
    def get(self, request: Request, pk: UUID, key: str) -> Response:
        """Preview what becomes of each item under the project's policy of now; 409 when nothing is to be taken over."""
        version = version_for(self.user, pk)
        found = queries.sheet_of(version, key, queries.judged_on(version))
        response = answer(ChecklistMigrationOut, migrating.preview(found))
        response["ETag"] = f'"{found.checklist.lock_version if found.checklist else 0}"'
        return response

    @extend_schema(request=None, responses=ChecklistMigrationOut)
    def post(self, request: Request, pk: UUID, key: str) -> Response:
        """Take the checklist over, as it was previewed (If-Match)."""
        version = version_for(self.user, pk)
        expect = expected_version(request)
        steps = services.migrate(version, key=key, by=self.user, expect=expect)
        return answer(ChecklistMigrationOut, steps)


class ChecklistEvidence(Endpoint):
    content_negotiation_class = FileNegotiation
    scopes = {"GET": Scope.READ}

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> FileResponse:
        """Download a file that an answer rests on."""
        found = queries.evidence_for(self.user, pk)
        assert found.blob_id is not None
        return blobs.download(found.blob_id, name=found.file_name)
