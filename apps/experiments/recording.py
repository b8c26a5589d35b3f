"""What a run logs in one request: points, parameters, tags, datasets; all of it or none.

While the run runs this writes no event and steps no version, and the event of its end says what was logged (record 27).
After its end each request is one audited change.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed, statements
from apps.core.db import retried, service
from apps.core.errors import Invalid
from apps.core.ids import new_id
from apps.experiments.enums import OPEN_RUN
from apps.experiments.models import LoggedModel, Run, RunInput
from apps.experiments.services import MetricPoint, demand_active, demand_few
from apps.projects.models import Project
from apps.projects.permissions import Right, can

#: One statement, however many points; the trigger of the table keeps the latest values.
_POINTS = """
INSERT INTO experiments_metric (id, run_id, name, value, step, at)
SELECT one.id, %s, one.name, one.value, one.step, one.at
FROM unnest(%s::uuid[], %s::text[], %s::float8[], %s::bigint[], %s::timestamptz[]) AS one (id, name, value, step, at)
ON CONFLICT DO NOTHING
"""
_MEASURED = """
INSERT INTO experiments_modelmetric (id, run_id, model_id, name, value, step, at, dataset_name, dataset_digest)
SELECT one.id, %s, one.model, one.name, one.value, one.step, one.at, one.dataset, one.digest
FROM unnest(%s::uuid[], %s::text[], %s::float8[], %s::bigint[], %s::timestamptz[], %s::uuid[], %s::text[], %s::text[])
    AS one (id, name, value, step, at, model, dataset, digest)
ON CONFLICT DO NOTHING
"""
_GROW = (
    "UPDATE experiments_run SET params = params || %s, tags = tags || %s, updated_at = now() WHERE id = %s"
)
#: A shared lock lets others log too; what decides whether one may is read anew under it.
_SHARE = """
SELECT run.state, run.lock_version, run.deleted_at, experiment.deleted_at FROM experiments_run run
JOIN experiments_experiment experiment ON experiment.id = run.experiment_id WHERE run.id = %s FOR SHARE OF run
"""
#: The same for a run that runs, in one statement; where it finds none, the long way says why, or does it.
_OPEN = """
SELECT run.id FROM experiments_run run JOIN experiments_experiment experiment ON experiment.id = run.experiment_id
WHERE run.id = %(run)s AND experiment.project_id = %(project)s AND run.state = ANY(%(open)s)
    AND run.deleted_at IS NULL AND experiment.deleted_at IS NULL FOR SHARE OF run
"""
#: Parameters that are there already must be the same: what is there wins, and must hold what is given.
_GROW_OPEN = """
UPDATE experiments_run run SET params = run.params || %(params)s, tags = run.tags || %(tags)s, updated_at = now()
FROM experiments_experiment experiment
WHERE run.id = %(run)s AND experiment.id = run.experiment_id AND experiment.project_id = %(project)s
    AND run.state = ANY(%(open)s) AND run.deleted_at IS NULL AND experiment.deleted_at IS NULL
    AND (%(params)s || run.params) @> %(params)s
RETURNING run.id
"""
_POINTS_OPEN = """
, written AS (
    INSERT INTO experiments_metric (id, run_id, name, value, step, at)
    SELECT one.id, open.id, one.name, one.value, one.step, one.at
    FROM open, unnest(%(ids)s::uuid[], %(names)s::text[], %(values)s::float8[], %(steps)s::bigint[], %(times)s::timestamptz[])
        AS one (id, name, value, step, at)
    ON CONFLICT DO NOTHING
)
"""
_FORGET_TAG = "UPDATE experiments_run SET tags = tags - %s::text, updated_at = now() WHERE id = %s"
_OPEN_STATES = sorted(OPEN_RUN)
#: MLflow's clients say a run's name in a tag as well.
NAME_TAG = "mlflow.runName"


@dataclass(frozen=True)
class Described:
    """A dataset as the client of a run describes it."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str = ""
    profile: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """A point that was measured of a logged model, and the data as the client names it."""

    point: MetricPoint
    model: LoggedModel
    dataset_name: str = ""
    dataset_digest: str = ""


