"""Calls about logged models, and about the models that runs log."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.core.errors import Invalid
from apps.experiments import logged as services
from apps.mlflow import logged, pages, queries, searching
from apps.mlflow.answers import listing, undotted
from apps.mlflow.callers import Caller
from apps.mlflow.calls.limits import (
    LONGEST_NAME,
    LONGEST_PARAM,
    LONGEST_TAG,
    MOST_PARAMS,
    demand_key,
    demand_value,
    missing,
    page_size,
    params_of,
    run_id,
    tags_of,
    wrong,
)
from apps.mlflow.filters import ATTRIBUTE, LOGGED, METRIC, SPELLINGS, Ordering
from apps.mlflow.messages import (
    CreateLoggedModel,
    FinalizeModel,
    ListModelFiles,
    LoggedModelNamed,
    LoggedModelParams,
    LoggedModelTagKey,
    LoggedModelTags,
    LogModel,
    LogOutputs,
    OrderBy,
    SearchModels,
)
from apps.mlflow.places import OfLogged
from apps.registry import services as registry

MOST_OUTPUTS, MOST_DATASETS = 100, 100
#: What the clients of MLflow 2 must say of a model.
_MANDATORY = ("artifact_path", "flavors", "run_id", "utc_time_created")


def create(caller: Caller, form: CreateLoggedModel) -> dict[str, Any]:
    """Begin a model in an experiment, for a run or for none."""
    experiment = queries.experiment_of(caller, form.experiment_id)
    run = queries.run_of(caller, form.source_run_id) if form.source_run_id else None
    made = services.create_logged_model(
        experiment,
        by=caller.user,
        run=run,
        name=form.name or "",
        model_type=demand_value(form.model_type or "", "model_type", LONGEST_NAME),
        params=params_of(form.params),
        tags=tags_of(form.tags),
    )
    return {"model": logged.document(made)}


def get(caller: Caller, form: LoggedModelNamed) -> dict[str, Any]:
    """Return a model."""
    return {"model": logged.described(logged.logged_model_of(caller, form.model_id))}


def finalize(caller: Caller, form: FinalizeModel) -> dict[str, Any]:
    """Say that the files of a model have come, or that they did not."""
    name = logged.STATE_NUMBERS.get(str(form.status), str(form.status))
    if name not in logged.STATES:
        raise wrong(name, "status", f"choose one of {', '.join(logged.STATES)}.")
    model = logged.logged_model_of(caller, form.model_id)
    return {"model": logged.described(services.finalize(model, state=logged.STATES[name], by=caller.user))}


def delete(caller: Caller, form: LoggedModelNamed) -> dict[str, Any]:
    """Delete a model that no version came from."""
    registry.delete_logged_model(logged.logged_model_of(caller, form.model_id), by=caller.user)
    return {}


def set_tags(caller: Caller, form: LoggedModelTags) -> dict[str, Any]:
    """Set tags of a model."""
    tags: dict[str, str | None] = dict(tags_of(form.tags))
    model = logged.logged_model_of(caller, form.model_id)
    changed = services.tag_logged_model(model, tags=tags, by=caller.user)
    return {"model": logged.described(changed)}


def delete_tag(caller: Caller, form: LoggedModelTagKey) -> dict[str, Any]:
    """Take a tag from a model."""
    model = logged.logged_model_of(caller, form.model_id)
    services.tag_logged_model(model, tags={demand_key(form.tag_key): None}, by=caller.user)
    return {}


def log_params(caller: Caller, form: LoggedModelParams) -> dict[str, Any]:
    """Log parameters of a model, which then keep their values."""
    given = form.params or []
    if len(given) > MOST_PARAMS:
        raise Invalid(
            f"{len(given)} parameters in one request; the limit is {MOST_PARAMS}. Send several.",
            code="too_many",
        )
    params = {demand_key(one.key): demand_value(one.value, "value", LONGEST_PARAM) for one in given}
    services.log_model_params(logged.logged_model_of(caller, form.model_id), params=params, by=caller.user)
    return {}


def list_files(caller: Caller, form: ListModelFiles) -> dict[str, Any]:
    """Return what is in a folder of a model, each with its path from the model's own folder on."""
    model = logged.logged_model_of(caller, form.model_id)
    path = undotted(form.artifact_directory_path or "")
    return listing(logged.artifact_uri(model), OfLogged(model, path).within(), path)


