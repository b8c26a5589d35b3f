"""Runs, experiments and their files are deleted here, above them: what a version came from stays."""

from django.db.models import Q

from apps.accounts.models import User
from apps.core.db import service
from apps.core.errors import not_now
from apps.core.models import Blob
from apps.experiments import files, lifecycle, logged
from apps.experiments.models import Artifact, Experiment, LoggedModel, Run
from apps.registry.models import Version


@service
def delete_run(run: Run, *, by: User) -> Run:
    """Delete a run that no version came from; raises Refused otherwise."""
    _demand_no_version(Q(run=run), f"the run {run.name}")
    return lifecycle.delete_run(run, by=by)


@service
def delete_experiment(experiment: Experiment, *, by: User) -> Experiment:
    """Delete an experiment from which no version came; raises Refused otherwise."""
    within = Q(run__experiment=experiment) | Q(logged_model__experiment=experiment)
    _demand_no_version(within, f"a run or a logged model of the experiment {experiment.name}")
    return lifecycle.delete_experiment(experiment, by=by)


@service
def put_file(run: Run, *, path: str, blob: Blob, by: User) -> Artifact:
    """Make a content the file at a path of a run; raises Refused where it would replace one that a version rests on."""
    there = files.standing(run, path)
    if there is not None and there.blob_id != blob.pk:
        _demand_no_version(Q(run=run), f"the run of the file {path}", "Choose another path.")
    return files.put_file(run, path=path, blob=blob, by=by)


@service
def remove_files(run: Run, *, path: str, by: User) -> int:
    """Remove a file, or all below a folder, of a run that no version came from; raises Refused otherwise."""
    _demand_no_version(Q(run=run), f"the run {run.name}", "Leave its files as they are.")
    return files.remove_files(run, path=path, by=by)


@service
def delete_logged_model(model: LoggedModel, *, by: User) -> LoggedModel:
    """Delete a logged model that no version came from; raises Refused otherwise."""
    _demand_no_version(Q(logged_model=model), f"the logged model {model.name}", "Leave it as it is.")
    return logged.delete_logged_model(model, by=by)


def _demand_no_version(which: Q, what: str, advice: str = "") -> None:
    version = Version.objects.filter(which).select_related("model").order_by("id").first()
    if version is not None:
        not_now(
            f"{version} came from {what}, so it is evidence and stays. "
            + (advice or "Delete other runs, or leave it as it is."),
            code="run_has_version",
        ).enforce()
