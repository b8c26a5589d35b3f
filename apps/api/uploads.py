"""Large files in parts, by the draft of the IETF for resumable uploads (ADR 29), and their ids in place of a file."""

import math
import tempfile
from typing import IO, Any
from uuid import UUID

import http_sf
from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.accounts.models import User
from apps.api.base import Endpoint, FileIn, Input, Output, answer
from apps.api.digests import CHUNK_BYTES, CONTENT_DIGEST
from apps.core import blobs
from apps.core.errors import Invalid, MlgovError
from apps.core.texts import whole_number
from apps.projects.models import Project
from apps.projects.queries import project_by_id_for
from apps.uploads import queries, services
from apps.uploads.models import Upload

MEDIA_TYPE = "application/partial-upload"
#: Bytes of a part that stay in memory; larger ones are on the disk.
_MEMORY_BYTES = 1024 * 1024
#: Codes that the draft has types of problems for.
_TYPES = {"mismatching_upload_offset", "completed_upload", "inconsistent_upload_length"}
_IANA = "https://iana.org/assignments/http-problem-types#"
#: Seconds after which to ask again: five times as much is longer than a writer that died is waited for.
_BUSY_SECONDS = 20


def _header(name: str, text: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, required=required, description=text)


UPLOAD_OFFSET = _header(
    "Upload-Offset", "The byte at which these begin: how many are there already", required=True
)
UPLOAD_COMPLETE = _header(
    "Upload-Complete", "``?1`` where these end the file, else ``?0``; checked where it is sent"
)


