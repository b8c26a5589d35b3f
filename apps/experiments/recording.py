"""What a run logs in one request: points, parameters, tags, datasets; all of it or none.

While the run runs this writes no event and steps no version, and the event of its end says what was logged (record 25).
After its end each request is one audited change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid
from apps.core.ids import new_id
from apps.experiments.enums import OPEN_RUN
from apps.experiments.models import Run, RunInput
from apps.experiments.services import MetricPoint, demand_active, demand_few
from apps.projects.permissions import Right, can

#: One statement, however many points; the trigger of the table keeps the latest values.
_POINTS = """
INSERT INTO experiments_metric (id, run_id, name, value, step, at)
SELECT one.id, %s, one.name, one.value, one.step, one.at
FROM unnest(%s::uuid[], %s::text[], %s::float8[], %s::bigint[], %s::timestamptz[]) AS one (id, name, value, step, at)
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
_FORGET_TAG = "UPDATE experiments_run SET tags = tags - %s::text, updated_at = now() WHERE id = %s"
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
class Batch:
    """What is logged at once."""

    points: Sequence[MetricPoint] = ()
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


def _insert(run: Run, points: Iterable[MetricPoint]) -> None:
    now = timezone.now()
    rows = [(new_id(), one.name, one.value, one.step, one.at or now) for one in points]
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, [run.pk, *columns])


def _amend(run: Run, *, by: User, written: Mapping[str, Any], **counts: int) -> None:
    governed.change(run, **written)
    audit.record(
        "experiments.run_amended",
        run,
        by=by,
        project_id=run.experiment.project_id,
        **{"points": 0, "params": 0, "tags": 0, "inputs": 0, **counts},
    )


class NoSuchTag(Invalid):
    """The run has no such tag (404)."""

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
