"""A pipeline exchanges its identity token: OAuth 2.0 Token Exchange (RFC 8693), with the errors of RFC 6749, 5.2."""

from collections.abc import Mapping
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError, Throttled, UnsupportedMediaType
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import Input, Output
from apps.api.counted import Counted
from apps.api.throttling import ExchangeThrottle
from apps.identity import services

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
SUBJECTS = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")
#: Strangers send it: an identity token and its parameters are far smaller.
MOST_BYTES = 65_536
#: Seconds after which who was throttled may ask again.
_WAIT = 60


class ExchangeIn(Input):
    grant_type = serializers.CharField(help_text=GRANT)
    subject_token_type = serializers.CharField(help_text=" or ".join(SUBJECTS))
    subject_token = serializers.CharField(help_text="The identity token of the pipeline.")
    audience = serializers.CharField(help_text="The trust: its address or its id.")
    scope = serializers.CharField(required=False, help_text="Less than the trust gives, by spaces apart.")
    requested_token_type = serializers.CharField(required=False, help_text=ACCESS_TOKEN)


class ExchangeOut(Output):
    access_token = serializers.CharField()
    issued_token_type = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    scope = serializers.CharField()


class ExchangeError(Output):
    error = serializers.CharField()
    error_description = serializers.CharField()


class BadRequest(APIException):
    """The request is not what RFC 6749 and RFC 8693 ask for; nothing of it was looked at further."""

    status_code = 400

    def __init__(self, error: str, sentence: str) -> None:
        super().__init__(sentence)
        self.error = error
        self.sentence = sentence


class SmallForm(FormParser):
    """DRF's reads forms without end, whatever Django's limit for them is; no more than ``MOST_BYTES`` are read here."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the form, read as UTF-8; raises BadRequest for a large one and TooManyFieldsSent."""
        content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise BadRequest("invalid_request", f"The request has more than {MOST_BYTES} bytes.")
        return QueryDict(content, encoding="utf-8")


class TokenExchange(Counted):
    """Open to everybody: who asks shows by the identity token who it is."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (SmallForm,)
    throttle_classes = (ExchangeThrottle,)

    @extend_schema(
        request={"application/x-www-form-urlencoded": ExchangeIn},
        responses={200: ExchangeOut, 400: ExchangeError, 429: ExchangeError},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Exchange the identity token of a pipeline for a token of 15 minutes (RFC 8693); no secret is needed."""
        asked = _said(request.data)
        given = services.exchange(
            _trust_of(asked["audience"]), asked["subject_token"], scopes=asked.get("scope", "").split()
        )
        return _kept_nowhere(
            {
                "access_token": given.secret,
                "issued_token_type": ACCESS_TOKEN,
                "token_type": "Bearer",
                "expires_in": given.seconds,
                "scope": " ".join(given.scopes),
            },
            status=200,
        )

    def handle_exception(self, exc: Exception) -> Response:
        """Answer in the form of RFC 6749, 5.2; what is none of the caller's goes on to the problem documents."""
        match exc:
            case BadRequest():
                return _error(exc.error, exc.sentence)
            case ParseError() | UnsupportedMediaType() | SuspiciousOperation():
                return _error("invalid_request", "Send application/x-www-form-urlencoded.")
            case services.NotAcceptable() | services.ScopeTooWide():
                return _error(exc.code, exc.sentence)
            case Throttled() | services.TooMany():
                answer = _error("temporarily_unavailable", "Too many exchanges. Try again in a minute.", 429)
                answer["Retry-After"] = str(_WAIT)
                return answer
        return super().handle_exception(exc)


def _said(data: Any) -> dict[str, str]:
    """Return the parameters, each once (RFC 6749, 3.2); those that are not known are ignored, as it says there."""
    if not isinstance(data, QueryDict):
        raise BadRequest("invalid_request", "Send application/x-www-form-urlencoded.")
    twice = [name for name in data if len(data.getlist(name)) > 1]
    if twice:
        raise BadRequest("invalid_request", f"The parameter {twice[0][:40]!a} is there more than once.")
    asked = {name: str(value) for name, value in data.items() if value}
    if asked.get("grant_type", GRANT) != GRANT:
        raise BadRequest("unsupported_grant_type", f"The grant_type is {GRANT}.")
    missing = [
        name
        for name in ("grant_type", "subject_token", "subject_token_type", "audience")
        if name not in asked
    ]
    if missing:
        raise BadRequest("invalid_request", f"The parameter {missing[0]} is missing.")
    if asked["subject_token_type"] not in SUBJECTS:
        raise BadRequest("invalid_request", f"The subject_token_type is {SUBJECTS[0]} or {SUBJECTS[1]}.")
    if asked.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise BadRequest("invalid_request", f"The requested_token_type is {ACCESS_TOKEN}.")
    if "actor_token" in asked or "actor_token_type" in asked:
        raise BadRequest("invalid_request", "Nobody acts for another here; leave actor_token out.")
    if "resource" in asked:
        raise BadRequest("invalid_target", "Name the trust as the audience; there is no resource to choose.")
    return asked


def _trust_of(audience: str) -> UUID | None:
    """Return the id of the trust that is named, by its address or bare; None for what can be none."""
    try:
        return UUID(audience.removeprefix(f"{settings.BASE_URL}/trusts/"))
    except ValueError:
        return None


def _error(error: str, sentence: str, status: int = 400) -> Response:
    return _kept_nowhere({"error": error, "error_description": sentence}, status=status)


def _kept_nowhere(document: dict[str, Any], *, status: int) -> Response:
    """RFC 6749, 5.1: no cache may keep a token."""
    return Response(document, status=status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
