"""Calls about registered models: their names, tags and aliases."""

from typing import Any

from apps.accounts.enums import Scope
from apps.gates import services as gates
from apps.mlflow import reading, registered, searching
from apps.mlflow.callers import Caller, demand_scope
from apps.mlflow.calls import promoting
from apps.mlflow.calls.limits import (
    LONGEST_REGISTRY_TAG,
    demand_key,
    demand_value,
    missing,
    page_size,
    tags_of,
)
from apps.mlflow.filters import MODELS, Grammar
from apps.mlflow.messages import (
    Alias,
    CreateModel,
    LatestVersions,
    ModelByName,
    ModelTag,
    ModelTagKey,
    RenameModel,
    SearchRegistry,
    SetAlias,
    UpdateModel,
)
from apps.policies.pack import PRODUCTION
from apps.registry import services as registry


def _name(given: str, parameter: str = "name") -> str:
    if not given.strip():
        raise missing(parameter)
    return given


def create(caller: Caller, form: CreateModel) -> dict[str, Any]:
    """Name a model by a name that is free."""
    made = registry.create_named(
        caller.project,
        name=_name(form.name),
        by=caller.user,
        description=form.description or "",
        tags=tags_of(form.tags, longest=LONGEST_REGISTRY_TAG),
    )
    return {"registered_model": registered.model_document(made, (), registered.pack_for(caller))}


def rename(caller: Caller, form: RenameModel) -> dict[str, Any]:
    """Give a model another name."""
    model = registered.model_of(caller, _name(form.name))
    renamed = registry.rename_model(model, name=_name(form.new_name or "", "new_name"), by=caller.user)
    return {"registered_model": registered.shown_model(caller, renamed)}


def update(caller: Caller, form: UpdateModel) -> dict[str, Any]:
    """Say what a model is for."""
    model = registered.model_of(caller, _name(form.name))
    model = registry.describe_model(model, description=form.description or "", by=caller.user)
    return {"registered_model": registered.shown_model(caller, model)}


def delete(caller: Caller, form: ModelByName) -> dict[str, Any]:
    """Delete a model that no gate has judged."""
    gates.delete_model(registered.model_of(caller, _name(form.name)), by=caller.user)
    return {}


def get(caller: Caller, form: ModelByName) -> dict[str, Any]:
    """Return a model."""
    found = reading.model_with_newest(caller, _name(form.name))
    if found is None:
        return {"registered_model": registered.shown_model(caller, registered.model_of(caller, form.name))}
    return {"registered_model": registered.model_document(*found, registered.pack_for(caller))}


def wanted(form: SearchRegistry, grammar: Grammar, *, default: int, most: int) -> searching.Search:
    """Return what a search asks for; raises Invalid."""
    comparisons, order = searching.parsed(form.filter, form.order_by, grammar)
    return searching.Search(
        comparisons=comparisons,
        order=order,
        most=page_size(form.max_results, default=default, most=most),
        after=form.page_token or "",
    )


def search(caller: Caller, form: SearchRegistry) -> dict[str, Any]:
    """Return a page of the models that fit."""
    asked = wanted(form, MODELS, default=100, most=1000)
    ids, following = searching.search_models(caller.project.pk, asked)
    document: dict[str, Any] = {"registered_models": registered.models_in(caller, ids)}
    return document | ({"next_page_token": following} if following else {})


def latest_versions(caller: Caller, form: LatestVersions) -> dict[str, Any]:
    """Return the newest version of each stage, or of those that are named."""
    model = registered.model_of(caller, _name(form.name))
    pack = registered.pack_for(caller)
    stages = {registered.stage_key(pack, one) for one in form.stages or ()}
    latest = map(registered.shown_version, registered.latest_of([model.pk]))
    found = sorted(latest, key=lambda one: one.number)
    return {
        "model_versions": [
            registered.version_document(one, pack) for one in found if not stages or one.stage in stages
        ]
    }


def set_tag(caller: Caller, form: ModelTag) -> dict[str, Any]:
    """Set a tag of a model."""
    name, value = demand_key(form.key), demand_value(form.value, "value", LONGEST_REGISTRY_TAG)
    model = _name(form.name)
    if not registry.tag_at_once(caller.project, model, name=name, value=value, by=caller.user):
        registry.tag_model(registered.model_of(caller, model), name=name, value=value, by=caller.user)
    return {}


def delete_tag(caller: Caller, form: ModelTagKey) -> dict[str, Any]:
    """Take a tag from a model; one that it does not have changes nothing."""
    model = registered.model_of(caller, _name(form.name))
    registry.tag_model(model, name=demand_key(form.key), value=None, by=caller.user)
    return {}


def set_alias(caller: Caller, form: SetAlias) -> dict[str, Any]:
    """Let an alias name a version. An alias of production asks for promotion instead, and needs the scope for that."""
    name = registry.demand_alias(form.alias)
    version = registered.version_of(caller, _name(form.name), form.version)
    if registered.pack_for(caller).means_production(name):
        demand_scope(caller.token, Scope.PROMOTE)
        promoting.move(caller, version, PRODUCTION)
    else:
        registry.set_alias(version, alias=name, by=caller.user)
    return {}


def delete_alias(caller: Caller, form: Alias) -> dict[str, Any]:
    """Take an alias from a model."""
    model = registered.model_of(caller, _name(form.name))
    registry.remove_alias(model, alias=form.alias, by=caller.user)
    return {}


def get_by_alias(caller: Caller, form: Alias) -> dict[str, Any]:
    """Return the version that an alias names."""
    pack = registered.pack_for(caller)
    name = _name(form.name)
    shown = (
        reading.version_in_production(caller, name)
        if pack.means_production(form.alias)
        else reading.version_with_alias(caller, name, form.alias)
    )
    if shown is None:
        shown = registered.shown_version(registered.version_by_alias(caller, name, form.alias))
    return {"model_version": registered.version_document(shown, pack)}
