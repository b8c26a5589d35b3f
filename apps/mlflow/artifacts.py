"""The proxy of artifacts: files by the addresses under which MLflow's clients put and get them.

An address is ``<experiment>/<run>/artifacts/<path>``, ``<experiment>/models/<model id>/artifacts/<path>`` for a logged model,
or ``versions/<version>/artifacts/<path>`` for what is pinned to a version; Django has decoded it once, and it is not
decoded again.
"""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.accounts.enums import Scope
from apps.core import blobs
from apps.core.models import Blob
from apps.mlflow import wire
from apps.mlflow.answers import file_infos, undotted
from apps.mlflow.callers import Caller, caller_of, demand_scope, shown_by
from apps.mlflow.errors import CallError, NotThere
from apps.mlflow.places import Place, located
from apps.mlflow.speaking import speaks

_SCOPES = {"GET": Scope.READ, "PUT": Scope.TRACK, "DELETE": Scope.TRACK}
#: The client sends the file in one piece after a refusal that begins so.
_NO_PARTS = "Multipart upload is not supported for the current artifact repository"


@speaks
def artifact(request: HttpRequest, place: str = "", slug: str = "") -> HttpResponseBase:
    """Send, keep or remove a file; without a place list the folder that the parameter ``path`` names."""
    shown = shown_by(request, slug)
    method = str(request.method)
    if method not in _SCOPES or (not place and method != "GET"):
        raise CallError(
            f"Artifacts do not take {method} here.",
            code="BAD_REQUEST",
            status=405,
            Allow="GET, PUT, DELETE",
        )
    demand_scope(shown.token, _SCOPES[method])
    caller = caller_of(shown, slug)
    there = located(caller, place or undotted(request.GET.get("path", "")))
    if not place:
        return wire.answer({"files": file_infos(there.within(), there.path)})
    if method == "PUT":
        return _put(caller, there, request)
    if method == "DELETE":
        there.remove(by=caller.user)
        return wire.answer({})
    return _sent(there)


def _put(caller: Caller, there: Place, request: HttpRequest) -> HttpResponse:
    # A body in chunks has no length, and Django takes it for empty; a server that knows its end says so.
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    whole: blobs.Readable = request
    if chunked and request.META.get("wsgi.input_terminated"):
        whole = request.META["wsgi.input"]
    there.put(whole, by=caller.user)
    return wire.answer({})


def _sent(there: Place) -> FileResponse:
    found: Blob | None = there.blob()
    if found is None:
        raise NotThere(f"{there.name} has no file {there.path[:100]}.")
    answer = blobs.download(found.pk, name=there.path.rpartition("/")[2])
    answer["Content-Length"] = str(found.size_bytes)
    answer["Cache-Control"] = "private, no-store"
    return answer


@speaks
def in_parts(request: HttpRequest, place: str = "", slug: str = "") -> HttpResponse:
    """Say that files do not come in parts, in the words after which the client sends them whole."""
    shown_by(request)
    raise CallError(f"{_NO_PARTS}. Send the file in one piece.", code="NOT_IMPLEMENTED", status=501)
