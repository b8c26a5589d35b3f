"""Calls that list what a run keeps."""

from typing import Any

from apps.experiments import files
from apps.mlflow import queries
from apps.mlflow.answers import artifact_uri, experiment_id, listing, undotted
from apps.mlflow.callers import Caller
from apps.mlflow.calls.limits import run_id
from apps.mlflow.messages import ListArtifacts


def list_artifacts(caller: Caller, form: ListArtifacts) -> dict[str, Any]:
    """Return what is in a folder of a run, each with its path from the run's own folder on."""
    run = queries.run_of(caller, run_id(form))
    path = undotted(form.path or "")
    if path:
        files.demand_path(path)
    return listing(artifact_uri(experiment_id(run.experiment), run.pk), files.within(run, path), path)
