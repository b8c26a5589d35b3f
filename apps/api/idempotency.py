"""``Idempotency-Key``: the same key and body give the same answer for 24 hours (guarantee 29)."""

import hashlib
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from apps.accounts.models import User
from apps.api.models import IdempotentAnswer
from apps.core import sealing
from apps.core.errors import Invalid, Refused

KEPT = timedelta(hours=24)
#: An answer that is still missing after this was lost with its process.
ABANDONED = timedelta(minutes=10)
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Cache-Control")
#: An answer that holds a secret says no-store, and is kept sealed.
PURPOSE = "idempotent answer"


class Replay(APIException):
    """Carries the answer that was given before."""

    def __init__(self, answer: IdempotentAnswer) -> None:
        super().__init__()
        self.answer = answer


def begin(request: Request) -> IdempotentAnswer | None:
    """Reserve the key of a POST; raises Replay with the answer given before, or refuses a misused key."""
    key = request.headers.get("Idempotency-Key", "")
    if request.method != "POST" or not key:
        return None
    if len(key) > 200 or not key.isprintable():
        raise Invalid("An Idempotency-Key has at most 200 printable characters.", code="bad_idempotency_key")
    user = request.user
    assert isinstance(user, User)
    digest = _digest(request)
    now = timezone.now()
    IdempotentAnswer.objects.filter(user=user, key=key, created_at__lt=now - KEPT).delete()
    IdempotentAnswer.objects.filter(
        user=user, key=key, status__isnull=True, created_at__lt=now - ABANDONED
    ).delete()
    try:
        with transaction.atomic():
            return IdempotentAnswer.objects.create(user=user, key=key, request_digest=digest)
    except IntegrityError:
        known = IdempotentAnswer.objects.get(user=user, key=key)
    if known.request_digest != digest:
        raise Invalid(
            "This Idempotency-Key was used with another request. Use a new key for a new request.",
            code="idempotency_key_reused",
        ) from None
    if known.status is None:
        raise Refused(
            "The first request with this key is still running. Ask again shortly.", code="still_running"
        ) from None
    raise Replay(known)


def keep(answer: IdempotentAnswer, response: HttpResponse) -> None:
    """Keep the answer; after a server's fault forget the key, so that the caller may try again."""
    if response.status_code >= 500:
        answer.delete()
        return
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    body = bytes(response.content)
    if _is_secret(headers):
        body = sealing.seal(body.decode(), purpose=PURPOSE).encode()
    IdempotentAnswer.objects.filter(pk=answer.pk).update(
        status=response.status_code, headers=headers, body=body
    )


def _is_secret(headers: dict[str, str]) -> bool:
    return headers.get("Cache-Control") == "no-store"


def replayed(answer: IdempotentAnswer) -> HttpResponse:
    """Return the answer given before, marked as such."""
    body = bytes(answer.body or b"")
    if _is_secret(answer.headers):
        body = sealing.unseal(body.decode(), purpose=PURPOSE).encode()
    response = HttpResponse(body, status=answer.status, headers=answer.headers)
    response["Idempotent-Replayed"] = "true"
    return response


def _digest(request: Request) -> str:
    sha = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if not (request.content_type or "").startswith("multipart/"):
        sha.update(request.body)
        return sha.hexdigest()
    data: Any = request.data
    for name in sorted(data):
        for value in data.getlist(name):
            sha.update(f"\n{name}:".encode())
            if not hasattr(value, "chunks"):
                sha.update(str(value).encode())
                continue
            for chunk in value.chunks():
                sha.update(chunk)
            value.seek(0)
    return sha.hexdigest()
