"""Checklists, rubric and model card of a version."""

from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Text, answer, expected_version
from apps.api.jobs import JobOut
from apps.checklists import queries as checklists
from apps.checklists import services as checklist_services
from apps.checklists.enums import AnswerValue
from apps.core import blobs
from apps.evidence.services import collect
from apps.modelcards import queries as cards
from apps.modelcards import services as card_services
from apps.modelcards.content import assemble
from apps.registry.queries import version_for
from apps.rubrics import queries as rubrics
from apps.rubrics import services as rubric_services


class LineOut(Output):
    key = serializers.CharField(source="item.key")
    question = serializers.CharField(source="item.question")
    method = serializers.CharField(source="item.method")
    value = serializers.CharField(allow_null=True)
    by_evidence = serializers.BooleanField()
    automatic = serializers.SerializerMethodField()
    reason = serializers.CharField(source="answer.reason", default="")

    def get_automatic(self, line: checklists.Line) -> dict[str, Any] | None:
        """Return what the evidence says, with the values it looked at."""
        return line.automatic.to_json() if line.automatic else None


class SheetOut(Output):
    key = serializers.CharField()
    title = serializers.CharField()
    answered = serializers.IntegerField()
    total = serializers.IntegerField()
    failed = serializers.IntegerField()
    complete = serializers.BooleanField()
    items = LineOut(source="lines", many=True)


class SheetAnswerIn(Input):
    item = Text(max_length=60)
    value = serializers.ChoiceField(choices=AnswerValue.choices)
    reason = Text(required=False)
    evidence_url = Text(required=False, max_length=500)


class ChecklistOne(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=SheetOut)
    def get(self, request: Request, pk: UUID, key: str) -> Response:
        """Return a checklist: automatic and human answers."""
        version = version_for(self.user, pk)
        return answer(SheetOut, checklists.sheet_of(version, key, collect(version).document))

    @extend_schema(request=SheetAnswerIn, responses={201: SheetOut})
    def post(self, request: Request, pk: UUID, key: str) -> Response:
        """Answer one item."""
        version = version_for(self.user, pk)
        fields = self.read(SheetAnswerIn)
        checklist = checklist_services.open_checklist(version, key=key, by=self.user)
        checklist_services.answer(checklist, by=self.user, **fields)
        return answer(SheetOut, checklists.sheet_of(version, key, collect(version).document), status=201)


class DimensionOut(Output):
    key = serializers.CharField(source="dimension.key")
    title = serializers.CharField(source="dimension.title")
    weight = serializers.IntegerField(source="dimension.weight")
    level = serializers.IntegerField(source="score.level", allow_null=True, default=None)
    suggested = serializers.IntegerField()


class LiftOut(Output):
    dimension = serializers.CharField()
    gain = serializers.FloatField()
    what = serializers.CharField()


class BoardOut(Output):
    total = serializers.FloatField()
    suggested_total = serializers.FloatField()
    band = serializers.CharField()
    scored = serializers.BooleanField()
    dimensions = DimensionOut(source="rows", many=True)
    lifts = LiftOut(many=True)


class RubricOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=BoardOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the rubric: scores, suggestions, and what lifts the total most."""
        version = version_for(self.user, pk)
        return answer(BoardOut, rubrics.board_of(version, collect(version).document))


class RubricSuggest(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a worker compute the suggestion of each dimension."""
        job = rubric_services.request_suggestion(version_for(self.user, pk), by=self.user)
        return answer(JobOut, job, status=202, location=f"/api/v1/jobs/{job.pk}")


class CardIn(Input):
    fields_ = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=20_000), required=False
    )

    def get_fields(self) -> dict[str, Any]:
        found = super().get_fields()
        return {"fields": found["fields_"]}


class CardOut(Output):
    version = serializers.UUIDField(source="version.pk")
    stage = serializers.CharField(source="version.stage")
    status = serializers.CharField()
    digest = serializers.CharField()
    missing = serializers.ListField(child=serializers.CharField())
    written = serializers.SerializerMethodField()
    lock_version = serializers.IntegerField(source="card.lock_version", default=0)

    def get_written(self, card: Any) -> dict[str, str]:
        """Return the written fields by key, as Markdown."""
        return {section.field.key: section.text for section in card.sections}


class CardOne(Endpoint):
    scopes = {"GET": Scope.READ, "PATCH": Scope.EVIDENCE}

    @extend_schema(responses=CardOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the model card."""
        return self._card(assemble(version_for(self.user, pk)))

    @extend_schema(
        request={"application/json": {"type": "object", "properties": {"fields": {"type": "object"}}}},
        responses=CardOut,
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Write fields of the card (If-Match; "0" or "1" for one that was never written)."""
        version = version_for(self.user, pk)
        expect = expected_version(request) or 1
        fields = self.read(CardIn).get("fields", {})
        card_services.change_card(version, fields=fields, by=self.user, expect=expect)
        return self._card(assemble(version))

    def _card(self, card: Any) -> Response:
        response = answer(CardOut, card)
        response["ETag"] = f'"{card.card.lock_version if card.card else 0}"'
        return response


class CardPdf(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> HttpResponse | FileResponse:
        """Return the PDF of the card as it stands; 404 until it was asked for and made."""
        version = version_for(self.user, pk)
        export = cards.export_of(version, assemble(version).digest)
        if export is None or export.blob_id is None:
            raise Http404
        name = f"{version.model.slug}-v{version.number}-card.pdf"
        return FileResponse(
            blobs.open_blob(export.blob_id), as_attachment=True, filename=name, content_type="application/pdf"
        )

    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a worker make the PDF of the card as it stands."""
        version = version_for(self.user, pk)
        export = card_services.request_pdf(version, by=self.user)
        return answer(JobOut, export.job, status=202, location=f"/api/v1/versions/{version.pk}/card/pdf")
