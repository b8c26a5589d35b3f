"""The life of experiments and runs as MLflow's clients know it: default, renamed, deleted and restored, ended and resumed.

Deleting hides and keeps: nothing is ever removed. That a run from which a version came stays is the registry's rule.
"""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid
from apps.experiments.enums import ENDED_RUN, OPEN_RUN, RUN_MOVES
from apps.experiments.models import Experiment, Run
from apps.experiments.recording import held, rename_run
from apps.experiments.services import close, create_experiment, locked_experiment
from apps.projects.locking import locked
from apps.projects.models import Project
from apps.projects.permissions import Right, can

DEFAULT_NAME = "Default"


class NameTaken(Invalid):
    """The project has an experiment of this name, perhaps a deleted one."""


def experiment_named(project: Project, name: str) -> Experiment | None:
    """Return the experiment of this name, deleted or not; of several the oldest that is not deleted."""
    found = Experiment.objects.filter(project=project, name=name).select_related("project")
    active = found.filter(deleted_at__isnull=True).order_by("number").first()
    return active or found.order_by("number").first()


@service
def create_named(project: Project, *, name: str, by: User, tags: Mapping[str, str]) -> Experiment:
    """Begin an experiment whose name is unique in the project; raises NameTaken, also for a deleted one's name.

    The default experiment counts as there before its first use.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    locked(project)
    _demand_free(project, name)
    return create_experiment(project, name=name, by=by, tags=tags)


def _demand_free(project: Project, name: str) -> None:
    if name == DEFAULT_NAME:
        raise NameTaken(
            f"Experiment '{name}' already exists: its id is 0. Choose another name.", code="name_taken"
        )
    taken = experiment_named(project, name)
    if taken is not None:
        state = (
            "is deleted; restore it, or choose another name" if taken.deleted_at else "choose another name"
        )
        raise NameTaken(f"Experiment '{name}' already exists: {state}.", code="name_taken")


@service
def default_experiment(project: Project, *, by: User) -> Experiment:
    """Return the project's experiment for runs that name none; made on first use by who may contribute."""
    found = Experiment.objects.filter(project=project, is_default=True).select_related("project").first()
    if found is not None:
        return found
    can(by, Right.CONTRIBUTE, project).enforce()
    locked(project)
    again = Experiment.objects.filter(project=project, is_default=True).select_related("project").first()
    return again or create_experiment(project, name=DEFAULT_NAME, by=by, is_default=True)


@service
def rename_experiment(experiment: Experiment, *, name: str, by: User) -> Experiment:
    """Give an experiment another name that is free in the project; raises NameTaken."""
    can(by, Right.CONTRIBUTE, experiment.project).enforce()
    locked(experiment.project)
    current = locked_experiment(experiment)
    _demand_experiment_active(current)
    if current.name == name:
        return current
    _demand_free(current.project, name)
    return _changed(current, by=by, what="name", name=name)


@service
def tag_experiment(experiment: Experiment, *, name: str, value: str | None, by: User) -> Experiment:
    """Set a tag of an experiment, or take it away with None."""
    can(by, Right.CONTRIBUTE, experiment.project).enforce()
    current = locked_experiment(experiment)
    _demand_experiment_active(current)
    tags = {one: held_value for one, held_value in current.tags.items() if one != name}
    if value is not None:
        tags[name] = value
    return current if tags == current.tags else _changed(current, by=by, what=f"the tag {name}", tags=tags)


def _changed(experiment: Experiment, *, by: User, what: str, **written: object) -> Experiment:
    governed.change(experiment, **written)
    audit.record(
        "experiments.experiment_changed", experiment, by=by, project_id=experiment.project_id, fields=what
    )
    return experiment


def _demand_experiment_active(experiment: Experiment) -> None:
    if experiment.deleted_at is not None:
        raise Invalid(
            f"The experiment {experiment.number} must be in the 'active' state. Current state is deleted.",
            code="deleted",
        )


@service
def delete_experiment(experiment: Experiment, *, by: User) -> Experiment:
    """Hide an experiment and its runs; everything stays and can be restored."""
    can(by, Right.CONTRIBUTE, experiment.project).enforce()
    current = locked_experiment(experiment)
    _demand_experiment_active(current)
    governed.change(current, deleted_at=timezone.now())
    audit.record("experiments.experiment_deleted", current, by=by, project_id=current.project_id)
    return current


@service
def restore_experiment(experiment: Experiment, *, by: User) -> Experiment:
    """Show a deleted experiment again, with the runs that were not deleted by themselves."""
    can(by, Right.CONTRIBUTE, experiment.project).enforce()
    current = locked_experiment(experiment)
    if current.deleted_at is None:
        raise Invalid(
            f"The experiment {current.number} must be in the 'deleted' state. Current state is active.",
            code="not_deleted",
        )
    governed.change(current, deleted_at=None)
    audit.record("experiments.experiment_restored", current, by=by, project_id=current.project_id)
    return current


@service
def delete_run(run: Run, *, by: User) -> Run:
    """Hide a run; what it logged stays, and it can be restored. Call the registry's verb, which knows of versions."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    current = held(run)
    governed.change(current, deleted_at=timezone.now())
    audit.record("experiments.run_deleted", current, by=by, project_id=current.experiment.project_id)
    return current


@service
def restore_run(run: Run, *, by: User) -> Run:
    """Show a deleted run again."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    current = Run.objects.select_for_update(of=("self",)).select_related("experiment__project").get(pk=run.pk)
    if current.deleted_at is None:
        raise Invalid(
            f"The run {run.pk.hex} must be in the 'deleted' state. Current state is active.",
            code="not_deleted",
        )
    governed.change(current, deleted_at=None)
    audit.record("experiments.run_restored", current, by=by, project_id=current.experiment.project_id)
    return current


@service
def move_run(run: Run, *, state: str, by: User, ended_at: datetime | None = None) -> Run:
    """Set a run to another state: end it, open one that ended again, or correct how or when it ended."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    current = held(run)
    if state == current.state and state in OPEN_RUN:
        return current
    if state != current.state and state not in RUN_MOVES[current.state]:
        raise Invalid(f"A run does not go from {current.state} to “{state[:40]}”.", code="unknown_state")
    if state in ENDED_RUN:
        return close(current, state=state, by=by, ended_at=ended_at or current.ended_at)
    was_over = current.state in ENDED_RUN
    governed.change(current, state=state, ended_at=None)
    kind = "experiments.run_reopened" if was_over else "experiments.run_moved"
    audit.record(kind, current, by=by, project_id=current.experiment.project_id, state=state)
    return current


@service
def update_run(
    run: Run, *, by: User, name: str = "", state: str | None = None, ended_at: datetime | None = None
) -> Run:
    """Rename a run, move it, or correct when it ended: all that is given, or nothing."""
    if name:
        run = rename_run(run, name=name, by=by)
    if state is None and ended_at is not None and run.state in ENDED_RUN:
        state = run.state
    return run if state is None else move_run(run, state=state, ended_at=ended_at, by=by)
