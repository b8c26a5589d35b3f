"""What scripts read a thousand times a second, each in one prepared statement.

Nothing is decided here: whoever finds nothing asks `queries` and `registered`, which say why.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from apps.accounts.models import User
from apps.core.statements import Columns, rows
from apps.experiments.models import Experiment, Run
from apps.mlflow.answers import dataset_input, run_document
from apps.mlflow.callers import Caller
from apps.mlflow.logged import note_use
from apps.mlflow.registered import Named, ShownVersion
from apps.policies.pack import PRODUCTION
from apps.registry.models import Model

_RUN = Columns(
    Run,
    only=[
        "id",
        "experiment_id",
        "name",
        "state",
        "params",
        "tags",
        "started_by_id",
        "started_at",
        "ended_at",
        "deleted_at",
    ],
)
_EXPERIMENT = Columns(Experiment, only=["id", "number", "is_default", "deleted_at"])
_NAMED = Columns(User, only=["id", "full_name"])
#: PostgreSQL writes a double as protobuf does: NaN and infinities as strings.
_POINT = """json_build_object('key', point.name, 'value', point.value,
    'timestamp', floor(extract(epoch FROM point.at) * 1000)::bigint, 'step', point.step)"""
_RUNS = f"""
SELECT {_RUN.of("run")}, {_EXPERIMENT.of("experiment")}, {_NAMED.of("starter")},
    (SELECT json_agg({_POINT} ORDER BY point.name) FROM experiments_runmetric point WHERE point.run_id = run.id)::text,
    (SELECT json_agg(json_build_object('name', input.name, 'digest', input.digest, 'source_type', input.source_type,
        'source', input.source, 'schema', input.schema, 'profile', input.profile, 'tags', input.tags) ORDER BY input.id)
        FROM experiments_runinput input WHERE input.run_id = run.id)::text,
    (SELECT json_agg(json_build_array(used.model_id, used.use, used.step) ORDER BY used.id) FROM experiments_runmodel used
        JOIN experiments_loggedmodel model ON model.id = used.model_id
        WHERE used.run_id = run.id AND model.deleted_at IS NULL)::text
FROM experiments_run run JOIN experiments_experiment experiment ON experiment.id = run.experiment_id
JOIN accounts_user starter ON starter.id = run.started_by_id
WHERE run.id = ANY(%(ids)s) AND experiment.project_id = %(project)s
"""  # noqa: S608 - written here
_HISTORY = f"""
SELECT json_agg({_POINT} ORDER BY point.at, point.step, point.value)::text, count(*) FROM (
    SELECT name, value, at, step FROM experiments_metric WHERE run_id = %(run)s AND name = %(name)s
    ORDER BY at, step, value LIMIT %(most)s OFFSET %(start)s
) point
"""  # noqa: S608 - written here
_BEYOND = "SELECT 1 FROM experiments_metric WHERE run_id = %s AND name = %s LIMIT 1 OFFSET %s"
_MODEL = Columns(
    Model, only=["id", "created_at", "updated_at", "name", "description", "tags", "aliases", "created_by_id"]
)
_VERSIONS = """
SELECT version.id, version.created_at, version.updated_at, version.number, version.stage, version.description,
    version.run_id, version.logged_model_id, version.tags, version.source, version.run_link, maker.full_name, version.model_id
