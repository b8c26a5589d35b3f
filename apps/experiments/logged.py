"""Models that runs log, as MLflow 3 knows them: made, filled with files, finalized; each is the origin of versions.

No file is replaced: a model that changed is another one. What is deleted is hidden and kept; that a model from which a
version came stays is the registry's rule.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import blobs, governed
from apps.core.db import service
from apps.core.errors import Invalid, Refused
from apps.core.ids import new_id
from apps.core.models import Blob
from apps.experiments.enums import OPEN_RUN, ModelState, ModelUse
from apps.experiments.files import demand_path, stored
from apps.experiments.models import Experiment, LoggedModel, ModelFile, Run, RunModel
from apps.experiments.recording import NoSuchTag, amend_models, held, log_tag
from apps.projects.permissions import Right, can

LONGEST_NAME = 500
#: Where the clients of MLflow 2 keep what a run has logged of models: a list of JSON objects in a text.
HISTORY_TAG = "mlflow.log-model.history"
_NOT_IN_NAMES = frozenset("/:.%\"'")


@service
def create_logged_model(
    experiment: Experiment,
    *,
    by: User,
    run: Run | None = None,
    name: str = "",
    model_type: str = "",
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> LoggedModel:
    """Begin a model, for a run or for none; without a name it gets one. Raises Invalid for a name or a foreign run."""
    can(by, Right.CONTRIBUTE, experiment.project).enforce()
    if experiment.deleted_at is not None:
        raise Refused(
            f"The experiment {experiment.number} must be in the 'active' state; it is deleted. Restore it first.",
            code="deleted",
        )
    if run is not None and run.experiment_id != experiment.pk:
        raise Invalid(f"The run {run.pk.hex} is of another experiment.", code="foreign_run")
    if len(name) > LONGEST_NAME or set(name) & _NOT_IN_NAMES:
        raise Invalid(
            f"Invalid model name '{name[:80]}': up to {LONGEST_NAME} characters, and none of / : . % \" '.",
            code="bad_name",
        )
    made = LoggedModel.objects.create(
        experiment=experiment,
        run=run,
        name=name or f"model-{new_id().hex[-8:]}",
        model_type=model_type,
        params=dict(params),
        tags=dict(tags),
        created_by=by,
    )
    _record("experiments.model_logged", made, by=by, run=str(run.pk) if run else None)
    return made


@service
def finalize(model: LoggedModel, *, state: str, by: User) -> LoggedModel:
    """Say that a model is ready, or that its upload failed."""
    current = _held(model, by=by)
    if state not in ModelState.values:
        raise Invalid(f"There is no state “{state[:40]}” of a logged model.", code="unknown_state")
    if current.state == state:
        return current
    governed.change(current, state=state)
    _record("experiments.model_finalized", current, by=by, state=state, files=current.files.count())
    return current


@service
def tag_logged_model(model: LoggedModel, *, tags: Mapping[str, str | None], by: User) -> LoggedModel:
    """Set tags of a model; None takes one away. Raises NoSuchTag where it is not there."""
    current = _held(model, by=by)
    for name, value in tags.items():
        if value is None and name not in current.tags:
            raise NoSuchTag(
                f"No tag with key '{name[:250]}' found for model with ID '{current.key}'.", code="no_tag"
            )
    left = {name: value for name, value in current.tags.items() if name not in tags}
    changed = left | {name: value for name, value in tags.items() if value is not None}
    if changed == current.tags:
        return current
    governed.change(current, tags=changed)
    _record("experiments.model_changed", current, by=by, fields=f"the tags {', '.join(sorted(tags))}"[:500])
    return current


@service
def log_model_params(model: LoggedModel, *, params: Mapping[str, str], by: User) -> LoggedModel:
    """Log parameters of a model, which then keep their values; raises Invalid for another value."""
    current = _held(model, by=by)
    for name, value in params.items():
        if current.params.get(name, value) != value:
            raise Invalid(
                f"The parameter '{name}' of the model {current.name} has the value '{current.params[name][:200]}' "
                "already, and keeps it.",
                code="parameter_fixed",
            )
    if all(name in current.params for name in params):
        return current
    governed.change(current, params={**current.params, **params})
    _record("experiments.model_changed", current, by=by, fields=f"{len(params)} parameters")
    return current


@service
def delete_logged_model(model: LoggedModel, *, by: User) -> LoggedModel:
    """Hide a model. Called by the registry alone, which knows whether a version came from it."""
    current = _held(model, by=by)
    governed.change(current, deleted_at=Now())
    _record("experiments.model_deleted", current, by=by)
    return current


def store_model_file(model: LoggedModel, *, path: str, stream: blobs.Readable, by: User) -> Blob:
    """Keep a content that is meant for a model, outside any transaction; ``put_model_file`` makes it a file of it."""
    can(by, Right.CONTRIBUTE, model.experiment.project).enforce()
    return stored(path, stream)


@service
def put_model_file(model: LoggedModel, *, path: str, blob: Blob, by: User) -> ModelFile:
    """Make a content the file at a path of a model; the same again changes nothing, another one is refused."""
    current = _held(model, by=by)
    demand_path(path)
    there = current.files.filter(path=path).first()
    if there is not None and there.blob_id == blob.pk:
        return there
    parts = path.split("/")
    folders = ["/".join(parts[:length]) for length in range(1, len(parts))]
    taken = there or current.files.filter(path__in=folders).first()
    taken = taken or current.files.filter(path__startswith=f"{path}/").first()
    if taken is not None:
        raise Refused(
            f"The model {current.name} has a file {taken.path} already, and no file of a model is replaced. "
            "Log it again as another model.",
            code="path_taken",
        )
    made = ModelFile.objects.create(model=current, path=path, blob=blob, created_by=by)
    _record(
        "experiments.model_file_logged",
        current,
        by=by,
        path=path,
        digest=blob.digest,
        size_bytes=blob.size_bytes,
    )
    return made


@service
def link_models(run: Run, *, models: Sequence[tuple[LoggedModel, int]], use: str, by: User) -> None:
    """Note which models a run made at which step, or read; once each."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    # Of a run that has ended each linking is an event of its own: two that shared it would wait for each other for ever.
    current = held(run, shared=run.state in OPEN_RUN)
    RunModel.objects.bulk_create(
        (RunModel(run=current, model=model, use=use, step=step) for model, step in models),
        ignore_conflicts=True,
    )
    if current.state not in OPEN_RUN:
        amend_models(current, count=len(models), by=by)


