"""Calls about experiments."""

from typing import Any

from apps.experiments import lifecycle
from apps.mlflow import queries, searching
from apps.mlflow.answers import experiment_document, experiment_id
from apps.mlflow.callers import Caller
from apps.mlflow.calls.limits import (
    LONGEST_EXPERIMENT_TAG,
    LONGEST_NAME,
    demand_few,
    demand_key,
    demand_value,
    missing,
    page_size,
    tags_of,
    view,
    wrong,
)
from apps.mlflow.errors import NotThere
from apps.mlflow.filters import EXPERIMENTS
from apps.mlflow.messages import (
    CreateExperiment,
    ExperimentById,
    ExperimentByName,
    ExperimentTag,
    ExperimentTagKey,
    SearchDatasets,
    SearchExperiments,
    UpdateExperiment,
)
from apps.registry import services as registry

MOST_SUMMARIES, MOST_EXPERIMENTS = 1000, 20


def _name(given: str, parameter: str = "name") -> str:
    if not given.strip():
        raise missing(parameter)
    return demand_value(given, parameter, LONGEST_NAME).strip()


def create(caller: Caller, form: CreateExperiment) -> dict[str, Any]:
    """Begin an experiment of a name that is free."""
    if form.artifact_location:
        raise wrong(
            form.artifact_location,
            "artifact_location",
            "mlgov keeps the files itself, where they are governed. Leave artifact_location out.",
        )
    tags = tags_of(form.tags, longest=LONGEST_EXPERIMENT_TAG)
    made = lifecycle.create_named(caller.project, name=_name(form.name), by=caller.user, tags=tags)
    return {"experiment_id": experiment_id(made)}


def get(caller: Caller, form: ExperimentById) -> dict[str, Any]:
    """Return an experiment by its id."""
    return {"experiment": experiment_document(queries.shown_experiment(caller, form.experiment_id))}


def get_by_name(caller: Caller, form: ExperimentByName) -> dict[str, Any]:
    """Return an experiment by its name, deleted or not."""
    found = lifecycle.experiment_named(caller.project, form.experiment_name)
    if found is None and form.experiment_name == lifecycle.DEFAULT_NAME:
        found = queries.unused_default(caller)
    if found is None:
        raise NotThere(f"Could not find experiment with name '{form.experiment_name[:200]}'")
    return {"experiment": experiment_document(found)}


def search(caller: Caller, form: SearchExperiments) -> dict[str, Any]:
    """Return a page of the experiments that fit."""
    comparisons, order = searching.parsed(form.filter, form.order_by, EXPERIMENTS)
    wanted = searching.Search(
        comparisons=comparisons,
        order=order,
        deleted=view(form.view_type, "view_type"),
        most=page_size(form.max_results, default=1000, most=50_000),
        after=form.page_token or "",
    )
    ids, following = searching.search_experiments(caller.project.pk, wanted)
    document: dict[str, Any] = {
        "experiments": [experiment_document(one) for one in queries.experiments_in(caller, ids)]
    }
    return document | ({"next_page_token": following} if following else {})


def update(caller: Caller, form: UpdateExperiment) -> dict[str, Any]:
    """Give an experiment another name."""
    experiment = queries.experiment_of(caller, form.experiment_id)
    if form.new_name is not None:
        lifecycle.rename_experiment(experiment, name=_name(form.new_name, "new_name"), by=caller.user)
    return {}


def delete(caller: Caller, form: ExperimentById) -> dict[str, Any]:
    """Delete an experiment, with its runs; it can be restored."""
    registry.delete_experiment(queries.experiment_of(caller, form.experiment_id), by=caller.user)
    return {}


def restore(caller: Caller, form: ExperimentById) -> dict[str, Any]:
    """Restore a deleted experiment."""
    lifecycle.restore_experiment(queries.experiment_of(caller, form.experiment_id), by=caller.user)
    return {}


def set_tag(caller: Caller, form: ExperimentTag) -> dict[str, Any]:
    """Set a tag of an experiment."""
    key = demand_key(form.key)
    value = demand_value(form.value, "value", LONGEST_EXPERIMENT_TAG)
    experiment = queries.experiment_of(caller, form.experiment_id)
    lifecycle.tag_experiment(experiment, name=key, value=value, by=caller.user)
    return {}


def delete_tag(caller: Caller, form: ExperimentTagKey) -> dict[str, Any]:
    """Take a tag from an experiment."""
    experiment = queries.experiment_of(caller, form.experiment_id)
    if form.key not in experiment.tags:
        raise NotThere(f"No tag with name: {form.key[:250]} in experiment with id {form.experiment_id}")
    lifecycle.tag_experiment(experiment, name=form.key, value=None, by=caller.user)
    return {}


def search_datasets(caller: Caller, form: SearchDatasets) -> dict[str, Any]:
    """Return which datasets the runs of some experiments read."""
    demand_few(form.experiment_ids or (), MOST_EXPERIMENTS, "SearchDatasets", "experiment_id")
    keys = queries.experiment_keys(caller, form.experiment_ids or ())
    return {"dataset_summaries": queries.datasets_of(keys, most=MOST_SUMMARIES)}
