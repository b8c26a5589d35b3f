"""``Idempotency-Key``: the same key and body give the same answer for 24 hours (guarantee 29)."""

import hashlib
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from apps.accounts.models import User
from apps.api.models import IdempotentAnswer
from apps.core import sealing
from apps.core.errors import Invalid, Refused

KEPT = timedelta(hours=24)
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Cache-Control")
#: An answer that holds a secret says no-store, and is kept sealed.
PURPOSE = "idempotent answer"
#: The first half of our advisory locks, so that they meet nobody else's.
_LOCK_CLASS = 0x1DE0


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
    try:
        with transaction.atomic():
            made = IdempotentAnswer.objects.create(user=user, key=key, request_digest=digest)
            _hold(made)
            return made
    except IntegrityError:
        known = IdempotentAnswer.objects.get(user=user, key=key)
    if known.request_digest != digest:
        raise Invalid(
            "This Idempotency-Key was used with another request. Use a new key for a new request.",
            code="idempotency_key_reused",
        ) from None
    if known.status is None:
        return _inherit(known)
    raise Replay(known)


def _inherit(known: IdempotentAnswer) -> IdempotentAnswer:
    """Take over a key whose process died before it answered; refuses where it lives, or had done what was asked."""
    if not _hold(known):
        raise Refused(
            "The first request with this key is still running. Ask again shortly.", code="still_running"
        )
    try:
        # Whoever held it has ended, so what it wrote is decided: read that again.
        known.refresh_from_db()
        if known.status is not None:
            raise Replay(known)
        if known.done:
            raise Refused(
                "The first request with this key was done, but its answer was lost with the server's process. "
                "Read what it made; use a new key only for something new.",
                code="done_already",
            )
    except Exception:
        release(known)
        raise
    return known


def _hold(answer: IdempotentAnswer) -> bool:
    """Say that this process is at it, by a lock of its session: the database drops it when the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_CLASS, answer.pk & 0x7FFFFFFF])
        return bool(cursor.fetchone()[0])


def release(answer: IdempotentAnswer) -> None:
    """Let go of the key; what is not answered yet may be asked again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_CLASS, answer.pk & 0x7FFFFFFF])


def note_done(answer: IdempotentAnswer) -> None:
    """Write, in the transaction of what was asked, that it is done."""
    IdempotentAnswer.objects.filter(pk=answer.pk).update(done=True)


def keep(answer: IdempotentAnswer, response: HttpResponse) -> None:
    """Keep the answer; after a fault that undid everything forget the key, so that the caller may try again."""
    if response.status_code >= 500:
        IdempotentAnswer.objects.filter(pk=answer.pk, done=False).delete()
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