@dataclass(frozen=True)
class Batch:
    """What is logged at once; ``measured`` are those of the points that say of which model they are."""

    points: Sequence[MetricPoint] = ()
    measured: Sequence[Measured] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class ParameterFixed(Invalid):
    """A parameter that was logged cannot get another value."""


@service
def log_batch(run: Run, *, batch: Batch, by: User) -> None:
    """Log points, parameters and tags. What is there already counts once; NaN and infinities are kept.

    The tag NAME_TAG renames the run.

    Raises ParameterFixed for another value of a parameter, Refused for a deleted run. Unlike ``log_metrics`` it takes
    a run that has ended, with an event.
    """
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    demand_few(batch.points)
    # Of a run that has ended each logging is an event of its own: two that shared it would wait for each other for ever.
    current = held(run, shared=run.state in OPEN_RUN and not (batch.params or batch.tags))
    fresh = _fresh_params(current, batch.params)
    name = batch.tags.get(NAME_TAG)
    if name and name != current.name:
        current = _renamed(current, name=name, by=by)
    if batch.points:
        _insert(current, batch.points)
    if batch.measured:
        _insert_measured(current, batch.measured)
    if current.state in OPEN_RUN:
        if fresh or batch.tags:
            with connection.cursor() as cursor:
                grown: list[Any] = [Jsonb(fresh), Jsonb(dict(batch.tags)), current.pk]
                cursor.execute(_GROW, grown)
        return
    # Under a shared lock parameters and tags are those that were read before it.
    written = (
        {"params": current.params | fresh, "tags": current.tags | dict(batch.tags)}
        if batch.params or batch.tags
        else {}
    )
    _amend(current, by=by, written=written, points=len(batch.points), params=len(fresh), tags=len(batch.tags))


@retried
def log_at_once(project: Project, run: UUID, *, batch: Batch, by: User) -> bool:
    """Log into a run that runs, in one statement; return False, having done nothing, where `log_batch` must look closer.

    That is a run that has ended, was deleted or is not of the project, a parameter that has a value, another name, and
    what was measured of a logged model.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    demand_few(batch.points)
    if NAME_TAG in batch.tags or batch.measured:
        return False
    given: dict[str, Any] = {"run": run, "project": project.pk, "open": _OPEN_STATES}
    found = _OPEN
    if batch.params or batch.tags:
        found = _GROW_OPEN
        given |= {"params": Jsonb(dict(batch.params)), "tags": Jsonb(dict(batch.tags))}
    points = ""
    if batch.points:
        points = _POINTS_OPEN
        given |= dict(zip(("ids", "names", "values", "steps", "times"), _columns(batch.points), strict=True))
    text = f"WITH open AS ({found}) {points} SELECT 1 FROM open"  # noqa: S608 - written here
    return bool(statements.rows(text, given))


def held(run: Run, *, shared: bool = False) -> Run:
    """Return the run under a lock; a shared one lets others add points at the same time, but nobody end it."""
    if shared:
        with connection.cursor() as cursor:
            cursor.execute(_SHARE, [run.pk])
            run.state, run.lock_version, run.deleted_at, run.experiment.deleted_at = cursor.fetchone()
        current = run
    else:
        rows = Run.objects.select_for_update(of=("self",), no_key=True).select_related("experiment__project")
        current = rows.get(pk=run.pk)
    demand_active(current)
    return current


def _fresh_params(run: Run, params: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that are not there yet; raises ParameterFixed for one that has another value."""
    fresh = {}
    for name, value in params.items():
        if name not in run.params:
            fresh[name] = value
        elif shown(run.params[name]) != value:
            raise ParameterFixed(
                f"Changing param values is not allowed. Param with key='{name}' was already logged with "
                f"value='{shown(run.params[name])[:200]}' for run ID='{run.pk.hex}'. Attempted logging new value "
                f"'{value[:200]}'.",
                code="parameter_fixed",
            )
    return fresh


def shown(value: Any) -> str:
    """Return a parameter as text: what came through the API as a number or a list as its JSON."""
    if isinstance(value, str):
        return value
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _insert(run: Run, points: Sequence[MetricPoint]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, [run.pk, *_columns(points)])


