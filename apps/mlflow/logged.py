"""Logged models: loaded from the caller's project, and in the words of the protocol."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.experiments.enums import ModelState, ModelUse
from apps.experiments.models import LoggedModel
from apps.mlflow.answers import experiment_id, milliseconds, model_key, pairs
from apps.mlflow.callers import Caller
from apps.mlflow.errors import NotThere
from apps.mlflow.queries import uuid_of
from apps.mlflow.wire import double
from apps.registry.models import Version

#: Of a model that was measured more often the earlier points are read at the runs; of a page's models all have as many.
MOST_POINTS = 1000
MOST_POINTS_OF_PAGE = 100_000
#: The latest points, and before all others the latest of each metric on each data, so that none is missing for many of another.
_POINTS = """
SELECT model_id, run_id, name, value, step, at, dataset_name, dataset_digest FROM (
    SELECT *, row_number() OVER (PARTITION BY model_id ORDER BY turn > 1, at DESC, step DESC, id DESC) AS place FROM (
        SELECT *, row_number() OVER (
            PARTITION BY model_id, name, dataset_name, dataset_digest ORDER BY at DESC, step DESC, id DESC
        ) AS turn FROM experiments_modelmetric WHERE model_id = ANY(%s)
    ) one
) two WHERE place <= %s ORDER BY model_id, at, step, id
"""
#: The protocol's names of states, and the numbers of its enum.
STATES = {
    "LOGGED_MODEL_PENDING": ModelState.PENDING,
    "LOGGED_MODEL_READY": ModelState.READY,
    "LOGGED_MODEL_UPLOAD_FAILED": ModelState.FAILED,
}
STATE_NUMBERS = {"1": "LOGGED_MODEL_PENDING", "2": "LOGGED_MODEL_READY", "3": "LOGGED_MODEL_UPLOAD_FAILED"}
_NAMES = {str(state): name for name, state in STATES.items()}
#: In which a client reads what versions came from a model: a list of JSON objects, in a text.
VERSIONS_TAG = "mlflow.modelVersions"


def _models(caller: Caller) -> QuerySet[LoggedModel]:
    rows = LoggedModel.objects.active().filter(experiment__project=caller.project)
    return rows.select_related("experiment__project", "run__experiment__project", "created_by")


def _uuid(given: str) -> UUID | None:
    return uuid_of(given[2:]) if given.startswith("m-") else None


def logged_model_of(caller: Caller, given: str) -> LoggedModel:
    """Return a logged model by its id; raises NotThere."""
    pk = _uuid(given)
    found = _models(caller).filter(pk=pk).first() if pk is not None else None
    if found is None:
        raise NotThere(f"Logged model with ID '{given[:100]}' not found.")
    return found


def logged_models_among(caller: Caller, given: Iterable[str]) -> list[LoggedModel]:
    """Return the logged models of these ids in their order; raises NotThere for one that is not there."""
    ids = list(given)
    keys = {one: _uuid(one) for one in ids}
    found = {one.pk: one for one in _models(caller).filter(pk__in=[pk for pk in keys.values() if pk])}
    for one, pk in keys.items():
        if pk not in found:
            raise NotThere(f"Logged model with ID '{one[:100]}' not found.")
    return [found[pk] for one in ids if (pk := keys[one]) is not None]


def logged_models_in(ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return logged models in the order of ``ids``, each with its metrics and versions: three statements."""
    found = LoggedModel.objects.select_related("experiment", "run").in_bulk(list(ids))
    metrics, versions = _metrics(ids), _versions(ids)
    return [document(found[pk], metrics.get(pk, ()), versions.get(pk, ())) for pk in ids if pk in found]


def described(model: LoggedModel) -> dict[str, Any]:
    """Return a logged model with its metrics and versions: two statements."""
    metrics, versions = _metrics([model.pk]), _versions([model.pk])
    return document(model, metrics.get(model.pk, ()), versions.get(model.pk, ()))


def _metrics(ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return the latest MOST_POINTS points of each model, fewer where there are many models; the oldest first."""
    found: dict[UUID, list[dict[str, Any]]] = {}
    most = min(MOST_POINTS, MOST_POINTS_OF_PAGE // max(1, len(ids)))
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, [list(ids), most])
        for model, run, name, value, step, at, dataset, digest in cursor.fetchall():
            point = {
                "key": name,
                "value": double(value),
                "timestamp": milliseconds(at),
                "step": step,
                "model_id": model_key(model),
                "run_id": run.hex,
            }
            of = {"dataset_name": dataset, "dataset_digest": digest}
            found.setdefault(model, []).append(point | {key: text for key, text in of.items() if text})
    return found


def _versions(ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return the versions that came from each model, the oldest first."""
    found: dict[UUID, list[dict[str, Any]]] = {}
    rows = Version.objects.live().filter(logged_model__in=list(ids)).order_by("created_at", "id")
    for model, name, number in rows.values_list("logged_model_id", "model__name", "number"):
        found.setdefault(model, []).append({"name": name, "version": number})
    return found


def artifact_uri(model: LoggedModel) -> str:
    """Return where clients find and put the files of a logged model."""
    return f"mlflow-artifacts:/{experiment_id(model.experiment)}/models/{model.key}/artifacts"


def document(
    model: LoggedModel, metrics: Iterable[dict[str, Any]] = (), versions: Iterable[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Return a logged model with these metrics, and with the versions that came from it."""
    registered = list(versions)
    tags = {**model.tags, VERSIONS_TAG: json.dumps(registered)} if registered else model.tags
    info = {
        "model_id": model.key,
        "experiment_id": experiment_id(model.experiment),
        "name": model.name,
        "creation_timestamp_ms": milliseconds(model.created_at),
        "last_updated_timestamp_ms": milliseconds(model.updated_at),
        "artifact_uri": artifact_uri(model),
        "status": _NAMES[model.state],
        "model_type": model.model_type,
        "tags": pairs(tags),
        "registrations": [],
    }
    if model.run_id is not None:
        info["source_run_id"] = model.run_id.hex
    return {"info": info, "data": {"params": pairs(model.params), "metrics": list(metrics)}}


def note_use(run: dict[str, Any], model: UUID, use: str, step: int) -> None:
    """Add to a run's document a model that it made or read."""
    key = model_key(model)
    if use == ModelUse.OUTPUT:
        run["outputs"]["model_outputs"].append({"model_id": key, "step": step})
    else:
        run["inputs"]["model_inputs"].append({"model_id": key})
