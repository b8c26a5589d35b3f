"""What scripts read a thousand times a second, each in one prepared statement.

Nothing is decided here: whoever finds nothing asks `queries` and `registered`, which say why.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from apps.accounts.models import User
from apps.core.statements import Columns, read_json, rows
from apps.mlflow.answers import ShownRun, dataset_input, run_document
from apps.mlflow.callers import Caller
from apps.mlflow.logged import note_use
from apps.mlflow.registered import ShownVersion, by_number
from apps.policies.pack import PRODUCTION
from apps.registry.models import Model
from apps.registry.queries import MODEL_NAMED

#: As `ShownRun` has them.
_RUN = """run.id, run.name, run.state, floor(extract(epoch FROM run.started_at) * 1000)::bigint,
    floor(extract(epoch FROM run.ended_at) * 1000)::bigint, run.deleted_at IS NOT NULL OR experiment.deleted_at IS NOT NULL,
    CASE WHEN experiment.is_default THEN '0' ELSE experiment.number::text END, starter.full_name, run.params, run.tags"""
_NAMED = Columns(User, only=["id", "full_name"])
#: PostgreSQL writes a double as protobuf does: NaN and infinities as strings.
_POINT = """json_build_object('key', point.name, 'value', point.value,
    'timestamp', floor(extract(epoch FROM point.at) * 1000)::bigint, 'step', point.step)"""
_RUN_ROWS = f"""
SELECT {_RUN},
    (SELECT json_agg({_POINT} ORDER BY point.name) FROM experiments_runmetric point WHERE point.run_id = run.id)::text,
    (SELECT json_agg(json_build_object('name', input.name, 'digest', input.digest, 'source_type', input.source_type,
        'source', input.source, 'schema', input.schema, 'profile', input.profile, 'tags', input.tags) ORDER BY input.id)
        FROM experiments_runinput input WHERE input.run_id = run.id)::text,
    (SELECT json_agg(json_build_array(used.model_id, used.use, used.step) ORDER BY used.id) FROM experiments_runmodel used
        JOIN experiments_loggedmodel model ON model.id = used.model_id
        WHERE used.run_id = run.id AND model.deleted_at IS NULL)::text
FROM experiments_run run JOIN experiments_experiment experiment ON experiment.id = run.experiment_id
JOIN accounts_user starter ON starter.id = run.started_by_id
WHERE experiment.project_id = %(project)s AND run.id =
"""  # noqa: S608 - written here
_RUNS = f"{_RUN_ROWS} ANY(%(ids)s)"
#: A statement of its own: PostgreSQL plans one with an array anew each time, which takes as long as reading the run.
_ONE_RUN = f"{_RUN_ROWS} %(run)s"
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
#: What the aliases of models mean, by how the database writes them.
_Aliases = dict[Any, dict[int, list[str]]]
#: As `ShownVersion` has them, with all aliases of the model.
_SHOWN = """version.id, floor(extract(epoch FROM version.created_at) * 1000)::bigint,
    floor(extract(epoch FROM version.updated_at) * 1000)::bigint, version.number, version.stage, version.description,
    version.run_id, version.logged_model_id, version.source, version.run_link, maker.full_name, model.name,
    version.tags, model.aliases"""
_VERSION_ROWS = f"""
SELECT {_SHOWN} FROM registry_version version JOIN accounts_user maker ON maker.id = version.created_by_id
JOIN registry_model model ON model.id = version.model_id"""  # noqa: S608 - written here
_VERSIONS = f"{_VERSION_ROWS} WHERE version.deleted_at IS NULL AND"
_OF_PAGE = (
    f"{_VERSION_ROWS} JOIN unnest(ARRAY({{page}})) WITH ORDINALITY AS page (id, place) ON page.id = version.id "
    "ORDER BY page.place"
)
_BY_NUMBER = f"{_VERSIONS} version.model_id = {MODEL_NAMED} AND version.number = %(number)s"
_BY_ALIAS = f"{_VERSIONS} version.model_id = {MODEL_NAMED} AND version.number = (model.aliases ->> %(alias)s)::integer"
_IN_PRODUCTION = f"{_VERSIONS} version.model_id = {MODEL_NAMED} AND version.stage = %(stage)s"
#: A row for the newest version of each stage; where there is none, one for the model alone.
_MODEL_AND_NEWEST = f"""
SELECT {_MODEL.of("model")}, {_NAMED.of("owner")}, newest.* FROM registry_model model
JOIN accounts_user owner ON owner.id = model.created_by_id
LEFT JOIN LATERAL (
    SELECT DISTINCT ON (version.stage) {_SHOWN} FROM registry_version version
    JOIN accounts_user maker ON maker.id = version.created_by_id
    WHERE version.model_id = model.id AND version.deleted_at IS NULL ORDER BY version.stage, version.number DESC
) newest ON true
WHERE model.id = {MODEL_NAMED}
"""  # noqa: S608 - written here


def run_documents(caller: Caller, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return the runs of the caller's project among ``ids``, in that order, however many they are."""
    found = dict(map(_run, rows(_RUNS, {"ids": list(ids), "project": caller.project.pk})))
    return [found[pk] for pk in ids if pk in found]


