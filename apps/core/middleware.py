"""Every request has an id, and every refusal an answer that a person can read."""

import re
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.errors import MlgovError
from apps.core.ids import new_id
from apps.core.outages import Outage

request_id: ContextVar[str] = ContextVar("request_id", default="")
_ACCEPTED_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestIdMiddleware:
    """Give each request an id (the caller's X-Request-ID where it is well formed) and send it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        current = given if _ACCEPTED_ID.match(given) else new_id().hex
        token = request_id.set(current)
        request.request_id = current  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = current
        return response


class RefusalMiddleware:
    """Turn an error meant for people, raised by a page that did not handle it, into a page that says it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, MlgovError):
            context = {"error": error, "title": error.sentence}
            return render(request, "errors/refused.html", context, status=error.status)
        return None


def outage_page(request: HttpRequest, outage: Outage) -> HttpResponse:
    """Say an outage on a page that asks nothing of the database: no frame, no session."""
    again = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "/")
    safe = url_has_allowed_host_and_scheme(again, allowed_hosts={request.get_host()})
    context = {"error": outage, "again": again if safe else "/", "request_id": request_id.get()}
    response = HttpResponse(render_to_string("503.html", context), status=outage.status)
    response["Retry-After"] = str(outage.retry_after)
    return response
