"""Where a version comes from, as a client names it: a run's folder, another version, a model that was logged.

A version consists of the files that stand there when it is registered: their contents are pinned to it, nothing is copied,
and what comes later into the folder does not belong to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from apps.core.errors import Invalid, Refused
from apps.core.models import Blob
from apps.core.texts import whole_number
from apps.experiments import files
from apps.experiments.enums import ModelState
from apps.experiments.models import LoggedModel, Run
from apps.mlflow import logged, queries, registered
from apps.mlflow.answers import experiment_id
from apps.mlflow.callers import Caller
from apps.mlflow.calls.limits import wrong
from apps.registry.models import Version
from apps.registry.queries import artifacts_of

_KINDS = (
    "runs:/<run>/<folder>, models:/<name>/<version>, models:/<name>@<alias>, models:/<model id> "
    "or the address of an artifact of mlgov"
)


@dataclass(frozen=True)
class Found:
    """What stands at a source: the run behind it, and its contents by their paths below it."""

    run: Run | None = None
    logged_model: LoggedModel | None = None
    files: Mapping[str, Blob] = field(default_factory=dict)


def found(caller: Caller, source: str, *, run_id: str) -> Found:
    """Return what stands at a source; raises Invalid for a source elsewhere, NotThere for one that is not there.

    ``run_id`` is the run that the client names besides, which must be the same one.
    """
    try:
        address = urlsplit(source)
    except ValueError:
        raise _elsewhere(source) from None
    parts = [part for part in address.path.split("/") if part]
    if address.netloc or address.query or address.fragment or not parts:
        raise _elsewhere(source)
    if address.scheme == "runs":
        there = _of_run(caller, parts[0], "/".join(parts[1:]))
    elif address.scheme == "models":
        there = _of_models(caller, parts, source)
    elif address.scheme == "mlflow-artifacts":
        there = _of_artifacts(caller, parts, source)
    else:
        raise _elsewhere(source)
    if run_id and (there.run is None or there.run.pk.hex != run_id):
        if there.run is not None and address.scheme != "models":
            raise wrong(
                source, "source", f"it is not of the run {run_id[:80]}, which the parameter run_id names."
            )
        return Found(queries.run_of(caller, run_id), there.logged_model, there.files)
    return there


def _elsewhere(source: str) -> Invalid:
    return wrong(
        source,
        "source",
        f"mlgov registers what it keeps itself, where it is governed. Log the model first, then name {_KINDS}.",
    )


def _of_run(caller: Caller, run_id: str, path: str) -> Found:
    run = queries.run_of(caller, run_id)
    if path:
        files.demand_path(path)
    below = files.below(run, path)
    start = len(path) + 1 if path else 0
    return Found(run, files={one.path[start:] or one.path.rpartition("/")[2]: one.blob for one in below})


def _of_models(caller: Caller, parts: list[str], source: str) -> Found:
    if len(parts) == 1 and "@" not in parts[0] and parts[0].startswith("m-"):
        return _of_logged(logged.logged_model_of(caller, parts[0]))
    return _of_version(_version(caller, parts, source))


def _of_logged(model: LoggedModel) -> Found:
    """Return what a logged model consists of; one whose upload failed is no model."""
    if model.state == ModelState.FAILED:
        raise Refused(
            f"The upload of the logged model {model.name} failed. Log it again.", code="upload_failed"
        )
    return Found(model.run, model, {one.path: one.blob for one in model.files.select_related("blob")})


def _version(caller: Caller, parts: list[str], source: str) -> Version:
    name, _, alias = parts[0].partition("@")
    if alias and len(parts) == 1:
        return registered.version_by_alias(caller, name, alias)
    if len(parts) == 2 and whole_number(parts[1]) is not None:
        return registered.version_of(caller, parts[0], parts[1])
    raise _elsewhere(source)


def _of_version(version: Version) -> Found:
    return Found(version.run, version.logged_model, {one.path: one.blob for one in artifacts_of(version)})


def _of_artifacts(caller: Caller, parts: list[str], source: str) -> Found:
    """Return what stands at an address of the proxy: ``<experiment>/<run>/artifacts/<path>`` or ``versions/<id>/artifacts``."""
    if parts[1:2] == ["models"] and len(parts) == 4 and parts[3] == "artifacts":
        model = logged.logged_model_of(caller, parts[2])
        if experiment_id(model.experiment) != parts[0]:
            raise _elsewhere(source)
        return _of_logged(model)
    if len(parts) < 3 or parts[2] != "artifacts":
        raise _elsewhere(source)
    if parts[0] == "versions" and len(parts) == 3:
        return _of_version(registered.version_with_id(caller, parts[1]))
    there = _of_run(caller, parts[1], "/".join(parts[3:]))
    if there.run is None or experiment_id(there.run.experiment) != parts[0]:
        raise _elsewhere(source)
    return there
