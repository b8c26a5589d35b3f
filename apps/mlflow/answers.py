"""Our rows in the words of the protocol."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec

from apps.core.errors import Invalid
from apps.core.models import Blob
from apps.experiments.enums import RunState
from apps.experiments.models import Experiment, Metric, Run, RunMetric
from apps.experiments.recording import shown
from apps.mlflow.wire import double

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
#: The end of the year 9999: Python knows no later time.
LATEST = 253_402_300_799_999
DEFAULT_ID = "0"
#: Their names, and the numbers of the protocol's enum.
STATES = {
    "RUNNING": RunState.RUNNING,
    "SCHEDULED": RunState.SCHEDULED,
    "FINISHED": RunState.FINISHED,
    "FAILED": RunState.FAILED,
    "KILLED": RunState.KILLED,
}
STATE_NUMBERS = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
_NAMES = {str(state): name for name, state in STATES.items()}
USER_TAG = "mlflow.user"


def milliseconds(moment: datetime) -> int:
    """Return milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND


def moment(given: int, *, parameter: str) -> datetime:
    """Return the time of so many milliseconds since 1970; raises Invalid for what is no time."""
    if not 0 <= given <= LATEST:
        raise Invalid(
            f"Invalid value {given} for parameter '{parameter}' supplied: milliseconds since 1970, up to the year 9999.",
            code="bad_time",
        )
    return _EPOCH + given * _MILLISECOND


def pairs(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a mapping as the protocol's list of keys and values, in the order of the keys."""
    return [{"key": name, "value": shown(value)} for name, value in sorted(values.items())]


def experiment_id(experiment: Experiment) -> str:
    """Return the id by which clients name an experiment."""
    return DEFAULT_ID if experiment.is_default else str(experiment.number)


def _stage(*, is_deleted: bool) -> str:
    return "deleted" if is_deleted else "active"


def experiment_document(experiment: Experiment) -> dict[str, Any]:
    """Return an experiment."""
    found = experiment_id(experiment)
    return {
        "experiment_id": found,
        "name": experiment.name,
        "artifact_location": f"mlflow-artifacts:/{found}",
        "lifecycle_stage": _stage(is_deleted=experiment.deleted_at is not None),
        "creation_time": milliseconds(experiment.created_at),
        "last_update_time": milliseconds(experiment.updated_at),
        "tags": pairs(experiment.tags),
    }


class ShownRun(msgspec.Struct):
    """What a run's document is made of. Times are milliseconds since 1970; the experiment is named as clients do."""

    pk: UUID
    name: str
    state: str
    started_at: int
    ended_at: int | None
    is_deleted: bool
    experiment: str
    starter: str
    params: Mapping[str, Any]
    tags: Mapping[str, Any]


def shown_run(run: Run) -> ShownRun:
    """Return what the document of a row is made of."""
    return ShownRun(
        pk=run.pk,
        name=run.name,
        state=run.state,
        started_at=milliseconds(run.started_at),
        ended_at=None if run.ended_at is None else milliseconds(run.ended_at),
        is_deleted=run.deleted_at is not None or run.experiment.deleted_at is not None,
        experiment=experiment_id(run.experiment),
        starter=run.started_by.full_name,
        params=run.params,
        tags=run.tags,
    )


def info(run: ShownRun) -> dict[str, Any]:
    """Return what a run is, without what it logged."""
    found = run.pk.hex
    document = {
        "run_id": found,
        "run_uuid": found,
        "run_name": run.name,
        "experiment_id": run.experiment,
        "user_id": run.tags.get(USER_TAG) or run.starter,
        "status": _NAMES[run.state],
        "start_time": run.started_at,
        "artifact_uri": artifact_uri(run.experiment, run.pk),
        "lifecycle_stage": _stage(is_deleted=run.is_deleted),
    }
    if run.ended_at is not None:
        document["end_time"] = run.ended_at
    return document


def artifact_uri(experiment: str, run: UUID) -> str:
    """Return where clients find the files of a run: at the proxy of the server they talk to."""
    return f"mlflow-artifacts:/{experiment}/{run.hex}/artifacts"


def model_key(model: UUID) -> str:
    """Return the id by which clients name a logged model."""
    return f"m-{model.hex}"


def undotted(path: str) -> str:
    """Return the path of a folder without the parts that are ``.``: a client that wants all lists ``.``, then ``./a``."""
    return "/".join(part for part in path.removesuffix("/").split("/") if part != ".")


class Kept(Protocol):
    """A file by its path below what keeps it."""

    @property
    def path(self) -> str: ...
    @property
    def blob(self) -> Blob: ...


def file_infos(kept: Iterable[Kept], path: str) -> list[dict[str, Any]]:
    """Return what is in a folder: each name once, files with their size in bytes, folders without."""
    found: dict[str, dict[str, Any]] = {}
    beginning = f"{path}/" if path else ""
    for one in kept:
        if not one.path.startswith(beginning):
            continue
        name, inner, _ = one.path[len(beginning) :].partition("/")
        found.setdefault(
            name,
            {"path": name, "is_dir": True}
            if inner
            else {"path": name, "is_dir": False, "file_size": one.blob.size_bytes},
        )
    return list(found.values())


def listing(root: str, kept: Iterable[Kept], path: str) -> dict[str, Any]:
    """Return what is in a folder below a root, each with its path from that root on."""
    found = file_infos(kept, path)
    return {
        "root_uri": root,
        "files": [{**one, "path": f"{path}/{one['path']}"} for one in found] if path else found,
    }


def run_document(run: ShownRun) -> dict[str, Any]:
    """Return a run with its parameters and tags; whoever has read them adds its metrics, datasets and models."""
    return {
        "info": info(run),
        "data": {
            "metrics": [],
            "params": pairs(run.params),
            "tags": pairs(run.tags),
        },
        "inputs": {"dataset_inputs": [], "model_inputs": []},
        "outputs": {"model_outputs": []},
    }


def point(one: Metric | RunMetric) -> dict[str, Any]:
    """Return a point of a metric."""
    return {"key": one.name, "value": double(one.value), "timestamp": milliseconds(one.at), "step": one.step}


def dataset_input(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dataset of a run; ``one`` has the columns of its row by their names."""
    dataset = {name: one[name] for name in ("name", "digest", "source_type", "source")}
    dataset |= {name: one[name] for name in ("schema", "profile") if one[name]}
    return {"dataset": dataset, "tags": pairs(one["tags"])}
