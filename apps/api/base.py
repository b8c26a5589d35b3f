"""What all endpoints share: strict input, ETags, idempotency, and answers in one form."""

import difflib
import math
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar, cast

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.api import digests, idempotency
from apps.api.counted import Counted
from apps.api.paging import CursorPages
from apps.api.retiring import Retirement
from apps.core.db import at_commit
from apps.core.errors import Invalid
from apps.core.models import Governed
from apps.core.texts import is_storable, whole_number

S = TypeVar("S", bound=serializers.BaseSerializer[Any])


class PreconditionRequired(APIException):
    """A change must say which state it changes (428, RFC 6585)."""

    status_code = 428
    default_detail = "Send If-Match with the ETag that you read, so that nobody's change is lost."


class Input(serializers.Serializer[Any]):
    """Input that refuses fields it does not know, rather than dropping a typing error silently."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            for name in data:
                if name not in self.fields:
                    near = difflib.get_close_matches(str(name), list(self.fields), n=1)
                    hint = f" Did you mean “{near[0]}”?" if near else f" Known are: {', '.join(self.fields)}."
                    raise serializers.ValidationError({str(name)[:100]: f"There is no such field.{hint}"})
        return super().to_internal_value(data)


class FileIn(Input):
    """Input with a ``file`` whose SHA-256 may stand beside it; the file is checked against it and the field dropped."""

    sha256 = serializers.RegexField(
        r"\A[0-9a-fA-F]{64}\Z",
        required=False,
        help_text="SHA-256 of the file's content in hexadecimal; another file is refused",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        told = attrs.pop("sha256", None)
        if told is not None:
            if "file" not in attrs:
                raise serializers.ValidationError({"sha256": "There is no file that this could be of."})
            digests.demand_sha256(attrs["file"], told)
        return attrs


class Output(serializers.Serializer[Any]):
    """Output; never writes."""


class FiniteFloatField(serializers.FloatField):
    """A number; NaN and infinities are refused."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            raise serializers.ValidationError("A finite number is needed, not NaN or infinity.")
        return float(value)


class Text(serializers.CharField):
    """Text without the NUL character, which PostgreSQL cannot keep."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20_000)
        if not kwargs.get("required", True):
            kwargs.setdefault("allow_blank", True)
        super().__init__(**kwargs)


class Number(serializers.DecimalField):
    """A decimal number as people write it: Python itself would read 1_0 as ten."""

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, str) and ("_" in data or not data.isascii()):
            self.fail("invalid")
        return super().to_internal_value(data)


class Person(Output):
    """A principal as others see it."""

    id = serializers.UUIDField()
    name = serializers.CharField(source="full_name")
    kind = serializers.CharField()


class FileNegotiation(DefaultContentNegotiation):
    """For answers that are files: there is one, whatever Accept names (RFC 9110, section 12.4.1). Problems are JSON."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, str(first.media_type)


class Endpoint(Counted):
    """A view that declares the scope of each method in ``scopes``; without one it is closed.

    ``retiring`` has the methods that will go (docs/api.md).
    """

    scopes: dict[str, str] = {}
    #: How lists are answered, and described; None where a list is short and answered whole.
    pagination_class: type[CursorPages] | None = CursorPages
    retiring: dict[str, Retirement] = {}
    _reserved: idempotency.IdempotentAnswer | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        body = digests.watch(request)
        super().initial(request, *args, **kwargs)
        if body is not None:
            # Before the key of the request is reserved, so that it serves again for the body that was meant.
            body.demand_whole(request)
        self._reserved = idempotency.begin(request)
        if self._reserved is not None:
            at_commit.set(partial(idempotency.note_done, self._reserved))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        retirement = self.retiring.get("GET" if request.method == "HEAD" else str(request.method))
        if retirement is not None:
            for name, value in retirement.headers().items():
                response[name] = value
        return super().finalize_response(request, response, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, idempotency.Replay):
            return idempotency.replayed(exc.answer)  # type: ignore[return-value]
        return super().handle_exception(exc)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        before = at_commit.set(None)
        try:
            response = cast(HttpResponse, super().dispatch(request, *args, **kwargs))
            if self._reserved is not None:
                if hasattr(response, "render"):
                    cast(Response, response).render()
                idempotency.keep(self._reserved, response)
            if request.method == "GET" and response.status_code == 200 and "Repr-Digest" in response:
                # Nothing here is sent in part or compressed, so the content is the representation (RFC 9530).
                response["Content-Digest"] = response["Repr-Digest"]
            return response
        finally:
            at_commit.reset(before)
            if self._reserved is not None:
                idempotency.release(self._reserved)

    def read(self, form: type[S]) -> Any:
        """Return the validated input of the request; raises a 422 with a pointer for each fault."""
        if not isinstance(self.request.data, dict):
            raise Invalid("Send a JSON object.", code="not_an_object")
        if not is_storable(self.request.data):
            raise Invalid(
                "A text holds NUL or half a surrogate pair, which cannot be kept. Send Unicode text.",
                code="bad_text",
            )
        filled = form(data=self.request.data)
        filled.is_valid(raise_exception=True)
        return filled.validated_data

    @property
    def user(self) -> User:
        """The signed-in principal."""
        user = self.request.user
        assert isinstance(user, User)
        return user

    def page(self, rows: QuerySet[Any], output: type[Output]) -> Response:
        """Answer one cursor page of rows."""
        assert self.pagination_class is not None, "what is answered in pages says so"
        paginator = self.pagination_class()
        shown = paginator.paginate_queryset(rows, self.request, view=self)
        return paginator.get_paginated_response(output(shown, many=True).data)


def answer(output: type[Output], row: Any, *, status: int = 200, location: str = "") -> Response:
    """Answer one row, with its ETag when it is governed."""
    headers = {"Location": location} if location else {}
    if isinstance(row, Governed):
        headers["ETag"] = f'"{row.lock_version}"'
    return Response(output(row).data, status=status, headers=headers)


def asked_version(request: Request) -> int | None:
    """Return the version named by If-Match, which whoever replaces a row as a whole may leave out."""
    return expected_version(request) if request.headers.get("If-Match") else None


def expected_version(request: Request) -> int:
    """Return the version named by If-Match; raises 428 without one."""
    given = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not given:
        raise PreconditionRequired
    number = whole_number(given)
    if number is None:
        raise Invalid('If-Match holds the ETag that an answer gave, for example “"3"”.', code="bad_if_match")
    return number
