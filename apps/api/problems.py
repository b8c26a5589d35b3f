"""Every error is a problem document (RFC 9457): one sentence, a stable code, and the id of the request."""

import logging
import sys
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.datastructures import MultiValueDictKeyError
from django.views.decorators.csrf import csrf_exempt
from django.views.defaults import server_error
from rest_framework import exceptions, status
from rest_framework.response import Response

from apps.core.errors import MlgovError
from apps.core.middleware import outage_page, request_id
from apps.core.outages import Outage, outage_of

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
BROKEN = "Something broke here, and nothing was half written. Tell an administrator the id of the request."
NOT_FOUND = "There is nothing here, or nothing that you may see."
_CODES = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
} | {
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "throttled",
    503: "too_many_waiting",
}


def problem(sentence: str, *, code: str, http_status: int, **more: Any) -> dict[str, Any]:
    """Return the document."""
    return {
        "type": f"urn:mlgov:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": http_status,
        "detail": sentence,
        "code": code,
        "request_id": request_id.get(),
        **more,
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Turn an exception of a view into its problem document."""
    outage = outage_of(error, method=context["request"].method or "")
    if outage is not None:
        return _of_an_outage(outage, error)
    if isinstance(error, MlgovError):
        return _of_ours(error)
    if isinstance(error, Http404):
        return _response(problem(NOT_FOUND, code="not_found", http_status=404))
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return _response(
            problem("The request is too large. Send files as multipart.", code="too_large", http_status=413)
        )
    if isinstance(error, BadRequest):
        return _response(problem(str(error), code="bad_request", http_status=400))
    if isinstance(error, exceptions.ValidationError):
        return _of_fields(error)
    if isinstance(error, exceptions.APIException):
        return _of_drf(error)
    if isinstance(error, MultiValueDictKeyError | UnicodeError):
        return _response(problem("The request cannot be read.", code="bad_request", http_status=400))
    return _of_the_unknown(error, context)


def _of_the_unknown(error: Exception, context: dict[str, Any]) -> Response:
    """Answer a fault of ours: the log has it in full under the id of the request, the caller gets the id alone."""
    logger.error("request %s failed", request_id.get(), exc_info=error)
    got_request_exception.send(sender=None, request=context["request"])
    return _response(problem(BROKEN, code="internal", http_status=500))


def _of_an_outage(outage: Outage, error: Exception) -> Response:
    logger.warning("request %s met an outage: %s", request_id.get(), error)
    response = _of_ours(outage)
    response["Retry-After"] = str(outage.retry_after)
    return response


def _of_ours(error: MlgovError) -> Response:
    more = dict(error.details)
    problems = getattr(error, "problems", None)
    if problems:
        more["problems"] = problems
    return _response(problem(error.sentence, code=error.code, http_status=error.status, **more))


def _of_fields(error: exceptions.ValidationError) -> Response:
    faults = list(_pointers(error.detail))
    first = (
        f"{faults[0]['pointer'].lstrip('/') or 'The request'}: {faults[0]['detail']}"
        if faults
        else "The request cannot be used."
    )
    return _response(problem(first, code="invalid", http_status=422, errors=faults))


def _pointers(detail: Any, path: str = "") -> Any:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _pointers(value, path if key == "non_field_errors" else f"{path}/{key}")
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            yield from _pointers(value, f"{path}/{index}" if isinstance(value, dict) else path)
    else:
        yield {"pointer": path, "detail": str(detail)}


def _of_drf(error: exceptions.APIException) -> Response:
    code = _CODES.get(error.status_code, "error")
    headers: dict[str, str] = {}
    if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="mlgov"'
        error.status_code = status.HTTP_401_UNAUTHORIZED
        code = "not_signed_in"
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    response = _response(problem(str(error.detail), code=code, http_status=error.status_code))
    for name, value in headers.items():
        response[name] = value
    return response


def _response(document: dict[str, Any]) -> Response:
    return Response(document, status=document["status"], content_type=MEDIA_TYPE)


@csrf_exempt
def not_found(request: HttpRequest) -> JsonResponse:
    """Return the same 404 for addresses that no view has, whatever is sent: nothing is changed here."""
    return JsonResponse(
        problem(NOT_FOUND, code="not_found", http_status=404), status=404, content_type=MEDIA_TYPE
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Answer what no view and no exception handler did: Django calls this while the exception is handled.

    Middleware asks the database before any view runs, so this is where most of an outage ends.
    """
    outage = outage_of(sys.exc_info()[1], method=request.method or "")
    if not request.path_info.startswith("/api/"):
        return server_error(request) if outage is None else outage_page(request, outage)
    if outage is None:
        return JsonResponse(
            problem(BROKEN, code="internal", http_status=500), status=500, content_type=MEDIA_TYPE
        )
    document = problem(outage.sentence, code=outage.code, http_status=outage.status)
    headers = {"Retry-After": str(outage.retry_after)}
    return JsonResponse(document, status=outage.status, content_type=MEDIA_TYPE, headers=headers)
