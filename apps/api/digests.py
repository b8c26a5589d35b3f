"""``Content-Digest`` (RFC 9530): a body that is not what its sender says is refused before anything is done with it."""

import base64
import hashlib
import hmac
import io
from typing import Any

import http_sf
from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from apps.core.errors import MlgovError
from apps.core.whole_bodies import Readable

#: The active algorithms of the IANA registry; others are ignored (RFC 9530, sections 2 and 5).
ALGORITHMS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
CHUNK_BYTES = 64 * 1024

CONTENT_DIGEST = OpenApiParameter(
    "Content-Digest",
    str,
    OpenApiParameter.HEADER,
    description="``sha-256=:<base64>:`` or ``sha-512`` of the body as it is sent (RFC 9530); another body is refused",
)


class BadDigest(MlgovError):
    """What came is not what its sender says, or the field that says it cannot be read (400)."""


class DigestedBody:
    """Reads a body, and takes its digests while somebody else reads it."""

    def __init__(self, body: Readable, told: dict[str, bytes]) -> None:
        self._body, self._told = body, told
        self._taken = {name: ALGORITHMS[name]() for name in told}

    def read(self, *size: int) -> bytes:
        """Return bytes of the body."""
        return self._noted(self._body.read(*size))

    def readline(self, *size: int) -> bytes:
        """Return a line of the body."""
        return self._noted(self._body.readline(*size))

    def close(self) -> None:
        """End it: who takes a body whole says so, and then nothing is left to read."""
        self._body = io.BytesIO()

    def _noted(self, part: bytes) -> bytes:
        for sha in self._taken.values():
            sha.update(part)
        return part

    def demand_whole(self, request: Request) -> None:
        """Parse the request and read what its parser left; raises BadDigest where the body is another one.

        Forms are spooled by their parser, so that nothing is held in memory, and no service has seen them yet.
        """
        try:
            _ = request.data
        except ParseError:
            # A body that was damaged on its way is best told as that.
            self._demand()
            raise
        self._demand()

    def _demand(self) -> None:
        while self.read(CHUNK_BYTES):
            pass
        for name, sha in self._taken.items():
            if not hmac.compare_digest(sha.digest(), self._told[name]):
                found = base64.b64encode(sha.digest()).decode()
                raise BadDigest(
                    f"The body that came does not have the {name} of Content-Digest, and nothing was done with it. "
                    "Send it again, with the digest of the body as it is sent.",
                    code="digest_mismatch",
                    found=f"{name}=:{found}:",
                )


def watch(request: Request) -> DigestedBody | None:
    """Take the digests of a body from now on, where its sender names one; raises BadDigest for an unreadable field."""
    told = _told(request.headers.get("Content-Digest", ""))
    if not told:
        return None
    # The one place that every reader goes through: DRF's parsers, request.body, and Django's own form for CSRF.
    whole: Any = request._request
    whole._stream = body = DigestedBody(whole._stream, told)
    return body


def _told(field: str) -> dict[str, bytes]:
    """Return the digests of the field by algorithm, without those that are not known."""
    try:
        members: Any = http_sf.parse(field.encode(), tltype="dictionary")
    except ValueError:
        raise _unreadable() from None
    told = {name: members[name][0] for name in ALGORITHMS if name in members}
    for name, value in told.items():
        if not isinstance(value, bytes) or len(value) != ALGORITHMS[name]().digest_size:
            raise _unreadable()
    return told


def _unreadable() -> BadDigest:
    return BadDigest(
        "Content-Digest cannot be read. Send for example “sha-256=:<the 32 bytes in base64>:” (RFC 9530).",
        code="bad_digest",
    )


def demand_sha256(file: UploadedFile, told: str) -> None:
    """Raise BadDigest unless the file has this SHA-256, in hexadecimal; leaves it at its beginning."""
    sha = hashlib.sha256()
    for chunk in file.chunks():
        sha.update(chunk)
    file.seek(0)
    if not hmac.compare_digest(sha.hexdigest(), told.lower()):
        raise BadDigest(
            "The file that came does not have the SHA-256 of the field sha256, and nothing was kept. Send it again.",
            code="digest_mismatch",
            found=sha.hexdigest(),
        )
