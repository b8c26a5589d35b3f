"""What is done with experiments and runs."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import blobs, governed
from apps.core.db import service, single
from apps.core.errors import Invalid, not_now
from apps.experiments.enums import ENDED_RUN, GIVEN, OPEN_RUN, DataKind, RunState
from apps.experiments.models import Artifact, Experiment, GivenVerdict, Metric, Run
from apps.experiments.paths import demand_room, put
from apps.experiments.permissions import can_give_verdict
from apps.projects.locking import locked
from apps.projects.models import DatasetVersion, Project
from apps.projects.permissions import Right, can

MOST_METRICS = 1000
MOST_SECONDARY = 20
SHORTEST_REASON = 10
_DIGEST = """
SELECT encode(sha256(convert_to(jsonb_build_object('params', params, 'tags', tags)::text, 'UTF8')), 'hex')
FROM experiments_run WHERE id = %s
"""
_PATH = re.compile(r"^[\w.\- ]+(/[\w.\- ]+)*$")
EXPERIMENT_FIELDS = frozenset(
    [
        *("name", "hypothesis", "primary_metric", "higher_is_better", "secondary_metrics"),
        *("baseline", "baseline_source", "data_kind", "notes"),
    ]
)


@dataclass(frozen=True)
class MetricPoint:
    """One value of a metric at a step; ``at`` is when it was measured."""

    name: str
    value: float
    step: int = 0
    at: datetime | None = None


@service
def create_experiment(
    project: Project,
    *,
    name: str,
    by: User,
    tags: Mapping[str, str] | None = None,
    is_default: bool = False,
    **fields: Any,
) -> Experiment:
    """Begin an experiment (M3.1); its key counts the experiments of the day under a lock of the project.

    ``fields`` are those of EXPERIMENT_FIELDS; what is wrong with one raises Invalid.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    written = _checked({"name": name, **fields})
    _baseline_has_source(written.get("baseline"), written.get("baseline_source", ""))
    locked(project)
    day = timezone.now().astimezone(UTC).strftime("EXP-%Y-%m-%d-")
    keys = Experiment.objects.filter(project=project, key__startswith=day).values_list("key", flat=True)
    number = max((int(key.removeprefix(day)) for key in keys), default=0) + 1
    experiment = Experiment.objects.create(
        project=project,
        key=f"{day}{number:03d}",
        created_by=by,
        tags=dict(tags or {}),
        is_default=is_default,
        **written,
    )
    audit.record("experiments.experiment_created", experiment, by=by, project_id=project.pk)
    return experiment


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as they are kept; raises Invalid."""
    unknown = sorted(set(fields) - EXPERIMENT_FIELDS)
    if unknown:
        raise Invalid(f"An experiment has no field {', '.join(unknown)}.", code="unknown_field")
    kept: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in fields.items()
    }
    if "name" in kept and not kept["name"]:
        raise Invalid("An experiment needs a name.", code="no_name", field="name")
    if "data_kind" in kept and kept["data_kind"] not in DataKind.values:
        raise Invalid(
            f"data_kind: choose one of {', '.join(DataKind.values)}.",
            code="unknown_choice",
            field="data_kind",
        )
    baseline = kept.get("baseline")
    if baseline is not None and not math.isfinite(baseline):
        raise Invalid("The baseline must be a finite number.", code="not_finite", field="baseline")
    if "secondary_metrics" in kept:
        names = dict.fromkeys(one.strip() for one in kept["secondary_metrics"] if one.strip())
        if len(names) > MOST_SECONDARY:
            raise Invalid(
                f"{len(names)} secondary metrics; the limit is {MOST_SECONDARY}. Keep those that you would act on.",
                code="too_many",
                field="secondary_metrics",
            )
        kept["secondary_metrics"] = list(names)
    return kept


def _baseline_has_source(baseline: float | None, source: str) -> None:
    if baseline is not None and not source:
        raise Invalid(
            "Say where the baseline's value comes from, for example the rule or report that gives it.",
            code="no_baseline_source",
            field="baseline_source",
        )


@service
def change_experiment(
    experiment: Experiment, *, by: User, expect: int | None = None, **fields: Any
) -> Experiment:
    """Change what an experiment says of itself; its verdict is given by ``give_verdict``."""
    can(by, Right.CONTRIBUTE, experiment.project).enforce()
    current = locked_experiment(experiment)
    governed.demand_version(current, expect)
    written = {name: value for name, value in _checked(fields).items() if getattr(current, name) != value}
    _baseline_has_source(
        written.get("baseline", current.baseline), written.get("baseline_source", current.baseline_source)
    )
    if not written:
        return current
    governed.change(current, **written)
    audit.record(
        "experiments.experiment_changed",
        current,
        by=by,
        project_id=current.project_id,
        fields=", ".join(sorted(written)),
    )
    return current


def locked_experiment(experiment: Experiment) -> Experiment:
    """Return the experiment under a lock."""
    rows = Experiment.objects.select_for_update(of=("self",)).select_related("project")
    return rows.get(pk=experiment.pk)


@service
def give_verdict(
    experiment: Experiment, *, verdict: str, reason: str, by: User, expect: int | None = None
) -> GivenVerdict:
    """Decide what became of an experiment, with a reason; a later verdict stands beside the earlier ones.

    Raises Forbidden for a token, and Invalid for an unknown verdict or a reason under ten characters.
    """
    can_give_verdict(by, experiment).enforce()
    if verdict not in GIVEN:
        raise Invalid(
            f"“{verdict[:40]}” is no verdict; choose one of {', '.join(GIVEN)}.",
            code="unknown_verdict",
            field="verdict",
        )
    words = reason.strip()
    if len(words) < SHORTEST_REASON:
        raise Invalid(
            f"A verdict needs a reason of at least {SHORTEST_REASON} characters: what the runs showed.",
            code="no_reason",
            field="reason",
        )
    current = locked_experiment(experiment)
    governed.demand_version(current, expect)
    given = GivenVerdict.objects.create(experiment=current, verdict=verdict, reason=words, given_by=by)
    governed.change(current, verdict=verdict)
    audit.record(
        "experiments.verdict_given",
        current,
        by=by,
        project_id=current.project_id,
        verdict=verdict,
        reason=words,
    )
    return given


def start_run(
    experiment: Experiment,
    *,
    name: str,
    by: User,
    model_type: str = "",
    params: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
    features: Iterable[str] = (),
    seed: int | None = None,
    code_commit: str = "",
    datasets: Iterable[DatasetVersion] = (),
    started_at: datetime | None = None,
) -> Run:
    """Begin a run with what is known beforehand; metrics and artifacts follow while it runs."""
    project = experiment.project
    can(by, Right.CONTRIBUTE, project).enforce()
    used = list(datasets)
    if experiment.deleted_at is not None:
        not_now(f"The experiment {experiment.name} is deleted; restore it first.", code="deleted").enforce()
    foreign = [dataset for dataset in used if dataset.project_id != project.pk]
    if foreign:
        raise Invalid("A run can only use datasets of its own project.", code="foreign_dataset")
    run = Run(
        experiment=experiment,
        name=name.strip(),
        model_type=model_type,
        params=params or {},
        tags=tags or {},
        features=list(features),
        seed=seed,
        code_commit=code_commit,
        started_by=by,
        started_at=started_at or timezone.now(),
    )
    return _begin_with(run, used, by=by) if used else _begin(run, by=by)


@single
def _begin(run: Run, *, by: User) -> Run:
    experiment = run.experiment
    return audit.insert_recorded(
        run, "experiments.run_started", by=by, project_id=experiment.project_id, experiment=experiment.key
    )


@service
def _begin_with(run: Run, datasets: Sequence[DatasetVersion], *, by: User) -> Run:
    begun = _begin(run, by=by)
    begun.datasets.set(datasets)
    return begun


def _running(run: Run) -> Run:
    current = Run.objects.select_for_update(of=("self",)).select_related("experiment__project").get(pk=run.pk)
    demand_active(current)
    if current.state not in OPEN_RUN:
        not_now(
            f"The run {current.name} has ended ({current.state}); start a new one.", code="run_ended"
        ).enforce()
    return current


def demand_active(run: Run) -> None:
    """Raise Refused for a run that is deleted, by itself or with its experiment."""
    if run.deleted_at is not None or run.experiment.deleted_at is not None:
        not_now(
            f"The run {run.pk.hex} must be in the 'active' state; it is deleted. Restore it first.",
            code="deleted",
        ).enforce()


def demand_few(points: Sequence[MetricPoint]) -> None:
    """Raise Invalid for more points than one request may hold."""
    if len(points) > MOST_METRICS:
        raise Invalid(
            f"{len(points)} points in one request; the limit is {MOST_METRICS}. Send several.",
            code="too_many",
        )


@service
def log_metrics(run: Run, *, metrics: Iterable[MetricPoint], by: User) -> int:
    """Log points, all or none; a point that is there already counts once. Returns how many are new."""
    points = list(metrics)
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    demand_few(points)
    for point in points:
        if not math.isfinite(point.value):
            raise Invalid(
                f"The metric {point.name} at step {point.step} is {point.value}; a number is needed. "
                "Leave out what was not measured.",
                code="not_finite",
                metric=point.name,
            )
    current = _running(run)
    now = timezone.now()
    before = Metric.objects.filter(run=current).count()
    Metric.objects.bulk_create(
        (Metric(run=current, name=p.name, value=p.value, step=p.step, at=p.at or now) for p in points),
        ignore_conflicts=True,
    )
    return Metric.objects.filter(run=current).count() - before


@service
def log_artifact(
    run: Run, *, path: str, stream: blobs.Content, by: User, media_type: str = "application/octet-stream"
) -> Artifact:
    """Keep a file of a run under a relative path."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    if not _PATH.match(path) or ".." in path.split("/") or len(path) > 300:
        raise Invalid(
            f"“{path[:80]}” cannot be the path of an artifact: use names of letters, digits, . - _ joined by /.",
            code="bad_path",
        )
    current = _running(run)
    if current.artifacts.standing().filter(path=path).exists():
        raise Invalid(f"The run has a file {path} already; choose another path.", code="path_taken")
    demand_room(current, path)
    blob = blobs.kept(stream, max_bytes=settings.MAX_UPLOAD_BYTES, media_type=media_type)
    return put(current, path, blob, by=by)