def _insert_measured(run: Run, measured: Sequence[Measured]) -> None:
    for one in measured:
        if one.model.experiment.project_id != run.experiment.project_id:
            raise Invalid(f"The logged model {one.model.key} is of another project.", code="foreign_model")
    of = zip(*((one.model.pk, one.dataset_name, one.dataset_digest) for one in measured), strict=True)
    with connection.cursor() as cursor:
        given = [*_columns([one.point for one in measured]), *(list(column) for column in of)]
        cursor.execute(_MEASURED, [run.pk, *given])


def _columns(points: Sequence[MetricPoint]) -> list[Any]:
    """Return what unnest takes; but for names as PostgreSQL writes arrays, which costs a tenth of having it done."""
    now = timezone.now()
    ids = _array(new_id().hex for _ in points)
    values = _array(repr(float(one.value)) for one in points)
    steps = _array(str(int(one.step)) for one in points)
    times = _array(f'"{(one.at or now).isoformat()}"' for one in points)
    return [ids, [one.name for one in points], values, steps, times]


def _array(texts: Iterable[str]) -> str:
    return "{" + ",".join(texts) + "}"


def _amend(run: Run, *, by: User, written: Mapping[str, Any], **counts: int) -> None:
    governed.change(run, **written)
    audit.record(
        "experiments.run_amended",
        run,
        by=by,
        project_id=run.experiment.project_id,
        **{"points": 0, "params": 0, "tags": 0, "inputs": 0, **counts},
    )


def amend_models(run: Run, *, count: int, by: User) -> None:
    """Write the event of a run that noted models after its end; the run is held already."""
    _amend(run, by=by, written={}, inputs=count)


@service
def log_tag(run: Run, *, name: str, changed: Callable[[str], str], by: User) -> None:
    """Set a tag of a run to what ``changed`` makes of its text ("" where there is none), under the run's lock."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    current = held(run)
    tags = {name: changed(str(current.tags.get(name, "")))}
    if current.state in OPEN_RUN:
        with connection.cursor() as cursor:
            grown: list[Any] = [Jsonb({}), Jsonb(tags), current.pk]
            cursor.execute(_GROW, grown)
        return
    _amend(current, by=by, written={"tags": current.tags | tags}, tags=1)


class NoSuchTag(Invalid):
    """The run, or the logged model, has no such tag (404)."""

    status = 404


@service
def delete_tag(run: Run, *, name: str, by: User) -> None:
    """Take a tag from a run; raises NoSuchTag."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    current = held(run)
    if name not in current.tags:
        raise NoSuchTag(f"No tag with name: {name[:250]} in run with id {run.pk.hex}", code="no_tag")
    if current.state in OPEN_RUN:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET_TAG, [name, current.pk])
        return
    left = {one: value for one, value in current.tags.items() if one != name}
    _amend(current, by=by, written={"tags": left}, tags=1)


@service
def log_inputs(run: Run, *, inputs: Sequence[Described], by: User) -> None:
    """Note the datasets that a run reads; one that is noted already counts once."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    current = held(run, shared=run.state in OPEN_RUN)
    RunInput.objects.bulk_create(
        (
            RunInput(
                run=current,
                name=one.name,
                digest=one.digest,
                source_type=one.source_type,
                source=one.source,
                schema=one.schema,
                profile=one.profile,
                tags=dict(one.tags),
            )
            for one in inputs
        ),
        ignore_conflicts=True,
    )
    if current.state not in OPEN_RUN:
        _amend(current, by=by, written={}, inputs=len(inputs))


@service
def rename_run(run: Run, *, name: str, by: User) -> Run:
    """Give a run another name, and say the same in its tag; a change with its event in every state."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    return _renamed(held(run), name=name, by=by)


def _renamed(run: Run, *, name: str, by: User) -> Run:
    before = run.name
    if name == before and run.tags.get(NAME_TAG, name) == name:
        return run
    governed.change(run, name=name, tags=run.tags | {NAME_TAG: name})
    audit.record("experiments.run_renamed", run, by=by, project_id=run.experiment.project_id, before=before)
    return run
