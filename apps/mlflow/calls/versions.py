"""Calls about the versions of registered models."""

import re
from typing import Any

from apps.core.texts import whole_number
from apps.gates import services as gates
from apps.mlflow import reading, registered, searching, sources
from apps.mlflow.callers import Caller
from apps.mlflow.calls import promoting
from apps.mlflow.calls.limits import (
    LONGEST_NAME,
    LONGEST_REGISTRY_TAG,
    demand_key,
    demand_value,
    missing,
    tags_of,
)
from apps.mlflow.calls.models import wanted
from apps.mlflow.filters import VERSIONS
from apps.mlflow.messages import (
    CreateVersion,
    SearchRegistry,
    TransitionStage,
    UpdateVersion,
    VersionByNumber,
    VersionTag,
    VersionTagKey,
)
from apps.registry import services as registry
from apps.registry.models import Version

#: What MLflow's clients tag a run with when they find a checkout of Git.
COMMIT_TAG = "mlflow.source.git.commit"
_COMMIT = re.compile(r"^[0-9a-f]{7,64}\Z")


def _named(caller: Caller, form: VersionByNumber) -> Version:
    if not form.name.strip():
        raise missing("name")
    return registered.version_of(caller, form.name, form.version)


def _shown(caller: Caller, version: Version) -> dict[str, Any]:
    return _document(caller, registered.shown_version(version))


def _document(caller: Caller, version: registered.ShownVersion) -> dict[str, Any]:
    return {"model_version": registered.version_document(version, registered.pack_for(caller))}


def create(caller: Caller, form: CreateVersion) -> dict[str, Any]:
    """Register the next version of a model, with the files that its source has now."""
    if not form.source:
        raise missing("source")
    model = registered.model_of(caller, form.name)
    tags = tags_of(form.tags, longest=LONGEST_REGISTRY_TAG)
    source = demand_value(form.source, "source", LONGEST_NAME)
    found = sources.found(caller, source, run_id=form.run_id or "")
    said = found.run.tags.get(COMMIT_TAG, "") if found.run is not None and not found.run.code_commit else ""
    made = registry.register_version(
        model,
        by=caller.user,
        run=found.run,
        commit=said if _COMMIT.match(said) else "",
        description=form.description or "",
        origin=registry.Origin(
            source=source,
            logged_model=found.logged_model,
            run_link=demand_value(form.run_link or "", "run_link", LONGEST_NAME),
            tags=tags,
            files=found.files,
        ),
    )
    return _shown(caller, made)


def update(caller: Caller, form: UpdateVersion) -> dict[str, Any]:
    """Say what a version is."""
    version = _named(caller, form)
    return _shown(
        caller, registry.describe_version(version, description=form.description or "", by=caller.user)
    )


def delete(caller: Caller, form: VersionByNumber) -> dict[str, Any]:
    """Delete a version that no gate has judged."""
    gates.delete_version(_named(caller, form), by=caller.user)
    return {}


def get(caller: Caller, form: VersionByNumber) -> dict[str, Any]:
    """Return a version."""
    number = whole_number(form.version)
    found = reading.version_numbered(caller, form.name, number) if number else None
    return _shown(caller, _named(caller, form)) if found is None else _document(caller, found)


def search(caller: Caller, form: SearchRegistry) -> dict[str, Any]:
    """Return a page of the versions that fit."""
    asked = wanted(form, VERSIONS, default=10_000, most=200_000)
    page, given = searching.page_of_versions(caller.project.pk, asked)
    found, following = searching.cut(reading.versions_of_page(page, given), asked)
    pack = registered.pack_for(caller)
    document: dict[str, Any] = {"model_versions": [registered.version_document(one, pack) for one in found]}
    return document | ({"next_page_token": following} if following else {})


def get_download_uri(caller: Caller, form: VersionByNumber) -> dict[str, Any]:
    """Return where the files are that were pinned to a version."""
    return {"artifact_uri": registered.download_uri(_named(caller, form))}


def transition_stage(caller: Caller, form: TransitionStage) -> dict[str, Any]:
    """Ask for the promotion of a version to a stage.

    ``archive_existing_versions`` needs no heed: production holds one version, and what it replaces leaves by the policy.
    """
    version = _named(caller, form)
    stage = registered.stage_key(registered.pack_for(caller), form.stage)
    return _shown(caller, promoting.move(caller, version, stage))


def set_tag(caller: Caller, form: VersionTag) -> dict[str, Any]:
    """Set a tag of a version."""
    name, value = demand_key(form.key), demand_value(form.value, "value", LONGEST_REGISTRY_TAG)
    registry.tag_version(_named(caller, form), name=name, value=value, by=caller.user)
    return {}


def delete_tag(caller: Caller, form: VersionTagKey) -> dict[str, Any]:
    """Take a tag from a version; one that it does not have changes nothing."""
    registry.tag_version(_named(caller, form), name=demand_key(form.key), value=None, by=caller.user)
    return {}