class ContentIn(FileIn):
    """Input whose file may have come before, in parts: then its ``upload`` stands in its place."""

    #: Whether there is nothing to do without a file.
    needs_content = True
    upload = serializers.UUIDField(
        required=False, help_text="id of a complete upload of yours in this project, in place of the file"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if "file" in attrs and "upload" in attrs:
            raise serializers.ValidationError({"upload": "Send either a file or the id of an upload."})
        if self.needs_content and not {"file", "upload"} & set(attrs):
            raise serializers.ValidationError(
                {"file": "Send a file, or the id of a complete upload as “upload”."}
            )
        return attrs


def content_of(fields: dict[str, Any], *, project: Project, by: User) -> Any:
    """Take the file, or the ``Blob`` that the upload brought, out of the validated fields; raises as ``content_for``."""
    file, upload = fields.pop("file", None), fields.pop("upload", None)
    return file if upload is None else queries.content_for(by, upload, project=project)


class LengthNeeded(MlgovError):
    """A body whose end cannot be told from a broken connection (400)."""


class PartParser(BaseParser):
    """Spools the bytes of a part, so that none is kept before all are here and have the digest that was told."""

    media_type = MEDIA_TYPE

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        view = parser_context["view"]
        view.part = spool = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 - the view closes it
        while chunk := stream.read(CHUNK_BYTES):
            view.part_bytes += len(chunk)
            if view.part_bytes > services.MOST_PART_BYTES:
                break
            spool.write(chunk)
        return {}


class UploadIn(Input):
    project = serializers.UUIDField()
    size = serializers.IntegerField(min_value=1, max_value=2**62, help_text="bytes of the whole file")
    sha256 = serializers.RegexField(
        r"\A[0-9a-fA-F]{64}\Z",
        help_text="SHA-256 of the whole file in hexadecimal; another file is refused at its end",
    )


class UploadOut(Output):
    id = serializers.UUIDField()
    project = serializers.UUIDField(source="project_id")
    state = serializers.CharField()
    offset = serializers.IntegerField()
    size = serializers.IntegerField(source="size_bytes")
    sha256 = serializers.CharField()
    expires_at = serializers.DateTimeField()


def _limits(upload: Upload | None = None) -> str:
    """Return Upload-Limit: bytes of a file and of a part, and the seconds that an upload is there."""
    limits = {"max-size": settings.MAX_RESUMABLE_BYTES, "max-append-size": services.MOST_PART_BYTES}
    if upload is not None:
        left = (upload.expires_at - timezone.now()).total_seconds()
        limits["max-age"] = max(0, math.floor(left))
    return ", ".join(f"{name}={value}" for name, value in limits.items())


def _told(upload: Upload, *, status: int = 200, location: str = "") -> Response:
    """Answer an upload with the fields of the draft."""
    told = answer(UploadOut, upload, status=status, location=location)
    told["Upload-Offset"] = str(upload.offset)
    told["Upload-Length"] = str(upload.size_bytes)
    told["Upload-Complete"] = "?1" if upload.is_complete else "?0"
    told["Upload-Limit"] = _limits(upload)
    if status == 200:
        told["Cache-Control"] = "no-store"
    return told


class _Uploading(Endpoint):
    """Problems of uploads have the types and the fields of the draft."""

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        code = getattr(exc, "code", "")
        if code in _TYPES:
            response.data["type"] = _IANA + code.replace("_", "-")
        if isinstance(exc, services.OffsetConflict):
            response["Upload-Offset"] = str(exc.offset)
        if isinstance(exc, blobs.TooLarge):
            response["Upload-Limit"] = _limits()
        if code == "upload_busy":
            response["Retry-After"] = str(_BUSY_SECONDS)
        return response


class Uploads(_Uploading):
    scopes = {"GET": Scope.TRACK, "POST": Scope.TRACK}

    @extend_schema(responses=UploadOut(many=True))
    def get(self, request: Request) -> Response:
        """List your own uploads: those that are not complete, and those of the last day that are."""
        return self.page(queries.uploads_for(self.user), UploadOut)

    @extend_schema(request=UploadIn, responses={201: UploadOut})
    def post(self, request: Request) -> Response:
        """Begin to upload a large file in parts; they go by PATCH to the address in Location."""
        fields = self.read(UploadIn)
        project = project_by_id_for(self.user, fields["project"])
        made = services.begin(project, size_bytes=fields["size"], sha256=fields["sha256"], by=self.user)
        return _told(made, status=201, location=f"/api/v1/uploads/{made.pk}")


class UploadOne(_Uploading):
    scopes = {"GET": Scope.TRACK, "PATCH": Scope.TRACK, "DELETE": Scope.TRACK}
    parser_classes = [PartParser]
    part: IO[bytes] | None = None
    part_bytes = 0

    @extend_schema(responses=UploadOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return an upload of yours; HEAD answers the same in the fields Upload-Offset, -Length, -Complete and -Limit."""
        return _told(queries.upload_for(self.user, pk))

    @extend_schema(
        request={MEDIA_TYPE: OpenApiTypes.BINARY},
        responses=UploadOut,
        parameters=[UPLOAD_OFFSET, UPLOAD_COMPLETE, CONTENT_DIGEST],
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Add the next bytes, whole or not at all; with the last one the file is joined and its SHA-256 checked.

        Where the last answer did not come, ask for the offset by HEAD; with nothing at the end the check is made again.
        """
        upload = queries.upload_for(self.user, pk)
        offset, is_last = _offset(request), _is_last(request)
        if "Transfer-Encoding" in request.headers:
            raise LengthNeeded("Send the bytes with Content-Length, and not in chunks.", code="length_needed")
        _ = request.data  # the parser spools it
        with self.part or tempfile.SpooledTemporaryFile() as part:
            done = services.append(
                upload, offset=offset, part=part, size_bytes=self.part_bytes, is_last=is_last, by=self.user
            )
        return _told(done)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Give an upload up; what is there of it is removed. What was made of a complete one stays."""
        services.give_up(queries.upload_for(self.user, pk), by=self.user)
        return Response(status=204)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self.part is not None:
            self.part.close()
        return super().finalize_response(request, response, *args, **kwargs)


def _offset(request: Request) -> int:
    # At most fifteen digits, as an integer of a structured field has (RFC 9651, section 3.3.1).
    given = whole_number(request.headers.get("Upload-Offset", ""), digits=15)
    if given is None:
        raise Invalid(
            "Upload-Offset says at which byte these begin, such as 0. Take it from the answer to HEAD.",
            code="bad_upload_offset",
        )
    return given


def _is_last(request: Request) -> bool | None:
    given = request.headers.get("Upload-Complete")
    if given is None:
        return None
    try:
        item: Any = http_sf.parse(given.encode(), tltype="item")
        value = item[0]
    except ValueError:
        value = None
    if not isinstance(value, bool):
        raise Invalid(
            "Upload-Complete is ?1 where these bytes end the file, else ?0.", code="bad_upload_complete"
        )
    return value