@service
def end_run(run: Run, *, by: User, state: str = RunState.FINISHED, notes: str = "") -> Run:
    """End a run. Only MLflow's clients log into it afterwards, each time with an event (record 27)."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    current = _running(run)
    if state not in ENDED_RUN:
        raise Invalid(
            f"A run ends as finished, failed or killed, not as “{state[:40]}”.", code="unknown_state"
        )
    return close(current, state=state, by=by, notes=notes)


def close(current: Run, *, state: str, by: User, ended_at: datetime | None = None, notes: str = "") -> Run:
    """Write the end of a run that is locked; the event has the SHA-256 of its parameters and tags."""
    governed.change(current, state=state, ended_at=ended_at or timezone.now(), notes=notes or current.notes)
    audit.record(
        "experiments.run_ended",
        current,
        by=by,
        project_id=current.experiment.project_id,
        state=state,
        metrics=current.metrics.count(),
        params=len(current.params),
        tags=len(current.tags),
        logged_digest=_logged_digest(current),
    )
    return current


def _logged_digest(run: Run) -> str:
    """Return the SHA-256 of ``{"params": …, "tags": …}`` in PostgreSQL's own text of jsonb."""
    with connection.cursor() as cursor:
        cursor.execute(_DIGEST, [run.pk])
        return str(cursor.fetchone()[0])
