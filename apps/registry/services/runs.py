"""Runs and experiments are deleted here, above them: what a version came from stays."""

from django.db.models import Q

from apps.accounts.models import User
from apps.core.db import service
from apps.core.errors import not_now
from apps.experiments import lifecycle
from apps.experiments.models import Experiment, Run
from apps.registry.models import Version


@service
def delete_run(run: Run, *, by: User) -> Run:
    """Delete a run that no version came from; raises Refused otherwise."""
    _demand_no_version(Q(run=run), f"the run {run.name}")
    return lifecycle.delete_run(run, by=by)


@service
def delete_experiment(experiment: Experiment, *, by: User) -> Experiment:
    """Delete an experiment from which no version came; raises Refused otherwise."""
    _demand_no_version(Q(run__experiment=experiment), f"a run of the experiment {experiment.name}")
    return lifecycle.delete_experiment(experiment, by=by)


def _demand_no_version(which: Q, what: str) -> None:
    version = Version.objects.filter(which).select_related("model").order_by("id").first()
    if version is not None:
        not_now(
            f"{version} came from {what}, so it is evidence and stays. Delete other runs, or leave it as it is.",
            code="run_has_version",
        ).enforce()
