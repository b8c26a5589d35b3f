"""The proxy of artifacts: a run's files, by the addresses under which MLflow's clients put and get them.

An address is ``<experiment>/<run>/artifacts/<path>``; Django has decoded it once, and it is not decoded again.
"""

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from apps.accounts.enums import Scope
from apps.core import blobs
from apps.experiments import files
from apps.experiments.models import Run
from apps.mlflow import queries, wire
from apps.mlflow.answers import experiment_id, file_infos, undotted
from apps.mlflow.callers import Caller, caller_of, demand_scope, token_of
from apps.mlflow.errors import CallError, NotThere, refusal
from apps.registry import services as registry

_HOLDS = "artifacts"
#: So many parts of an address stand above the path of a file.
_ABOVE = 3
_SCOPES = {"GET": Scope.READ, "PUT": Scope.TRACK, "DELETE": Scope.TRACK}
#: The client sends the file in one piece after a refusal that begins so.
_NO_PARTS = "Multipart upload is not supported for the current artifact repository"


@csrf_exempt
def artifact(request: HttpRequest, place: str = "", slug: str = "") -> HttpResponseBase:
    """Send, keep or remove a file; without a place list the folder that the parameter ``path`` names."""
    try:
        token = token_of(request)
        method = str(request.method)
        if method not in _SCOPES or (not place and method != "GET"):
            raise CallError(
                f"Artifacts do not take {method} here.",
                code="BAD_REQUEST",
                status=405,
                Allow="GET, PUT, DELETE",
            )
        demand_scope(token, _SCOPES[method])
        caller = caller_of(token, slug)
        run, path = _located(caller, place or undotted(request.GET.get("path", "")))
        if not place:
            return wire.answer({"files": file_infos(run, path)})
        if method == "PUT":
            return wire.answer(_put(caller, run, path, request))
        if method == "DELETE":
            registry.remove_files(run, path=path, by=caller.user)
            return wire.answer({})
        return _sent(run, path)
    except Exception as error:
        return refusal(request, error)


def _located(caller: Caller, place: str) -> tuple[Run, str]:
    """Return the run, and the path below it ("" for all its files); raises NotThere, or Invalid for what leads elsewhere."""
    parts = place.removesuffix("/").split("/")
    if len(parts) < _ABOVE or parts[_ABOVE - 1] != _HOLDS:
        raise NotThere(f"There are no files at {place[:100]}: a run's are at <experiment>/<run>/{_HOLDS}.")
    path = "/".join(parts[_ABOVE:])
    if path:
        files.demand_path(path)
    found = queries.run_of(caller, parts[1])
    if parts[0] != experiment_id(found.experiment):
        raise NotThere(f"The run {parts[1][:100]} is not of the experiment {parts[0][:100]}.")
    return found, path


def _put(caller: Caller, run: Run, path: str, request: HttpRequest) -> dict[str, Any]:
    # A body in chunks has no length, and Django takes it for empty; a server that knows its end says so.
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    whole: blobs.Readable = request
    if chunked and request.META.get("wsgi.input_terminated"):
        whole = request.META["wsgi.input"]
    blob = files.store(run, path=path, stream=whole, by=caller.user)
    registry.put_file(run, path=path, blob=blob, by=caller.user)
    return {}


def _sent(run: Run, path: str) -> FileResponse:
    found = files.standing(run, path)
    if found is None:
        raise NotThere(f"The run {run.pk.hex} has no file {path[:100]}.")
    answer = blobs.download(found.blob_id, name=path.rpartition("/")[2])
    answer["Content-Length"] = str(found.blob.size_bytes)
    answer["Cache-Control"] = "private, no-store"
    return answer


@csrf_exempt
def in_parts(request: HttpRequest, place: str = "", slug: str = "") -> HttpResponse:
    """Say that files do not come in parts, in the words after which the client sends them whole."""
    try:
        token_of(request)
        raise CallError(f"{_NO_PARTS}. Send the file in one piece.", code="NOT_IMPLEMENTED", status=501)
    except Exception as error:
        return refusal(request, error)
