"""The model card of a version."""

from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, FileNegotiation, Input, Output, answer, expected_version
from apps.api.jobs import JobOut, started
from apps.api.waiting import PREFER
from apps.core import blobs
from apps.core.canonical import canonical_json, digest_bytes, digest_field
from apps.modelcards import queries as cards
from apps.modelcards import services as card_services
from apps.modelcards.content import assemble
from apps.modelcards.document import build
from apps.modelcards.schema import FILE
from apps.registry.queries import version_for

CARD_INPUT = {
    "fields": {"type": "object", "description": "texts by the key of the field"},
    "confirm": {
        "type": "array",
        "items": {"type": "string"},
        "description": "stale fields that were read again and are still right",
    },
}


class CardIn(Input):
    fields_ = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=20_000), required=False
    )

    confirm = serializers.ListField(child=serializers.SlugField(), required=False)

    def get_fields(self) -> dict[str, Any]:
        found = super().get_fields()
        return {"fields": found["fields_"], "confirm": found["confirm"]}


class CardOut(Output):
    version = serializers.UUIDField(source="version.pk")
    stage = serializers.CharField(source="version.stage")
    status = serializers.CharField()
    digest = serializers.CharField()
    stale = serializers.ListField(child=serializers.CharField(), source="document.card.stale")
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
        request={"application/json": {"type": "object", "properties": CARD_INPUT}},
        responses=CardOut,
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Write fields of the card, or confirm stale ones (If-Match; "0" or "1" for one that was never written)."""
        version = version_for(self.user, pk)
        expect = expected_version(request) or 1
        given = self.read(CardIn)
        card_services.change_card(
            version,
            fields=given.get("fields", {}),
            confirm=given.get("confirm", ()),
            by=self.user,
            expect=expect,
        )
        return self._card(assemble(version))

    def _card(self, card: Any) -> Response:
        response = answer(CardOut, card)
        response["ETag"] = f'"{card.card.lock_version if card.card else 0}"'
        return response


class CardDocument(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Return the whole card as one document in canonical JSON (RFC 8785); its SHA-256 is the ETag, and the card's digest."""
        content = canonical_json(build(version_for(self.user, pk)))
        digest = digest_bytes(content)
        headers = {"ETag": f'"{digest}"', "Repr-Digest": digest_field(digest)}
        return HttpResponse(content, content_type="application/json", headers=headers)


class CardSchema(Endpoint):
    content_negotiation_class = FileNegotiation
    scopes = {"GET": Scope.READ}

    @extend_schema(responses={(200, "application/schema+json"): OpenApiTypes.OBJECT})
    def get(self, request: Request) -> FileResponse:
        """Return the JSON Schema (draft 2020-12) of a card's document."""
        return FileResponse(FILE.open("rb"), content_type="application/schema+json")


class CardPdf(Endpoint):
    content_negotiation_class = FileNegotiation
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> HttpResponse | FileResponse:
        """Return the PDF of the card as it stands; 404 until it was asked for and made."""
        version = version_for(self.user, pk)
        export = cards.export_of(version, assemble(version).digest)
        if export is None or export.blob_id is None:
            raise Http404
        name = f"{version.model.slug}-v{version.number}-card.pdf"
        return blobs.download(export.blob_id, name=name, media_type="application/pdf")

    @extend_schema(request=None, responses={200: JobOut, 202: JobOut}, parameters=[PREFER])
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a worker make the PDF of the card as it stands."""
        version = version_for(self.user, pk)
        export = card_services.request_pdf(version, by=self.user)
        return started(
            request, JobOut, export.job, job=export.job, location=f"/api/v1/versions/{version.pk}/card/pdf"
        )
