"""Load what a call names from the caller's project, and read it in as few statements as there are tables."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core.statements import Columns, rows
from apps.core.texts import whole_number
from apps.experiments.lifecycle import DEFAULT_NAME, default_experiment
from apps.experiments.models import Experiment, Metric, Run, RunInput
from apps.mlflow.answers import DEFAULT_ID
from apps.mlflow.callers import Caller
from apps.mlflow.errors import NotThere

_LONGEST_ID = 18
#: No capitals, and none of what Python takes for a number besides: a sign, underscores.
_DIGITS = frozenset("0123456789abcdef")
_EXPERIMENT = Columns(Experiment)
_EXPERIMENT_BY_ID = f"""
SELECT {_EXPERIMENT.of("experiment")} FROM experiments_experiment experiment
WHERE experiment.project_id = %s AND CASE WHEN %s THEN experiment.is_default ELSE experiment.number = %s::bigint END
"""  # noqa: S608 - written here
_RUN, _USER = Columns(Run), Columns(User)
_RUN_BY_ID = f"""
SELECT {_RUN.of("run")}, {_EXPERIMENT.of("experiment")}, {_USER.of("starter")} FROM experiments_run run
JOIN experiments_experiment experiment ON experiment.id = run.experiment_id
JOIN accounts_user starter ON starter.id = run.started_by_id WHERE run.id = %s AND experiment.project_id = %s
"""  # noqa: S608 - written here
_EXPERIMENT_KEYS = """
SELECT id FROM experiments_experiment WHERE project_id = %s AND (number = ANY(%s::bigint[]) OR is_default AND %s) ORDER BY number
"""
_IS_THERE = """
SELECT 1 FROM experiments_run run JOIN experiments_experiment experiment ON experiment.id = run.experiment_id
WHERE run.id = %s AND experiment.project_id = %s
"""
#: Of each run every so many points by step, and its last in the place of the one that would be too many.
_SAMPLED = """
SELECT run_id, step, value, at FROM (
    SELECT run_id, step, value, at, row_number() OVER w AS place, count(*) OVER (PARTITION BY run_id) AS total,
        (count(*) OVER (PARTITION BY run_id) + %s - 1) / %s AS stride
    FROM experiments_metric WHERE run_id = ANY(%s) AND name = %s AND step >= %s AND step <= %s
    WINDOW w AS (PARTITION BY run_id ORDER BY step, at, value)
) point
WHERE place = total OR (place - 1) %% stride = 0 AND (place - 1) / stride < %s - 1
ORDER BY array_position(%s, run_id), place
"""


def experiment_of(caller: Caller, given: str) -> Experiment:
    """Return an experiment by its id, for who changes it; raises NotThere. The default one is made on first use."""
    if given == DEFAULT_ID:
        return default_experiment(caller.project, by=caller.user)
    return shown_experiment(caller, given)


def shown_experiment(caller: Caller, given: str) -> Experiment:
    """Return an experiment by its id, for who reads it; raises NotThere. Of the default one a likeness before its first use."""
    number = whole_number(given, digits=_LONGEST_ID)
    for values in rows(_EXPERIMENT_BY_ID, [caller.project.pk, given == DEFAULT_ID, number]):
        found = _EXPERIMENT.made(values)
        found.project = caller.project
        return found
    if given == DEFAULT_ID:
        return unused_default(caller)
    raise NotThere(f"No Experiment with id={given[:100]} exists")


def unused_default(caller: Caller) -> Experiment:
    """Return the default experiment as it will be made; reading makes nothing."""
    project = caller.project
    made_at = project.created_at
    return Experiment(
        project=project, name=DEFAULT_NAME, is_default=True, created_at=made_at, updated_at=made_at
    )


def experiment_keys(caller: Caller, given: Iterable[str]) -> list[UUID]:
    """Return the keys of the experiments that there are of these ids."""
    ids = list(given)
    read = (whole_number(one, digits=_LONGEST_ID) for one in ids)
    numbers = [one for one in read if one is not None]
    return [pk for (pk,) in rows(_EXPERIMENT_KEYS, [caller.project.pk, numbers, DEFAULT_ID in ids])]


def experiments_in(caller: Caller, ids: Sequence[UUID]) -> list[Experiment]:
    """Return experiments in the order of ``ids``; the key of the project stands for the default one before its first use."""
    found = Experiment.objects.in_bulk([pk for pk in ids if pk != caller.project.pk])
    found[caller.project.pk] = unused_default(caller)
    return [found[pk] for pk in ids if pk in found]


def run_of(caller: Caller, given: str) -> Run:
    """Return a run by its id, deleted or not; raises NotThere."""
    key = uuid_of(given)
    edge = len(_RUN) + len(_EXPERIMENT)
    for values in rows(_RUN_BY_ID, [key, caller.project.pk]) if key is not None else ():
        run = _RUN.made(values[: len(_RUN)])
        run.experiment = _EXPERIMENT.made(values[len(_RUN) : edge])
        run.experiment.project = caller.project
        run.started_by = _USER.made(values[edge:])
        return run
    raise NotThere(f"Run with id={given[:100]} not found")


def uuid_of(given: str) -> UUID | None:
    """Return the key that 32 hex digits name, as answers write them; None for what names none."""
    return UUID(hex=given) if len(given) == 32 and set(given) <= _DIGITS else None


def demand_run(caller: Caller, given: str) -> UUID:
    """Return the key of a run of the caller's project, deleted or not; raises NotThere."""
    key = uuid_of(given)
    if key is None or not rows(_IS_THERE, [key, caller.project.pk]):
        raise NotThere(f"Run with id={given[:100]} not found")
    return key


def runs_among(caller: Caller, given: Iterable[str]) -> list[Run]:
    """Return the runs that there are of these ids, each once, in their order."""
    keys = dict.fromkeys(pk for one in given if (pk := uuid_of(one)) is not None)
    found = Run.objects.filter(experiment__project=caller.project, pk__in=keys).in_bulk()
    return [found[pk] for pk in keys if pk in found]


def history_of(run: Run, name: str) -> QuerySet[Metric]:
    """Return the points of a metric in the order in which they were measured."""
    return Metric.objects.filter(run=run, name=name).order_by("at", "step", "value")


def sampled(runs: Iterable[UUID], name: str, *, between: tuple[int, int], most: int) -> list[Metric]:
    """Return at most ``most`` points of each run, run after run: always the last, and of several the first."""
    keys = list(runs)
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLED, [most, most, keys, name, *between, most, keys])
        return [
            Metric(run_id=run_id, name=name, step=step, value=value, at=at)
            for run_id, step, value, at in cursor.fetchall()
        ]


def datasets_of(experiments: Iterable[UUID], *, most: int) -> list[dict[str, str]]:
    """Return which datasets the runs of these experiments read, each once."""
    rows = (
        RunInput.objects.filter(run__experiment__in=list(experiments), run__deleted_at__isnull=True)
        .order_by("name", "digest")
        .values_list("run__experiment__is_default", "run__experiment__number", "name", "digest", "tags")
    )
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for is_default, number, name, digest, tags in rows.iterator():
        summary = {"experiment_id": DEFAULT_ID if is_default else str(number), "name": name, "digest": digest}
        if context := tags.get("mlflow.data.context"):
            summary["context"] = str(context)
        found.setdefault(tuple(summary.values()), summary)
        if len(found) == most:
            break
    return list(found.values())
