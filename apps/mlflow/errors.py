"""Errors as MLflow's clients read them: ``{"error_code": …, "message": …}``, with the status that belongs to the code."""

import logging

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError

from apps.core.errors import Conflict, Forbidden, Invalid, MlgovError, Refused
from apps.core.middleware import request_id
from apps.core.outages import outage_of
from apps.experiments.lifecycle import NameTaken
from apps.mlflow import wire
from apps.registry.services import ModelNameTaken

logger = logging.getLogger(__name__)
BROKEN = "Something broke here, and nothing was half written. Tell an administrator the request {id}."


class CallError(MlgovError):
    """An error of the protocol itself; ``code`` is MLflow's."""

    def __init__(self, sentence: str, *, code: str, status: int, **details: object) -> None:
        super().__init__(sentence, code=code, **details)
        self.status = status


class NotThere(CallError):
    """What was named is not in the project, or not for this principal."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, code="RESOURCE_DOES_NOT_EXIST", status=404)


class NoSuchCall(CallError):
    """No call of the protocol has this address, or mlgov does not speak it."""

    def __init__(self, call: str) -> None:
        super().__init__(
            f"mlgov does not speak the call “{call[:100]}” of MLflow. docs/mlflow.md lists those it speaks.",
            code="ENDPOINT_NOT_FOUND",
            status=404,
        )


class NotSignedIn(CallError):
    """No token, or none that is good."""

    def __init__(self) -> None:
        super().__init__(
            "A token is needed: set MLFLOW_TRACKING_TOKEN to one from the page Tokens of the portal. "
            "If you did, it is unknown, expired or revoked.",
            code="UNAUTHENTICATED",
            status=401,
        )


#: The first class that an error is of tells its code and status.
_CODES: tuple[tuple[type[MlgovError], str, int], ...] = (
    (NameTaken, "RESOURCE_ALREADY_EXISTS", 400),
    (ModelNameTaken, "RESOURCE_ALREADY_EXISTS", 400),
    (Forbidden, "PERMISSION_DENIED", 403),
    (Conflict, "RESOURCE_CONFLICT", 409),
    (Refused, "INVALID_STATE", 400),
    (Invalid, "INVALID_PARAMETER_VALUE", 400),
)


def refusal(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the answer to an exception of a call."""
    outage = outage_of(error, method=request.method or "")
    if outage is not None:
        logger.warning("request %s met an outage: %s", request_id.get(), error)
        response = _answer("TEMPORARILY_UNAVAILABLE", outage.sentence, outage.status)
        response["Retry-After"] = str(outage.retry_after)
        return response
    if isinstance(error, CallError):
        response = _answer(error.code, error.sentence, error.status)
        for name, value in error.details.items():
            response[name.replace("_", "-")] = str(value)
        if error.status == 401:
            response["WWW-Authenticate"] = 'Bearer realm="mlgov", Basic realm="mlgov"'
        return response
    if isinstance(error, MlgovError):
        return _of_ours(error)
    if isinstance(error, Http404):
        return _answer("RESOURCE_DOES_NOT_EXIST", "There is nothing here, or nothing that you may see.", 404)
    if isinstance(error, RequestDataTooBig):
        return _answer("BAD_REQUEST", "The request is too large. Send it in smaller batches.", 413)
    if isinstance(error, TooManyFieldsSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        sentence = f"The address cannot specify more than {most} parameters. Ask in several requests."
        return _answer("INVALID_PARAMETER_VALUE", sentence, 400)
    if isinstance(error, BadRequest | SuspiciousOperation | UnreadablePostError):
        return _answer("BAD_REQUEST", "The request cannot be read to its end. Send it again.", 400)
    logger.error("request %s failed", request_id.get(), exc_info=error)
    got_request_exception.send(sender=None, request=request)
    return _answer("INTERNAL_ERROR", BROKEN.format(id=request_id.get()), 500)


def _of_ours(error: MlgovError) -> HttpResponse:
    if isinstance(error, Invalid) and error.status == 404:
        return _answer("RESOURCE_DOES_NOT_EXIST", error.sentence, 404)
    if error.status == 413:
        return _answer("BAD_REQUEST", error.sentence, 413)
    for kind, code, status in _CODES:
        if isinstance(error, kind):
            return _answer(code, error.sentence, status)
    code = "TEMPORARILY_UNAVAILABLE" if error.status >= 500 else "BAD_REQUEST"
    return _answer(code, error.sentence, error.status)


def _answer(code: str, message: str, status: int) -> HttpResponse:
    return wire.answer({"error_code": code, "message": message}, status=status)
