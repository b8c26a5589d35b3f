"""Exports of a model card, and import of one."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, FileNegotiation, Input, Output, Text, answer, expected_version
from apps.modelcards import exchange
from apps.modelcards.exporting import FORMATS
from apps.modelcards.importing import MOST_BYTES
from apps.registry.queries import version_for

#: Of what media type the files are: of every format one stands here.
FILES: dict[Any, Any] = {
    (200, "application/json"): OpenApiTypes.OBJECT,
    (200, "application/vnd.cyclonedx+json"): OpenApiTypes.OBJECT,
    (200, "text/csv"): OpenApiTypes.STR,
    (200, "text/html"): OpenApiTypes.STR,
    (200, "text/markdown"): OpenApiTypes.STR,
}


class FormatOut(Output):
    format = serializers.CharField()
    title = serializers.CharField()
    media_type = serializers.CharField()
    file_name = serializers.CharField()
    url = serializers.CharField()
    lost = serializers.ListField(child=serializers.CharField())


class FormatsOut(Output):
    formats = FormatOut(many=True)


class CardExports(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=FormatsOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the formats, and in sentences what of this card each does not carry."""
        version = version_for(self.user, pk)
        formats: list[dict[str, Any]] = [
            {
                **{"format": key, "title": title, "media_type": made.media_type, "file_name": made.file_name},
                **{"url": f"/api/v1/versions/{version.pk}/card/exports/{key}", "lost": made.lost},
            }
            for key, title, made in exchange.export_all(version)
        ]
        return answer(FormatsOut, {"formats": formats})


class CardExportOne(Endpoint):
    content_negotiation_class = FileNegotiation
    scopes = {"GET": Scope.READ}

    @extend_schema(
        responses=FILES,
        operation_id="versions_card_exports_file_retrieve",
    )
    def get(self, request: Request, pk: UUID, key: str) -> HttpResponse:
        """Return the card as a file in one of the formats."""
        made = exchange.export_card(version_for(self.user, pk), key)
        if made is None:
            known = ", ".join(FORMATS)
            raise NotFound(f"A card has no export “{key[:40]}”. There are: {known}.")
        name = f'attachment; filename="{made.file_name}"'
        return HttpResponse(made.content, content_type=made.media_type, headers={"Content-Disposition": name})


class CardImportIn(Input):
    content = Text(max_length=MOST_BYTES, trim_whitespace=False)
    dry_run = serializers.BooleanField(default=False)


class CardImportOut(Output):
    fields_ = serializers.DictField(child=serializers.CharField())
    said = serializers.ListField(child=serializers.CharField())
    not_taken = serializers.ListField(child=serializers.CharField())

    def get_fields(self) -> dict[str, Any]:
        found = super().get_fields()
        return {("fields" if name == "fields_" else name): one for name, one in found.items()}


class CardImport(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=CardImportIn, responses=CardImportOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Write the fields of a README.md or of a card as JSON (If-Match); with `dry_run` only say what would be written."""
        version = version_for(self.user, pk)
        sent = self.read(CardImportIn)
        content = sent["content"].encode()
        if sent["dry_run"]:
            found = exchange.preview_import(version, content=content, by=self.user)
        else:
            expect = expected_version(request) or 1
            found = exchange.import_card(version, content=content, by=self.user, expect=expect)
        return answer(CardImportOut, found)