def one_run_document(caller: Caller, pk: UUID) -> dict[str, Any] | None:
    """Return a run of the caller's project."""
    return next((_run(one)[1] for one in rows(_ONE_RUN, {"run": pk, "project": caller.project.pk})), None)


def _run(values: Sequence[Any]) -> tuple[UUID, dict[str, Any]]:
    *plain, params, tags, metrics, inputs, used = values
    run = ShownRun(*[*plain, read_json(params), read_json(tags)])
    document = run_document(run)
    if metrics:
        document["data"]["metrics"] = msgspec.Raw(metrics.encode())
    if inputs:
        document["inputs"]["dataset_inputs"] = [dataset_input(one) for one in msgspec.json.decode(inputs)]
    for model, use, step in msgspec.json.decode(used) if used else ():
        note_use(document, UUID(model), use, step)
    return run.pk, document


def history(run: UUID, name: str, *, start: int, most: int) -> tuple[msgspec.Raw, bool]:
    """Return a page of the points of a metric as JSON, in the order in which they were measured, and whether more follow."""
    ((points, total),) = rows(_HISTORY, {"run": run, "name": name, "most": most, "start": start})
    more = total == most and bool(rows(_BEYOND, [run, name, start + most]))
    return msgspec.Raw((points or "[]").encode()), more


def model_with_newest(caller: Caller, name: str) -> tuple[Model, list[ShownVersion]] | None:
    """Return a model of the caller's project by its name, with its maker and the newest version of each of its stages."""
    found = rows(_MODEL_AND_NEWEST, _named(caller, name))
    if not found:
        return None
    width = len(_MODEL) + len(_NAMED)
    model = _MODEL.made(found[0][: len(_MODEL)])
    model.created_by = _NAMED.made(found[0][len(_MODEL) : width])
    return model, [_shown(values[width:]) for values in found if values[width] is not None]


def version_numbered(caller: Caller, name: str, number: int) -> ShownVersion | None:
    """Return a version by the name of its model and its number."""
    return _one(_BY_NUMBER, caller, name, number=number)


def version_in_production(caller: Caller, name: str) -> ShownVersion | None:
    """Return the version that is in production of the model of this name."""
    return _one(_IN_PRODUCTION, caller, name, stage=PRODUCTION)


def version_with_alias(caller: Caller, name: str, alias: str) -> ShownVersion | None:
    """Return the version that an alias of the model of this name names; not for aliases of production."""
    return _one(_BY_ALIAS, caller, name, alias=alias)


def versions_of_page(page: str, given: Sequence[Any]) -> list[ShownVersion]:
    """Return the versions whose ids a statement finds, in its order; one statement, however many they are."""
    known: _Aliases = {}
    return [_shown(values, known) for values in rows(_OF_PAGE.format(page=page), given)]


def _named(caller: Caller, name: str) -> dict[str, Any]:
    return {"project": caller.project.pk, "name": name.strip()}


def _one(sql: str, caller: Caller, name: str, **given: Any) -> ShownVersion | None:
    found = rows(sql, _named(caller, name) | given)
    return _shown(found[0]) if found else None


def _shown(values: Sequence[Any], known: _Aliases | None = None) -> ShownVersion:
    """Return the version of a row; the aliases of its model are read once for all rows that share ``known``."""
    *plain, tags, written = values
    shown = ShownVersion(*[*plain, read_json(tags)])
    known = {} if known is None else known
    if written not in known:
        known[written] = by_number(read_json(written))
    shown.aliases = known[written].get(shown.number, ())
    return shown