FROM registry_version version JOIN accounts_user maker ON maker.id = version.created_by_id
WHERE version.deleted_at IS NULL AND """
_SOME_MODELS = f"""
SELECT {_MODEL.of("model")}, {_NAMED.of("maker")} FROM registry_model model
JOIN accounts_user maker ON maker.id = model.created_by_id WHERE model.id = ANY(%s)
"""  # noqa: S608 - written here
#: Of several models of one name, which the portal can make, the oldest is meant.
_MODELS = f"""
SELECT {_MODEL.of("model")}, {_NAMED.of("maker")} FROM registry_model model
JOIN accounts_user maker ON maker.id = model.created_by_id
WHERE model.project_id = %s AND model.name = %s AND model.deleted_at IS NULL ORDER BY model.id LIMIT 1
"""  # noqa: S608 - written here


def run_documents(caller: Caller, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return the runs of the caller's project among ``ids``, in that order, however many they are."""
    found = {}
    edges = (len(_RUN), len(_RUN) + len(_EXPERIMENT), len(_RUN) + len(_EXPERIMENT) + len(_NAMED))
    for values in rows(_RUNS, {"ids": list(ids), "project": caller.project.pk}):
        run = _RUN.made(values[: edges[0]])
        run.experiment = _EXPERIMENT.made(values[edges[0] : edges[1]])
        run.started_by = _NAMED.made(values[edges[1] : edges[2]])
        metrics, inputs, used = values[edges[2] :]
        document = run_document(run)
        if metrics:
            document["data"]["metrics"] = msgspec.Raw(metrics.encode())
        if inputs:
            document["inputs"]["dataset_inputs"] = [dataset_input(one) for one in msgspec.json.decode(inputs)]
        for model, use, step in msgspec.json.decode(used) if used else ():
            note_use(document, UUID(model), use, step)
        found[run.pk] = document
    return [found[pk] for pk in ids if pk in found]


def history(run: UUID, name: str, *, start: int, most: int) -> tuple[msgspec.Raw, bool]:
    """Return a page of the points of a metric as JSON, in the order in which they were measured, and whether more follow."""
    ((points, total),) = rows(_HISTORY, {"run": run, "name": name, "most": most, "start": start})
    more = total == most and bool(rows(_BEYOND, [run, name, start + most]))
    return msgspec.Raw((points or "[]").encode()), more


def model_named(caller: Caller, name: str) -> Model | None:
    """Return a model of the caller's project by its name, with its maker; None where there is none."""
    return next(_models(_MODELS, [caller.project.pk, name.strip()]), None)


def _models(sql: str, given: Sequence[Any]) -> Iterator[Model]:
    for values in rows(sql, given):
        model = _MODEL.made(values[: len(_MODEL)])
        model.created_by = _NAMED.made(values[len(_MODEL) :])
        yield model


def version_numbered(model: Model, number: int) -> ShownVersion | None:
    """Return a version of a model by its number."""
    found = rows(f"{_VERSIONS} version.model_id = %s AND version.number = %s", [model.pk, number])
    return _shown(found[0], model) if found else None


def version_in_production(model: Model) -> ShownVersion | None:
    """Return the version of a model that is in production."""
    found = rows(f"{_VERSIONS} version.model_id = %s AND version.stage = %s", [model.pk, PRODUCTION])
    return _shown(found[0], model) if found else None


def newest_by_stage(model: Model) -> list[ShownVersion]:
    """Return the newest version of each stage of a model."""
    newest = """version.model_id = %s AND (version.stage, version.number) IN (
        SELECT stage, max(number) FROM registry_version WHERE model_id = %s AND deleted_at IS NULL GROUP BY stage)"""
    return [_shown(values, model) for values in rows(f"{_VERSIONS} {newest}", [model.pk, model.pk])]


def versions_in(ids: Sequence[UUID]) -> list[ShownVersion]:
    """Return versions in the order of ``ids``, each with its model: two statements, however many they are."""
    found = rows(f"{_VERSIONS} version.id = ANY(%s)", [list(ids)])
    models = {one.pk: one for one in _models(_SOME_MODELS, [list({values[-1] for values in found})])}
    shown = {values[0]: _shown(values, models[values[-1]]) for values in found}
    return [shown[pk] for pk in ids if pk in shown]


def _shown(values: Sequence[Any], model: Model) -> ShownVersion:
    *_, tags, source, run_link, maker, _ = values
    read = json.loads(tags) if isinstance(tags, str) else tags
    return ShownVersion(*[*values[:8], read, source, run_link, Named(maker), model])
