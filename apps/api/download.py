"""The client for pipelines, as a download: nobody signs in for it, since it holds nothing that is not public."""

from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from apps.core.canonical import digest_bytes, digest_field

FILE = Path(__file__).with_name("cli") / "client.py"


@cache
def client() -> tuple[bytes, str]:
    """Return the file and its SHA-256 in hexadecimal; read once, for it changes with the release alone."""
    content = FILE.read_bytes()
    return content, digest_bytes(content)


@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """Send the client; the ETag is its SHA-256, and so is Repr-Digest in the form of RFC 9530."""
    content, digest = client()
    headers = {
        "ETag": f'"{digest}"',
        "Repr-Digest": digest_field(digest),
        "Cache-Control": "public, max-age=300",
        "X-Content-Type-Options": "nosniff",
    }
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or f'"{digest}"' in (one.removeprefix("W/") for one in known):
        return HttpResponseNotModified(headers=headers)
    headers["Content-Disposition"] = 'attachment; filename="mlgov"'
    return HttpResponse(content, content_type="text/x-python; charset=utf-8", headers=headers)


@require_safe
def checksum(request: HttpRequest) -> HttpResponse:
    """Send the line that ``sha256sum --check`` reads."""
    return HttpResponse(f"{client()[1]}  mlgov\n", content_type="text/plain; charset=utf-8")