def link_outputs(run: Run, *, models: Sequence[tuple[LoggedModel, int]], by: User) -> None:
    """Note which models a run made, each at a step."""
    link_models(run, models=models, use=ModelUse.OUTPUT, by=by)


def link_inputs(run: Run, *, models: Sequence[LoggedModel], by: User) -> None:
    """Note which models a run read."""
    link_models(run, models=[(one, 0) for one in models], use=ModelUse.INPUT, by=by)


def note_model(run: Run, *, described: Mapping[str, Any], by: User) -> None:
    """Add what a client of MLflow 2 says of a model to the history that it keeps in a tag of the run."""

    def added(before: str) -> str:
        try:
            known = json.loads(before) if before else []
        except ValueError:
            known = []
        return json.dumps([*(known if isinstance(known, list) else []), dict(described)])

    log_tag(run, name=HISTORY_TAG, changed=added, by=by)


def _held(model: LoggedModel, *, by: User) -> LoggedModel:
    """Lock a model for who may change it, and read it afresh; raises Refused for a deleted one."""
    can(by, Right.CONTRIBUTE, model.experiment.project).enforce()
    rows = LoggedModel.objects.select_for_update(of=("self",)).select_related("experiment__project")
    current = rows.get(pk=model.pk)
    if current.deleted_at is not None:
        raise Refused(f"The logged model {current.name} is deleted. Log another.", code="deleted")
    return current


def _record(kind: str, model: LoggedModel, *, by: User, **data: Any) -> None:
    audit.record(kind, model, by=by, project_id=model.experiment.project_id, **data)