def search(caller: Caller, form: SearchModels) -> dict[str, Any]:
    """Return a page of the models of some experiments that fit."""
    given = form.datasets or []
    if len(given) > MOST_DATASETS:
        raise Invalid(
            f"{len(given)} datasets in one search; the limit is {MOST_DATASETS}. Search several times.",
            code="too_many",
        )
    datasets = [_dataset(one, f"datasets[{place}]") for place, one in enumerate(given)]
    sorts = form.order_by or []
    comparisons, order = searching.parsed(form.filter, [_clause(one) for one in sorts], LOGGED)
    marks = pages.marks_of(form.experiment_ids, sorts, form.filter)
    wanted = searching.Search(
        comparisons=comparisons,
        order=[_on_dataset(one, by) for one, by in zip(order, sorts, strict=True)],
        most=page_size(form.max_results, default=100, most=1000),
        after=pages.opened(form.page_token or "", marks),
        datasets=datasets,
    )
    keys = queries.experiment_keys(caller, form.experiment_ids or ())
    ids, following = searching.search_logged_models(keys, wanted) if keys else ([], "")
    document: dict[str, Any] = {"models": logged.logged_models_in(ids)}
    return document | ({"next_page_token": pages.sealed(following, marks)} if following else {})


def _dataset(given: Mapping[str, str], place: str) -> tuple[str, str | None]:
    if not given.get("dataset_name"):
        raise missing(f"{place}.dataset_name")
    return given["dataset_name"], given.get("dataset_digest") or None


def _clause(given: OrderBy) -> str:
    kind, dot, _ = given.field_name.partition(".")
    spelt = SPELLINGS.get(kind) if dot else ATTRIBUTE
    known = LOGGED.texts | LOGGED.numbers | set(LOGGED.aliases)
    if spelt not in {METRIC, ATTRIBUTE} or (not dot and kind not in known):
        raise Invalid(
            f"Invalid order by field name: {given.field_name[:100]}. Sort by a metric, or by {', '.join(sorted(known))}.",
            code="bad_filter",
        )
    return f"{given.field_name} {'DESC' if given.ascending is False else 'ASC'}"


def _on_dataset(one: Ordering, given: OrderBy) -> Ordering:
    return replace(one, dataset=given.dataset_name or "", digest=given.dataset_digest or "")


def log_outputs(caller: Caller, form: LogOutputs) -> dict[str, Any]:
    """Note which models a run made."""
    given = form.models or []
    if len(given) > MOST_OUTPUTS:
        raise Invalid(
            f"{len(given)} models in one request; the limit is {MOST_OUTPUTS}. Send several.",
            code="too_many",
        )
    run = queries.run_of(caller, run_id(form))
    models = logged.logged_models_among(caller, (one.model_id for one in given))
    made = [(model, one.step or 0) for model, one in zip(models, given, strict=True)]
    services.link_outputs(run, models=made, by=caller.user)
    return {}


def log_model(caller: Caller, form: LogModel) -> dict[str, Any]:
    """Note a model that a client of MLflow 2 put among the files of a run."""
    if not form.model_json:
        raise missing("model_json")
    demand_value(form.model_json, "model_json", 10 * LONGEST_TAG)
    try:
        described = json.loads(form.model_json)
    except (ValueError, RecursionError):
        described = None
    if not isinstance(described, dict):
        raise wrong(form.model_json[:50], "model_json", "it is no JSON object.")
    lacking = [name for name in _MANDATORY if name not in described]
    if lacking:
        raise wrong(form.model_json[:50], "model_json", f"it lacks {', '.join(lacking)}.")
    services.note_model(queries.run_of(caller, run_id(form)), described=described, by=caller.user)
    return {}
