"""Every call that mlgov speaks: by address, the method, the scope that a token needs, what it takes, and what does it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from apps.accounts.enums import Scope
from apps.mlflow import messages
from apps.mlflow.callers import Caller
from apps.mlflow.calls import experiments, files, logged, logging, models, runs, versions


@dataclass(frozen=True)
class Call:
    """One call of the protocol."""

    scope: Scope
    form: type[msgspec.Struct]
    does: Callable[[Caller, Any], dict[str, Any]]


def _reads(form: type[msgspec.Struct], does: Callable[[Caller, Any], dict[str, Any]]) -> Call:
    return Call(Scope.READ, form, does)


def _tracks(form: type[msgspec.Struct], does: Callable[[Caller, Any], dict[str, Any]]) -> Call:
    return Call(Scope.TRACK, form, does)


def _asks(form: type[msgspec.Struct], does: Callable[[Caller, Any], dict[str, Any]]) -> Call:
    return Call(Scope.PROMOTE, form, does)


_LATEST = _reads(messages.LatestVersions, models.latest_versions)
_SEARCH_EXPERIMENTS = _reads(messages.SearchExperiments, experiments.search)
_BULK = _reads(messages.HistoryBulk, logging.get_history_bulk)
#: Address behind ``/api/2.0/mlflow/`` -> method -> call.
CALLS: dict[str, dict[str, Call]] = {
    "experiments/create": {"POST": _tracks(messages.CreateExperiment, experiments.create)},
    "experiments/get": {"GET": _reads(messages.ExperimentById, experiments.get)},
    "experiments/get-by-name": {"GET": _reads(messages.ExperimentByName, experiments.get_by_name)},
    "experiments/search": {"POST": _SEARCH_EXPERIMENTS, "GET": _SEARCH_EXPERIMENTS},
    "experiments/update": {"POST": _tracks(messages.UpdateExperiment, experiments.update)},
    "experiments/delete": {"POST": _tracks(messages.ExperimentById, experiments.delete)},
    "experiments/restore": {"POST": _tracks(messages.ExperimentById, experiments.restore)},
    "experiments/set-experiment-tag": {"POST": _tracks(messages.ExperimentTag, experiments.set_tag)},
    "experiments/delete-experiment-tag": {"POST": _tracks(messages.ExperimentTagKey, experiments.delete_tag)},
    "experiments/search-datasets": {"POST": _reads(messages.SearchDatasets, experiments.search_datasets)},
    "runs/create": {"POST": _tracks(messages.CreateRun, runs.create)},
    "runs/get": {"GET": _reads(messages.RunNamed, runs.get)},
    "runs/update": {"POST": _tracks(messages.UpdateRun, runs.update)},
    "runs/delete": {"POST": _tracks(messages.RunNamed, runs.delete)},
    "runs/restore": {"POST": _tracks(messages.RunNamed, runs.restore)},
    "runs/search": {"POST": _reads(messages.SearchRuns, runs.search)},
    "runs/log-metric": {"POST": _tracks(messages.LogMetric, logging.log_metric)},
    "runs/log-parameter": {"POST": _tracks(messages.LogParameter, logging.log_parameter)},
    "runs/log-batch": {"POST": _tracks(messages.LogBatch, logging.log_batch)},
    "runs/log-inputs": {"POST": _tracks(messages.LogInputs, logging.log_inputs)},
    "runs/set-tag": {"POST": _tracks(messages.SetTag, logging.set_tag)},
    "runs/delete-tag": {"POST": _tracks(messages.DeleteTag, logging.delete_tag)},
    "artifacts/list": {"GET": _reads(messages.ListArtifacts, files.list_artifacts)},
    "logged-models": {"POST": _tracks(messages.CreateLoggedModel, logged.create)},
    "logged-models/search": {"POST": _reads(messages.SearchModels, logged.search)},
    "logged-models/{model_id}": {
        "GET": _reads(messages.LoggedModelNamed, logged.get),
        "PATCH": _tracks(messages.FinalizeModel, logged.finalize),
        "DELETE": _tracks(messages.LoggedModelNamed, logged.delete),
    },
    "logged-models/{model_id}/tags": {"PATCH": _tracks(messages.LoggedModelTags, logged.set_tags)},
    "logged-models/{model_id}/tags/{tag_key}": {
        "DELETE": _tracks(messages.LoggedModelTagKey, logged.delete_tag)
    },
    "logged-models/{model_id}/params": {"POST": _tracks(messages.LoggedModelParams, logged.log_params)},
    "logged-models/{model_id}/artifacts/directories": {
        "GET": _reads(messages.ListModelFiles, logged.list_files)
    },
    "runs/outputs": {"POST": _tracks(messages.LogOutputs, logged.log_outputs)},
    "runs/log-model": {"POST": _tracks(messages.LogModel, logged.log_model)},
    "registered-models/create": {"POST": _tracks(messages.CreateModel, models.create)},
    "registered-models/rename": {"POST": _tracks(messages.RenameModel, models.rename)},
    "registered-models/update": {"PATCH": _tracks(messages.UpdateModel, models.update)},
    "registered-models/delete": {"DELETE": _tracks(messages.ModelByName, models.delete)},
    "registered-models/get": {"GET": _reads(messages.ModelByName, models.get)},
    "registered-models/search": {"GET": _reads(messages.SearchRegistry, models.search)},
    "registered-models/get-latest-versions": {"POST": _LATEST, "GET": _LATEST},
    "registered-models/set-tag": {"POST": _tracks(messages.ModelTag, models.set_tag)},
    "registered-models/delete-tag": {"DELETE": _tracks(messages.ModelTagKey, models.delete_tag)},
    "registered-models/alias": {
        "POST": _tracks(messages.SetAlias, models.set_alias),
        "DELETE": _tracks(messages.Alias, models.delete_alias),
        "GET": _reads(messages.Alias, models.get_by_alias),
    },
    "model-versions/create": {"POST": _tracks(messages.CreateVersion, versions.create)},
    "model-versions/update": {"PATCH": _tracks(messages.UpdateVersion, versions.update)},
    "model-versions/transition-stage": {"POST": _asks(messages.TransitionStage, versions.transition_stage)},
    "model-versions/delete": {"DELETE": _tracks(messages.VersionByNumber, versions.delete)},
    "model-versions/get": {"GET": _reads(messages.VersionByNumber, versions.get)},
    "model-versions/search": {"GET": _reads(messages.SearchRegistry, versions.search)},
    "model-versions/get-download-uri": {"GET": _reads(messages.VersionByNumber, versions.get_download_uri)},
    "model-versions/set-tag": {"POST": _tracks(messages.VersionTag, versions.set_tag)},
    "model-versions/delete-tag": {"DELETE": _tracks(messages.VersionTagKey, versions.delete_tag)},
    "metrics/get-history": {"GET": _reads(messages.History, logging.get_history)},
    "metrics/get-history-bulk": {"GET": _BULK},
    "metrics/get-history-bulk-interval": {
        "GET": _reads(messages.HistoryBulk, logging.get_history_bulk_interval)
    },
}
_NAMED = re.compile(r"\{(\w+)\}")


def _pattern(address: str) -> re.Pattern[str]:
    """Return the pattern of an address that names something; a key of a tag may hold a slash."""
    return re.compile(
        _NAMED.sub(lambda one: f"(?P<{one[1]}>{'.+' if one[1] == 'tag_key' else '[^/]+'})", address)
    )


_PATTERNS = {address: _pattern(address) for address in CALLS if "{" in address}


def calls_at(address: str) -> tuple[dict[str, Call] | None, dict[str, str]]:
    """Return the calls of an address by method, and what the address names; None where there is no call."""
    if address in CALLS:
        return CALLS[address], {}
    for known, pattern in _PATTERNS.items():
        match = pattern.fullmatch(address)
        if match is not None:
            return CALLS[known], match.groupdict()
    return None, {}
